/// Writes the fields of a Protobuf message in order, defaults omitted: the canonical encoding.
///
/// For the records that every executed operation writes; what comes from outside is read and re-encoded by the general
/// encoder, and the tests hold the two against each other.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func field(_ number: UInt8, _ value: UInt64) {
    guard value != 0 else { return }
    bytes.append(number << 3)
    varint(value)
  }

  mutating func field(_ number: UInt8, _ value: some Collection<UInt8>) {
    guard !value.isEmpty else { return }
    message(number, value)
  }

  /// A message is written even when it is empty.
  mutating func message(_ number: UInt8, _ value: some Collection<UInt8>) {
    bytes.append(number << 3 | 2)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  private mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value))
  }
}
