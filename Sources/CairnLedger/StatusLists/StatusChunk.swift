import CairnCrypto
public import CairnMerkle
import CairnMessages

/// 2,048 consecutive bits of a status list, and since when they are as they are: what a chunk's row in the state commits to.
///
/// A chunk that no update has touched has no row; its bits are clear. Each version commits to the ones before it, so that a status of the
/// past is proven by the newest version and two short paths.
public struct StatusChunk: Hashable, Sendable {
  public static let byteCount = 256
  public static let bitCount: UInt32 = 2_048
  /// With 62 peaks.
  public static let byteLimit = 4 << 10

  /// Bit i is bit 7 - (i & 7) of byte i >> 3.
  public private(set) var bits: [UInt8]
  /// Header time of the block that made this version; Unix time.
  public private(set) var updatedMilliseconds: UInt64
  public private(set) var updatedHeight: UInt64
  /// The versions before this one.
  public private(set) var earlier: LogFrontier

  /// The first version, every bit clear.
  init(updatedMilliseconds: UInt64, updatedHeight: UInt64) {
    bits = Array(repeating: 0, count: Self.byteCount)
    (self.updatedMilliseconds, self.updatedHeight) = (updatedMilliseconds, updatedHeight)
    earlier = LogFrontier()
  }

  public init(decoding bytes: [UInt8]) throws(RecordError) {
    let message: ProtoStatusChunk = try .record(bytes, limit: Self.byteLimit)
    guard message.bits.count == Self.byteCount else { throw .field("bits") }
    guard let earlier = LogFrontier(size: message.version, peakBytes: [UInt8](message.earlier)) else { throw .field("earlier") }
    bits = [UInt8](message.bits)
    (updatedMilliseconds, updatedHeight, self.earlier) = (message.updatedMs, message.updatedHeight, earlier)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var writer = WireWriter(capacity: Self.byteCount + 32 * earlier.peaks.count + 48)
    writer.field(1, bits)
    writer.field(2, updatedMilliseconds)
    writer.field(3, updatedHeight)
    writer.field(4, earlier.size)
    writer.field(5, earlier.peakBytes)
    return writer.bytes
  }

  /// 0 for the first.
  public var version: UInt64 { earlier.size }

  public static func chunk(of index: UInt32) -> UInt32 { index / bitCount }

  /// Position of a list's bit in its chunk.
  public static func position(of index: UInt32) -> Int { Int(index % bitCount) }

  public subscript(position: Int) -> Bool { bits[position >> 3] & Self.mask(position) != 0 }

  static func stateKey(list: Digest, chunk: UInt32) -> Digest {
    .stateKey(type: StateType.statusChunk.rawValue, id: list.bytes + withUnsafeBytes(of: chunk.bigEndian, Array.init))
  }

  private static func mask(_ position: Int) -> UInt8 { 0x80 >> UInt8(position & 7) }
}

extension StatusChunk {
  /// - Returns: whether any bit changed.
  mutating func apply(_ change: StatusListUpdate.ChunkChange) -> Bool {
    let before = bits
    for position in change.set { bits[position >> 3] |= Self.mask(position) }
    for position in change.clear { bits[position >> 3] &= ~Self.mask(position) }
    return bits != before
  }

  /// Makes this the version of another block.
  ///
  /// - Parameter replaced: bytes of the version from which this one was made.
  mutating func supersede(_ replaced: [UInt8], updatedMilliseconds: UInt64, updatedHeight: UInt64) {
    earlier.append(LogTree.leafHash(replaced))
    (self.updatedMilliseconds, self.updatedHeight) = (updatedMilliseconds, updatedHeight)
  }
}
