import CairnChain
import CairnClient
import CairnLedger

extension BenchRun {
  /// The agents that all other loads are about; by itself the figure for batches.
  mutating func enrolFleet() async throws {
    announce("DIDs in batches")
    let signing = ContinuousClock.now
    let planned = try await fleet.enrolments(
      Self.fleetCount / Self.batchOperations, operations: Self.batchOperations, by: cluster.registrar,
      notAfterHeight: try await lastHeight())
    let load = PlannedLoad(
      name: "create, \(Self.batchOperations) DIDs each", planned: planned, operations: Self.batchOperations,
      signatures: Self.batchOperations + 1, pointChecks: Self.batchOperations, signing: signing.duration(to: .now))
    // Messages of two: these transactions are large, and each takes as long as sixty others.
    let connections = try await cluster.connections(to: cluster.nodes)
    try await submit(load, batch: 2, over: connections, .saturating(messagesInFlight: 4), seconds: 3 * seconds)
    guard !fleet.agents.isEmpty else {
      throw CommandFailure.refused("no_agents", "No DID could be created on the local network: see its reasons with --json.")
    }
  }

  mutating func runUpdates() async throws {
    let connections = try await cluster.connections(to: cluster.nodes)
    announce("updates, a lone client")
    try await update(
      "update, lone client", 4_000, batch: 1, over: Array(connections.prefix(1)), .saturating(messagesInFlight: 1), seconds: 0.4 * seconds)
    for (rate, share) in [(100.0, 0.4), (1_000.0, 0.5)] {
      let text = Figure.whole(rate)
      announce("updates, \(text) a second")
      try await update(
        "update, \(text)/s offered", Int(rate * share * seconds), batch: 1, over: connections, .offered(perSecond: rate),
        seconds: share * seconds)
    }
    announce("updates at saturation")
    try await update(
      "update, saturation", planCount(checks: 2, seconds: seconds), batch: Self.transactionsPerMessage, over: connections,
      .saturating(messagesInFlight: Self.messagesInFlight), seconds: seconds)
  }

  private mutating func update(
    _ name: String, _ count: Int, batch: Int, over connections: [VerifiedConnection], _ pace: SubmitLoad.Pace, seconds: Double
  ) async throws {
    let signing = ContinuousClock.now
    let planned = try await fleet.updates(count, notAfterHeight: try await lastHeight())
    let load = PlannedLoad(
      name: name, planned: planned, operations: 1, signatures: 1, pointChecks: 1, signing: signing.duration(to: .now))
    try await submit(load, batch: batch, over: connections, pace, seconds: seconds)
  }

  mutating func runCreations() async throws {
    announce("creations at saturation")
    let signing = ContinuousClock.now
    let planned = try await fleet.enrolments(
      planCount(checks: 3, seconds: seconds / 2), operations: 1, by: cluster.registrar, notAfterHeight: try await lastHeight())
    let load = PlannedLoad(
      name: "create, saturation", planned: planned, operations: 1, signatures: 2, pointChecks: 1, signing: signing.duration(to: .now))
    try await submit(
      load, batch: Self.transactionsPerMessage, over: try await cluster.connections(to: cluster.nodes),
      .saturating(messagesInFlight: Self.messagesInFlight), seconds: seconds / 2)
  }

  /// As many transactions as the machine could verify in the time, if it did nothing else.
  func planCount(checks: Int, seconds: Double) -> Int {
    let most = limits.signatureChecksPerSecondAllCores / Double(checks * cluster.nodes.count) * seconds
    return min(Self.plannedLimit, Int(most) + Self.transactionsPerMessage)
  }

  func lastHeight() async throws -> UInt64 {
    try await cluster.client.checkpoint().header.height + UInt64(Parameters().maxValidityBlocks)
  }

  private mutating func submit(
    _ load: PlannedLoad, batch: Int, over connections: [VerifiedConnection], _ pace: SubmitLoad.Pace, seconds: Double
  ) async throws {
    let before = try await ClusterSample(cluster)
    let result = await SubmitLoad(load.planned.map(\.transaction), batch: batch, over: connections, pace: pace).run(seconds: seconds)
    let after = try await ClusterSample(cluster)
    fleet.settle(load.planned, result.progress)
    report.dishonestCount += result.dishonestCount
    let inFlight: Int? = if case .saturating(let messages) = pace { messages * batch * connections.count } else { nil }
    let rate: Double? = if case .offered(let rate) = pace { rate } else { nil }
    report.submissions.append(
      load.figures(result, from: before, to: after, inFlight: inFlight, offered: rate, limits: limits, nodes: cluster.nodes.count))
    try Task.checkCancellation()
  }
}
