import CairnCrypto
import NIOCore

/// Protobuf fields, written in place. Field numbers are below 16, so that a tag is one byte; defaults are omitted.
extension ByteBuffer {
  mutating func writeField(_ number: UInt8, _ value: UInt64) {
    guard value != 0 else { return }
    writeInteger(number << 3)
    writeVarint(value)
  }

  mutating func writeField(_ number: UInt8, _ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    writeFieldHeader(number, byteCount: bytes.count)
    writeBytes(bytes)
  }

  /// An element of a repeated field.
  mutating func writeField(_ number: UInt8, _ digest: Digest) {
    writeFieldHeader(number, byteCount: Digest.byteCount)
    digest.withUnsafeBytes { _ = writeBytes($0) }
  }

  /// What precedes a message or bytes of this length.
  mutating func writeFieldHeader(_ number: UInt8, byteCount: Int) {
    writeInteger(number << 3 | 2)
    writeVarint(UInt64(byteCount))
  }

  private mutating func writeVarint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      writeInteger(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    writeInteger(UInt8(truncatingIfNeeded: value))
  }
}

/// How long fields come out.
enum WireSize {
  static func varint(_ value: UInt64) -> Int { max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7) }

  static func field(_ value: UInt64) -> Int { value == 0 ? 0 : 1 + varint(value) }

  static func field(byteCount: Int) -> Int { byteCount == 0 ? 0 : message(byteCount: byteCount) }

  /// A message is written even when it is empty.
  static func message(byteCount: Int) -> Int { 1 + varint(UInt64(byteCount)) + byteCount }

  static let digest = message(byteCount: Digest.byteCount)
}
