import NIOCore
import Testing

@testable import CairnNetwork

@Suite("Frames")
struct FrameTests {
  private let hello = Frame(requestID: 7, code: 0x0102, flags: [.last], payload: ByteBuffer(bytes: [0xaa, 0xbb]))
  private let helloBytes: [UInt8] = [0, 0, 0, 9, 0, 0, 0, 7, 1, 2, 1, 0xaa, 0xbb]

  @Test("A frame is length, id, code, flags and payload, big-endian")
  func layout() {
    var buffer = ByteBuffer()
    buffer.writeFrame(hello)
    #expect(Array(buffer.readableBytesView) == helloBytes)
  }

  @Test("A frame is decoded at whichever byte the stream is cut")
  func truncation() throws {
    for cut in 0..<helloBytes.count {
      var decoder = FrameDecoder(payloadLimit: 2)
      var buffer = ByteBuffer(bytes: helloBytes[..<cut])
      #expect(try decoder.decode(buffer: &buffer) == nil)
      buffer.writeBytes(helloBytes[cut...])
      #expect(try decoder.decode(buffer: &buffer) == hello)
      #expect(buffer.readableBytes == 0)
    }
  }

  @Test("A length below the fixed fields is refused", arguments: [UInt8(0), 1, 6])
  func tooShort(length: UInt8) {
    var decoder = FrameDecoder(payloadLimit: 100)
    var buffer = ByteBuffer(bytes: [0, 0, 0, length])
    #expect(throws: FrameError.tooShort(length: UInt32(length))) { try decoder.decode(buffer: &buffer) }
  }

  @Test("A frame beyond the limit is refused at its header, with its id")
  func tooLong() {
    var decoder = FrameDecoder(payloadLimit: 1)
    var buffer = ByteBuffer(bytes: helloBytes.prefix(11))
    #expect(throws: FrameError.tooLong(requestID: 7, limit: 1, actual: 2)) { try decoder.decode(buffer: &buffer) }
    buffer = ByteBuffer(bytes: [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0])
    #expect(throws: FrameError.tooLong(requestID: 1, limit: 1, actual: 0xffff_ffff - 7)) { try decoder.decode(buffer: &buffer) }
  }

  @Test("Unknown flags are refused", arguments: [UInt8(8), 0x10, 0x80, 0xff])
  func unknownFlags(flags: UInt8) {
    var decoder = FrameDecoder(payloadLimit: 100)
    var buffer = ByteBuffer(bytes: [0, 0, 0, 7, 0, 0, 0, 1, 0, 0, flags])
    #expect(throws: FrameError.unknownFlags(flags)) { try decoder.decode(buffer: &buffer) }
  }

  @Test("Garbage never traps, and never yields more bytes than came")
  func garbage() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<64, using: &generator)
      var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      if count > 3, Bool.random(using: &generator) { bytes.replaceSubrange(0..<3, with: [0, 0, 0]) }
      var decoder = FrameDecoder(payloadLimit: 32)
      var buffer = ByteBuffer(bytes: bytes)
      var total = 0
      while let frame = try? decoder.decode(buffer: &buffer) { total += 11 + frame.payload.readableBytes }
      #expect(total + buffer.readableBytes == count)
    }
  }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
