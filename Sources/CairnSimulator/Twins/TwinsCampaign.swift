import CairnChain
import CairnConsensus
import CairnLedger
import CairnNode

/// Every assignment of a small space, none left out: four validators, one of which runs as two processes with one key, and in each of
/// the first views one of the sixteen ways to have the five processes in two sets that do not hear each other. After Bano et al.,
/// "Twins: BFT Systems Made Robust" (OPODIS 2021); the leaders are those of the protocol.
///
/// Of assignments that differ in names alone, one is there: the two processes of a twin can change places, and so can validators that lead
/// none of these views.
public struct TwinsCampaign: Sendable {
  /// Seven digits of scenarios: days.
  public static let viewLimit = 5

  /// Of all scenarios: they differ in what is said below and in nothing else.
  private static let seed: UInt64 = 1
  private static let transactionCount = 2
  /// How long the views with partitions may take, in milliseconds, before everything is mended.
  private static let patience: UInt64 = 20_000
  /// The second process's clock is ahead by so many milliseconds: blocks of the two are never the same.
  private static let clockError: Int64 = 3

  public let views: Int
  public let scenarios: [TwinsScenario]

  /// - Parameter views: how many have partitions, from 1 to ``viewLimit``.
  public init(views: Int) throws {
    self.views = views
    let world = try World(nodes: TwinsScenario.validatorCount, heartbeatMilliseconds: 1_000, Dice(seed: Self.seed, purpose: 2))
    let schedule = LeaderSchedule(
      genesis: GenesisBlock(world.genesis).header.digest, epoch: 0, validatorCount: TwinsScenario.validatorCount)
    scenarios = Self.scenarios(leaders: (1...UInt64(max(1, views))).map(schedule.leader(of:)))
  }

  /// - Parameter leaders: of view 1, view 2 and so on.
  private static func scenarios(leaders: [Int]) -> [TwinsScenario] {
    let bystanders = (0..<TwinsScenario.validatorCount).filter { !leaders.contains($0) }
    // One bystander is as good a twin as another.
    let twins = Set(leaders).union(bystanders.prefix(1)).sorted()
    return twins.flatMap { twin in
      let symmetries = symmetries(twin, bystanders.filter { $0 != twin })
      return assignments(of: twin, views: leaders.count).filter { scenario in
        // The first of those that are the same stands for all.
        symmetries.allSatisfy { scenario <= scenario.moved(to: $0) }
      }
    }
  }

  private static func assignments(of twin: Int, views: Int) -> [TwinsScenario] {
    var sequences: [[TwinsScenario.Partition]] = [[]]
    for _ in 0..<views { sequences = sequences.flatMap { earlier in TwinsScenario.partitions.map { earlier + [$0] } } }
    return sequences.map { TwinsScenario(twin: twin, partitions: $0) }
  }

  /// Where the processes may go without any difference.
  private static func symmetries(_ twin: Int, _ bystanders: [Int]) -> [[Int]] {
    permutations(of: bystanders).flatMap { order in
      var places = Array(0..<TwinsScenario.processCount)
      for (bystander, place) in zip(bystanders, order) { places[bystander] = place }
      var swapped = places
      swapped.swapAt(twin, TwinsScenario.processCount - 1)
      return [places, swapped]
    }
  }

  private static func permutations(of elements: [Int]) -> [[Int]] {
    guard !elements.isEmpty else { return [[]] }
    return elements.flatMap { first in permutations(of: elements.filter { $0 != first }).map { [first] + $0 } }
  }

  /// Runs one scenario: the views with partitions, and what must come after them.
  public func run(_ number: Int, isTraced: Bool = false) throws -> SimulationReport {
    let scenario = scenarios[number]
    var options = SimulationOptions(seed: Self.seed, nodes: TwinsScenario.validatorCount, profile: .calm)
    options.twins = [scenario.twin]
    options.isTraced = isTraced
    var plan = FaultPlan()
    plan.timers = Array(repeating: Self.timers, count: TwinsScenario.validatorCount)
    let simulation = try Simulation(options, plan: plan)
    let partitions = ViewPartitions(scenario, simulation)
    simulation.network.separates = { partitions.cut($0) }
    for node in simulation.nodes { node.start() }
    simulation.nodes[TwinsScenario.processCount - 1].clockErrorMilliseconds = Self.clockError
    simulation.run(for: Self.patience) { simulation.nodes.allSatisfy { $0.engine != nil } }
    for _ in 0..<Self.transactionCount { simulation.workload.submitOne() }
    simulation.run(for: Self.patience) {
      simulation.nodes.allSatisfy { !simulation.isReliable($0) || ($0.engine?.view ?? 0) > UInt64(views) }
    }
    if simulation.violation == nil { simulation.mend() }
    // What only the second process heard of may have to be said again: no scenario waits for that.
    if simulation.violation == nil { simulation.recover(awaitingClients: false) }
    if simulation.nodes.contains(where: { simulation.isReliable($0) && !($0.assembly?.evidence.isEmpty ?? true) }) {
      simulation.coverage.fired("twins_convicted")
    }
    return simulation.finish()
  }

  /// What runs it again.
  public func command(_ number: Int) -> String { "cairn simulate --twins \(views) --seed \(number)" }

  /// Short ones: some messages' time, so that a view is given up while its partition stands.
  private static let timers: TimerConfiguration = {
    var timers = TimerConfiguration()
    timers.leaderMilliseconds = 60
    timers.certificateMilliseconds = 120
    timers.retryMilliseconds = 100
    timers.standstillMilliseconds = 500
    timers.heartbeatMilliseconds = 50
    return timers
  }()
}
