import ArgumentParser
import CairnSimulator
import Foundation

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Run networks of real nodes under virtual time, with everything going wrong that can.",
    discussion: """
      The same seed always gives the same run, which its trace hash shows. Stops at the first run that violates an invariant, and says \
      how to run it again.
      """)

  @Option(help: "The first run's seed; with --twins, its number.") var seed: UInt64 = 0
  @Option(help: "How many runs, with seeds one after the other: 1, or with --twins all that are left.") var seeds: UInt64?
  @Option(
    help: """
      Of four validators let one run as two processes with one key, and run every way to split the five in each of the first so many views \
      (1 to \(TwinsCampaign.viewLimit)).
      """)
  var twins: Int?
  @Option(help: "How many validators.") var nodes = 4
  @Option(help: "What goes wrong: \(SimulationProfile.allCases.map(\.rawValue).joined(separator: ", ")).", transform: parse)
  var profile: SimulationProfile = .chaos
  @Flag(help: "Print what happens, and what each validator signed in each view.") var trace = false
  #if DEBUG
    @Flag(help: "Leave out one rule after the other, and print with which seed that is missed: the documentation's table.")
    var planted = false
  #endif
  @OptionGroup var output: OutputOptions

  private static func parse(_ name: String) throws -> SimulationProfile {
    guard let profile = SimulationProfile(rawValue: name) else { throw ValidationError("--profile knows no \(name).") }
    return profile
  }

  func validate() throws {
    guard (1...31).contains(nodes) else { throw ValidationError("--nodes is from 1 to 31.") }
    guard (seeds ?? 1) >= 1, seeds ?? 1 <= UInt64.max - seed else { throw ValidationError("--seeds is at least 1.") }
    if let twins {
      guard (1...TwinsCampaign.viewLimit).contains(twins) else {
        throw ValidationError("--twins is from 1 to \(TwinsCampaign.viewLimit) views.")
      }
      guard nodes == 4, profile == .chaos else { throw ValidationError("--twins has four validators, and no other faults.") }
    }
  }

  func run() throws {
    #if DEBUG
      if planted { return try hunt() }
    #endif
    var total = SimulationTotal()
    if let twins { try run(TwinsCampaign(views: twins), into: &total) } else { try runSeeds(into: &total) }
    output.print(total, text: total.text)
  }

  private func runSeeds(into total: inout SimulationTotal) throws {
    for seed in seed..<seed + (seeds ?? 1) {
      var options = SimulationOptions(seed: seed, nodes: nodes, profile: profile)
      options.isTraced = trace
      try judge(try Simulation(options).run(), command: options.command, into: &total)
    }
  }

  private func run(_ campaign: TwinsCampaign, into total: inout SimulationTotal) throws {
    let count = UInt64(campaign.scenarios.count)
    guard seed < count else { throw ValidationError("--seed is below \(count) here.") }
    for number in Int(seed)..<Int(min(count, seed + (seeds ?? count - seed))) {
      if trace { Output.write("\(campaign.scenarios[number])\n", to: .standardOutput) }
      try judge(try campaign.run(number, isTraced: trace), command: campaign.command(number), into: &total)
    }
  }

  private func judge(_ report: SimulationReport, command: String, into total: inout SimulationTotal) throws {
    total.add(report)
    if trace { Output.write((report.lines + report.timeline).map { $0 + "\n" }.joined(), to: .standardOutput) }
    if let violation = report.violation {
      throw CommandFailure.refused("invariant_violated", "\(violation)\nRun it again with: \(command) --trace")
    }
    if total.runs % 100 == 0 { Output.write("\(total.text)\n", to: .standardError) }
  }
}

#if DEBUG
  extension SimulateCommand {
    private func hunt() throws {
      Output.write("| bug | profile | seed | invariant |\n|---|---|---|---|\n", to: .standardOutput)
      for bug in PlantedBugHunt.bugs {
        if let caught = try PlantedBugHunt.hunt(bug) { Output.write(caught.row + "\n", to: .standardOutput) }
      }
    }
  }
#endif

/// What came of all runs.
struct SimulationTotal: Encodable {
  private(set) var runs = 0
  private(set) var events = 0
  private(set) var virtualSeconds = 0.0
  private(set) var seconds = 0.0
  private(set) var eventsPerSecond = 0
  private(set) var acknowledged = 0
  /// Of the last run.
  private(set) var traceHash = ""
  private(set) var coverage: [String: Int] = [:]
  private let began = ContinuousClock.now

  private enum CodingKeys: String, CodingKey {
    case runs, events, virtualSeconds, seconds, eventsPerSecond, acknowledged, traceHash, coverage
  }

  mutating func add(_ report: SimulationReport) {
    runs += 1
    events += report.eventCount
    virtualSeconds += Double(report.virtualMilliseconds) / 1_000
    acknowledged += report.acknowledgedCount
    traceHash = report.traceHashText
    for (what, count) in report.coverage.counts { coverage[what, default: 0] += count }
    let elapsed = began.duration(to: .now)
    seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    eventsPerSecond = Int(Double(events) / max(seconds, 0.001))
  }

  var text: String {
    "\(runs) runs, \(events) events (\(eventsPerSecond) a second), \(Int(virtualSeconds)) s of virtual time, \(acknowledged) transactions "
      + "acknowledged, nothing violated; trace hash of the last run \(traceHash)"
  }
}
