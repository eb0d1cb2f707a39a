/// A SHA-256 digest, or any other 32-byte identifier: a state key, a network, a header's digest.
///
/// Stored as four big-endian words, so that equality, hashing and the lexicographic order of the bytes are each a few
/// instructions and no allocation.
public struct Digest: Hashable, Sendable {
  public static let byteCount = 32

  @usableFromInline let word0, word1, word2, word3: UInt64

  @inlinable init(_ word0: UInt64, _ word1: UInt64, _ word2: UInt64, _ word3: UInt64) {
    (self.word0, self.word1, self.word2, self.word3) = (word0, word1, word2, word3)
  }

  /// 32 zero bytes: the parent of the genesis block.
  public static let zero = Digest(0, 0, 0, 0)

  /// `nil` unless there are exactly 32 bytes.
  public init?(_ bytes: some Sequence<UInt8>) {
    if let digest = bytes.withContiguousStorageIfAvailable({ Digest(rawBytes: UnsafeRawBufferPointer($0)) }) {
      guard let digest else { return nil }
      self = digest
      return
    }
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var count = 0
    for byte in bytes {
      let byte = UInt64(byte)
      switch count >> 3 {
      case 0: words.0 = words.0 << 8 | byte
      case 1: words.1 = words.1 << 8 | byte
      case 2: words.2 = words.2 << 8 | byte
      case 3: words.3 = words.3 << 8 | byte
      default: return nil
      }
      count += 1
    }
    guard count == Self.byteCount else { return nil }
    self.init(words.0, words.1, words.2, words.3)
  }

  /// `nil` unless there are exactly 32 bytes.
  public init?(rawBytes bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.byteCount else { return nil }
    self.init(
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)))
  }

  public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

  /// The 32 bytes, without an allocation.
  @inlinable public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let bigEndian = (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)
    return Swift.withUnsafeBytes(of: bigEndian) { body($0) }
  }

  /// Bit `index` counted from the most significant bit of the first byte; `index` in 0..<256.
  @inlinable public func bit(_ index: Int) -> Bool {
    let word = index < 128 ? (index < 64 ? word0 : word1) : (index < 192 ? word2 : word3)
    return word >> UInt64(63 - (index & 63)) & 1 == 1
  }

  /// Index of the first bit in which two digests differ, `nil` when they are equal.
  @inlinable public func firstDifferingBit(from other: Digest) -> Int? {
    if word0 != other.word0 { return (word0 ^ other.word0).leadingZeroBitCount }
    if word1 != other.word1 { return 64 + (word1 ^ other.word1).leadingZeroBitCount }
    if word2 != other.word2 { return 128 + (word2 ^ other.word2).leadingZeroBitCount }
    if word3 != other.word3 { return 192 + (word3 ^ other.word3).leadingZeroBitCount }
    return nil
  }
}

extension Digest: Comparable {
  /// The lexicographic order of the bytes.
  @inlinable public static func < (left: Digest, right: Digest) -> Bool {
    if left.word0 != right.word0 { return left.word0 < right.word0 }
    if left.word1 != right.word1 { return left.word1 < right.word1 }
    if left.word2 != right.word2 { return left.word2 < right.word2 }
    return left.word3 < right.word3
  }
}

extension Digest: CustomStringConvertible {
  /// Lowercase hexadecimal, 64 characters.
  public var description: String { Hex.encode(bytes) }

  /// `nil` unless the text is 64 hexadecimal digits.
  public init?(hex: String) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes)
  }
}
