import NIOCore
import NIOEmbedded
import Testing

@testable import CairnNetwork

/// The server's side, frame by frame, on an event loop with a clock of its own.
@Suite("Cairn RPC: the server, frame by frame")
struct ServerFrameTests {
  private final class Peer {
    let service = TestService()
    let channel = EmbeddedChannel()
    let connection: RPCServerConnection
    private var received = ByteBuffer()
    private var decoder = FrameDecoder(payloadLimit: 2 << 20)

    init(limits: RPCLimits = .test, refused: RPCRefusalReason? = nil, greet: Bool = true) throws {
      connection = RPCServerConnection(handler: service, limits: limits, refused: refused, didOpen: { _ in }, didClose: { _ in })
      try channel.pipeline.syncOperations.addHandler(connection.makeLink())
      channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
      guard greet, refused == nil else { return }
      try send(Frame(requestID: 0, code: 0, payload: TestService.hello))
      try #require(try frames() == [Frame(requestID: 0, code: 0, payload: ByteBuffer(string: "server"))])
    }

    func send(_ frames: Frame...) throws {
      var buffer = ByteBuffer()
      for frame in frames { buffer.writeFrame(frame) }
      try send(buffer)
    }

    func send(_ bytes: ByteBuffer) throws {
      channel.pipeline.fireChannelRead(bytes)
      channel.pipeline.fireChannelReadComplete()
      channel.embeddedEventLoop.run()
    }

    /// What the server has sent since the last time.
    func frames() throws -> [Frame] {
      channel.embeddedEventLoop.run()
      while var bytes = try channel.readOutbound(as: ByteBuffer.self) { received.writeBuffer(&bytes) }
      var frames: [Frame] = []
      while let frame = try decoder.decode(buffer: &received) { frames.append(frame) }
      return frames
    }

    var isOpen: Bool { channel.isActive }
  }

  private func refusal(_ id: UInt32, _ status: RPCStatus, _ reason: String) -> Frame {
    Frame(requestID: id, code: status.rawValue, payload: ByteBuffer(string: reason))
  }

  private func request(_ id: UInt32, _ method: UInt16 = TestMethod.echo, _ text: String = "x", _ flags: FrameFlags = .last) -> Frame {
    Frame(requestID: id, code: method, flags: flags, payload: ByteBuffer(string: text))
  }

  private func credit(_ id: UInt32, _ count: UInt32) -> Frame {
    Frame(requestID: id, code: 0, flags: .credit, payload: ByteBuffer(integer: count))
  }

  private func cancel(_ id: UInt32) -> Frame { Frame(requestID: id, code: 0, flags: .cancel) }

  @Test("Requests that come together are answered together")
  func pipelined() throws {
    let peer = try Peer()
    try peer.send(request(1, text: "a"), request(2, text: "b"))
    let written = try #require(try peer.channel.readOutbound(as: ByteBuffer.self))
    #expect(try peer.channel.readOutbound(as: ByteBuffer.self) == nil)
    var expected = ByteBuffer()
    expected.writeFrame(Frame(requestID: 1, code: 0, payload: ByteBuffer(string: "a")))
    expected.writeFrame(Frame(requestID: 2, code: 0, payload: ByteBuffer(string: "b")))
    #expect(written == expected)
  }

  private func request(_ id: UInt32, text: String) -> Frame { request(id, TestMethod.echo, text) }

  @Test("A hello that the application refuses is answered with its reason, and the connection closed")
  func refusedHello() throws {
    let peer = try Peer(greet: false)
    try peer.send(Frame(requestID: 0, code: 0, payload: ByteBuffer(string: "stranger")), request(1))
    #expect(try peer.frames() == [refusal(0, .failedPrecondition, "wrong network")])
    #expect(!peer.isOpen)
  }

  @Test("What comes before the hello is not handled")
  func missingHello() throws {
    let peer = try Peer(greet: false)
    try peer.send(request(1))
    #expect(try peer.frames() == [refusal(0, .invalidArgument, "hello_expected")])
    #expect(!peer.isOpen)
  }

  @Test("A hello longer than 4 KiB is refused at its header")
  func longHello() throws {
    let peer = try Peer(greet: false)
    try peer.send(ByteBuffer(bytes: [0, 0, 0x10, 0x08, 0, 0, 0, 0, 0, 0, 1]))
    #expect(try peer.frames() == [refusal(0, .resourceExhausted, "request_too_large")])
    #expect(!peer.isOpen)
  }

  @Test("A client that says nothing is cut off after five seconds")
  func helloTimeout() throws {
    let peer = try Peer(greet: false)
    peer.channel.embeddedEventLoop.advanceTime(by: .milliseconds(4999))
    #expect(peer.isOpen)
    peer.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(!peer.isOpen)
  }

  @Test("A connection too many is told so")
  func excessConnection() throws {
    let peer = try Peer(refused: .tooManyConnections(limit: 1))
    #expect(try peer.frames() == [refusal(0, .resourceExhausted, "too_many_connections")])
    #expect(!peer.isOpen)
  }

  @Test("A connection on which nothing moves is closed, unless a request is in flight")
  func idleness() throws {
    let idle = try Peer()
    let waiting = try Peer()
    try waiting.send(request(1, TestMethod.hold))
    for peer in [idle, waiting] { peer.channel.embeddedEventLoop.advanceTime(by: .minutes(10)) }
    #expect(!idle.isOpen)
    #expect(waiting.isOpen)
  }

  @Test("A request too many is refused at once, and there is room again when one is answered")
  func requestsInFlight() throws {
    var limits = RPCLimits.test
    limits.requestsInFlight = 2
    let peer = try Peer(limits: limits)
    try peer.send(request(1, TestMethod.hold), request(2, TestMethod.hold), request(3))
    #expect(try peer.frames() == [refusal(3, .resourceExhausted, "too_many_requests_in_flight")])
    peer.service.heldCalls[1].reply(ByteBuffer(string: "two"))
    #expect(try peer.frames() == [Frame(requestID: 2, code: 0, payload: ByteBuffer(string: "two"))])
    try peer.send(request(4))
    #expect(try peer.frames() == [Frame(requestID: 4, code: 0, payload: ByteBuffer(string: "x"))])
  }

  @Test("Refused streams that never end do not pile up")
  func ignoredLimits() throws {
    var limits = RPCLimits.test
    limits.requestsInFlight = 2
    let peer = try Peer(limits: limits)
    for id in 1...4 { try peer.send(request(UInt32(id), TestMethod.hold, "x", [])) }
    #expect(try peer.frames().map(\.code) == [8, 8])
    #expect(peer.isOpen)
    try peer.send(request(5, TestMethod.hold, "x", []))
    #expect(try peer.frames() == [refusal(0, .invalidArgument, "limits_ignored")])
    #expect(!peer.isOpen)
  }

  @Test("A message beyond 256 KiB is refused, one of a batch method beyond 1 MiB")
  func messageLimits() throws {
    let peer = try Peer()
    func message(_ id: UInt32, _ method: UInt16, _ count: Int) -> Frame {
      Frame(requestID: id, code: method, payload: ByteBuffer(repeating: 0, count: count))
    }
    try peer.send(message(1, TestMethod.echo, 256 << 10))
    try peer.send(message(2, TestMethod.echo, (256 << 10) + 1))
    try peer.send(message(3, TestMethod.batch, 1 << 20))
    let frames = try peer.frames()
    #expect(frames.map(\.code) == [0, 8, 0])
    #expect(frames[1] == refusal(2, .resourceExhausted, "request_too_large"))
    try peer.send(message(4, TestMethod.batch, (1 << 20) + 1))
    #expect(try peer.frames() == [refusal(4, .resourceExhausted, "request_too_large")])
    #expect(!peer.isOpen, "nothing can be read after a frame that was not taken in")
  }

  @Test("The requests in flight together hold a bounded number of bytes")
  func bytesInFlight() throws {
    var limits = RPCLimits.test
    limits.bytesInFlight = 3
    let peer = try Peer(limits: limits)
    try peer.send(request(1, TestMethod.hold, "ab"), request(2, TestMethod.hold, "cd"), request(3, TestMethod.hold, "e"))
    #expect(try peer.frames() == [refusal(2, .resourceExhausted, "too_many_bytes_in_flight")])
    peer.service.heldCalls[0].reply(ByteBuffer())
    try peer.send(request(4, TestMethod.hold, "ab"))
    #expect(try peer.frames().map(\.requestID) == [1])
  }

  @Test("An answer beyond 1 MiB becomes a refusal")
  func answerLimit() throws {
    let peer = try Peer()
    try peer.send(Frame(requestID: 1, code: TestMethod.zeros, payload: ByteBuffer(integer: UInt32(1 << 20))))
    try peer.send(Frame(requestID: 2, code: TestMethod.zeros, payload: ByteBuffer(integer: UInt32((1 << 20) + 1))))
    let frames = try peer.frames()
    #expect(frames.first?.payload.readableBytes == 1 << 20)
    #expect(frames.last == refusal(2, .resourceExhausted, "answer_too_large"))
  }

  @Test("A cancelled request is answered CANCELLED, the application is told, and its later answer dropped")
  func cancellation() throws {
    let peer = try Peer()
    try peer.send(request(1, TestMethod.hold), cancel(1))
    #expect(try peer.frames() == [refusal(1, .cancelled, "cancelled")])
    #expect(peer.service.cancellationCount == 1)
    peer.service.heldCalls[0].reply(ByteBuffer())
    #expect(try peer.frames().isEmpty)
    try peer.send(cancel(1), credit(1, 5), request(1))
    #expect(try peer.frames() == [Frame(requestID: 1, code: 0, payload: ByteBuffer(string: "x"))])
  }

  @Test("The application is told when the client goes")
  func disconnection() throws {
    let peer = try Peer()
    try peer.send(request(1, TestMethod.hold))
    _ = try peer.channel.finish(acceptAlreadyClosed: true)
    #expect(peer.service.cancellationCount == 1)
    peer.service.heldCalls[0].reply(ByteBuffer())
  }

  @Test("A stream sends what was granted and not a frame more")
  func streamCredits() throws {
    let peer = try Peer()
    try peer.send(Frame(requestID: 1, code: TestMethod.numbers, payload: ByteBuffer(integer: UInt32(40))))
    #expect(try peer.frames().count == 32)
    #expect(peer.service.producedCount == 32)
    try peer.send(credit(1, 5))
    #expect(try peer.frames().count == 5)
    try peer.send(credit(1, 5))
    let rest = try peer.frames()
    #expect(rest.map(\.flags) == [[], [], [], .last])
    try peer.send(credit(1, 5))
    #expect(peer.isOpen, "a grant may cross the end of the stream")
  }

  @Test("An application that sends without regard for credits has its call failed")
  func streamNotConsumed() throws {
    let peer = try Peer()
    try peer.send(Frame(requestID: 1, code: TestMethod.flood, payload: ByteBuffer(integer: UInt32(5000))))
    let frames = try peer.frames()
    #expect(frames.count == 33)
    #expect(frames.last == refusal(1, .resourceExhausted, "stream_not_consumed"))
    #expect(peer.connection.waitingStreamBytes == 0)
  }

  @Test("A client streams as much as it is granted, and is cut off beyond it")
  func inputCredits() throws {
    let peer = try Peer()
    try peer.send(request(1, TestMethod.hold, "x", []))
    for _ in 0..<31 { try peer.send(request(1, TestMethod.hold, "x", [])) }
    // The first message is taken at once, but half a window has to be consumed before anything is granted.
    #expect(try peer.frames().isEmpty)
    try peer.send(request(1, TestMethod.hold, "x", []))
    #expect(try peer.frames() == [refusal(0, .invalidArgument, "credit_overrun")])
    #expect(!peer.isOpen)
  }

  @Test("Streamed messages that the application does not ask for hold a bounded number of bytes")
  func unreadInput() throws {
    var limits = RPCLimits.test
    limits.bytesInFlight = 5
    let peer = try Peer(limits: limits)
    try peer.send(request(1, TestMethod.hold, "ab", []), request(1, TestMethod.hold, "cde", []))
    #expect(peer.connection.unreadByteCount == 3)
    try peer.send(request(1, TestMethod.hold, "fgh", []))
    #expect(try peer.frames() == [refusal(1, .resourceExhausted, "too_many_bytes_in_flight")])
    #expect(peer.connection.unreadByteCount == 0)
  }

  @Test("What was streamed before the application asked is delivered when it asks")
  func lateInput() throws {
    let peer = try Peer()
    let frames = [request(1, TestMethod.hold, "a", []), request(1, TestMethod.hold, "b", []), request(1, TestMethod.hold, "", .last)]
    for frame in frames { try peer.send(frame) }
    let inputs = NIOLoopBoundBox<[RPCStreamInput]>([], eventLoop: peer.channel.eventLoop)
    peer.service.heldCalls[0].onInput { inputs.value.append($0) }
    #expect(inputs.value == [.message(ByteBuffer(string: "b")), .end])
    #expect(peer.connection.unreadByteCount == 0)
  }

  @Test("A stream of one message ends as it should")
  func singleMessageStream() throws {
    let peer = try Peer()
    try peer.send(request(1, TestMethod.echoStream, "x", .last))
    #expect(try peer.frames() == [Frame(requestID: 1, code: 0, flags: [], payload: ByteBuffer(string: "x")), Frame(requestID: 1, code: 0)])
  }

  @Test("Credits come back when messages are consumed")
  func grants() throws {
    let peer = try Peer()
    try peer.send(request(1, TestMethod.echoStream, "x", []))
    for _ in 0..<15 { try peer.send(request(1, TestMethod.echoStream, "x", [])) }
    let frames = try peer.frames()
    #expect(frames.last(where: { $0.flags == .credit }) == credit(1, 16))
    #expect(frames.filter { $0.flags == [] }.count == 16)
  }

  @Test("A stream's id is in use until both sides have ended")
  func halfClosedStream() throws {
    let peer = try Peer()
    try peer.send(request(1, TestMethod.refuse, "x", []))
    #expect(try peer.frames() == [refusal(1, .notFound, "no such thing")])
    try peer.send(request(1, TestMethod.refuse, "late", []), request(1, TestMethod.refuse, "", .last))
    #expect(try peer.frames().isEmpty)
    try peer.send(request(1))
    #expect(try peer.frames().map(\.code) == [0])
  }

  @Test(
    "Broken rules end the connection with the reason",
    arguments: [
      ("request_id_in_use", [Frame(requestID: 1, code: TestMethod.hold), Frame(requestID: 1, code: TestMethod.hold)]),
      ("method_changed", [Frame(requestID: 1, code: TestMethod.hold, flags: []), Frame(requestID: 1, code: 9, flags: [])]),
      ("hello_repeated", [Frame(requestID: 0, code: 0)]),
      ("malformed_control_frame", [Frame(requestID: 1, code: 0, flags: [.cancel, .last])]),
      ("malformed_control_frame", [Frame(requestID: 1, code: 1, flags: .cancel)]),
      ("malformed_control_frame", [Frame(requestID: 1, code: 0, flags: .cancel, payload: ByteBuffer(integer: UInt8(1)))]),
      ("malformed_control_frame", [Frame(requestID: 1, code: 0, flags: .credit)]),
      ("malformed_control_frame", [Frame(requestID: 1, code: 0, flags: .credit, payload: ByteBuffer(integer: UInt32(0)))]),
      (
        "credit_overflow",
        [
          Frame(requestID: 1, code: TestMethod.hold),
          Frame(requestID: 1, code: 0, flags: .credit, payload: ByteBuffer(integer: UInt32.max)),
        ]
      ),
    ])
  func violations(reason: String, frames: [Frame]) throws {
    let peer = try Peer()
    for frame in frames { try peer.send(frame) }
    #expect(try peer.frames().last == refusal(0, .invalidArgument, reason))
    #expect(!peer.isOpen)
  }

  @Test("Bytes that are no frame end the connection", arguments: [[UInt8(0), 0, 0, 6], [0, 0, 0, 7, 0, 0, 0, 1, 0, 1, 0x41]])
  func malformed(bytes: [UInt8]) throws {
    let peer = try Peer()
    try peer.send(ByteBuffer(bytes: bytes))
    #expect(try peer.frames() == [refusal(0, .invalidArgument, "malformed_frame")])
    #expect(!peer.isOpen)
  }

  @Test("A server that shuts down finishes what is in flight and takes nothing more")
  func drain() throws {
    let peer = try Peer()
    try peer.send(request(1, TestMethod.hold))
    peer.connection.drain()
    try peer.send(request(2))
    #expect(try peer.frames() == [refusal(2, .unavailable, "shutting_down")])
    #expect(peer.isOpen)
    peer.service.heldCalls[0].reply(ByteBuffer(string: "done"))
    #expect(try peer.frames() == [Frame(requestID: 1, code: 0, payload: ByteBuffer(string: "done"))])
    #expect(!peer.isOpen)
  }

  @Test("Random bytes and random frames never trap", arguments: 0..<8)
  func fuzz(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<100 {
      let peer = try Peer()
      for _ in 0..<40 where peer.isOpen {
        var buffer = ByteBuffer()
        if Int.random(in: 0..<30, using: &generator) == 0 {
          buffer.writeBytes((0..<Int.random(in: 0..<40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) })
        } else {
          let payload = ByteBuffer(bytes: (0..<Int.random(in: 0..<6, using: &generator)).map { UInt8(truncatingIfNeeded: $0 % 3) })
          buffer.writeFrame(
            Frame(
              requestID: UInt32.random(in: 0..<6, using: &generator), code: UInt16.random(in: 0..<10, using: &generator),
              flags: FrameFlags(rawValue: [0, 1, 1, 1, 2, 4, 5].randomElement(using: &generator) ?? 0), payload: payload))
        }
        try peer.send(buffer)
        for call in peer.service.heldCalls where Int.random(in: 0..<4, using: &generator) == 0 {
          call.send(ByteBuffer(string: "y"), last: Bool.random(using: &generator))
        }
        _ = try peer.frames()
      }
      _ = try? peer.channel.finish(acceptAlreadyClosed: true)
      for call in peer.service.heldCalls { call.reply(ByteBuffer()) }
    }
  }
}
