import CairnChain
import CairnCrypto
import CairnSigner
import CairnStore
import Testing

@Suite("What a signer may sign") struct SignedVotesTests {
  private static let (x, y) = (Digest.sha256([1]), Digest.sha256([2]))
  private static let notarize = Statement.notarize(epoch: 1, view: 7, digest: x)
  private static let nullify = Statement.nullify(epoch: 1, view: 7)
  private static let finalize = Statement.finalize(epoch: 1, view: 7, digest: x)

  private func votes(_ statements: Statement..., floor: ViewPosition = .start) -> SignedVotes {
    SignedVotes(SignedRecord(votes: statements.map(vote), floor: floor))
  }

  private func vote(_ statement: Statement) -> Vote {
    .init(statement: statement, validator: 0, signature: SigningKey.test.signature(for: statement.signedBytes(network: .test)))
  }

  private static let excluded: [(Statement, Statement, SigningRefusal)] = [
    (notarize, .notarize(epoch: 1, view: 7, digest: y), .conflict), (notarize, .finalize(epoch: 1, view: 7, digest: y), .conflict),
    (finalize, .finalize(epoch: 1, view: 7, digest: y), .conflict), (finalize, .notarize(epoch: 1, view: 7, digest: y), .conflict),
    (finalize, nullify, .conflict), (nullify, finalize, .conflict), (nullify, notarize, .afterNullify),
  ]

  private static let following: [(Statement, Statement)] = [(notarize, nullify), (notarize, finalize), (finalize, notarize)]

  @Test("One digest of a view, and no two statements that exclude each other", arguments: Self.excluded)
  func conflicts(first: Statement, second: Statement, refusal: SigningRefusal) {
    #expect(votes(first).judge(second) == .refused(refusal))
    #expect(votes().judge(second) == .allowed)
  }

  @Test("What may follow", arguments: Self.following)
  func allowed(first: Statement, second: Statement) {
    #expect(votes(first).judge(second) == .allowed)
  }

  @Test("Other views and other epochs are apart") func apart() {
    let record = votes(Self.notarize)
    #expect(record.judge(.notarize(epoch: 1, view: 8, digest: Self.y)) == .allowed)
    #expect(record.judge(.notarize(epoch: 1, view: 6, digest: Self.y)) == .allowed)
    #expect(record.judge(.notarize(epoch: 2, view: 7, digest: Self.y)) == .allowed)
  }

  @Test("The same statement again gets the vote on record") func again() {
    #expect(votes(Self.notarize, Self.nullify).judge(Self.notarize) == .again(vote(Self.notarize)))
    #expect(votes(Self.notarize, Self.nullify).judge(Self.nullify) == .again(vote(Self.nullify)))
  }

  @Test("Nothing at or below the floor, nor beyond what can be recorded") func bounds() {
    let record = votes(floor: ViewPosition(epoch: 1, view: 7))
    #expect(record.judge(Self.nullify) == .refused(.belowFloor))
    #expect(record.judge(.nullify(epoch: 0, view: 900)) == .refused(.belowFloor))
    #expect(record.judge(.nullify(epoch: 1, view: 8)) == .allowed)
    #expect(record.judge(.nullify(epoch: 1, view: .max)) == .refused(.outOfRange))
    #expect(record.judge(.nullify(epoch: 1 << 63, view: 1)) == .refused(.outOfRange))
    #expect(record.judge(.nullify(epoch: UInt64(Int64.max), view: UInt64(Int64.max))) == .allowed)
  }

  @Test("The floor follows the highest view, and never goes down") func floor() {
    var record = votes(Self.finalize)
    record.add(vote(.nullify(epoch: 1, view: 7 + SignedVotes.retainedViews - 1)))
    #expect(record.judge(Self.nullify) == .refused(.conflict))
    record.add(vote(.nullify(epoch: 1, view: 7 + SignedVotes.retainedViews)))
    #expect(record.floor == ViewPosition(epoch: 1, view: 7))
    #expect(record.judge(Self.finalize) == .refused(.belowFloor))
    record.add(vote(.nullify(epoch: 1, view: 9)))
    #expect(record.floor == ViewPosition(epoch: 1, view: 7))
    record.add(vote(.nullify(epoch: 2, view: 1)))
    #expect(record.judge(.nullify(epoch: 1, view: 5_000)) == .refused(.belowFloor))
    #expect(record.judge(.nullify(epoch: 2, view: 2)) == .allowed)
  }

  @Test("A vote that is not on record shows an older copy, unless it is below the floor") func lacking() {
    let record = votes(Self.notarize, floor: ViewPosition(epoch: 1, view: 6))
    #expect(!record.lacks(vote(Self.notarize)))
    #expect(record.lacks(vote(Self.nullify)))
    #expect(record.lacks(vote(.notarize(epoch: 1, view: 8, digest: Self.x))))
    #expect(!record.lacks(vote(.notarize(epoch: 1, view: 6, digest: Self.x))))
  }
}
