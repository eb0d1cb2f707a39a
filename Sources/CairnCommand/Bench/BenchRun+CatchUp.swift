import CairnClient
import CairnMessages
import Foundation

extension BenchRun {
  /// One node is away while the others go on, and comes back.
  mutating func runCatchUp() async throws {
    announce("catching up")
    guard let away = cluster.nodes.last, cluster.nodes.count >= 4 else { return }
    let others = Array(cluster.nodes.dropLast())
    let last = try await cluster.status(of: away).info
    await away.stop()
    let planned = try await fleet.updates(planCount(checks: 2, seconds: 0.3 * seconds), notAfterHeight: try await lastHeight())
    let load = SubmitLoad(
      planned.map(\.transaction), batch: Self.transactionsPerMessage, over: try await cluster.connections(to: others),
      pace: .saturating(messagesInFlight: Self.messagesInFlight))
    let result = await load.run(seconds: 0.3 * seconds)
    report.dishonestCount += result.dishonestCount
    fleet.settle(planned, result.progress)
    let target = try await cluster.status(of: others[0]).info
    let start = ContinuousClock.now
    let restarted = try await cluster.restart(away)
    let served = ContinuousClock.now
    while try await cluster.status(of: restarted).info.height < target.height {
      guard served.duration(to: .now) < Self.catchUpPatience else {
        throw CommandFailure.unreachable("not_caught_up", "The node \(away.name) has not caught up within a minute: look at its log.")
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    let entries = target.logSize - last.logSize
    let caught = served.duration(to: .now).seconds
    report.catchUp = CatchUpFigures(
      blocks: target.height - last.height, entries: entries, startSeconds: start.duration(to: served).seconds, seconds: caught,
      entriesPerSecond: Double(entries) / start.duration(to: .now).seconds)
  }

  private static let catchUpPatience = Duration.seconds(60)

  mutating func takeStock() async throws {
    for node in cluster.nodes {
      let status = try await cluster.status(of: node)
      let disk = ProcessUsage.diskBytes(of: cluster.dataDirectory(of: node))
      report.nodes.append(
        NodeFigures(
          name: node.name, residentBytes: ProcessUsage.residentBytes(of: node.pid), diskBytes: disk, leaderTimeouts: status.leaderTimeouts))
      report.logEntryCount = status.info.logSize
    }
    if let entries = report.logEntryCount, entries > 0, let disk = report.nodes.first?.diskBytes {
      report.diskBytesPerEntry = Double(disk) / Double(entries)
    }
    report.clientResidentBytes = ProcessUsage.residentBytes(of: getpid())
  }
}
