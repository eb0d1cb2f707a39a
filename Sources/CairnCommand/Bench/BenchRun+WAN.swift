import CairnClient
import CairnMessages
import Foundation
import NIOCore

extension BenchRun {
  /// Of the load under which the leader is lost: enough for every block to have some, so that every view has work.
  private static let wanRate = 100.0
  /// Lone transactions a second that are signed ahead: as many as a network without any distance makes final.
  private static let aloneRate = 200.0
  /// How often the leader is lost.
  private static let lossCount = 5
  /// Before each loss, and after it: three turns of a lost leader among four.
  private static let lossLead = Duration.seconds(1)
  private static let lossTail = Duration.seconds(5)
  private static let lossPatience = Duration.seconds(60)

  /// How long a commit takes between distant nodes, and how long there is none when the leader's cloud is lost.
  mutating func runWAN() async throws {
    announce("commits from the leader")
    let alone = try await commitFromLeader()
    let (underLoad, committed) = try await commitUnderLoad()
    var gaps: [Double] = []
    // Fewer than four nodes stop when one is lost.
    if cluster.nodes.count >= 4 {
      for round in 1...Self.lossCount {
        announce("loss of the leader, \(round) of \(Self.lossCount)")
        gaps.append(try await loseLeader() * 1_000)
      }
    }
    let delay = uniformDelay.map { $0.seconds * 1_000 }
    report.wan = WANFigures(
      oneWayMs: delay, commitCount: Int(alone.count), fromLeader: Latency(alone),
      fromLeaderHops: delay.flatMap { delay in Latency(alone).map { $0.p50Ms / delay } }, underLoad: Latency(underLoad),
      loadPerSecond: committed, withoutCommitMs: gaps)
  }

  /// One transaction after the other, each at the node that leads at that time.
  private mutating func commitFromLeader() async throws -> LatencyHistogram {
    let connections = try await cluster.connections(to: cluster.nodes)
    let planned = try await fleet.updates(
      min(fleet.agents.count, Int(Self.aloneRate * seconds) + 1), notAfterHeight: try await lastHeight())
    var progress = planned.map { _ in SubmitProgress.unsent }
    var histogram = LatencyHistogram()
    let end = ContinuousClock.now + .seconds(seconds)
    for (index, plan) in planned.enumerated() where ContinuousClock.now < end {
      let connection = connections[try await leader()]
      let start = NIODeadline.now()
      let outcomes = try await withCheckedThrowingContinuation { answer in
        connection.submit([plan.transaction]) { answer.resume(with: $0) }
      }
      guard case .final? = outcomes.first else { throw CommandFailure.refused("not_final", "An update was refused.") }
      histogram.add(nanoseconds: UInt64(max(0, (NIODeadline.now() - start).nanoseconds)))
      progress[index] = .final
    }
    fleet.settle(planned, progress)
    for connection in connections { await connection.close() }
    return histogram
  }

  /// Position of the node that leads the highest view that any node is in.
  private func leader() async throws -> Int {
    var statuses: [ProtoNodeStatus] = []
    for node in cluster.nodes { statuses.append(try await cluster.status(of: node)) }
    guard let newest = statuses.max(by: { $0.info.view < $1.info.view }), cluster.nodes.indices.contains(Int(newest.leader)) else {
      preconditionFailure("a local network has nodes, and its leader is one of them")
    }
    return Int(newest.leader)
  }

  /// - Returns: how long each transaction took, and how many were committed in a second.
  private mutating func commitUnderLoad() async throws -> (LatencyHistogram, Double) {
    announce("commits under load")
    let connections = try await cluster.connections(to: cluster.nodes)
    let (load, planned) = try await wanLoad(over: connections, seconds: seconds)
    let result = await load.run(seconds: seconds)
    await settle(planned, result, closing: connections)
    return (result.latency, Double(result.latency.count) / max(result.seconds, .leastNonzeroMagnitude))
  }

  private func wanLoad(over connections: [VerifiedConnection], seconds: Double) async throws -> (SubmitLoad, [Fleet.Planned]) {
    let planned = try await fleet.updates(Int(Self.wanRate * seconds) + 1, notAfterHeight: try await lastHeight())
    let load = SubmitLoad(planned.map(\.transaction), batch: 1, over: connections, pace: .offered(perSecond: Self.wanRate))
    return (load, planned)
  }

  private mutating func settle(_ planned: [Fleet.Planned], _ result: SubmitLoad.Result, closing connections: [VerifiedConnection]) async {
    for connection in connections { await connection.close() }
    fleet.settle(planned, result.progress)
    report.dishonestCount += result.dishonestCount
  }

  /// Kills the node that leads, under load on the others, and starts it again.
  ///
  /// - Returns: the longest time without a new final block from then on, in seconds.
  private mutating func loseLeader() async throws -> Double {
    let position = try await leader()
    let victim = cluster.nodes[position]
    let others = cluster.nodes.filter { $0.name != victim.name }
    let connections = try await cluster.connections(to: others)
    let (load, planned) = try await wanLoad(over: connections, seconds: (Self.lossLead + Self.lossTail + Self.lossPatience).seconds)
    async let loading = load.run(seconds: (Self.lossLead + Self.lossTail + Self.lossPatience).seconds)
    let gap = try await gapWhenLost(victim, at: position, seenBy: others[0])
    load.end()
    await settle(planned, await loading, closing: connections)
    try await bringBack(victim, beside: others)
    return gap
  }

  private func gapWhenLost(_ victim: DevnetNode, at position: Int, seenBy witness: DevnetNode) async throws -> Double {
    try await Task.sleep(for: Self.lossLead)
    let patience = ContinuousClock.now + Self.lossPatience
    while Int(try await cluster.status(of: victim).leader) != position {
      guard ContinuousClock.now < patience else { throw CommandFailure.unreachable("no_leader", "The node \(victim.name) never led.") }
    }
    var (height, last) = (try await cluster.status(of: witness).info.height, ContinuousClock.now)
    await victim.kill()
    let end = ContinuousClock.now + Self.lossTail
    var longest = Duration.zero
    while ContinuousClock.now < end {
      let seen = try await cluster.status(of: witness).info.height
      let now = ContinuousClock.now
      longest = max(longest, last.duration(to: now))
      if seen > height { (height, last) = (seen, now) }
      try await Task.sleep(for: .milliseconds(2))
    }
    return longest.seconds
  }

  /// Starts a node again, and returns when it votes, has what the others have and is connected to all of them.
  private func bringBack(_ victim: DevnetNode, beside others: [DevnetNode]) async throws {
    let target = try await cluster.status(of: others[0]).info.height
    let restarted = try await cluster.restart(victim)
    let patience = ContinuousClock.now + Self.lossPatience
    while true {
      let status = try await cluster.status(of: restarted)
      if status.voting, status.info.height >= target, status.peers.allSatisfy(\.connected) { return }
      guard ContinuousClock.now < patience else {
        throw CommandFailure.unreachable("not_back", "The node \(victim.name) did not take part again: look at its log.")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
