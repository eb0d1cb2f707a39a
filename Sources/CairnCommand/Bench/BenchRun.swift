import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger
import Foundation

/// One run: the loads, one after the other, on one network.
struct BenchRun {
  let cluster: BenchCluster
  let parts: Set<BenchPart>
  /// Of the longest loads; the others are a part of it.
  let seconds: Double
  let announce: @Sendable (String) -> Void
  let limits: MachineLimits
  /// On the ledger when a new node comes.
  var agents = 0
  /// One way between any two nodes, when it is the same for all of them.
  var uniformDelay: Duration?
  var fleet: Fleet
  var report: BenchReport

  /// Agents in one transaction of the loads of batches: as many as share the submitter's signature and fit.
  static let batchOperations = 32
  /// Transactions on their way to each node at saturation, enough for several blocks.
  static let messagesInFlight = 8
  static let transactionsPerMessage = 64
  /// Enough agents for every update at saturation to follow one that is long final.
  static let fleetCount = 10_240
  /// What is signed ahead takes memory: about 4 KiB each.
  static let plannedLimit = 60_000
  static let readsInFlight = 64

  init(
    _ cluster: BenchCluster, limits: MachineLimits, parts: Set<BenchPart>, seconds: Double, announce: @escaping @Sendable (String) -> Void
  ) {
    (self.cluster, self.limits, self.parts, self.seconds, self.announce) = (cluster, limits, parts, seconds, announce)
    fleet = Fleet(network: cluster.anchor.network)
    report = BenchReport(build: Version.build, nodeCount: cluster.nodes.count, limits: limits)
  }

  /// What was measured before an interruption stays in ``report``.
  mutating func run() async throws {
    if parts.contains(.newNode) {
      try await runNewNode(agents: agents)
      return try await takeStock()
    }
    try await enrolFleet()
    if parts.contains(.wan) { try await runWAN() }
    if parts.contains(.submit) { try await runUpdates() }
    if parts.contains(.create) { try await runCreations() }
    if parts.contains(.resolve) { try await runReads() }
    if parts.contains(.authorize) { try await runAuthorizations() }
    if parts.contains(.revoke) { try await runRevocations() }
    if parts.contains(.catchUp) { try await runCatchUp() }
    // Last: it leaves the nodes full, and agents of whom nobody knows what became.
    if parts.contains(.flood) { try await runFlood() }
    try await takeStock()
  }
}
