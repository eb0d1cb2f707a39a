import CairnChain
import CairnCrypto
import Testing

@testable import CairnConsensus

@Suite struct RetransmitTests {
  @Test("R6: a nullification enters the next view") func skip() {
    var node = Harness()
    node.vote(.nullify(1), by: (0..<4).filter { $0 != node.index })
    #expect(node.engine.view == 2)
    #expect(node.batches.flatMap(\.batch.certificates).map(\.value.statement) == [.nullify(1)])
  }

  @Test("R7a: after our Nullify, the view's votes and its opener go out every retry period") func retry() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.step(.certificate(ladder.notarizations[0]))
    node.step(.pending(true))
    node.fire(.leader(view: 2), after: 1000)
    for _ in 0..<2 {
      let before = node.sent.count
      node.fire(.retry(view: 2), after: 2000)
      let repeated = Array(node.sent[before...])
      #expect(repeated == [.certificate(ladder.notarizations[0].value), .vote(Fixture.vote(.nullify(2), by: node.index).value)])
    }
  }

  @Test("R7b: a standstill repeats the current view first, then history within the budget, going on where it ended") func standstill() {
    let certificateBytes = 64 * 3 + 80
    var node = Harness { $0.egressBudgetBytes = 4 * certificateBytes }
    for view in 1...9 { node.step(.certificate(node.fixture.certificate(.nullify(UInt64(view))))) }
    var seen: Set<UInt64> = []
    for _ in 0..<4 {
      let before = node.sent.count
      node.fire(.standstill, after: 10_000)
      let views = node.sent[before...].compactMap { if case .certificate(let certificate) = $0 { certificate.statement.view } else { nil } }
      #expect(views.first == 9 && views.count == 4)
      seen.formUnion(views)
    }
    #expect(seen == Set(1...9))
  }

  @Test("R7b: while blocks are finalized nothing is repeated") func noStandstill() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.time = 9000
    node.step(.certificate(node.fixture.certificate(.finalize(ladder.blocks[0]))))
    let before = node.sent.count
    node.fire(.standstill, after: 1000)
    #expect(node.sent.count == before && node.armed[.standstill] == 9000)
  }

  @Test("R7c: after a restart our votes count again, and records that exclude each other end our voting") func recovery() {
    let fixture = Fixture.of(4)
    let index = fixture.schedule.leader(of: 4)
    var state = RecoveredState.fresh(genesis: fixture.genesis)
    state.enteredView = 1
    state.votes = [Fixture.vote(.nullify(1), by: index)]
    var node = Harness(recovered: state)
    node.vote(.nullify(1), by: [node.leader(1), node.leader(2)])
    #expect(node.engine.view == 2)
    state.enteredView = 2
    state.votes.append(Fixture.vote(.finalize(epoch: 0, view: 1, digest: .zero), by: index))
    #expect(Harness(recovered: state).engine.votingDisabledReason == .recordsDamaged)
  }

  @Test("R8: a silent leader gets no time while a quorum is heard, and all the time while it is not", arguments: [true, false])
  func fastSkip(quorumHeard: Bool) {
    var node = Harness()
    node.time = 40_000
    for validator in 0..<4 where validator != node.leader(2) && (quorumHeard || validator == node.index) { node.step(.heard(validator)) }
    node.step(.certificate(node.fixture.certificate(.nullify(1))))
    #expect(node.engine.view == 2)
    #expect(node.engine.nullifyCounts == (quorumHeard ? [.inactiveLeader: 1] : [:]))
  }

  @Test("A signature that does not come is skipped; Nullify alone is asked for again") func signingFailure() {
    var node = Harness()
    node.signs = false
    let block = node.fixture.block(on: node.genesis, view: 1)
    node.propose(node.fixture.proposal(block))
    node.step(.signingFailed(.notarize(block)))
    node.fire(.certificate(view: 1), after: 2000)
    node.step(.signingFailed(.nullify(1)))
    node.fire(.retry(view: 1), after: 2000)
    #expect(node.signed == [.notarize(block), .nullify(1), .nullify(1)])
  }

  @Test("A Notarize whose signature comes after the view was given up is kept from everybody") func lateSignature() {
    var node = Harness()
    node.signs = false
    let block = node.fixture.block(on: node.genesis, view: 1)
    node.propose(node.fixture.proposal(block))
    node.fire(.certificate(view: 1), after: 2000)
    #expect(node.signed == [.notarize(block), .nullify(1)])
    node.step(.signed(Fixture.vote(.notarize(block), by: node.index)))
    node.step(.signed(Fixture.vote(.nullify(1), by: node.index)))
    let votes = node.sent.compactMap { message -> Statement? in
      guard case .vote(let vote) = message else { return nil }
      return vote.statement
    }
    #expect(votes == [.nullify(1)])
  }

  @Test("A vote of ours that is not on record ends our voting, not our following") func foreignVote() {
    var node = Harness()
    let ladder = Ladder(node.fixture)
    node.step(.vote(Fixture.vote(.nullify(1), by: node.index)))
    #expect(node.engine.votingDisabledReason == .recordsStale)
    node.propose(ladder.proposals[0])
    node.step(.certificate(node.fixture.certificate(.finalize(ladder.blocks[0]))))
    #expect(node.signed.isEmpty && node.commits.count == 1)
  }

  @Test("An observer follows, fetches and commits, and says nothing") func observer() {
    let fixture = Fixture.of(4)
    var engine = Engine(configuration: fixture.configuration(nil), recovered: .fresh(genesis: fixture.genesis))
    let ladder = Ladder(fixture)
    let instant = Instant(monotonicMilliseconds: 0, unixMilliseconds: Fixture.genesisTime + 1000)
    let inputs: [Input] = [
      .start, .pending(true), .proposal(ladder.proposals[0], from: fixture.schedule.leader(of: 1)),
      .executed(ladder.blocks[0].digest, .valid), .certificate(fixture.certificate(.finalize(ladder.blocks[0]))),
    ]
    let effects = inputs.flatMap { engine.step($0, at: instant) }
    #expect(engine.committed == ladder.blocks[0].header)
    #expect(!effects.contains { if case .send = $0 { true } else if case .sign = $0 { true } else { false } })
  }
}

@Suite struct EvidenceTests {
  private static let statements: [Statement] = [
    .notarize(epoch: 0, view: 1, digest: .sha256([1])), .notarize(epoch: 0, view: 1, digest: .sha256([2])), .nullify(1),
    .finalize(epoch: 0, view: 1, digest: .sha256([1])), .finalize(epoch: 0, view: 1, digest: .sha256([2])),
  ]

  @Test("Every pair of statements that excludes itself is evidence, once, and no other pair is") func pairs() {
    for first in Self.statements {
      for second in Self.statements {
        var node = Harness()
        node.vote(first, by: [0])
        node.vote(second, by: [0])
        node.vote(first, by: [0])
        let evidence = node.batches.flatMap(\.batch.evidence)
        #expect(evidence.count == (first.conflicts(with: second) ? 1 : 0), "\(first) \(second)")
        #expect(Evidence(Fixture.vote(first, by: 0).value, Fixture.vote(second, by: 1).value) == nil)
      }
    }
  }

  @Test("Signatures inside certificates convict too") func certificates() {
    var node = Harness()
    let liar = node.leader(2)
    node.vote(.nullify(1), by: [liar])
    node.step(.certificate(node.fixture.certificate(.finalize(epoch: 0, view: 1, digest: .sha256([1])))))
    #expect(node.batches.flatMap(\.batch.evidence).map(\.validator) == [liar])
  }
}

@Suite struct LeaderScheduleTests {
  @Test("Everyone leads once in n views, in an order that the genesis decides", arguments: [1, 4, 7, 10, 31]) func rotation(count: Int) {
    let schedule = LeaderSchedule(genesis: .sha256([1]), epoch: 3, validatorCount: count)
    #expect(Set((0..<UInt64(count)).map(schedule.leader(of:))) == Set(0..<count))
    #expect((0..<50).allSatisfy { schedule.leader(of: $0) == schedule.leader(of: $0 + UInt64(count)) })
    #expect(schedule.leader(of: 1) == LeaderSchedule(genesis: .sha256([1]), epoch: 4, validatorCount: count).leader(of: 0))
    _ = LeaderSchedule(genesis: .sha256([1]), epoch: .max, validatorCount: count).leader(of: .max)
  }

  /// Computed with an independent implementation of the documented procedure.
  @Test("The permutation is the documented one") func knownOrder() {
    #expect(LeaderSchedule(genesis: .zero, epoch: 0, validatorCount: 10).order == [9, 1, 8, 0, 4, 5, 3, 6, 2, 7])
  }
}
