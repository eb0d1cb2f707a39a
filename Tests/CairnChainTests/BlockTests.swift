import CairnChain
import CairnCrypto
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@Suite struct BlockTests {
  @Test("A block comes back from its message") func roundTrip() throws {
    let block = Block(header: Header(try goldenFields()), transactions: [[1], [], [2, 3]])
    #expect(try Block(block.message) == block)
    #expect(block.digest == block.header.digest)
  }

  @Test("The header is the last entry of its block") func logEntries() throws {
    let header = Header(try goldenFields())
    #expect(
      Block(header: header, transactions: [[1], [2]]).logEntries == [.transaction([1]), .transaction([2]), .header(header.bytes)])
  }

  @Test("Blocks with one header and other transactions are not equal") func equality() throws {
    let header = Header(try goldenFields())
    #expect(Block(header: header, transactions: [[1]]) != Block(header: header, transactions: [[2]]))
  }

  @Test("A block has at most 1 MiB and 10,000 transactions") func limits() throws {
    var message = Block(header: Header(try goldenFields()), transactions: []).message
    message.transactions = [Data(count: 1 << 19), Data(count: 1 << 19)]
    #expect(try Block(message).transactions.count == 2)
    message.transactions.append(Data(count: 1))
    #expect(throws: ChainError.encoding(.tooLong(limit: 1 << 20, actual: 1 << 20 + 1))) { try Block(message) }
    message.transactions = Array(repeating: Data(), count: 10_000)
    #expect(try Block(message).transactions.count == 10_000)
    message.transactions.append(Data())
    #expect(throws: ChainError.encoding(.tooLong(limit: 10_000, actual: 10_001))) { try Block(message) }
  }

  @Test("A block without a right header is refused") func header() throws {
    #expect(throws: ChainError.version(0)) { try Block(ProtoBlock()) }
    var message = Block(header: Header(try goldenFields()), transactions: []).message
    message.header.append(contentsOf: [0x78, 1])
    #expect(throws: ChainError.encoding(.notCanonical)) { try Block(message) }
  }
}

/// A proposal of view 303 whose parent was notarized in view 300.
struct ProposalFixture {
  let committee: Committee
  let block: Block
  let parent: Statement
  let skips: [Statement]

  init() throws {
    committee = try Committee(count: 4)
    block = Block(header: Header(try goldenFields()), transactions: [[1], [2, 3]])
    parent = .notarize(epoch: 2, view: 300, digest: testDigest("parent"))
    skips = [.nullify(epoch: 2, view: 301), .nullify(epoch: 2, view: 302)]
  }

  var vote: Vote { committee.vote(.notarize(epoch: 2, view: 303, digest: block.digest), by: 3).value }

  func proposal() throws -> Proposal {
    Proposal(block: block, vote: vote, parent: try committee.certificate(parent), skips: try skips.map(committee.certificate))
  }
}

@Suite struct ProposalTests {
  private let fixture: ProposalFixture

  init() throws { fixture = try ProposalFixture() }

  @Test("A proposal comes back from its message, whatever is left out") func roundTrip() throws {
    let full = try fixture.proposal()
    let fetched = Proposal(block: full.block, vote: nil, parent: full.parent, skips: full.skips)
    let first = Proposal(block: full.block, vote: full.vote, parent: nil, skips: [])
    for proposal in [full, fetched, first] {
      #expect(try Proposal(proposal.message(validatorCount: 4), validatorCount: 4) == proposal)
    }
  }

  @Test("At most 64 skips travel with a proposal") func skipLimit() throws {
    var message = try fixture.proposal().message(validatorCount: 4)
    message.skips = (UInt64(0)..<64).map { fixture.committee.message(.nullify(epoch: 2, view: 301 + $0)) }
    #expect(try Proposal(message, validatorCount: 4).skips.count == 64)
    message.skips.append(ProtoCertificate())
    #expect(throws: ChainError.encoding(.tooLong(limit: 64, actual: 65))) { try Proposal(message, validatorCount: 4) }
  }

  @Test("Skips are nullifications, ascending") func skipShape() throws {
    for statements in [
      [.nullify(epoch: 2, view: 301), .nullify(epoch: 2, view: 301)], [.nullify(epoch: 2, view: 302), .nullify(epoch: 2, view: 301)],
      [.finalize(epoch: 2, view: 301, digest: .zero)], [.notarize(epoch: 2, view: 301, digest: .zero)],
    ] as [[Statement]] {
      try refuse(.field("skips")) { $0.skips = statements.map { fixture.committee.message($0) } }
    }
  }

  @Test("A parent is notarized or finalized") func parentShape() throws {
    try refuse(.field("parent")) { $0.parent = fixture.committee.message(.nullify(epoch: 2, view: 300)) }
  }

  @Test("The vote is Notarize of this block") func voteShape() throws {
    for statement in [
      .nullify(epoch: 2, view: 303), .finalize(epoch: 2, view: 303, digest: fixture.block.digest),
      .notarize(epoch: 2, view: 303, digest: .zero),
    ] as [Statement] {
      try refuse(.field("vote")) { $0.vote = Data(fixture.committee.vote(statement, by: 3).value.bytes) }
    }
    try refuse(.encoding(.malformed)) { $0.vote.removeLast() }
  }

  @Test("What is inside has to decode") func parts() throws {
    try refuse(.certificate(.statement)) { $0.parent = ProtoCertificate() }
    try refuse(.certificate(.statement)) { $0.skips[1] = ProtoCertificate() }
    try refuse(.certificate(.bitmapLength)) { $0.skips[1].signers.append(0) }
    try refuse(.version(0)) { $0.clearBlock() }
    try refuse(.version(0)) { $0.block.header = Data() }
  }

  @Test("A full proposal fits its limit") func largest() throws {
    let committee = try Committee(count: 31)
    let everyone = Array(0..<31)
    let view: UInt64 = 1 << 50
    let block = Block(
      header: fixture.block.header,
      transactions: Array(repeating: [UInt8](repeating: 1, count: Block.transactionByteLimit / 10_000), count: 10_000))
    var message = Proposal(block: block, vote: fixture.vote, parent: nil, skips: []).message(validatorCount: 31)
    message.parent = committee.message(.notarize(epoch: 1 << 50, view: view - 1, digest: .zero), signers: everyone)
    let skip = committee.message(.nullify(epoch: 1 << 50, view: view), signers: everyone)
    message.skips = (0..<64).map { (index: UInt64) in
      var skip = skip
      skip.view = view + index
      return skip
    }
    let bytes: [UInt8] = try message.serializedBytes()
    #expect(bytes.count <= Proposal.byteLimit)
    #expect(try Proposal(message, validatorCount: 31).skips.count == 64)
  }

  private func refuse(
    _ error: ChainError, sourceLocation: SourceLocation = #_sourceLocation, when change: (inout ProtoProposal) -> Void
  ) throws {
    var message = try fixture.proposal().message(validatorCount: 4)
    change(&message)
    #expect(throws: error, sourceLocation: sourceLocation) { try Proposal(message, validatorCount: 4) }
  }
}
