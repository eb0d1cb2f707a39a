import CairnChain
import CairnCrypto
import Testing

@testable import CairnConsensus

@Suite struct NullifyTests {
  @Test("R3: the leader timer, then nothing but repetition") func leaderTimeout() {
    var node = Harness()
    node.step(.pending(true))
    #expect(node.armed[.leader(view: 1)] == 1000)
    node.fire(.leader(view: 1), after: 1000)
    #expect(node.signed == [.nullify(1)] && node.engine.nullifyCounts == [.leaderTimeout: 1])
    #expect(node.armed[.leader(view: 1)] == nil && node.armed[.retry(view: 1)] == 2000)
    node.propose(node.fixture.proposal(node.fixture.block(on: node.genesis, view: 1)))
    #expect(node.signed == [.nullify(1)], "no Notarize after Nullify")
  }

  @Test("R3: the certificate timer runs from the proposal, and Nullify may follow our Notarize") func certificateTimeout() {
    var node = Harness()
    let block = node.fixture.block(on: node.genesis, view: 1)
    node.propose(node.fixture.proposal(block))
    #expect(node.armed[.leader(view: 1)] == nil && node.armed[.certificate(view: 1)] == 2000)
    node.fire(.certificate(view: 1), after: 2000)
    #expect(node.signed == [.notarize(block), .nullify(1)])
  }

  @Test("R3: the leader's own Nullify is followed at once, another validator's is not") func leaderNullified() {
    var node = Harness()
    node.vote(.nullify(1), by: [node.leader(2)])
    #expect(node.signed.isEmpty)
    node.vote(.nullify(1), by: [node.leader(1)])
    #expect(node.signed == [.nullify(1)])
  }

  @Test("R3: a timer of another view, or one that was cancelled, is harmless") func staleTimers() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.step(.certificate(ladder.notarizations[0]))
    for timer in [Engine.Timer.leader(view: 1), .certificate(view: 1), .heartbeat(view: 1), .retry(view: 1), .leader(view: .max), .fetch] {
      node.fire(timer, after: 10_000)
    }
    #expect(node.signed.isEmpty)
  }

  @Test("Pending that is over before the leader timer puts the timer back to the heartbeat") func pendingOver() {
    var node = Harness()
    node.step(.pending(true))
    node.time = 500
    node.step(.pending(false))
    #expect(node.armed[.leader(view: 1)] == 5500)
    node.fire(.leader(view: 1), after: 500)
    #expect(node.signed.isEmpty)
  }

  @Test("A heartbeat that was missed is due at once in the next view; after a block it is due a whole period later") func missedHeartbeat()
  {
    var node = Harness()
    node.time = 6000
    node.step(.certificate(node.fixture.certificate(.nullify(1))))
    #expect(node.armed[.leader(view: 2)] == 1000)
    node.step(.certificate(node.fixture.certificate(.notarize(epoch: 0, view: 2, digest: .zero))))
    #expect(node.armed[.leader(view: 3)] == 6500, "backed off once")
  }

  @Test("Time-outs grow by half for every view without finality after the second, to eight times") func backoff() {
    let values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 100, UInt64.max].map { TimerConfiguration.backedOff(1000, viewsSinceFinalization: $0) }
    #expect(values == [1000, 1000, 1000, 1500, 2250, 3375, 5062, 7593, 8000, 8000, 8000])
    #expect(TimerConfiguration.backedOff(0, viewsSinceFinalization: 9) == 0)
    #expect(TimerConfiguration.backedOff(.max, viewsSinceFinalization: 9) == .max)
  }
}

@Suite struct FinalizeTests {
  @Test("R4: a notarization enters the next view and finalizes the block that is valid here") func finalize() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.propose(ladder.proposals[0])
    node.vote(.notarize(ladder.blocks[0]), by: [node.leader(2), node.leader(3)])
    #expect(node.engine.view == 2)
    #expect(node.signed == [.notarize(ladder.blocks[0]), .finalize(ladder.blocks[0])])
  }

  @Test("R4: never after our own Nullify, also when the notarization comes first to us") func afterNullify() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.propose(ladder.proposals[0])
    node.fire(.certificate(view: 1), after: 2000)
    node.step(.certificate(ladder.notarizations[0]))
    #expect(node.engine.view == 2)
    #expect(node.signed == [.notarize(ladder.blocks[0]), .nullify(1)])
  }

  @Test("R4: not in a view whose leader was seen to equivocate, and never for another block than our Notarize") func equivocation() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    let other = node.fixture.block(on: node.genesis, view: 1, time: Fixture.genesisTime + 9)
    node.propose(ladder.proposals[0])
    node.vote(.notarize(other), by: [node.leader(1)])
    node.step(.certificate(ladder.notarizations[0]))
    #expect(node.signed == [.notarize(ladder.blocks[0])])
    var second = Harness()
    second.propose(second.fixture.proposal(other))
    let others = (0..<4).filter { $0 != second.index && $0 != second.leader(1) }
    second.step(.certificate(second.fixture.certificate(.notarize(ladder.blocks[0]), signers: (others + [second.leader(1)]).sorted())))
    second.step(.fetched(ladder.proposals[0]))
    #expect(second.signed == [.notarize(other)])
  }

  @Test("R4, R6: a nullification does not keep a later notarization from being finalized") func afterSkip() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.propose(ladder.proposals[0])
    node.step(.certificate(node.fixture.certificate(.nullify(1), signers: (0..<4).filter { $0 != node.index })))
    #expect(node.engine.view == 2)
    node.step(.certificate(ladder.notarizations[0]))
    #expect(node.signed == [.notarize(ladder.blocks[0]), .finalize(ladder.blocks[0])])
  }

  @Test("R4: Finalize is sent only when it and its block are durable") func barrier() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.step(.certificate(node.fixture.certificate(.notarize(ladder.blocks[0]), signers: (0..<4).filter { $0 != node.index })))
    #expect(node.fetches.first?.1.contains(node.index) == false)
    node.persists = false
    node.step(.fetched(ladder.proposals[0]))
    #expect(node.signed == [.finalize(ladder.blocks[0])])
    let last = node.batches.last { !$0.batch.votes.isEmpty }
    #expect(last?.batch.candidates.map(\.value.block.digest) == [ladder.blocks[0].digest])
    #expect(!node.sent.contains { if case .vote = $0 { true } else { false } })
    if let last { node.step(.durable(last.id)) }
    #expect(node.sent.contains { if case .vote(let vote) = $0 { vote.statement == .finalize(ladder.blocks[0]) } else { false } })
  }
}

@Suite struct CommitTests {
  @Test("R5: a finalization commits its block and all ancestors in order, and counts as notarization") func commit() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    for proposal in ladder.proposals.prefix(3) { node.propose(proposal) }
    node.step(.certificate(node.fixture.certificate(.finalize(ladder.blocks[2]))))
    #expect(node.commits == [ladder.blocks.prefix(3).map(\.digest)])
    #expect(node.engine.view == 4 && node.engine.committed == ladder.blocks[2].header)
    #expect(node.engine.candidates.list.isEmpty)
  }

  @Test("R5: bodies that are missing are fetched, newest first, and nothing is committed before all were executed") func missing() {
    var node = Harness()
    node.verdict = { _ in nil }
    let ladder = Ladder(node.fixture)
    node.step(.certificate(node.fixture.certificate(.finalize(ladder.blocks[1]))))
    node.step(.fetched(ladder.proposals[1]))
    node.step(.fetched(ladder.proposals[0]))
    #expect(node.fetches.map(\.0) == [ladder.blocks[1].digest, ladder.blocks[0].digest])
    #expect(node.commits.isEmpty)
    node.step(.executed(ladder.blocks[0].digest, .valid))
    #expect(node.commits.isEmpty)
    node.step(.executed(ladder.blocks[1].digest, .valid))
    #expect(node.commits == [ladder.blocks.prefix(2).map(\.digest)])
  }

  @Test("R5: far behind, the shell is asked to sync, and single blocks are fetched again afterwards") func catchUp() {
    var node = Harness()
    let ladder = Ladder(node.fixture, count: 300)
    node.step(.certificate(node.fixture.certificate(.finalize(ladder.blocks[297]))))
    #expect(node.catchUps == [298] && node.fetches.isEmpty && node.engine.waiting == .blocks)
    node.step(.committed(ladder.blocks[297].header, finalization: node.fixture.certificate(.finalize(ladder.blocks[297]))))
    #expect(node.engine.committedView == 298 && node.engine.view == 299)
    node.propose(ladder.proposals[298].withParent(node.fixture.certificate(.finalize(ladder.blocks[297]))))
    #expect(node.signed == [.notarize(ladder.blocks[298])])
  }

  @Test("R5: a gap of more blocks than are fetched singly is left to sync as soon as it shows") func wideGap() {
    var node = Harness()
    let ladder = Ladder(node.fixture, count: 30)
    node.step(.certificate(node.fixture.certificate(.finalize(ladder.blocks[29]))))
    #expect(node.catchUps.isEmpty)
    node.step(.fetched(ladder.proposals[29]))
    #expect(node.catchUps == [30])
  }

  @Test("Two conflicting finalizations halt: in one view, and in two") func conflicts() {
    var same = Harness()
    let ladder = Ladder(same.fixture)
    let other = same.fixture.block(on: same.genesis, view: 1, time: Fixture.genesisTime + 9)
    same.step(.certificate(same.fixture.certificate(.finalize(ladder.blocks[0]))))
    same.step(.certificate(same.fixture.certificate(.finalize(other))))
    #expect(same.halts.map(\.label) == ["conflicting_certificates"])
    same.step(.pending(true))
    same.fire(.leader(view: 2), after: 60_000)
    #expect(same.signed.isEmpty)
    #expect(same.batches.flatMap(\.batch.evidence).count == 3, "all who signed both are convicted")

    var later = Harness()
    later.propose(ladder.proposals[0])
    later.step(.certificate(later.fixture.certificate(.finalize(ladder.blocks[0]))))
    let fork = later.fixture.block(on: other.header, view: 2)
    later.step(.certificate(later.fixture.certificate(.finalize(fork))))
    later.step(.fetched(later.fixture.proposal(fork, parent: later.fixture.certificate(.notarize(other)))))
    #expect(later.halts.count == 1 && later.commits.count == 1)
  }

  @Test("A finalized block that execution refuses from everyone halts this node") func diverged() {
    var node = Harness()
    node.verdict = { _ in .invalid(reason: "state_root") }
    let ladder = Ladder(node.fixture)
    node.step(.certificate(node.fixture.certificate(.finalize(ladder.blocks[0]))))
    for _ in 0..<6 { node.step(.fetched(ladder.proposals[0])) }
    #expect(node.halts == [.finalizedBlockInvalid(ladder.blocks[0].digest)])
    #expect(Set(node.fetches.compactMap(\.1.first)).count > 1, "each time another holder is asked")
  }
}

extension Verified<Proposal> {
  fileprivate func withParent(_ certificate: Verified<Certificate>) -> Verified<Proposal> {
    .own(Proposal(block: value.block, vote: value.vote, parent: certificate.value, skips: value.skips))
  }
}
