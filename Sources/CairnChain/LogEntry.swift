public import CairnCrypto
import CairnMerkle
import CairnMessages
import Foundation

/// One entry of the log.
public enum LogEntry: Hashable, Sendable {
  /// A canonical transaction.
  case transaction([UInt8])
  /// A canonical header, the last entry of its block.
  case header([UInt8])

  /// The largest block there may be, and the framing around one transaction in it.
  public static let byteLimit = (1 << 20) + 16

  public init(decoding bytes: [UInt8]) throws(ChainError) {
    let message: ProtoLogEntry
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    switch message.kind {
    case .transaction(let transaction): self = .transaction([UInt8](transaction))
    case .header(let header): self = .header([UInt8](header))
    case nil: throw .field("kind")
    }
  }

  /// The canonical encoding: what the log tree hashes.
  public var bytes: [UInt8] {
    switch self {
    case .transaction(let transaction): Self.encode(field: 1, transaction)
    case .header(let header): Self.encode(field: 2, header)
    }
  }

  /// H(0x00 || bytes), RFC 6962.
  public var leafHash: Digest { LogTree.leafHash(bytes) }

  /// A length-delimited Protobuf field: written here because every transaction is wrapped once per node.
  private static func encode(field: UInt8, _ content: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [field << 3 | 2]
    bytes.reserveCapacity(content.count + 6)
    var length = content.count
    while length >= 0x80 {
      bytes.append(UInt8(length & 0x7f | 0x80))
      length >>= 7
    }
    bytes.append(UInt8(length))
    bytes += content
    return bytes
  }
}
