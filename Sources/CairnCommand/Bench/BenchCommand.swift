import ArgumentParser
import CairnNetwork
import Foundation

/// What can be measured by itself. The machine's limits and the creation of agents in batches come with everything.
enum BenchPart: String, CaseIterable, Hashable, Sendable, ExpressibleByArgument {
  case submit
  case create
  case resolve
  case authorize
  case revoke
  case flood
  case catchUp = "catch-up"
  case newNode = "new-node"
  case wan
}

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure a local network of real nodes, and beside it what this machine can do at most.",
    discussion: """
      Starts nodes as processes with durable storage in a temporary directory, loads them from this process over TLS, verifies every \
      answer, and removes everything at the end. Nodes and load share the machine: the figures to quote are the shares of its limits. \
      TMPDIR chooses the file system. With --wan, the nodes are as far apart as it says, and unless --only names more, it is measured \
      how long a commit takes and what the loss of the leader costs. With --only new-node, the nodes begin with a ledger of --agents agents, \
      and it is measured how long a new node takes until it serves them.
      """)

  @Option(help: "How many nodes.") var nodes = 4
  @Option(help: "Length of the longest loads; the others are shorter.") var seconds = 10.0
  @Option(
    help: ArgumentHelp(
      "Only these parts, separated by commas: \(BenchPart.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "parts"))
  var only: String?
  @Option(help: "Agents on the ledger that a new node comes to, with --only new-node.") var agents = 1_000_000
  @OptionGroup var wan: WANOption
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...31).contains(nodes) else { throw ValidationError("--nodes is from 1 to 31.") }
    guard (1...10_000_000).contains(agents) else { throw ValidationError("--agents is from 1 to 10000000.") }
    guard (0.1...600).contains(seconds) else { throw ValidationError("--seconds is from 0.1 to 600.") }
    _ = try parts()
  }

  private func parts() throws -> Set<BenchPart> {
    guard let only else { return wan.profile == nil ? Set(BenchPart.allCases).subtracting([.wan, .newNode]) : [.wan] }
    let parts = Set(
      try only.split(separator: ",").map { name in
        guard let part = BenchPart(rawValue: String(name)) else {
          throw ValidationError("--only knows no \(name): use \(BenchPart.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return part
      })
    guard !parts.contains(.newNode) || parts.count == 1 else {
      throw ValidationError("--only new-node is a run of its own: its ledger is made before the nodes start.")
    }
    guard !parts.contains(.wan) || wan.profile != nil else { throw ValidationError("--only wan needs --wan PROFILE.") }
    return parts
  }

  func run() async throws {
    #if DEBUG
      Output.write(
        "cairn: this is a debug build, several times slower than a release build: its figures say nothing.\n", to: .standardError)
    #endif
    let parts = try parts()
    let matrix = try wan.matrix()
    let stop = StopSignal()
    let work = Task { try await measure(parts, matrix, until: stop) }
    // Ends with the process when nobody interrupts.
    Task {
      await stop.wait()
      work.cancel()
    }
    let report = try await work.value
    output.print(report, text: report.text)
    guard report.dishonestCount == 0 else {
      throw CommandFailure.refused(
        "unproven_answers", "\(report.dishonestCount) answers did not verify: no honest node gives such answers; report this.")
    }
  }

  private func measure(_ parts: Set<BenchPart>, _ matrix: LinkMatrix?, until stop: StopSignal) async throws -> BenchReport {
    announce("the machine's limits")
    let limits = try MachineLimits.measure(directory: FileManager.default.temporaryDirectory.path)
    announce("starting \(nodes) nodes")
    let agents = agents
    return try await BenchCluster.with(
      nodes: nodes, wan: wan, until: stop,
      prepare: { network in
        if parts.contains(.newNode) { try GrownLedger.fill(network, agents: agents) }
      }
    ) { cluster in
      var run = BenchRun(cluster, limits: limits, parts: parts, seconds: seconds, announce: announce)
      run.uniformDelay = matrix?.uniformDelay
      run.agents = agents
      do { try await run.run() } catch {
        guard stop.isStopped else { throw error }
        return run.interruptedReport
      }
      return run.report
    }
  }

  /// On a terminal, what is measured now.
  private func announce(_ what: String) {
    if isatty(STDERR_FILENO) == 1 { Output.write("measuring: \(what)\n", to: .standardError) }
  }
}

extension BenchRun {
  /// What was measured until somebody pressed Ctrl-C.
  var interruptedReport: BenchReport {
    var report = report
    report.isInterrupted = true
    return report
  }
}
