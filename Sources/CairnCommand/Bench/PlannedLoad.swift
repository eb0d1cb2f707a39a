import CairnMessages
import Foundation

/// Signed transactions of one kind, before they are sent.
struct PlannedLoad {
  let name: String
  let planned: [Fleet.Planned]
  /// In each transaction, as the two counts after it.
  let operations: Int
  let signatures: Int
  let pointChecks: Int
  /// How long it took to sign them all.
  let signing: Duration

  func figures(
    _ result: SubmitLoad.Result, from before: ClusterSample, to after: ClusterSample, inFlight: Int?, offered: Double?,
    limits: MachineLimits, nodes: Int
  ) -> SubmissionFigures {
    let committed = result.progress.count { $0 == .final }
    let seconds = max(result.seconds, .leastNonzeroMagnitude)
    let rate = Double(committed) / seconds
    let used = after.cpu.since(before.cpu)
    let blocks = Double(after.height - min(before.height, after.height))
    let checks =
      Double(signatures) / limits.signatureChecksPerSecondAllCores + Double(pointChecks) / limits.pointChecksPerSecondAllCores
    let each = 1e6 / Double(max(committed, 1))
    return SubmissionFigures(
      name: name, operations: operations, signaturesPerTransaction: signatures, pointChecksPerTransaction: pointChecks,
      offeredPerSecond: offered, inFlight: inFlight, seconds: result.seconds, committed: committed, committedPerSecond: rate,
      operationsPerSecond: rate * Double(operations), latency: Latency(result.latency), failures: result.failures,
      withheld: result.withheldCount, blocksPerSecond: blocks / before.time.duration(to: after.time).seconds,
      transactionsPerBlock: Double(committed) / max(blocks, 1),
      leaderTimeouts: after.leaderTimeouts - min(before.leaderTimeouts, after.leaderTimeouts),
      nodesCpuUs: used.nodes * each, clientCpuUs: used.client * each, signingUs: signing.seconds * 1e6 / Double(max(planned.count, 1)),
      shareOfMachine: rate * Double(nodes) * checks)
  }
}

/// What the network had done at one moment.
struct ClusterSample {
  let time: ContinuousClock.Instant
  let height: UInt64
  /// The most that a node saw.
  let leaderTimeouts: UInt32
  let cpu: CPUTimes

  init(_ cluster: BenchCluster) async throws {
    let nodes = cluster.nodes
    var timeouts: UInt32 = 0
    var height: UInt64 = 0
    for node in nodes {
      let status = try await cluster.status(of: node)
      timeouts = max(timeouts, status.leaderTimeouts)
      height = max(height, status.info.height)
    }
    (self.height, leaderTimeouts, cpu, time) = (height, timeouts, CPUTimes(nodes: nodes), .now)
  }
}

/// Seconds of CPU that were used up to one moment.
struct CPUTimes {
  let nodes: Double
  let client: Double

  init(nodes: [DevnetNode]) {
    self.nodes = nodes.reduce(0) { $0 + (ProcessUsage.cpuSeconds(of: $1.pid) ?? 0) }
    client = ProcessUsage.cpuSeconds(of: getpid()) ?? 0
  }

  private init(nodes: Double, client: Double) { (self.nodes, self.client) = (nodes, client) }

  func since(_ earlier: CPUTimes) -> CPUTimes {
    CPUTimes(nodes: max(0, nodes - earlier.nodes), client: max(0, client - earlier.client))
  }
}
