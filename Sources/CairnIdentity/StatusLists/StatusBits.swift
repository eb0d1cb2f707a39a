/// The bits of a status list, one per entry. Index 0 is the most significant bit of the first byte, here and in a Bitstring Status
/// List; only ``TokenStatusList`` turns them round.
public struct StatusBits: Hashable, Sendable {
  /// Of a list that is published: fewer would tell which credential is asked about (Bitstring Status List 1.0, section 6.1).
  public static let minimumLength: UInt64 = 131_072
  /// 256 KiB, 1,024 chunks of the ledger: bounds what a reader unpacks.
  public static let maximumLength: UInt64 = 1 << 21

  public private(set) var bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// All bits clear.
  ///
  /// - Parameter length: in bits, rounded up to whole bytes, at most ``maximumLength``.
  public init(length: UInt64) {
    bytes = [UInt8](repeating: 0, count: Int(min(length, Self.maximumLength) + 7) / 8)
  }

  /// In bits.
  public var length: UInt64 { UInt64(bytes.count) * 8 }

  /// `nil` when there is no such bit.
  public subscript(index: UInt64) -> Bool? {
    guard let position = position(of: index) else { return nil }
    return bytes[position] & Self.mask(of: index) != 0
  }

  /// - Returns: false when there is no such bit.
  @discardableResult public mutating func set(_ index: UInt64) -> Bool {
    guard let position = position(of: index) else { return false }
    bytes[position] |= Self.mask(of: index)
    return true
  }

  /// - Returns: false when there is no such bit.
  @discardableResult public mutating func clear(_ index: UInt64) -> Bool {
    guard let position = position(of: index) else { return false }
    bytes[position] &= ~Self.mask(of: index)
    return true
  }

  /// How many bits are set.
  public var setCount: UInt64 { bytes.reduce(0) { $0 + UInt64($1.nonzeroBitCount) } }

  private func position(of index: UInt64) -> Int? { index < length ? Int(index >> 3) : nil }

  private static func mask(of index: UInt64) -> UInt8 { 0x80 >> UInt8(index & 7) }
}
