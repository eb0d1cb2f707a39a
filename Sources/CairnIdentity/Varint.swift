/// The unsigned variable-length integers of multiformats: LEB128, at most nine bytes, never longer than needed.
enum Varint {
  private static let byteLimit = 9

  static func encode(_ value: UInt64) -> [UInt8] {
    precondition(value < 1 << 63, "nine bytes carry 63 bits")
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    return bytes
  }

  /// The integer that the bytes start with and the count of its bytes; `nil` when there is none, or not a minimal one.
  static func decodePrefix(of bytes: some Sequence<UInt8>) -> (value: UInt64, byteCount: Int)? {
    var value: UInt64 = 0
    for (index, byte) in bytes.prefix(byteLimit).enumerated() {
      value |= UInt64(byte & 0x7f) << (7 * UInt64(index))
      if byte < 0x80 { return byte == 0 && index > 0 ? nil : (value, index + 1) }
    }
    return nil
  }
}
