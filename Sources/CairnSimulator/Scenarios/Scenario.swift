import CairnConsensus
import CairnNode

/// A run that a text tells step by step, one step a line; a number sign begins a comment. <doc:Simulator> lists the steps.
///
/// What always must hold is checked all the time; what this run is about is said by its `expect` lines.
public struct Scenario: Sendable {
  struct Line: Sendable {
    let number: Int
    let words: [String]
  }

  public let name: String
  private(set) var options: SimulationOptions
  private var timers = TimerConfiguration()
  private var snapshots = SnapshotConfiguration()
  private var absent: Set<Int> = []
  private(set) var steps: [Line] = []

  public init(_ text: String, name: String) throws {
    self.name = name
    options = SimulationOptions(seed: 1, profile: .calm)
    timers.heartbeatMilliseconds = 1_000
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
      guard !words.isEmpty else { continue }
      let line = Line(number: index + 1, words: words)
      if try !set(line) { steps.append(line) }
    }
  }

  /// - Returns: whether the line says what kind of network this is, before it starts.
  private mutating func set(_ line: Line) throws -> Bool {
    switch line.words[0] {
    case "nodes": options.nodes = try line.number(1)
    case "seed": options.seed = UInt64(try line.number(1))
    case "twin": options.twins.append(try line.number(1))
    case "snapshots":
      (snapshots.intervalBlocks, snapshots.distanceBlocks) = (UInt64(try line.number(1)), UInt64(try line.number(2)))
    case "absent": absent.insert(try line.number(1))
    case "timer":
      let milliseconds = UInt64(try line.number(2))
      switch line.words[1] {
      case "leader": timers.leaderMilliseconds = milliseconds
      case "certificate": timers.certificateMilliseconds = milliseconds
      case "retry": timers.retryMilliseconds = milliseconds
      case "skip": timers.skipMilliseconds = milliseconds
      case "standstill": timers.standstillMilliseconds = milliseconds
      default: throw line.error("no such timer")
      }
    default: return false
    }
    return true
  }

  /// - Throws: ``ScenarioError`` when it cannot be read, or something did not come as expected.
  @discardableResult
  public func run(isTraced: Bool = false) throws -> SimulationReport {
    var options = options
    options.isTraced = isTraced
    var plan = FaultPlan()
    plan.timers = Array(repeating: timers, count: options.nodes)
    plan.snapshots = snapshots
    let simulation = try Simulation(options, plan: plan)
    simulation.faults.isScripted = true
    simulation.workload.keepToScript()
    for node in simulation.nodes where !absent.contains(node.slot) { node.start() }
    let stage = ScenarioStage(simulation)
    defer { _ = simulation.finish() }
    for step in steps {
      try stage.perform(step)
      if let violation = simulation.violation { throw step.error("\(violation)") }
    }
    let report = simulation.finish()
    if let violation = report.violation { throw ScenarioError(line: 0, problem: "\(violation)") }
    return report
  }
}

/// Which line of a scenario is wrong, or was not fulfilled.
public struct ScenarioError: Error, Equatable, CustomStringConvertible {
  public let line: Int
  public let problem: String

  public var description: String { "line \(line): \(problem)" }
}

extension Scenario.Line {
  func error(_ problem: String) -> ScenarioError {
    ScenarioError(line: number, problem: "\(words.joined(separator: " ")): \(problem)")
  }

  func word(_ position: Int) throws -> String {
    guard position < words.count else { throw error("something is missing") }
    return words[position]
  }

  func number(_ position: Int) throws -> Int {
    guard let number = Int(try word(position)) else { throw error("\(words[position]) is not a number") }
    return number
  }

  /// What follows a word, or a default.
  func number(after word: String, or fallback: Int) throws -> Int {
    guard let position = words.firstIndex(of: word) else { return fallback }
    return try number(position + 1)
  }
}
