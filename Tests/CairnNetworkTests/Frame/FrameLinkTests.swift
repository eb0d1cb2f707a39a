import NIOCore
import NIOEmbedded
import Testing

@testable import CairnNetwork

@Suite("Frame links")
struct FrameLinkTests {
  /// Remembers what the link tells, and answers every frame with as many bytes as its code says.
  private final class Owner: FrameLinkDelegate {
    var received: [Frame] = []
    var writableCount = 0
    var closed: [FrameLinkError] = []

    func linkDidOpen(_ link: FrameLink) {}

    func link(_ link: FrameLink, didReceive frame: Frame) {
      received.append(frame)
      if frame.code > 0 {
        link.send(Frame(requestID: frame.requestID, code: 0, payload: ByteBuffer(repeating: 0, count: Int(frame.code))))
      }
    }

    func linkDidBecomeWritable(_ link: FrameLink) { writableCount += 1 }

    func link(_ link: FrameLink, didClose reason: FrameLinkError) { closed.append(reason) }
  }

  /// A peer that takes bytes only when told so, and counts how often it is read from.
  private final class Kernel: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var waiting: [(ByteBuffer, EventLoopPromise<Void>?)] = []
    var readCount = 0

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      waiting.append((unwrapOutboundIn(data), promise))
    }

    func read(context: ChannelHandlerContext) { readCount += 1 }

    func takeAll() {
      let taken = waiting
      waiting = []
      for (_, promise) in taken { promise?.succeed(()) }
    }
  }

  private let owner = Owner()
  private let kernel = Kernel()
  private let channel = EmbeddedChannel()
  private let link: FrameLink

  init() throws {
    var limits = FrameLinkLimits(payloadByteCount: 100_000)
    limits.unsentHighWaterByteCount = 1000
    limits.unsentByteLimit = 5000
    link = FrameLink(limits: limits, delegate: owner)
    try channel.pipeline.syncOperations.addHandlers(kernel, link)
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
  }

  private func receive(_ frames: [Frame]) {
    var buffer = ByteBuffer()
    for frame in frames { buffer.writeFrame(frame) }
    channel.pipeline.fireChannelRead(buffer)
    channel.pipeline.fireChannelReadComplete()
    channel.embeddedEventLoop.run()
  }

  @Test("While the peer does not read its answers, its requests wait unread and unhandled")
  func backPressure() {
    receive((UInt32(0)..<10).map { Frame(requestID: $0, code: 400) })
    #expect(owner.received.count == 3, "the third answer is beyond the high-water mark")
    let readCount = kernel.readCount
    channel.read()
    #expect(kernel.readCount == readCount)
    kernel.takeAll()
    #expect(owner.received.count == 6)
    #expect(owner.writableCount == 1)
    for _ in 0..<3 {
      channel.embeddedEventLoop.run()
      kernel.takeAll()
    }
    #expect(owner.received.map(\.requestID) == Array(UInt32(0)..<10))
    #expect(kernel.readCount > readCount, "reading goes on")
    #expect(link.unsentByteCount == 0)
  }

  @Test("A peer for which too much waits is cut off")
  func slowReader() {
    for index in UInt32(0)..<6 { link.send(Frame(requestID: index, code: 0, payload: ByteBuffer(repeating: 0, count: 1000))) }
    #expect(owner.closed == [.slowReader(limit: 5000)])
    #expect(!channel.isActive)
  }

  @Test("What is sent in one turn of the loop goes out in one write")
  func coalescing() {
    for index in UInt32(0)..<3 { link.send(Frame(requestID: index, code: 0)) }
    #expect(kernel.waiting.isEmpty)
    channel.embeddedEventLoop.run()
    #expect(kernel.waiting.map(\.0.readableBytes) == [33])
  }

  @Test("A link that closes sends what it has, and nothing that comes later")
  func close() {
    link.send(Frame(requestID: 1, code: 0))
    link.close()
    link.send(Frame(requestID: 2, code: 0))
    receive([Frame(requestID: 3, code: 0)])
    #expect(kernel.waiting.map(\.0.readableBytes) == [11])
    #expect(owner.received.isEmpty && owner.closed.isEmpty)
    kernel.takeAll()
    #expect(owner.closed == [.closed])
  }

  @Test("A payload beyond the limit is not sent")
  func outgoingLimit() {
    #expect(!link.send(Frame(requestID: 1, code: 0, payload: ByteBuffer(repeating: 0, count: 100_001))))
    #expect(link.unsentByteCount == 0)
    #expect(channel.isActive)
  }

  @Test("Bytes that are no frame end the link with the reason")
  func malformed() {
    channel.pipeline.fireChannelRead(ByteBuffer(bytes: [0, 0, 0, 1]))
    #expect(owner.closed == [.frame(.tooShort(length: 1))])
    #expect(!channel.isActive)
  }

  @Test("A frame that comes byte by byte is delivered once")
  func byteByByte() {
    var buffer = ByteBuffer()
    let frames = (UInt32(0)..<3).map { Frame(requestID: $0, code: 0, payload: ByteBuffer(string: "payload")) }
    for frame in frames { buffer.writeFrame(frame) }
    while let byte = buffer.readSlice(length: 1) { channel.pipeline.fireChannelRead(byte) }
    #expect(owner.received == frames)
  }
}
