public import CairnChain
import CairnCrypto
public import CairnMerkle

/// From where on a node that began with a snapshot has the log: a header, and the log's right edge before it. Both were verified.
public struct ChainBase: Hashable, Sendable {
  /// A header, and the hashes of eight partial tiles.
  static let byteLimit = Header.byteLimit + 2 + 8 * (LogTile.width - 1) * Digest.byteCount

  public let header: Header
  /// Of the log that the header states the root of, without the header itself.
  public let edge: LogTileEdge

  /// `nil` unless the edge is that of the log that the header states.
  public init?(header: Header, edge: LogTileEdge) {
    guard edge.size == header.logSize, edge.root == header.logRoot else { return nil }
    (self.header, self.edge) = (header, edge)
  }

  /// `|header| u16be || header || hashes of the partial tiles`.
  var bytes: [UInt8] { withUnsafeBytes(of: UInt16(header.bytes.count).bigEndian, Array.init) + header.bytes + edge.packed }

  init?(decoding bytes: [UInt8]) {
    guard bytes.count >= 2, bytes.count <= Self.byteLimit else { return nil }
    let end = 2 + (Int(bytes[0]) << 8 | Int(bytes[1]))
    guard bytes.count >= end, let header = try? Header(decoding: Array(bytes[2..<end])),
      let edge = LogTileEdge(size: header.logSize, packed: Array(bytes[end...]))
    else { return nil }
    self.init(header: header, edge: edge)
  }

  /// The log with the header, and the tiles that the header fills.
  var edgeAfterHeader: (edge: LogTileEdge, tiles: [LogTile]) {
    var edge = edge
    let tiles = edge.append(LogEntry.header(header.bytes).leafHash)
    return (edge, tiles)
  }
}

/// The part of the chain that a node which began with a snapshot has not got.
public struct HistoryGap: Hashable, Sendable {
  /// First block that is missing.
  public let firstHeight: UInt64
  /// First entry of the log that is missing.
  public let firstIndex: UInt64
  /// The block that the stored chain goes on after; itself missing, but for its header.
  public let base: ChainBase

  /// Blocks that are missing.
  public var heights: ClosedRange<UInt64> { firstHeight...max(firstHeight, base.header.height) }

  /// Entries of the log that are missing.
  public var indices: ClosedRange<UInt64> { firstIndex...max(firstIndex, base.header.logSize) }

  var error: StoreError { .historyNotHeld(from: base.header.height + 1) }
}
