/// Everything that a run measured.
struct BenchReport: Encodable, Sendable {
  let build: String
  let nodeCount: Int
  var limits: MachineLimits?
  var submissions: [SubmissionFigures] = []
  var reads: [ReadFigures] = []
  var revocation: RevocationFigures?
  var flood: FloodFigures?
  var batches: [BatchFigures] = []
  var catchUp: CatchUpFigures?
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
  let aloneCount: Int
  let alone: Latency?
  let floodedCount: Int
  let flooded: Latency?
  /// What the network committed at saturation just before.
  let capacityPerSecond: Double
  /// Transactions that were sent.
  let offeredPerSecond: Double
  /// Transactions that a node took; the others were refused.
  let acceptedPerSecond: Double
  /// Reasons of those that were refused.
  let failures: [String: Int]
  /// Messages that were due while too many were on their way.
  let withheld: Int
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
