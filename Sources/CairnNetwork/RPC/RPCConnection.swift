public import NIOCore
public import NIOPosix
import Synchronization

/// A client's connection to a Cairn RPC server. Usable from any thread; any number of calls at a time.
///
/// Calls made in the same turn of the event loop go out in one write. When the connection ends, every call that has no answer
/// fails with ``RPCError/connectionClosed(reason:)``. Letting go of the connection ends it.
public final class RPCConnection: Sendable {
  /// Where callbacks are called; a call made on it has no hand-over between threads.
  public let eventLoop: any EventLoop
  /// Succeeds when the connection has ended.
  public let closed: EventLoopFuture<Void>
  private let session: NIOLoopBound<ClientSession>
  private let nextToken = Atomic<UInt64>(1)

  /// Connects and exchanges hellos.
  ///
  /// - Parameter tls: ``TLSClient/client(expecting:speaking:)``; `nil` for plain TCP.
  public static func connect(
    host: String, port: Int, tls: TLSClient?, configuration: RPCClientConfiguration,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) async throws(RPCError) -> RPCConnection {
    let eventLoop = group.any()
    let greeted = eventLoop.makePromise(of: RPCConnection.self)
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(configuration.helloTimeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try tls?.secure(channel)
          try channel.pipeline.syncOperations.addHandler(makeLink(channel, configuration, greeted))
        }
      }
    do {
      _ = try await bootstrap.connect(host: host, port: port).get()
    } catch {
      greeted.fail(RPCError.cannotConnect("\(error)"))
    }
    do {
      return try await greeted.futureResult.get()
    } catch {
      throw error as? RPCError ?? .cannotConnect("\(error)")
    }
  }

  private static func makeLink(
    _ channel: any Channel, _ configuration: RPCClientConfiguration, _ greeted: EventLoopPromise<RPCConnection>
  ) -> FrameLink {
    let session = ClientSession(configuration)
    let connection = RPCConnection(session, channel)
    session.greeted = { result in greeted.completeWith(result.map { connection }.mapError { $0 as any Error }) }
    return session.makeLink()
  }

  init(_ session: ClientSession, _ channel: any Channel) {
    eventLoop = channel.eventLoop
    closed = channel.closeFuture
    self.session = NIOLoopBound(session, eventLoop: channel.eventLoop)
  }

  deinit { onLoop { $0.close() } }

  /// Calls a method that has one answer. Cancelling the task cancels the call at the server.
  public func call(
    _ method: UInt16, _ payload: ByteBuffer, deadline: NIODeadline = .distantFuture
  ) async throws(RPCError) -> ByteBuffer {
    let token = makeToken()
    let result: Result<ByteBuffer, RPCError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        submit(method, payload, deadline, token) { continuation.resume(returning: $0) }
        // A cancellation that came before the submission found nothing to cancel.
        if Task.isCancelled { cancel(token) }
      }
    } onCancel: {
      cancel(token)
    }
    return try result.get()
  }

  /// As ``call(_:_:deadline:)``, with a future.
  public func callFuture(_ method: UInt16, _ payload: ByteBuffer, deadline: NIODeadline = .distantFuture) -> EventLoopFuture<ByteBuffer> {
    let promise = eventLoop.makePromise(of: ByteBuffer.self)
    submit(method, payload, deadline, 0) { promise.completeWith($0.mapError { $0 as any Error }) }
    return promise.futureResult
  }

  /// As ``call(_:_:deadline:)``, with the least overhead: `completion` is called once, on the event loop.
  public func call(
    _ method: UInt16, _ payload: ByteBuffer, deadline: NIODeadline = .distantFuture,
    completion: @escaping @Sendable (Result<ByteBuffer, RPCError>) -> Void
  ) {
    submit(method, payload, deadline, 0, completion)
  }

  /// Calls a method that streams its answers, its requests, or both.
  ///
  /// - Parameters:
  ///   - payload: the request, or the first message of a stream of them.
  ///   - last: whether this is the only message from this side.
  ///   - deadline: by which the whole stream has to end.
  public func stream(
    _ method: UInt16, _ payload: ByteBuffer, last: Bool, deadline: NIODeadline = .distantFuture
  ) -> RPCStream {
    let stream = RPCStream(connection: self, token: makeToken())
    onLoop { session in
      session.open(method, payload, last: last, deadline: deadline, token: stream.token, inbox: stream.inbox)
    }
    return stream
  }

  /// Ends the connection; calls without an answer fail.
  public func close() async {
    onLoop { $0.close() }
    try? await closed.get()
  }

  private func makeToken() -> UInt64 { nextToken.wrappingAdd(1, ordering: .relaxed).newValue }

  private func submit(
    _ method: UInt16, _ payload: ByteBuffer, _ deadline: NIODeadline, _ token: UInt64,
    _ completion: @escaping @Sendable (Result<ByteBuffer, RPCError>) -> Void
  ) {
    if eventLoop.inEventLoop {
      session.value.call(method, payload, deadline: deadline, token: token, completion: completion)
    } else {
      eventLoop.execute { [session] in
        session.value.call(method, payload, deadline: deadline, token: token, completion: completion)
      }
    }
  }
}

// What streams use.
extension RPCConnection {
  func cancel(_ token: UInt64) { onLoop { $0.cancel(token) } }

  func write(_ payload: ByteBuffer, last: Bool, to token: UInt64, sent: EventLoopPromise<Void>?) {
    onLoop { $0.write(payload, last: last, to: token, sent: sent) }
  }

  func consumed(_ count: Int, of token: UInt64) { onLoop { $0.consumed(count, of: token) } }

  private func onLoop(_ body: @escaping @Sendable (ClientSession) -> Void) {
    if eventLoop.inEventLoop { body(session.value) } else { eventLoop.execute { [session] in body(session.value) } }
  }
}
