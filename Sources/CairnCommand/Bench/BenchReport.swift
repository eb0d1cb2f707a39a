/// Everything that a run measured.
struct BenchReport: Encodable, Sendable {
  let build: String
  let nodeCount: Int
  var limits: MachineLimits?
  var wan: WANFigures?
  var submissions: [SubmissionFigures] = []
  var reads: [ReadFigures] = []
  /// Of an agent with one credential, by ten policies.
  var authorizations: [ReadFigures] = []
  var policy: PolicyFigures?
  var revocation: RevocationFigures?
  var flood: FloodFigures?
  var batches: [BatchFigures] = []
  var catchUp: CatchUpFigures?
  var newNode: NewNodeFigures?
  var nodes: [NodeFigures] = []
  var diskBytesPerEntry: Double?
  /// Of one node.
  var logEntryCount: UInt64?
  var clientResidentBytes: UInt64?
  /// Answers that did not verify: one is one too many.
  var dishonestCount = 0
  var isInterrupted = false
}

/// One load of transactions.
struct SubmissionFigures: Encodable, Sendable {
  let name: String
  /// In one transaction.
  let operations: Int
  let signaturesPerTransaction: Int
  /// Keys that are registered or stand in a document, each checked to be a point of the curve.
  let pointChecksPerTransaction: Int
  let offeredPerSecond: Double?
  /// Transactions, at saturation.
  let inFlight: Int?
  let seconds: Double
  let committed: Int
  let committedPerSecond: Double
  let operationsPerSecond: Double
  let latency: Latency?
  let failures: [String: Int]
  let withheld: Int
  let blocksPerSecond: Double
  let transactionsPerBlock: Double
  /// Views that were given up because their leader was late; the most that a node saw.
  let leaderTimeouts: UInt32
  /// Of all nodes together, for each committed transaction.
  let nodesCpuUs: Double
  let clientCpuUs: Double
  /// To sign one transaction, before the clock started.
  let signingUs: Double
  /// Of the signature and point checks that all cores can make, how many the nodes made, each once on every node.
  let shareOfMachine: Double
}

/// One load of resolutions.
struct ReadFigures: Encodable, Sendable {
  let name: String
  let isVerified: Bool
  let inFlight: Int?
  let seconds: Double
  let count: UInt64
  let perSecond: Double
  let latency: Latency?
  /// Mean; with all proofs.
  let answerBytes: Double?
  let failures: [String: Int]
  let nodeCpuUs: Double
  let clientCpuUs: Double
  /// How many such answers one core's signature checks would last for: resolutions in the time of one check.
  let perSignatureCheck: Double
}

/// A decision by itself, without a network.
struct PolicyFigures: Encodable, Sendable {
  let policies: Int
  /// Of the policies alone.
  let decisionUs: Double
  /// In the unit of `EvaluationCost`.
  let cost: Int
  /// Contracts at the limits of what may be deployed.
  let checks: [ContractCheckFigures]
}

/// What every node does once before a contract is deployed.
struct ContractCheckFigures: Encodable, Sendable {
  /// In what way the contract is large.
  let name: String
  let milliseconds: Double
  /// `nil` for a contract that may be deployed.
  let refusal: String?
}

/// Revocations one after the other, each until every node proves it.
struct RevocationFigures: Encodable, Sendable {
  let count: Int
  let nodeCount: Int
  /// From `Submit` until the last node answered "revoked" with proof.
  let visible: Latency?
  /// Other transactions committed meanwhile.
  let othersPerSecond: Double
}

/// Revocations one after the other, each until every node proves it: alone, and in a flood of ordinary transactions.
struct FloodFigures: Encodable, Sendable {
  let alone: RevocationLatency
  let flooded: RevocationLatency
  /// What a flood costs a revocation: the quotient of the two p99.
  let p99Ratio: Double?
  /// What the network committed at saturation just before.
  let capacityPerSecond: Double
  /// Transactions that were sent.
  let offeredPerSecond: Double
  /// Those, as a multiple of the capacity.
  let offeredShare: Double
  /// Transactions that a node took; the others were refused.
  let acceptedPerSecond: Double
  /// Ordinary transactions that became final while revocations were measured.
  let committedPerSecond: Double
  /// Reasons of those that were refused.
  let refusals: [String: Int]
  /// Transactions that were due while too many messages were on their way.
  let withheld: Int
  /// How many cores the nodes kept busy together, and the process that floods, revokes and verifies.
  let nodesCpuCores: Double
  let clientCpuCores: Double

  init(
    alone: RevocationLatency, flooded: RevocationLatency, capacityPerSecond: Double, _ flood: Flood.Result, committedPerSecond: Double,
    nodesCpuCores: Double, clientCpuCores: Double
  ) {
    (self.alone, self.flooded, self.capacityPerSecond, self.committedPerSecond) = (alone, flooded, capacityPerSecond, committedPerSecond)
    (self.nodesCpuCores, self.clientCpuCores) = (nodesCpuCores, clientCpuCores)
    let seconds = max(flood.seconds, .leastNonzeroMagnitude)
    offeredPerSecond = Double(flood.sentCount) / seconds
    offeredShare = offeredPerSecond / max(capacityPerSecond, 1)
    acceptedPerSecond = Double(flood.acceptedCount) / seconds
    (refusals, withheld) = (flood.refusals, flood.withheldCount)
    p99Ratio = if let alone = alone.latency, let flooded = flooded.latency { flooded.p99Ms / alone.p99Ms } else { nil }
  }
}

/// From `Submit` until the last node answered "revoked" with proof.
struct RevocationLatency: Encodable, Sendable {
  let count: UInt64
  let latency: Latency?
  let slowestMs: Double?

  init(_ histogram: LatencyHistogram) {
    (count, latency) = (histogram.count, Latency(histogram))
    slowestMs = histogram.quantile(1).map { Double($0) / 1e6 }
  }
}

/// What distance costs.
struct WANFigures: Encodable, Sendable {
  /// The one-way delay, where it is the same between all nodes.
  let oneWayMs: Double?
  let commitCount: Int
  /// From the submission of one transaction at the node that leads until its verified receipt, nothing else going on.
  let fromLeader: Latency?
  /// The median as a multiple of the one-way delay; three is the least that there is.
  let fromLeaderHops: Double?
  /// From the submission at any of the nodes, under load.
  let underLoad: Latency?
  /// Transactions a second of that load.
  let loadPerSecond: Double
  /// Each time that the node that led was killed under load: the longest time without a new final block at any node.
  let withoutCommitMs: [Double]
}

/// A large number of changes, submitted at once.
struct BatchFigures: Encodable, Sendable {
  let name: String
  let count: Int
  let transactions: Int
  /// From the first message to the last verified receipt.
  let seconds: Double
  let complete: Bool
}

struct CatchUpFigures: Encodable, Sendable {
  let blocks: UInt64
  let entries: UInt64
  /// From the start of the process until it serves.
  let startSeconds: Double
  /// From then until it has what the others have.
  let seconds: Double
  let entriesPerSecond: Double
}

struct NodeFigures: Encodable, Sendable {
  let name: String
  let residentBytes: UInt64?
  let diskBytes: UInt64
  let leaderTimeouts: UInt32
}

/// A node with an empty disk in a network that has been running for long.
struct NewNodeFigures: Encodable, Sendable {
  let agents: Int
  /// Of the snapshots that another node offers.
  let snapshotBytes: UInt64
  /// First block that the node has; 0 when it has them all.
  let historyFrom: UInt64
  /// From the start of the process until it serves.
  let startSeconds: Double
  /// From the start of the process until it has what the others have, and has answered with proof for one of the agents.
  let seconds: Double
}
