import CairnChain
import CairnCrypto
import Testing

@testable import CairnConsensus

@Suite struct EnterTests {
  @Test("R0: a notarization opens the next view, on record before any vote in it, and is relayed once") func enter() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.step(.certificate(ladder.notarizations[0]))
    #expect(node.engine.view == 2)
    #expect(node.batches.last?.batch.enteredView == 2)
    node.step(.certificate(ladder.notarizations[0]))
    #expect(node.sent == [.certificate(ladder.notarizations[0].value)])
  }

  @Test("R0: any finalization at or above opens the view after it; lower certificates open nothing") func jump() {
    var node = Harness()
    let far = node.fixture.certificate(.finalize(epoch: 0, view: 900, digest: .sha256([1])))
    node.step(.certificate(far))
    #expect(node.engine.view == 901)
    node.step(.certificate(node.fixture.certificate(.nullify(40))))
    #expect(node.engine.view == 901)
  }

  @Test("Views at the end of the number range, other epochs and votes far ahead are ignored without a trap") func extremes() {
    var node = Harness()
    for view: UInt64 in [0, .max, .max - 1, .max - 1024] {
      node.step(.certificate(node.fixture.certificate(.finalize(epoch: 0, view: view, digest: .zero))))
      node.step(.certificate(node.fixture.certificate(.nullify(view))))
      node.vote(.nullify(view), by: [0, 1, 2])
      let block = node.fixture.block(on: node.genesis, view: view)
      node.propose(node.fixture.proposal(block))
      node.step(.fetched(node.fixture.proposal(block)))
      node.step(.built(block, view: view))
    }
    node.vote(.nullify(3), by: [0, 1, 2])
    node.vote(.nullify(epoch: 1, view: 1), by: [0, 1, 2])
    node.vote(.nullify(1), by: [4, 99, -1])
    node.step(.heard(77))
    node.step(.heard(-1))
    node.step(.durable(BarrierID(rawValue: .max)))
    #expect(node.engine.view == 1)
    #expect(node.engine.rounds.views(above: 1).isEmpty)
    node.step(.certificate(node.fixture.certificate(.nullify(.max - 1025))))
    node.step(.certificate(node.fixture.certificate(.nullify(.max - 1024))))
    #expect(node.engine.view == UInt64.max - 1024)
  }
}

@Suite struct ProposeTests {
  private func leading(_ adjust: (inout Harness) -> Void = { _ in }) -> Harness {
    var node = Harness(as: Fixture.of(4).schedule.leader(of: 1))
    adjust(&node)
    return node
  }

  @Test("R1: with nothing pending the leader waits for the heartbeat, then asks for a block that may be empty") func heartbeat() {
    var node = leading()
    #expect(node.builds.isEmpty)
    #expect(node.armed[.heartbeat(view: 1)] == 5000)
    #expect(node.armed[.leader(view: 1)] == 6000)
    node.fire(.heartbeat(view: 1), after: 4999)
    #expect(node.builds.isEmpty, "too early")
    node.fire(.heartbeat(view: 1), after: 1)
    #expect(node.builds.map(\.mayBeEmpty) == [true])
  }

  @Test("R1: pending work is proposed at once; a builder that finds nothing puts the leader back to the heartbeat") func pending() {
    var node = leading()
    node.time = 100
    node.step(.pending(true))
    #expect(node.builds.map(\.mayBeEmpty) == [false])
    #expect(node.builds.map(\.parent) == [node.genesis.digest])
    node.step(.nothingToBuild(view: 1))
    #expect(node.armed[.heartbeat(view: 1)] == 5000, "as it was armed at the start")
    #expect(node.armed[.leader(view: 1)] == 5900)
    node.step(.pending(true))
    #expect(node.builds.count == 2)
  }

  @Test("R1: block and Notarize are one batch, and the proposal leaves only when it is durable") func barrier() {
    var node = leading { $0.persists = false }
    node.step(.pending(true))
    let block = node.fixture.block(on: node.genesis, view: 1)
    node.step(.built(block, view: 1))
    #expect(node.signed == [.notarize(block)])
    let last = node.batches.last
    #expect(last?.batch.votes.map(\.value.statement) == [.notarize(block)])
    #expect(last?.batch.candidates.map(\.value.block) == [block])
    #expect(node.sent.isEmpty)
    #expect(node.engine.voters(.notarize, in: 1) == [false, false, false, false])
    if let last { node.step(.durable(last.id)) }
    #expect(node.sent.count == 1)
    guard case .proposal(let sent) = node.sent.first else {
      Issue.record("a proposal is sent")
      return
    }
    #expect(sent.vote?.statement == .notarize(block) && last?.batch.candidates.first?.value == sent)
    #expect(node.engine.voters(.notarize, in: 1)[node.index])
  }

  @Test("R1: the parent is the highest certified view with every view between nullified, and the certificates travel along") func parent() {
    var node = Harness(as: Fixture.of(4).schedule.leader(of: 4))
    let ladder = Ladder(node.fixture)
    node.propose(ladder.proposals[0])
    node.step(.certificate(ladder.notarizations[0]))
    node.step(.pending(true))
    let skips = [2, 3].map { node.fixture.certificate(.nullify($0)) }
    node.step(.certificate(skips[1]))
    #expect(node.engine.view == 4)
    #expect(node.builds.isEmpty, "the nullification of view 2 is missing")
    node.step(.certificate(skips[0]))
    #expect(node.builds.map(\.parent) == [ladder.blocks[0].digest])
    let block = node.fixture.block(on: ladder.blocks[0].header, view: 4)
    node.step(.built(block, view: 4))
    guard case .proposal(let sent) = node.sent.last else {
      Issue.record("a proposal is sent")
      return
    }
    #expect(sent.parent == ladder.notarizations[0].value && sent.skips == skips.map(\.value))
  }

  @Test("R1: in a view that was entered before a restart nothing is proposed; the leader gives it up") func restarted() {
    let fixture = Fixture.of(4)
    var state = RecoveredState.fresh(genesis: fixture.genesis)
    state.enteredView = 1
    let node = Harness(as: fixture.schedule.leader(of: 1), recovered: state)
    #expect(node.builds.isEmpty)
    #expect(node.signed == [.nullify(1)])
    #expect(node.engine.nullifyCounts == [.cannotPropose: 1])
  }

  @Test("R1: a leader whose clock is far behind its parent's time waits for its timer, and does not give up view after view at once")
  func behindParent() {
    let fixture = Fixture.of(4)
    var node = Harness(as: fixture.schedule.leader(of: 2))
    let parent = node.fixture.block(on: node.genesis, view: 1, time: Fixture.genesisTime + 60_000)
    node.propose(node.fixture.proposal(parent))
    #expect(node.engine.faultCounts == [.timeAhead: 1])
    node.step(.certificate(node.fixture.certificate(.notarize(epoch: 0, view: 1, digest: parent.digest))))
    node.step(.pending(true))
    #expect(node.engine.view == 2)
    #expect(node.builds.isEmpty)
    #expect(node.signed == [.nullify(1)])
    node.fire(.leader(view: 2), after: 1_000)
    #expect(node.signed == [.nullify(1), .nullify(2)])
    #expect(node.engine.nullifyCounts[.cannotPropose] == 1)
  }

  @Test("R1, R7c: with our Notarize on record the same proposal is sent again") func resent() {
    var first = leading()
    first.step(.pending(true))
    first.step(.built(first.fixture.block(on: first.genesis, view: 1), view: 1))
    var state = RecoveredState.fresh(genesis: first.genesis)
    for (_, batch) in first.batches {
      state.enteredView = batch.enteredView ?? state.enteredView
      state.votes += batch.votes
      state.candidates += batch.candidates
    }
    let second = Harness(as: first.index, recovered: state)
    #expect(second.sent == first.sent)
    #expect(second.signed.isEmpty)
    #expect(second.engine.voters(.notarize, in: 1)[second.index])
  }

  @Test("R1: a builder that fails, or that breaks the rules, costs the view") func failures() {
    var failed = leading()
    failed.step(.pending(true))
    failed.step(.buildFailed(view: 1))
    #expect(failed.signed == [.nullify(1)])
    var wrong = leading()
    wrong.step(.pending(true))
    wrong.step(.built(wrong.fixture.block(on: wrong.genesis, view: 1, time: Fixture.genesisTime), view: 1))
    #expect(wrong.signed == [.nullify(1)])
  }
}
