public import CairnCrypto
import CairnMerkle

/// What a snapshot consists of: the subtrees that the state after one block was cut into, and how many pieces the versions make
/// that newer ones replaced.
///
/// Depends on the state alone, so that all nodes make the same of one block. It is right when its subtrees fold to that block's
/// `state_root`, and then each piece can be checked by itself.
public struct SnapshotManifest: Hashable, Sendable {
  /// Rows of one subtree.
  public struct Chunk: Hashable, Sendable {
    public let firstKey: Digest
    /// Of the subtree's node.
    public let hash: Digest

    public init(firstKey: Digest, hash: Digest) { (self.firstKey, self.hash) = (firstKey, hash) }
  }

  /// Bytes of rows in a chunk, unless one row has more. Several on their way from each peer fill a fast link, and a wrong one is soon
  /// fetched again.
  public static let chunkByteTarget = 256 << 10
  /// A state of 32 GiB has no more chunks; what a peer offers beyond it is not believed.
  public static let chunkLimit = 1 << 18
  public static let byteLimit = prefixByteCount + chunkLimit * chunkByteCount
  /// Of the manifest in one answer.
  public static let partByteLimit = 512 << 10

  private static let domain = Domain("cairn/snapshot/v1")
  private static let prefixByteCount = 12
  private static let chunkByteCount = 2 * Digest.byteCount

  public let height: UInt64
  /// Ascending by key.
  public let chunks: [Chunk]
  public let historyCount: UInt32

  public init(height: UInt64, chunks: [Chunk], historyCount: UInt32) {
    (self.height, self.historyCount) = (height, historyCount)
    self.chunks = chunks.sorted { $0.firstKey < $1.firstKey }
  }

  /// `height u64be || history count u32be || (first key(32) || hash(32))*`.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.prefixByteCount + chunks.count * Self.chunkByteCount)
    withUnsafeBytes(of: height.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: historyCount.bigEndian) { bytes.append(contentsOf: $0) }
    for chunk in chunks {
      chunk.firstKey.withUnsafeBytes { bytes.append(contentsOf: $0) }
      chunk.hash.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// `nil` for bytes that are no manifest: too many, or not a whole number of chunks.
  public init?(decoding bytes: [UInt8]) {
    guard bytes.count <= Self.byteLimit, bytes.count >= Self.prefixByteCount,
      (bytes.count - Self.prefixByteCount).isMultiple(of: Self.chunkByteCount)
    else { return nil }
    height = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    historyCount = bytes[8..<Self.prefixByteCount].reduce(0) { $0 << 8 | UInt32($1) }
    chunks = stride(from: Self.prefixByteCount, to: bytes.count, by: Self.chunkByteCount).compactMap { start in
      let middle = start + Digest.byteCount
      guard let firstKey = Digest(bytes[start..<middle]), let hash = Digest(bytes[middle..<middle + Digest.byteCount]) else { return nil }
      return Chunk(firstKey: firstKey, hash: hash)
    }
  }

  public var digest: Digest { Self.digest(of: bytes) }

  /// Names a snapshot.
  public static func digest(of bytes: [UInt8]) -> Digest { .sha256(domain, bytes) }

  /// What the chunks fold to; `nil` when their keys do not ascend.
  public var stateRoot: Digest? {
    var fold = StateFold()
    for chunk in chunks { fold.append(firstKey: chunk.firstKey, hash: chunk.hash) }
    return fold.root()
  }

  func chunk(from firstKey: Digest) -> Chunk? {
    var (low, high) = (0, chunks.count)
    while low < high {
      let middle = low + (high - low) / 2
      if chunks[middle].firstKey < firstKey { low = middle + 1 } else { high = middle }
    }
    return low < chunks.count && chunks[low].firstKey == firstKey ? chunks[low] : nil
  }
}
