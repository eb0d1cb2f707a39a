import CairnCrypto

/// The bytes under one hash, gathered on the stack and hashed in one call.
struct Preimage {
  private let buffer: UnsafeMutableRawBufferPointer
  private var count = 0

  private init(_ buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

  /// The hash of what `write` appends, at most `capacity` bytes.
  @inline(__always)
  static func hash(capacity: Int, _ write: (inout Preimage) -> Void) -> Digest {
    withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { buffer in
      var preimage = Preimage(buffer)
      write(&preimage)
      return .sha256(UnsafeRawBufferPointer(rebasing: buffer[..<preimage.count]))
    }
  }

  @inline(__always)
  mutating func append(byte: UInt8) {
    precondition(count < buffer.count)
    buffer[count] = byte
    count += 1
  }

  @inline(__always)
  mutating func append(_ digest: Digest) { digest.withUnsafeBytes { append($0) } }

  @inline(__always)
  mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  @inline(__always)
  private mutating func append(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= buffer.count - count)
    UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + bytes.count]).copyMemory(from: bytes)
    count += bytes.count
  }

  /// Unsigned LEB128 of a number below 2^14.
  @inline(__always)
  mutating func append(shortVarint number: Int) {
    precondition((0..<1 << 14).contains(number))
    if number < 1 << 7 {
      append(byte: UInt8(number))
    } else {
      append(byte: UInt8(number & 0x7f) | 0x80)
      append(byte: UInt8(number >> 7))
    }
  }
}
