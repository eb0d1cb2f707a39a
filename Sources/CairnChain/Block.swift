public import CairnCrypto
public import CairnMessages
import Foundation

/// A header and the transactions before it in the log.
public struct Block: Hashable, Sendable {
  /// Hard limit on the transactions of a block, in bytes; the network's parameters set a lower one.
  public static let transactionByteLimit = 1 << 20
  /// More transactions than fit: the smallest has well over 100 bytes.
  public static let transactionCountLimit = 10_000

  public let header: Header
  /// Canonical transactions, in log order.
  public let transactions: [[UInt8]]

  public init(header: Header, transactions: [[UInt8]]) {
    self.header = header
    self.transactions = transactions
  }

  public init(_ message: ProtoBlock) throws(ChainError) {
    guard message.transactions.count <= Self.transactionCountLimit else {
      throw .encoding(.tooLong(limit: Self.transactionCountLimit, actual: message.transactions.count))
    }
    let byteCount = message.transactions.reduce(0) { $0 + $1.count }
    guard byteCount <= Self.transactionByteLimit else {
      throw .encoding(.tooLong(limit: Self.transactionByteLimit, actual: byteCount))
    }
    self.init(header: try Header(decoding: [UInt8](message.header)), transactions: message.transactions.map { [UInt8]($0) })
  }

  public var message: ProtoBlock {
    var message = ProtoBlock()
    message.header = Data(header.bytes)
    message.transactions = transactions.map { Data($0) }
    return message
  }

  public var digest: Digest { header.digest }

  /// What the block adds to the log, in order.
  public var logEntries: [LogEntry] { transactions.map(LogEntry.transaction) + [.header(header.bytes)] }

  public static func == (left: Block, right: Block) -> Bool { left.digest == right.digest && left.transactions == right.transactions }
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
