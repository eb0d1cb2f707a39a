/// The statuses of a Token Status List (draft-ietf-oauth-status-list, section 4): 1, 2, 4 or 8 bits an entry, packed from the least
/// significant bit of each byte.
public struct TokenStatusList: Hashable, Sendable {
  public enum BitCount: Int, CaseIterable, Sendable {
    case one = 1
    case two = 2
    case four = 4
    case eight = 8
  }

  /// Of a list that is read, in bits: one mebibyte, as the draft's own largest example. Other issuers' lists may be longer than ours.
  public static let bitLimit: UInt64 = 1 << 23

  /// Per entry.
  public let bits: BitCount
  public let bytes: [UInt8]

  public init(bits: BitCount, bytes: [UInt8]) { (self.bits, self.bytes) = (bits, bytes) }

  /// One bit an entry; 1 is the status INVALID.
  public init(_ bits: StatusBits) { self.init(bits: .one, bytes: bits.bytes.map(Self.reversed)) }

  /// Count of entries.
  public var count: UInt64 { UInt64(bytes.count) * 8 / UInt64(bits.rawValue) }

  /// The status of an entry, `nil` when there is none at this index: 0 valid, 1 invalid, 2 suspended.
  public subscript(index: UInt64) -> UInt8? {
    guard index < count else { return nil }
    let width = UInt64(bits.rawValue)
    let byte = bytes[Int(index * width / 8)]
    return byte >> UInt8(index * width % 8) & UInt8(truncatingIfNeeded: UInt16(1) << UInt16(width) - 1)
  }

  /// `nil` unless an entry has one bit.
  public var statusBits: StatusBits? { bits == .one ? StatusBits(bytes: bytes.map(Self.reversed)) : nil }

  private static func reversed(_ byte: UInt8) -> UInt8 {
    (0..<8).reduce(0) { result, bit in result | (byte >> bit & 1) << (7 - bit) }
  }
}

extension TokenStatusList {
  /// `lst`: zlib, base64url.
  public func encode() -> String { Base64URL.encode(Compression.zlib.compress(bytes)) }

  /// - Parameters:
  ///   - list: `lst`.
  ///   - limit: in bits, of what is unpacked.
  public init(
    decoding list: some StringProtocol, bits: Int, limit: UInt64 = TokenStatusList.bitLimit
  ) throws(StatusListEncodingError) {
    guard let bits = BitCount(rawValue: bits) else { throw .unsupportedBitCount }
    let compressed: [UInt8]
    do { compressed = try Base64URL.decode(list) } catch { throw .text(error) }
    let byteLimit = Int(min(limit, Self.bitLimit) / 8)
    self.init(bits: bits, bytes: try Compression.zlib.decompress(compressed, limit: byteLimit))
  }
}
