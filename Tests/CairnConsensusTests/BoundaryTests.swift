import CairnChain
import CairnCrypto
import Testing

@testable import CairnConsensus

/// The end of an epoch: block 1 is an ordinary one, block 2 names the next validators.
@Suite struct BoundaryTests {
  private static let next = Digest.sha256(Array("the next validators".utf8))

  private struct Chain {
    let first: Block
    let last: Block
    let notarizations: [Verified<Certificate>]
    let proposals: [Verified<Proposal>]

    init(_ fixture: Fixture) {
      first = fixture.block(on: fixture.genesis, view: 1)
      last = fixture.block(on: first.header, view: 2, transactions: [[1]]) { $0.nextValidatorsHash = BoundaryTests.next }
      notarizations = [fixture.certificate(.notarize(first)), fixture.certificate(.notarize(last))]
      proposals = [fixture.proposal(first), fixture.proposal(last, parent: notarizations[0])]
    }

    /// The last block once more.
    func again(
      _ fixture: Fixture, in view: UInt64, on certificate: Verified<Certificate>? = nil, skips: [Verified<Certificate>] = [],
      transactions: [[UInt8]] = [[1]]
    ) -> Verified<Proposal> {
      let block = Block(header: last.header, transactions: transactions)
      let vote = Fixture.vote(.notarize(epoch: 0, view: view, digest: last.digest), by: fixture.schedule.leader(of: view))
      return .own(
        Proposal(block: block, vote: vote.value, parent: (certificate ?? notarizations[1]).value, skips: skips.map(\.value)))
    }
  }

  /// In view 3, with the last block notarized in view 2.
  private func atBoundary(_ node: inout Harness) -> Chain {
    let chain = Chain(node.fixture)
    node.propose(chain.proposals[0])
    node.propose(chain.proposals[1])
    node.step(.certificate(chain.notarizations[1]))
    #expect(node.engine.view == 3)
    return chain
  }

  /// Of seven validators, so that no view up to the seventh has the leader of another.
  private func leading(_ view: UInt64) -> Harness { Harness(7, as: Fixture.of(7).schedule.leader(of: view)) }
  private func following() -> Harness { leading(7) }

  @Test("A block that names the next validators is voted for like any other, and ends the engine when it is final") func ends() {
    var node = following()
    let chain = atBoundary(&node)
    #expect(node.signed.contains(.notarize(chain.last)) && node.signed.contains(.finalize(chain.last)))
    #expect(!node.engine.isOver)
    let finalization = node.fixture.certificate(.finalize(chain.last))
    node.step(.certificate(finalization))
    #expect(node.commits == [[chain.first.digest, chain.last.digest]])
    #expect(node.engine.isOver && node.engine.committed == chain.last.header)
    // Who lacks the finalization gets it from whoever is through.
    #expect(node.sent.last == .certificate(finalization.value))
    let (effects, signed) = (node.effects.count, node.signed.count)
    node.propose(chain.again(node.fixture, in: 3))
    node.step(.certificate(node.fixture.certificate(.nullify(3))))
    node.vote(.nullify(3), by: Array(0..<7))
    node.step(.pending(true))
    for timer in node.armed.keys { node.fire(timer, after: 60_000) }
    #expect(node.effects.count == effects && node.signed.count == signed && node.engine.view == 3)
  }

  @Test("R1: the next leader proposes the same block again, at once, however little waits") func proposedAgain() throws {
    var node = leading(3)
    let chain = atBoundary(&node)
    #expect(node.builds.isEmpty)
    #expect(node.signed.contains(.notarize(epoch: 0, view: 3, digest: chain.last.digest)))
    let proposal = try #require(node.proposed.last)
    #expect(proposal.block == chain.last && proposal.parent == chain.notarizations[1].value && proposal.skips.isEmpty)
    #expect(proposal.vote?.statement == .notarize(epoch: 0, view: 3, digest: chain.last.digest))
    // What is on record stays the first proposal, which says what justified the block.
    #expect(node.engine.candidate(chain.last.digest) == chain.proposals[1])
    #expect(node.batches.flatMap(\.batch.candidates).count { $0.value.block == chain.last } == 1)
  }

  @Test("R1: over skipped views it travels with their nullifications, and later with its later certificate") func proposedOverSkips() throws
  {
    var node = leading(5)
    let chain = atBoundary(&node)
    let skip = node.fixture.certificate(.nullify(3))
    node.step(.certificate(skip))
    node.propose(chain.again(node.fixture, in: 4, skips: [skip]), in: 4)
    #expect(node.signed.last == .notarize(epoch: 0, view: 4, digest: chain.last.digest))
    let second = node.fixture.certificate(.notarize(epoch: 0, view: 4, digest: chain.last.digest))
    node.step(.certificate(second))
    #expect(node.signed.contains(.finalize(epoch: 0, view: 4, digest: chain.last.digest)))
    let proposal = try #require(node.proposed.last)
    #expect(proposal.block == chain.last && proposal.parent == second.value && proposal.skips.isEmpty)
    #expect(proposal.vote?.statement.view == 5)
  }

  @Test("R2: the block again is voted for on the word of its certificate and the nullifications between") func votedAgain() {
    var node = following()
    let chain = atBoundary(&node)
    let skips = [node.fixture.certificate(.nullify(3))]
    node.step(.certificate(skips[0]))
    let repeated = chain.again(node.fixture, in: 4, skips: skips)
    node.propose(repeated, in: 4)
    #expect(node.signed.last == .notarize(epoch: 0, view: 4, digest: chain.last.digest))
    node.step(.certificate(node.fixture.certificate(.finalize(epoch: 0, view: 4, digest: chain.last.digest))))
    #expect(node.commits == [[chain.first.digest, chain.last.digest]] && node.engine.isOver && node.engine.committedView == 4)
  }

  @Test("R2: who first hears of the block again fetches what leads to it, and commits") func late() {
    var node = following()
    let chain = Chain(node.fixture)
    node.step(.certificate(chain.notarizations[1]))
    node.propose(chain.again(node.fixture, in: 3), in: 3)
    #expect(node.fetches.map(\.0) == [chain.last.digest, chain.first.digest] || node.fetches.map(\.0) == [chain.first.digest])
    node.step(.fetched(chain.proposals[0]))
    #expect(node.signed.contains(.notarize(epoch: 0, view: 3, digest: chain.last.digest)))
    #expect(node.signed.contains(.finalize(chain.last)))
    node.step(.certificate(node.fixture.certificate(.finalize(chain.last))))
    #expect(node.engine.isOver && node.commits == [[chain.first.digest, chain.last.digest]])
  }

  @Test("A repeated proposal that is fetched leads as far as the first one") func fetchedAgain() {
    var node = following()
    let chain = Chain(node.fixture)
    node.propose(chain.proposals[0])
    node.step(.certificate(chain.notarizations[0]))
    node.step(.certificate(node.fixture.certificate(.finalize(chain.last))))
    #expect(node.fetches.map(\.0) == [chain.last.digest])
    node.step(.fetched(chain.again(node.fixture, in: 3)))
    #expect(node.engine.isOver && node.commits == [[chain.first.digest, chain.last.digest]])
  }

  @Test("R2: without a certificate of its own, or with a gap, the block again is refused") func unjustified() {
    var node = following()
    var chain = atBoundary(&node)
    let skips = [node.fixture.certificate(.nullify(3))]
    node.step(.certificate(skips[0]))
    node.propose(chain.again(node.fixture, in: 4, on: chain.notarizations[0], skips: skips), in: 4)
    #expect(node.engine.faultCounts == [.parentCertificate: 1])
    #expect(node.signed.last == .nullify(4))
    // The nullification of view 3 is not here.
    node = following()
    chain = atBoundary(&node)
    node.step(.certificate(node.fixture.certificate(.nullify(4))))
    node.propose(chain.again(node.fixture, in: 5), in: 5)
    #expect(node.engine.faultCounts == [.skipCertificates: 1])
    #expect(node.signed.last == .nullify(5))
  }

  @Test("R2: an ordinary block cannot be proposed again") func ordinaryAgain() {
    var node = following()
    let ladder = Ladder(node.fixture)
    node.propose(ladder.proposals[0])
    node.propose(ladder.proposals[1])
    node.step(.certificate(ladder.notarizations[1]))
    let vote = Fixture.vote(.notarize(epoch: 0, view: 3, digest: ladder.blocks[1].digest), by: node.leader(3))
    node.propose(
      .own(Proposal(block: ladder.blocks[1], vote: vote.value, parent: ladder.notarizations[1].value, skips: [])), in: 3)
    #expect(node.engine.faultCounts == [.view: 1])
    #expect(node.signed.last == .nullify(3))
  }

  @Test("R2: other transactions under the header of the block again are refused, and the true ones are fetched") func tampered() {
    var node = following()
    let chain = Chain(node.fixture)
    node.propose(chain.proposals[0])
    node.step(.certificate(chain.notarizations[1]))
    node.verdict = { $0.transactions == [[1]] ? .valid : .invalid(reason: "log_root") }
    node.propose(chain.again(node.fixture, in: 3, transactions: [[2]]), in: 3)
    #expect(node.engine.faultCounts == [.execution: 1])
    node.step(.fetched(chain.proposals[1]))
    #expect(node.signed.contains(.finalize(chain.last)))
  }

  @Test("R7: a leader that comes back in the view in which it proposed the block again sends the same proposal") func restarted() {
    var node = leading(3)
    let chain = atBoundary(&node)
    var state = RecoveredState.fresh(genesis: node.genesis)
    for (_, batch) in node.batches {
      state.enteredView = batch.enteredView ?? state.enteredView
      state.votes += batch.votes
      state.candidates += batch.candidates
      state.certificates += batch.certificates
    }
    let restarted = Harness(7, as: node.index, recovered: state)
    #expect(restarted.engine.view == 3 && restarted.engine.votingDisabledReason == nil)
    let proposals = restarted.proposed
    #expect(proposals.count == 1 && proposals[0].block == chain.last && proposals[0].parent == chain.notarizations[1].value)
    #expect(proposals.first?.vote?.statement == .notarize(epoch: 0, view: 3, digest: chain.last.digest))
    #expect(restarted.signed == [.finalize(chain.last)] || restarted.signed.isEmpty)
  }

  @Test("An engine of a later epoch begins at view 1 on the last block of the one before, which it does not end with") func nextEpoch() {
    let fixture = Fixture.of(4)
    let genesis = Chain(fixture).last.header
    let schedule = LeaderSchedule(genesis: genesis.digest, epoch: 1, validatorCount: 4)
    var node = Harness(as: schedule.leader(of: 1), recovered: .fresh(genesis: genesis)) { configuration in
      (configuration.epoch, configuration.genesis) = (1, genesis)
    }
    #expect(!node.engine.isOver && node.engine.view == 1 && node.engine.committed == genesis)
    node.step(.pending(true))
    #expect(node.builds.map(\.epoch) == [1] && node.builds.first?.parent == genesis.digest)
    let block = fixture.block(on: genesis, view: 1) {
      ($0.epoch, $0.proposer) = (1, UInt32(schedule.leader(of: 1)))
    }
    node.step(.built(block, view: 1))
    #expect(node.signed == [.notarize(epoch: 1, view: 1, digest: block.digest)])
    // Statements of the epoch before are not its business.
    node.step(.certificate(fixture.certificate(.nullify(1))))
    node.vote(.nullify(1), by: [0, 1, 2])
    #expect(node.engine.view == 1)
  }
}

extension Harness {
  fileprivate var proposed: [Proposal] { sent.compactMap { if case .proposal(let proposal) = $0 { proposal } else { nil } } }

  fileprivate mutating func propose(_ proposal: Verified<Proposal>, in view: UInt64) { step(.proposal(proposal, from: leader(view))) }
}
