import CairnNode
import CairnStore

/// Makes things go wrong as planned, and mends them.
final class FaultInjector {
  /// How often a node whose disk is damaged is started again before it is left alone.
  private static let attemptLimit = 3

  private unowned let simulation: Simulation
  private let plan: FaultPlan
  private var isMended = false
  /// Nodes come back, and power goes, when a scenario says so.
  var isScripted = false
  private var copies: [Int: [String: Inode]] = [:]
  private var failedStarts: [Int: Int] = [:]

  init(_ simulation: Simulation) {
    self.simulation = simulation
    plan = simulation.plan
  }

  private var dice: Dice { simulation.chance }
  private var coverage: (String) -> Void { { [unowned simulation] in simulation.coverage.fired($0) } }

  func begin() {
    if plan.partition != .none { partition() }
    for moment in plan.fullDisks {
      at(moment.at, moment.node) { $0.medium.isFull = true }
      at(moment.until, moment.node) { $0.medium.isFull = false }
    }
    for jump in plan.clockJumps {
      at(jump.at, jump.node) { [coverage] node in
        node.clockErrorMilliseconds = jump.errorMilliseconds
        coverage("clock_jump")
      }
    }
    for damage in plan.damages {
      at(damage.copiedAt, damage.node) { [self] in copies[$0.slot] = $0.medium.snapshot() }
      at(damage.at, damage.node) { [self] in inflict(damage.kind, on: $0) }
    }
  }

  private func at(_ milliseconds: UInt64, _ node: Int, _ body: @escaping (SimulatedNode) -> Void) {
    simulation.scheduler.after(milliseconds * Scheduler.millisecond, .fault, node: node) { [self] in
      if !isMended { body(simulation.nodes[node]) }
    }
  }

  func mend() {
    isMended = true
    for node in simulation.nodes {
      node.medium.isFull = false
      node.clockErrorMilliseconds = 0
      if node.life == nil { restart(node, after: 0) }
    }
  }

  private func partition() {
    guard !isMended, !simulation.isOver else { return }
    coverage(plan.partition.rawValue)
    let network = simulation.network
    network.mend()
    let side = simulation.nodes.map { _ in dice.chance(500) }
    for from in side.indices {
      for to in side.indices where from != to {
        let isCut = plan.partition == .oneWay ? dice.chance(300) : side[from] != side[to]
        if isCut { network.setBlocked(true, from: from, to: to) }
      }
    }
    simulation.scheduler.after(plan.partitionMilliseconds * Scheduler.millisecond, .fault) { [self] in partition() }
  }

  /// Something happens to a disk while its node is off.
  func inflict(_ kind: FaultPlan.Damage.Kind, on node: SimulatedNode) {
    simulation.trace.note(simulation.scheduler.now, "disk of node \(node.slot): \(kind.rawValue)")
    node.cutPower()
    node.bury()
    _ = node.medium.losePower(dice)
    node.damage = kind
    let copy = copies[node.slot] ?? [:]
    switch kind {
    case .bitFlip: flip(on: node)
    case .olderCopy: node.medium.restore(copy)
    case .olderChain: node.medium.restore(copy) { $0.hasPrefix("data/chain.db") }
    case .olderSafetyLog: node.medium.restore(copy) { $0 == "data/safety.log" }
    case .wiped: node.medium.wipe()
    }
    coverage(kind.rawValue)
    restart(node, after: dice.pick(plan.downMilliseconds))
  }

  /// Keeps what a disk holds now, to be put back later.
  func copy(_ node: SimulatedNode) { copies[node.slot] = node.medium.snapshot() }

  private func flip(on node: SimulatedNode) {
    let files = node.medium.sorted.filter { $0.inode.durable.count > 0 }
    guard let file = dice.pick(from: files) else { return }
    for _ in 0..<dice.pick(1...3) { file.inode.flip(bit: dice.pick(0...file.inode.durable.count * 8 - 1)) }
  }

  /// Whether a node's power goes before or after a message leaves it.
  func crashes(_ node: Int, atSend isSent: Bool) -> Bool {
    guard isCrashing() else { return false }
    coverage(isSent ? "crash_after_send" : "crash_before_send")
    simulation.nodes[node].cutPower()
    return true
  }

  func judge(_ operation: DiskOperation, _ name: String, of node: Int) -> DiskSession.Outcome {
    if operation == .sync, !isMended, plan.failedSyncsPerTenThousand > 0, dice.pick(0...9_999) < plan.failedSyncsPerTenThousand {
      coverage("failed_sync")
      simulation.nodes[node].mayFail = true
      return .failed
    }
    // What is in the safety log decides what may be signed: it is cut off where it hurts.
    guard isCrashing(times: name == "data/safety.log" ? Self.safetyFactor : 1) else { return .done }
    let isBefore = dice.chance(500)
    coverage("crash_\(isBefore ? "before" : "after")_\(operation.rawValue)")
    simulation.trace.note(simulation.scheduler.now, "node \(node): \(isBefore ? "before" : "after") \(operation.rawValue) of \(name)")
    return isBefore ? .cutBefore : .cutAfter
  }

  /// How much more often power goes at the safety log than elsewhere.
  private static let safetyFactor = 12

  private func isCrashing(times factor: Int = 1) -> Bool {
    !isMended && plan.crashesPerTenThousand > 0 && dice.pick(0...9_999) < plan.crashesPerTenThousand * factor
  }

  /// At once, with what may get lost then.
  func cutPower(_ node: SimulatedNode) {
    guard node.life != nil else { return }
    node.cutPower()
    afterCrash(node)
  }

  /// With the next event after a node's power went.
  func afterCrash(_ node: SimulatedNode) {
    node.bury()
    // Whether the machine went, or the process alone: then what it wrote is still there.
    if isScripted || dice.chance(700) { losePower(node) } else { coverage("process_killed") }
    restart(node, after: dice.pick(plan.downMilliseconds))
  }

  private func losePower(_ node: SimulatedNode) {
    for (name, fate) in node.medium.losePower(dice).fates {
      coverage("unsynced_\(fate.rawValue)")
      simulation.trace.note(simulation.scheduler.now, "node \(node.slot): unsynced changes of \(name) are \(fate.rawValue)")
    }
  }

  /// A node that stops by itself must have a reason that was planned.
  func afterFailure(_ node: SimulatedNode, _ failure: any Error) {
    node.bury()
    if case .store(.full) = failure as? NodeFailure, node.medium.wasFull {
      coverage("full_disk")
    } else if node.mayFail {
      node.mayFail = false
    } else if node.damage != nil {
      coverage("damaged_disk_refused")
      failedStarts[node.slot, default: 0] += 1
      guard failedStarts[node.slot, default: 0] < Self.attemptLimit else { return node.isGivenUp = true }
    } else {
      return simulation.report(.failure, "node \(node.slot) stopped: \(failure)")
    }
    // What a disk says about a sync that failed is not to be trusted until it was read again.
    losePower(node)
    restart(node, after: dice.pick(plan.downMilliseconds))
  }

  private func restart(_ node: SimulatedNode, after milliseconds: UInt64) {
    guard !simulation.isOver, !isScripted, !node.isGivenUp else { return }
    let milliseconds = isMended ? min(milliseconds, 100) : milliseconds
    simulation.scheduler.after(milliseconds * Scheduler.millisecond, .start, node: node.slot) { [self] in
      if !simulation.isOver { node.start() }
    }
  }
}
