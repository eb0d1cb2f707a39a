import CairnChain
import CairnCrypto
import Testing

@testable import CairnConsensus

@Suite struct OwnVoteTests {
  private static let statements: [Statement] = [
    .notarize(epoch: 0, view: 1, digest: .sha256([1])), .notarize(epoch: 0, view: 1, digest: .sha256([2])), .nullify(1),
    .finalize(epoch: 0, view: 1, digest: .sha256([1])), .finalize(epoch: 0, view: 1, digest: .sha256([2])),
  ]

  @Test("A statement is permitted exactly when it excludes none before it, repeats no kind, and is no Notarize after Nullify")
  func permits() {
    for first in Self.statements {
      var own = OwnVotes()
      own.add(first)
      for second in Self.statements {
        let isLate = first.kind == .nullify && second.kind == .notarize
        #expect(own.permits(second) == (first.kind != second.kind && !first.conflicts(with: second) && !isLate), "\(first) \(second)")
      }
    }
  }

  @Test("The process stops rather than ask for a signature that contradicts another") func stops() async {
    await #expect(processExitsWith: .failure) {
      var own = OwnVotes()
      own.add(.nullify(epoch: 0, view: 1))
      own.add(.finalize(epoch: 0, view: 1, digest: .zero))
    }
    await #expect(processExitsWith: .failure) {
      var own = OwnVotes()
      own.add(.notarize(epoch: 0, view: 1, digest: .zero))
      own.add(.notarize(epoch: 0, view: 1, digest: .sha256([1])))
    }
    await #expect(processExitsWith: .success) {
      var own = OwnVotes()
      own.add(.notarize(epoch: 0, view: 1, digest: .zero))
      own.add(.nullify(epoch: 0, view: 1))
    }
  }

  @Test("A statement excludes others from the request on, whether or not the signer answers") func fromTheRequest() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.propose(ladder.proposals[0])
    node.signs = false
    node.fire(.certificate(view: 1), after: 2000)
    node.step(.signingFailed(.nullify(1)))
    node.step(.certificate(ladder.notarizations[0]))
    #expect(node.signed == [.notarize(ladder.blocks[0]), .nullify(1)])
  }
}
