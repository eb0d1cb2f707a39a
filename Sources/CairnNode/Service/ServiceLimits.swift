/// What the services grant a client, on both faces.
enum ServiceLimits {
  /// Several times the largest question.
  static let messageByteCount = 256 << 10
  /// Of one request in a stream of `ResolveMany`, of which many may wait. A DID has 67 bytes.
  static let resolveManyByteCount = 1 << 10
  /// Of a batch, and of any answer.
  static let batchMessageByteCount = 1 << 20
  /// Requests of one connection that are not answered yet.
  static let requestsInFlight = 1024
  /// Transactions of one submission: more than fit when each changes something.
  static let transactionsPerBatch = 4096
  /// Versions on one page of a history.
  static let historyPageCount = 256
  /// Bytes of their entries and proofs; with the record, the header and its certificate a page stays well below any limit on answers.
  static let historyPageByteCount = 200 << 10
  /// Chunks on one page of a status list.
  static let statusListPageCount: UInt32 = 256
  /// Bytes of their proofs and records: with the header and its certificate a page stays well below any limit on answers.
  static let statusListPageByteCount = 512 << 10
  /// Versions that the chunks of a page about the past had: as many hashes are read and made to prove one of them, a second's work at most.
  static let statusListPageVersionCount: UInt64 = 1 << 18
  /// Blocks of one message of events, and their bytes: enough that a long history is not a matter of round trips, little enough that a slow
  /// reader holds little. A single block may be larger.
  static let eventBatchBlockCount = 64
  static let eventBatchByteCount = 256 << 10
  /// Kinds, DIDs and issuers of one filter, together. A subscriber with more asks for everything, which also proves more.
  static let eventFilterValueCount = 256
  /// Streams of events of one connection: a client needs one.
  static let eventStreamsPerConnection = 4
  /// Streams of events of all connections: each costs a few kilobytes, and a hand-over with each block.
  static let eventStreams = 4_096
  /// How far beyond the newest block a stream may begin: a client that comes from another node may be ahead for a moment.
  static let eventHeightsAhead: UInt64 = 64
}
