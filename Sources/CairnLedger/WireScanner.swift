/// Finds the fields of a Protobuf message without decoding what is in them.
struct WireScanner {
  private static let varintType: UInt64 = 0
  private static let bytesType: UInt64 = 2

  private let bytes: [UInt8]
  private var position: Int
  private let end: Int

  /// - Parameter range: where the message is; within the bytes.
  init(_ bytes: [UInt8], in range: Range<Int>) {
    (self.bytes, position, end) = (bytes, range.lowerBound, range.upperBound)
  }

  /// The next field, with the place of its contents; a number has none. `nil` at the end, and at what is no such field.
  mutating func next() -> (number: UInt64, contents: Range<Int>)? {
    guard position < end, let tag = varint() else { return nil }
    switch tag & 7 {
    case Self.varintType:
      guard varint() != nil else { return nil }
      return (tag >> 3, position..<position)
    case Self.bytesType:
      guard let count = varint(), count <= UInt64(end - position) else { return nil }
      let start = position
      position += Int(count)
      return (tag >> 3, start..<position)
    default: return nil
    }
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < end else { return nil }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
