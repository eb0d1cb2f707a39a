import CairnChain
import CairnCrypto

@testable import CairnConsensus

/// One engine, driven by hand. It signs, stores and executes at once unless a test holds that back.
struct Harness {
  let fixture: Fixture
  var engine: Engine
  var time: UInt64 = 0
  /// Effects that the harness does not answer itself, of all steps so far.
  private(set) var effects: [Effect] = []
  /// The armed timers, each with its delay when it was armed.
  private(set) var armed: [Engine.Timer: UInt64] = [:]
  var signs = true
  var persists = true
  var verdict: (Block) -> ExecutionVerdict? = { _ in .valid }
  private(set) var batches: [(id: BarrierID, batch: PersistBatch)] = []

  /// - Parameter validator: the engine's own index; when not given, one that leads none of the first three views.
  init(
    _ count: Int = 4, as validator: Int? = nil, recovered: RecoveredState? = nil, adjust: (inout Engine.Configuration) -> Void = { _ in }
  ) {
    var fixture = Fixture.of(count)
    fixture.absentee = validator ?? fixture.schedule.leader(of: 4)
    self.fixture = fixture
    var configuration = fixture.configuration(fixture.absentee)
    adjust(&configuration)
    engine = Engine(configuration: configuration, recovered: recovered ?? .fresh(genesis: fixture.genesis))
    step(.start)
  }

  var genesis: Header { fixture.genesis }
  var index: Int { engine.configuration.validatorIndex ?? -1 }
  func leader(_ view: UInt64) -> Int { engine.leader(of: view) }

  mutating func step(_ input: Input) {
    let instant = Instant(monotonicMilliseconds: time, unixMilliseconds: Fixture.genesisTime + 1000 + time)
    for effect in engine.step(input, at: instant) { answer(effect) }
  }

  private mutating func answer(_ effect: Effect) {
    effects.append(effect)
    switch effect {
    case .persist(let batch, let id):
      batches.append((id, batch))
      if persists { step(.durable(id)) }
    case .arm(let timer, let delay): armed[timer] = delay
    case .cancel(let timer): armed[timer] = nil
    case .sign(let statement) where signs: step(.signed(Fixture.vote(statement, by: index)))
    case .execute(let proposal):
      if let verdict = verdict(proposal.value.block) { step(.executed(proposal.value.block.digest, verdict)) }
    default: break
    }
  }

  mutating func propose(_ proposal: Verified<Proposal>) {
    step(.proposal(proposal, from: leader(proposal.value.block.header.view)))
  }

  mutating func vote(_ statement: Statement, by validators: [Int]) {
    for validator in validators { step(.vote(Fixture.vote(statement, by: validator))) }
  }

  /// Lets time pass and fires the timer.
  mutating func fire(_ timer: Engine.Timer, after milliseconds: UInt64) {
    time += milliseconds
    armed[timer] = nil
    step(.timer(timer))
  }

  var signed: [Statement] { effects.compactMap { if case .sign(let statement) = $0 { statement } else { nil } } }
  var sent: [Engine.Message] { effects.compactMap { if case .send(let message, _) = $0 { message } else { nil } } }
  var builds: [BuildRequest] { effects.compactMap { if case .build(let request) = $0 { request } else { nil } } }
  var fetches: [(Digest, [Int])] { effects.compactMap { if case .fetch(let digest, let from) = $0 { (digest, from) } else { nil } } }
  var commits: [[Digest]] {
    effects.compactMap { if case .commit(let blocks, _) = $0 { blocks.map(\.value.block.digest) } else { nil } }
  }
  var catchUps: [UInt64] { effects.compactMap { if case .catchUp(let target) = $0 { target.value.statement.view } else { nil } } }
  var halts: [HaltReason] { effects.compactMap { if case .halt(let reason) = $0 { reason } else { nil } } }
}

/// Four blocks on the genesis, one per view, with their notarizations.
struct Ladder {
  let blocks: [Block]
  let notarizations: [Verified<Certificate>]
  let proposals: [Verified<Proposal>]

  init(_ fixture: Fixture, count: Int = 4) {
    var (blocks, notarizations, proposals): ([Block], [Verified<Certificate>], [Verified<Proposal>]) = ([], [], [])
    for view in 1...UInt64(count) {
      let block = fixture.block(on: blocks.last?.header ?? fixture.genesis, view: view)
      proposals.append(fixture.proposal(block, parent: notarizations.last))
      notarizations.append(fixture.certificate(.notarize(block)))
      blocks.append(block)
    }
    (self.blocks, self.notarizations, self.proposals) = (blocks, notarizations, proposals)
  }
}
