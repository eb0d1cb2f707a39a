import NIOCore
import NIOEmbedded
import Testing

@testable import CairnNetwork

/// The client's side, frame by frame, on an event loop with a clock of its own.
@Suite("Cairn RPC: the client, frame by frame")
struct ClientFrameTests {
  private final class Peer {
    let channel = EmbeddedChannel()
    let connection: RPCConnection
    private(set) var greeting: Result<Void, RPCError>?
    private var received = ByteBuffer()
    private var decoder = FrameDecoder(payloadLimit: 2 << 20)

    init(_ limits: RPCSessionLimits = RPCSessionLimits(), greet: Bool = true) throws {
      let session = ClientSession(.test(limits))
      connection = RPCConnection(session, channel)
      session.greeted = { [weak self] in self?.greeting = $0 }
      try channel.pipeline.syncOperations.addHandler(session.makeLink())
      channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
      try #require(try frames() == [Frame(requestID: 0, code: 0, payload: TestService.hello)])
      if greet { try send(Frame(requestID: 0, code: 0, payload: ByteBuffer(string: "server"))) }
    }

    func send(_ frames: Frame...) throws {
      var buffer = ByteBuffer()
      for frame in frames { buffer.writeFrame(frame) }
      channel.pipeline.fireChannelRead(buffer)
      channel.pipeline.fireChannelReadComplete()
      channel.embeddedEventLoop.run()
    }

    /// What the client has sent since the last time.
    func frames() throws -> [Frame] {
      channel.embeddedEventLoop.run()
      while var bytes = try channel.readOutbound(as: ByteBuffer.self) { received.writeBuffer(&bytes) }
      var frames: [Frame] = []
      while let frame = try decoder.decode(buffer: &received) { frames.append(frame) }
      return frames
    }

    func call(_ text: String, deadline: NIODeadline = .distantFuture) -> Answer {
      let answer = NIOLoopBoundBox<Result<ByteBuffer, RPCError>?>(nil, eventLoop: channel.eventLoop)
      connection.call(TestMethod.echo, ByteBuffer(string: text), deadline: deadline) { answer.value = $0 }
      return answer
    }

    typealias Answer = NIOLoopBoundBox<Result<ByteBuffer, RPCError>?>

    var isOpen: Bool { channel.isActive }
  }

  private func answer(_ id: UInt32, _ text: String) -> Frame { Frame(requestID: id, code: 0, payload: ByteBuffer(string: text)) }

  @Test("Calls of one turn of the loop go out in one write, and answers may come in any order")
  func pipelined() throws {
    let peer = try Peer()
    let (first, second) = (peer.call("a"), peer.call("b"))
    peer.channel.embeddedEventLoop.run()
    var written = try #require(try peer.channel.readOutbound(as: ByteBuffer.self))
    #expect(try peer.channel.readOutbound(as: ByteBuffer.self) == nil)
    var decoder = FrameDecoder(payloadLimit: 100)
    let requests = try [decoder.decode(buffer: &written), decoder.decode(buffer: &written)].compactMap(\.self)
    #expect(requests.map(\.payload) == [ByteBuffer(string: "a"), ByteBuffer(string: "b")])
    try peer.send(answer(requests[1].requestID, "B"))
    #expect(first.value == nil)
    #expect(second.value == .success(ByteBuffer(string: "B")))
    try peer.send(answer(requests[0].requestID, "A"))
    #expect(first.value == .success(ByteBuffer(string: "A")))
  }

  @Test("A server that says no is reported with its reason")
  func refusedHello() throws {
    let peer = try Peer(greet: false)
    try peer.send(Frame(requestID: 0, code: 9, payload: ByteBuffer(string: "why")))
    #expect(peer.greeting?.error == .helloRefused(RPCRefusal(.failedPrecondition, ByteBuffer(string: "why"))))
    #expect(!peer.isOpen)
  }

  @Test("A server that the client does not accept is left")
  func rejectedHello() throws {
    let peer = try Peer(greet: false)
    try peer.send(Frame(requestID: 0, code: 0, payload: ByteBuffer(string: "impostor")))
    #expect(peer.greeting?.error?.reason == "hello_rejected")
    #expect(!peer.isOpen)
  }

  @Test("A server that says nothing is left after five seconds")
  func helloTimeout() throws {
    let peer = try Peer(greet: false)
    peer.channel.embeddedEventLoop.advanceTime(by: .milliseconds(4999))
    #expect(peer.greeting == nil)
    peer.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(peer.greeting?.error == .helloTimedOut)
    #expect(!peer.isOpen)
  }

  @Test("Each call fails at its own deadline, is cancelled at the server, and keeps its id until the server is done")
  func deadlines() throws {
    let peer = try Peer(RPCSessionLimits(requestsInFlight: 3))
    let loop = peer.channel.embeddedEventLoop
    let late = peer.call("late", deadline: loop.now + .seconds(2))
    let early = peer.call("early", deadline: loop.now + .seconds(1))
    let never = peer.call("never")
    let ids = try peer.frames().map(\.requestID)
    loop.advanceTime(by: .milliseconds(999))
    #expect(early.value == nil)
    loop.advanceTime(by: .milliseconds(1))
    #expect(early.value == .failure(.deadlineExceeded))
    #expect(late.value == nil)
    #expect(try peer.frames() == [Frame(requestID: ids[1], code: 0, flags: .cancel)])
    loop.advanceTime(by: .seconds(1))
    #expect(late.value == .failure(.deadlineExceeded))
    #expect(never.value == nil)
    #expect(try peer.frames() == [Frame(requestID: ids[0], code: 0, flags: .cancel)])
    #expect(peer.call("more").value == .failure(.tooManyRequestsInFlight(limit: 3)))
    try peer.send(Frame(requestID: ids[1], code: 1))
    let next = peer.call("next")
    #expect(next.value == nil)
    #expect(try peer.frames().first?.requestID != ids[1])
    #expect(peer.isOpen)
  }

  @Test("A call whose deadline is over is not sent")
  func expired() throws {
    let peer = try Peer()
    #expect(peer.call("x", deadline: peer.channel.embeddedEventLoop.now).value == .failure(.deadlineExceeded))
    #expect(try peer.frames().isEmpty)
  }

  @Test(
    "An answer that nobody asked for, and other broken rules, end the connection and fail what is in flight",
    arguments: [
      ("unknown_request", Frame(requestID: 77, code: 0)),
      ("hello_repeated", Frame(requestID: 0, code: 0)),
      ("unexpected_stream", Frame(requestID: 1 << 16, code: 0, flags: [])),
      ("unexpected_stream", Frame(requestID: 1 << 16, code: 5, flags: [])),
      ("wrong_direction", Frame(requestID: 1 << 16, code: 0, flags: .cancel)),
      ("malformed_control_frame", Frame(requestID: 1 << 16, code: 0, flags: .credit)),
    ])
  func violations(reason: String, frame: Frame) throws {
    let peer = try Peer()
    let call = peer.call("x")
    #expect(try peer.frames().map(\.requestID) == [1 << 16])
    try peer.send(frame)
    #expect(call.value == .failure(.connectionClosed(reason: reason)))
    #expect(!peer.isOpen)
    #expect(peer.call("later").value == .failure(.connectionClosed(reason: reason)))
  }

  @Test("A server that sends more of a stream than was granted is left")
  func creditOverrun() throws {
    let peer = try Peer(RPCSessionLimits(streamCredits: 2))
    let stream = peer.connection.stream(TestMethod.numbers, ByteBuffer(), last: true)
    let id = try #require(try peer.frames().first?.requestID)
    let message = Frame(requestID: id, code: 0, flags: [])
    try peer.send(message, message)
    #expect(stream.inbox.count == 2)
    #expect(peer.isOpen)
    try peer.send(message)
    #expect(!peer.isOpen)
  }

  @Test("When the server ends a stream first, the client ends its side")
  func earlyEnd() throws {
    let peer = try Peer()
    let stream = peer.connection.stream(TestMethod.echoStream, ByteBuffer(), last: false)
    let id = try #require(try peer.frames().first?.requestID)
    try peer.send(Frame(requestID: id, code: 5, payload: ByteBuffer(string: "no")))
    #expect(try peer.frames() == [Frame(requestID: id, code: 0, flags: .cancel)])
    stream.finish()
    #expect(try peer.frames().isEmpty)
  }

  @Test("A stream that nobody holds is cancelled")
  func abandonedStream() throws {
    let peer = try Peer()
    var stream: RPCStream? = peer.connection.stream(TestMethod.numbers, ByteBuffer(), last: true)
    let id = try #require(try peer.frames().first?.requestID)
    #expect(stream != nil)
    stream = nil
    #expect(try peer.frames() == [Frame(requestID: id, code: 0, flags: .cancel)])
  }

  @Test("A request longer than any server takes is not sent")
  func tooLarge() throws {
    let peer = try Peer()
    let payload = String(repeating: "x", count: (1 << 20) + 1)
    #expect(peer.call(payload).value == .failure(.requestTooLarge(limit: 1 << 20)))
    #expect(try peer.frames().isEmpty)
  }

  @Test("Random frames never trap", arguments: 0..<4)
  func fuzz(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<100 {
      let peer = try Peer(RPCSessionLimits(requestsInFlight: 4, streamCredits: 2))
      var streams: [RPCStream] = []
      for _ in 0..<40 where peer.isOpen {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: _ = peer.call("x", deadline: peer.channel.embeddedEventLoop.now + .seconds(1))
        case 1: streams.append(peer.connection.stream(TestMethod.echoStream, ByteBuffer(), last: Bool.random(using: &generator)))
        case 2:
          if let stream = streams.randomElement(using: &generator) {
            if Bool.random(using: &generator) { stream.finish() } else { stream.cancel() }
          }
          peer.channel.embeddedEventLoop.advanceTime(by: .milliseconds(300))
        default: break
        }
        let flags: [UInt8] = [0, 0, 1, 1, 1, 4]
        try peer.send(
          Frame(
            requestID: 1 << 16 | UInt32.random(in: 0..<4, using: &generator), code: UInt16.random(in: 0..<2, using: &generator),
            flags: FrameFlags(rawValue: flags.randomElement(using: &generator) ?? 0),
            payload: Bool.random(using: &generator) ? ByteBuffer() : ByteBuffer(integer: UInt32(3))))
        _ = try peer.frames()
      }
    }
  }
}

extension Result {
  fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
