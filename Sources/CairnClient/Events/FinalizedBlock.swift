public import CairnChain
public import CairnLedger

/// A block of the chain, proven to be final and to follow the one before it.
public struct FinalizedBlock: Sendable {
  public let header: Header
  /// The header itself, or a later one whose chain of parents leads to it.
  public let provenBy: CertifiedHeader
  /// In log order: all of them without a filter, otherwise those that the node says match.
  public let transactions: [LoggedTransaction]
  /// Transactions that the node left out because of the filter.
  public let omittedCount: Int

  /// Where a stream goes on that has seen this block.
  public var position: EventPosition { EventPosition(height: header.height, digest: header.digest) }
}

/// A transaction where it stands in the log.
public struct LoggedTransaction: Sendable {
  /// Of its entry.
  public let index: UInt64
  public let transaction: Transaction
}

/// What is wrong with blocks of a stream.
public enum EventError: Error, Equatable, Sendable {
  case emptyBatch
  /// A block is missing, comes again, or is out of order.
  case wrongHeight(expected: UInt64, actual: UInt64)
  /// The block does not follow the one before it.
  case wrongParent(height: UInt64)
  /// The peaks are not those of the log before the first block.
  case wrongEdge
  /// The batch does not begin where the log had ended.
  case wrongIndex(expected: UInt64, actual: UInt64)
  /// Entries are missing, or too many.
  case wrongSize(height: UInt64)
  /// An entry is not the one that the log has at its place.
  case wrongRoot(height: UInt64)
  /// An entry was left out although everything was asked for.
  case hiddenEntry(index: UInt64)
  /// A transaction that the validators accepted and this client does not understand: it is older than the network.
  case unreadableTransaction(index: UInt64)

  /// Machine readable; a log field and a metric label.
  public var reason: String {
    switch self {
    case .emptyBatch: "empty_batch"
    case .wrongHeight: "wrong_height"
    case .wrongParent: "wrong_parent"
    case .wrongEdge: "wrong_edge"
    case .wrongIndex: "wrong_first_index"
    case .wrongSize: "wrong_log_size"
    case .wrongRoot: "wrong_log_root"
    case .hiddenEntry: "hidden_entry"
    case .unreadableTransaction: "unreadable_transaction"
    }
  }
}
