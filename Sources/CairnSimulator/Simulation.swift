import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnNode
import CairnStore
import NIOCore

/// One run: a network of real nodes, its clients and everything that befalls them, all drawn from one seed.
///
/// First anything may go wrong that the plan has, and nothing wrong may become final. Then everything is mended, and the network must
/// go on within a bound.
public final class Simulation {
  /// How long the network may take after it was mended, in milliseconds: some rounds of the longest time-outs.
  static let recoveryMilliseconds: UInt64 = 240_000

  let options: SimulationOptions
  let plan: FaultPlan
  let world: World
  let scheduler = Scheduler()
  let network: SimulatedNetwork
  let scheme = RememberedSignatures()
  /// For how long things take.
  let timing: Dice
  /// For what goes wrong.
  let chance: Dice
  private(set) var nodes: [SimulatedNode] = []
  private(set) lazy var oracle = Oracle(self)
  private(set) lazy var workload = Workload(self, Dice(seed: options.seed, purpose: 5))
  private(set) lazy var faults = FaultInjector(self)
  /// Of each validator, where votes are signed in another process.
  private(set) lazy var signers = world.validators.enumerated().map { index, keys in
    SimulatedSigner(slot: index, key: keys.consensusKey, of: self, Dice(seed: options.seed, purpose: 200 + UInt64(index)))
  }
  private var adversaries: [Int: any Adversary] = [:]
  /// Sees what honest nodes send, before it leaves: how a scenario waits for a moment.
  var watch: ((Envelope) -> Void)?
  var trace: Trace
  var coverage = Coverage()
  private(set) var violation: Violation?
  private(set) var isMended = false
  /// Nothing new is planned: what is left runs out.
  private(set) var isOver = false

  public convenience init(_ options: SimulationOptions) throws {
    try self.init(options, plan: FaultPlan.drawn(options, Dice(seed: options.seed, purpose: 1)))
  }

  init(_ options: SimulationOptions, plan: FaultPlan) throws {
    (self.options, self.plan) = (options, plan)
    world = try World(nodes: options.nodes, heartbeatMilliseconds: 1_000, Dice(seed: options.seed, purpose: 2))
    timing = Dice(seed: options.seed, purpose: 3)
    chance = Dice(seed: options.seed, purpose: 4)
    let validators = Array(0..<options.nodes) + options.twins
    network = SimulatedNetwork(scheduler, timing, validators: validators)
    trace = Trace(isKept: options.isTraced)
    nodes = validators.enumerated().map { SimulatedNode(slot: $0.offset, validator: $0.element, of: self) }
    network.conditions = plan.conditions
    network.outgoing = { [unowned self] in sending($0) }
    network.answering = { [unowned self] envelope in adversaries[nodes[envelope.from].index]?.answer(envelope) ?? envelope }
    network.greeting = { [unowned self] hello, from, to in
      adversaries[nodes[from].index]?.greet(hello, to: nodes[to].index) ?? hello
    }
    network.crashes = { [unowned self] in faults.crashes($0, atSend: $1) }
    network.coverage = { [unowned self] in coverage.fired($0) }
    for (index, kind) in plan.adversaries.sorted(by: { $0.key < $1.key }) { corrupt(index, kind) }
    for _ in options.twins { coverage.fired("twins") }
  }

  /// From now on this validator is Byzantine.
  func corrupt(_ index: Int, _ kind: AdversaryKind) {
    let puppet = Puppet(
      slot: index, index: index, network: world.genesis.network, validatorCount: options.nodes, key: world.validators[index].consensusKey,
      dice: Dice(seed: options.seed, purpose: 100 + UInt64(index)))
    adversaries[index] = kind.make(puppet)
    coverage.fired(kind.rawValue)
  }

  /// Whether this validator keeps to the protocol, as far as its disk lets it.
  func isHonest(_ validator: Int) -> Bool { adversaries[validator] == nil && !options.twins.contains(validator) }

  /// Whether a node must do all that a node promises.
  func isReliable(_ node: SimulatedNode) -> Bool { isHonest(node.index) && node.damage == nil }

  /// Of the simulated world's true clock.
  var unixMilliseconds: UInt64 { World.genesisTime + 1_000 + scheduler.now / Scheduler.millisecond }
  var diskMicroseconds: ClosedRange<UInt64> { 100...plan.slowestDiskMicroseconds }

  public func run() -> SimulationReport {
    for node in nodes { node.start() }
    workload.begin()
    faults.begin()
    run(for: plan.faultMilliseconds) { false }
    if violation == nil { mend() }
    if violation == nil { recover() }
    return finish()
  }

  /// Checks what can only be checked at the end, and lets go of everything.
  func finish() -> SimulationReport {
    if violation == nil { oracle.checkAtEnd() }
    for node in nodes { node.bury() }
    let report = SimulationReport(self)
    isOver = true
    while scheduler.runNext(trace: { _ in }) {}
    return report
  }

  /// - Returns: whether the condition came to hold in time, and nothing was violated.
  @discardableResult
  func run(for milliseconds: UInt64, until isDone: () -> Bool) -> Bool {
    let end = scheduler.now + milliseconds * Scheduler.millisecond
    while violation == nil, scheduler.now < end {
      if isDone() { return true }
      guard scheduler.runNext(trace: { trace.record($0) }) else { break }
    }
    return violation == nil && isDone()
  }

  /// Everything works from here on; whoever is Byzantine stays so.
  func mend() {
    isMended = true
    trace.note(scheduler.now, "everything is mended")
    network.conditions = .good
    network.mend()
    faults.mend()
    workload.finish()
  }

  /// The network must go on, and bring to an end what clients began.
  func recover(awaitingClients: Bool = true) {
    let goal = oracle.highestHeight + 2
    let isReached = run(for: Self.recoveryMilliseconds) { [self] in
      oracle.hasEverybody(at: goal) && (workload.isDone || !awaitingClients)
    }
    if !isReached, violation == nil {
      report(.progress, "height \(goal) for all, and an end for every client, was not reached: \(situation)")
    }
  }

  /// The first violation counts: what follows from it says nothing.
  func report(_ invariant: Invariant, _ detail: String) {
    guard violation == nil, !isOver else { return }
    violation = Violation(invariant: invariant, detail: detail, milliseconds: scheduler.now / Scheduler.millisecond)
    trace.note(scheduler.now, "VIOLATION \(invariant.rawValue): \(detail)")
  }

  private func sending(_ envelope: Envelope) -> [Envelope] {
    guard !isOver else { return [] }
    let validator = nodes[envelope.from].index
    watch?(envelope)
    adversaries[nodes[envelope.to].index]?.hear(envelope)
    guard isHonest(validator) else {
      let sent = adversaries[validator]?.distort(envelope) ?? [envelope]
      for envelope in sent { trace.record(envelope) }
      return sent
    }
    oracle.sends(envelope)
    trace.record(envelope)
    return [envelope]
  }

  func judge(_ operation: DiskOperation, _ name: String, of slot: Int) -> DiskSession.Outcome {
    isOver ? .done : faults.judge(operation, name, of: slot)
  }

  /// A node has opened its directory.
  func started(_ node: SimulatedNode, _ assembly: NodeAssembly<SimulatedLinks>) {
    trace.note(scheduler.now, "node \(node.slot) starts, life \(node.lifeCount), height \(assembly.backend.head.header.height)")
    oracle.started(node, assembly)
    let (oracle, lifetime) = (Unshared(oracle), Unshared(node.life?.lifetime))
    let observed = Unshared(node)
    assembly.backend.observeHeads {
      guard let lifetime = lifetime.value, !lifetime.isOver else { return }
      oracle.value.published(observed.value)
    }
  }

  /// A life is over; what its engine counted counts.
  func ended(_ node: SimulatedNode, _ assembly: NodeAssembly<SimulatedLinks>) {
    guard let engine = assembly.engine else { return }
    for (reason, count) in engine.nullifyCounts { coverage.fired("timeout_\(reason.rawValue)", count) }
    for (fault, count) in engine.faultCounts { coverage.fired("refused_\(fault.rawValue)", count) }
    if let reason = engine.votingDisabledReason { coverage.fired("follows_\(reason.rawValue)") }
  }

  func powerWent(_ slot: Int) {
    trace.note(scheduler.now, "node \(slot) loses power")
    scheduler.after(0, .fault, node: slot) { [self] in
      if nodes[slot].life?.lifetime.isOver ?? false { faults.afterCrash(nodes[slot]) }
    }
  }

  /// A node stopped by itself, or could not start.
  func failed(_ slot: Int, _ failure: any Error, _ lifetime: Lifetime) {
    guard !lifetime.isOver else { return }
    lifetime.end()
    trace.note(scheduler.now, "node \(slot) stops: \(failure)")
    scheduler.after(0, .fault, node: slot) { [self] in
      if nodes[slot].life?.lifetime === lifetime { faults.afterFailure(nodes[slot], failure) }
    }
  }

  var situation: String {
    nodes.map { node in
      guard let assembly = node.assembly else { return "\(node.slot) down" }
      guard let engine = assembly.engine else { return "\(node.slot) waits for greetings" }
      let reason = engine.votingDisabledReason.map { " follows (\($0.rawValue))" } ?? ""
      return "\(node.slot) height \(assembly.backend.head.header.height) view \(engine.view) \(engine.waiting)\(reason)"
    }.joined(separator: "; ")
  }
}
