import CairnChain
import CairnClient
import CairnLedger
import CairnMessages
import Foundation

extension BenchRun {
  /// A node with an empty disk comes into a network with many agents.
  mutating func runNewNode(agents: Int) async throws {
    announce("a new node")
    guard let node = cluster.nodes.last, cluster.nodes.count >= 4 else { return }
    let others = Array(cluster.nodes.dropLast())
    let directory = cluster.dataDirectory(of: node)
    await node.stop()
    try FileManager.default.removeItem(atPath: directory)
    let target = try await cluster.status(of: others[0]).info.height
    let start = ContinuousClock.now
    let new = try await cluster.restart(node)
    let served = ContinuousClock.now
    while try await cluster.status(of: new).info.height < target {
      guard start.duration(to: .now) < Self.newNodePatience else {
        throw CommandFailure.unreachable("not_caught_up", "The node \(node.name) was not ready within five minutes: look at its log.")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    let client = try CairnClient(to: [BenchCluster.endpoint(new)], trusting: .anchor(cluster.anchor))
    let agent = try GrownLedger.agent(agents / 2, on: cluster.anchor.network)
    if let did = agent.did { _ = try await client.resolve(did) }
    await client.close()
    let ready = ContinuousClock.now
    let status = try await cluster.status(of: new)
    report.newNode = NewNodeFigures(
      agents: agents, snapshotBytes: ProcessUsage.diskBytes(of: cluster.dataDirectory(of: others[0]) + "/snapshots"),
      historyFrom: status.historyFrom, startSeconds: start.duration(to: served).seconds, seconds: start.duration(to: ready).seconds)
  }

  private static let newNodePatience = Duration.seconds(300)
}
