import NIOCore

/// What happened, as a hash, and as text when somebody wants to read it.
struct Trace {
  private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  private(set) var lines: [String] = []
  let isKept: Bool

  init(isKept: Bool) { self.isKept = isKept }

  mutating func mix(_ value: UInt64) {
    hash = (hash ^ value) &* 0x9e37_79b9_7f4a_7c15
    hash ^= hash >> 29
  }

  mutating func mix(_ bytes: UnsafeRawBufferPointer) {
    mix(UInt64(bytes.count))
    var offset = 0
    while offset + 8 <= bytes.count {
      mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    while offset < bytes.count {
      mix(UInt64(bytes[offset]))
      offset += 1
    }
  }

  mutating func record(_ event: Scheduler.Event) {
    mix(UInt64(event.label.rawValue) << 8 | UInt64(bitPattern: Int64(event.node)) & 0xff)
  }

  mutating func record(_ envelope: Envelope) {
    mix(UInt64(envelope.from) << 32 | UInt64(envelope.to) << 16 | UInt64(envelope.code))
    envelope.payload.withUnsafeReadableBytes { mix($0) }
  }

  mutating func note(_ time: UInt64, _ text: @autoclosure () -> String) {
    mix(time)
    guard isKept else { return }
    let milliseconds = time / Scheduler.millisecond
    let number = String(milliseconds)
    lines.append(String(repeating: " ", count: max(0, 7 - number.count)) + number + " ms  " + text())
  }
}
