import CairnChain
import CairnCrypto
import Testing

@testable import CairnConsensus

@Suite struct NotarizeTests {
  @Test("R2: the first sound proposal of the leader gets our Notarize, and no second one does") func notarize() {
    var node = Harness()
    let block = node.fixture.block(on: node.genesis, view: 1)
    let other = node.fixture.block(on: node.genesis, view: 1, time: Fixture.genesisTime + 7)
    node.propose(node.fixture.proposal(block))
    node.propose(node.fixture.proposal(other))
    #expect(node.signed == [.notarize(block)])
    #expect(node.batches.last { !$0.batch.votes.isEmpty }?.batch.candidates.map(\.value.block) == [block])
    guard case .vote(let vote) = node.sent.first else {
      Issue.record("a vote is sent")
      return
    }
    #expect(vote.statement == .notarize(block))
  }

  @Test("R2: a proposal that another validator passes on, or that the leader did not sign, is not judged") func sender() {
    var node = Harness()
    let block = node.fixture.block(on: node.genesis, view: 1)
    node.step(.proposal(node.fixture.proposal(block), from: node.leader(2)))
    node.step(.proposal(node.fixture.proposal(block, by: node.leader(2)), from: node.leader(1)))
    #expect(node.signed.isEmpty && node.engine.nullifyCounts.isEmpty)
  }

  @Test("R2: a proposal for the next view is kept until the view is entered; one further ahead is not") func early() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    let skip = node.fixture.certificate(.nullify(1))
    let block = node.fixture.block(on: node.genesis, view: 2)
    node.propose(node.fixture.proposal(block))
    node.propose(ladder.proposals[2].withoutCertificates)
    #expect(node.engine.view == 1 && node.signed.isEmpty)
    #expect(node.engine.rounds[3].proposal == nil)
    node.step(.certificate(skip))
    #expect(node.signed == [.notarize(block)])
  }

  @Test("R2: the certificates in a proposal take a node that is behind along") func carried() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.propose(ladder.proposals[0])
    node.propose(ladder.proposals[1])
    #expect(node.engine.view == 2)
    #expect(node.signed.contains(.notarize(ladder.blocks[1])))
  }

  @Test("R2: what breaks a rule is answered with Nullify, and named", arguments: ProposalFault.allCases) func faults(fault: ProposalFault) {
    var node = Harness()
    let (ladder, fixture) = (Ladder(node.fixture), node.fixture)
    node.propose(ladder.proposals[0])
    node.step(.certificate(ladder.notarizations[0]))
    let parent = ladder.blocks[0].header
    var certificate: Verified<Certificate>? = ladder.notarizations[0]
    var block = fixture.block(on: parent, view: 2)
    switch fault {
    case .network: block = fixture.block(on: parent, view: 2) { $0.network = .zero }
    case .epoch: block = fixture.block(on: parent, view: 2) { $0.epoch = 1 }
    case .view: block = fixture.block(on: parent, view: 2) { $0.view = 1 }
    case .proposer: block = fixture.block(on: parent, view: 2) { $0.proposer ^= 1 }
    case .validators: block = fixture.block(on: parent, view: 2) { $0.validatorsHash = .zero }
    case .epochEnded:
      block = fixture.block(on: parent, view: 2)
      node = Harness()
      let last = fixture.block(on: node.genesis, view: 1) { $0.nextValidatorsHash = .zero }
      node.propose(fixture.proposal(last))
      certificate = fixture.certificate(.notarize(last))
      node.step(.certificate(fixture.certificate(.notarize(last))))
      block = fixture.block(on: last.header, view: 2)
    case .transactionBytes: block = fixture.block(on: parent, view: 2, transactions: [[UInt8](repeating: 0, count: (512 << 10) + 1)])
    case .timeAhead: block = fixture.block(on: parent, view: 2, time: Fixture.genesisTime + 1000 + 2001)
    case .timeNotAfterParent: block = fixture.block(on: parent, view: 2, time: parent.timeMilliseconds)
    case .height: block = fixture.block(on: parent, view: 2) { $0.height += 1 }
    case .parentCertificate: certificate = fixture.certificate(.nullify(1))
    case .skipCertificates:
      block = fixture.block(on: node.genesis, view: 2)
      certificate = nil
    case .execution: node.verdict = { _ in .invalid(reason: "state_root") }
    }
    let vote = Fixture.vote(.notarize(epoch: 0, view: 2, digest: block.digest), by: node.leader(2))
    node.propose(.own(Proposal(block: block, vote: vote.value, parent: certificate?.value, skips: [])), to: 2)
    #expect(node.engine.faultCounts == [fault: 1])
    #expect(node.signed.last == .nullify(2))
  }

  @Test("R2: a time 2 s ahead of our clock is still accepted") func clockTolerance() {
    var node = Harness()
    node.propose(node.fixture.proposal(node.fixture.block(on: node.genesis, view: 1, time: Fixture.genesisTime + 3000)))
    #expect(node.signed.count == 1)
  }

  @Test("R2: a parent that is not here is fetched from its signers and stalls nothing") func missingParent() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.propose(ladder.proposals[1])
    #expect(node.engine.view == 2)
    #expect(node.fetches.map(\.0) == [ladder.blocks[0].digest])
    #expect(node.signed.isEmpty)
    node.step(.fetched(ladder.proposals[0]))
    #expect(node.signed == [.finalize(ladder.blocks[0]), .notarize(ladder.blocks[1])] || node.signed.first == .notarize(ladder.blocks[1]))
    #expect(node.signed.count == 2)
  }

  @Test("R2: nullifications beyond the 64 that travel along are waited for, and only those") func longGap() {
    var node = Harness()
    let views = UInt64(1)...70
    let skips = views.map { node.fixture.certificate(.nullify($0)) }
    let block = node.fixture.block(on: node.genesis, view: 71)
    node.propose(node.fixture.proposal(block, skips: Array(skips.suffix(64))))
    #expect(node.engine.view == 71 && node.engine.faultCounts.isEmpty && node.signed.isEmpty)
    for skip in skips.prefix(6) { node.step(.certificate(skip)) }
    #expect(node.signed == [.notarize(block)])
    var other = Harness()
    other.propose(other.fixture.proposal(block, skips: Array(skips.suffix(63))))
    #expect(other.engine.faultCounts == [.skipCertificates: 1])
  }

  @Test("R2: an execution that ends after Nullify gives no Notarize") func late() {
    var node = Harness()
    node.verdict = { _ in nil }
    let block = node.fixture.block(on: node.genesis, view: 1)
    node.propose(node.fixture.proposal(block))
    node.fire(.certificate(view: 1), after: 2000)
    node.step(.executed(block.digest, .valid))
    #expect(node.signed == [.nullify(1)])
  }
}

extension Harness {
  /// - Parameter view: whose leader sends it, whatever the header says.
  fileprivate mutating func propose(_ proposal: Verified<Proposal>, to view: UInt64) {
    step(.proposal(proposal, from: leader(view)))
  }
}

extension Verified<Proposal> {
  fileprivate var withoutCertificates: Verified<Proposal> {
    .own(Proposal(block: value.block, vote: value.vote, parent: nil, skips: []))
  }
}
