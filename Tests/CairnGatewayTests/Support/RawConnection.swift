import NIOCore
import NIOPosix

/// A connection on which a test sends what it likes.
struct RawConnection {
  private let channel: any Channel
  private let received: ReceivedBytes

  static func open(_ port: Int) async throws -> RawConnection {
    let received = ReceivedBytes()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Collector(received)) }
      }
      .connect(host: "127.0.0.1", port: port).get()
    return RawConnection(channel: channel, received: received)
  }

  func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }

  /// Sends a text again and again, as long as the connection is open.
  func drip(_ text: String) {
    let task = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { [channel] _ in
      channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }
    channel.closeFuture.whenComplete { _ in task.cancel() }
  }

  /// Everything that came until the other side closed.
  func untilClosed() async throws -> String {
    try await channel.closeFuture.get()
    return received.text
  }

  func close() async { try? await channel.close().get() }

  /// One request, and its whole answer.
  static func exchange(_ port: Int, _ request: String) async throws -> String {
    let connection = try await open(port)
    // The other side may refuse before it has read everything.
    try? await connection.send(request)
    return try await connection.untilClosed()
  }

  static func answer(_ port: Int, _ request: String) async throws -> RawResponse { RawResponse(try await exchange(port, request)) }

  static func get(_ port: Int, _ target: String, headers: String = "", method: String = "GET") async throws -> RawResponse {
    try await answer(port, "\(method) \(target) HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\(headers)\r\n")
  }
}

struct RawResponse {
  let status: Int
  let head: String
  let body: String

  init(_ text: String) {
    let bytes = Array(text.utf8)
    let end = (0..<max(0, bytes.count - 3)).first { bytes[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8) } ?? bytes.count
    head = String(decoding: bytes.prefix(end), as: UTF8.self)
    body = String(decoding: bytes.dropFirst(end + 4), as: UTF8.self)
    status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}

private final class Collector: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let received: ReceivedBytes

  init(_ received: ReceivedBytes) { self.received = received }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { received.append(unwrapInboundIn(data).readableBytesView) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
