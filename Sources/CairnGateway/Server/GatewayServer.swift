package import CairnChain
package import CairnNode
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle

/// The gateway behind a listener of its own: plain HTTP/1.1, for loopback or a reverse proxy that adds TLS.
package struct HTTPGateway: HTTPFace {
  private let limits: GatewayLimits
  /// For the node whose gateway this is; `/metrics` shows what is in it.
  package let metrics = PrometheusRegistry()

  package init(limits: GatewayLimits = GatewayLimits()) { self.limits = limits }

  package func start(
    _ address: HostAndPort, queries: QueryService, backend: any NodeBackend, logger: Logger
  ) async throws -> any HTTPFaceServer {
    let gateway = Gateway(NodeSource(queries: queries, backend: backend), metrics: metrics) {
      UInt64(max(0, Date().timeIntervalSince1970 * 1000))
    }
    return try await GatewayServer.start(gateway, at: address, limits: limits, logger: logger)
  }
}

/// A running listener.
package final class GatewayServer: HTTPFaceServer {
  package let port: Int
  private let group: ServiceGroup
  private let running: Task<Void, any Error>

  private init(port: Int, group: ServiceGroup, running: Task<Void, any Error>) {
    (self.port, self.group, self.running) = (port, group, running)
  }

  /// - Throws: when the address cannot be listened on.
  package static func start(_ gateway: Gateway, at address: HostAndPort, limits: GatewayLimits, logger: Logger) async throws
    -> GatewayServer
  {
    let (ports, started) = AsyncStream<Int>.makeStream()
    let application = Application(
      responder: GatewayResponder(gateway: gateway), server: GuardedChannel.builder(limits),
      configuration: ApplicationConfiguration(
        address: .hostname(address.host, port: address.port),
        availableConnectionsDelegate: .maximum(limits.connectionCount, logger: logger)),
      onServerRunning: { started.yield($0.localAddress?.port ?? address.port) },
      eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), logger: logger)
    let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [application], logger: logger))
    let running = Task {
      defer { started.finish() }
      try await group.run()
    }
    for await port in ports { return GatewayServer(port: port, group: group, running: running) }
    // Nothing listens, so that the server has ended and knows why.
    try await running.value
    throw CancellationError()
  }

  /// Takes nothing new, answers what is in flight, and returns when every connection is closed, at the latest after `limit`.
  package func shutdown(within limit: TimeAmount) async {
    await group.triggerGracefulShutdown()
    let cut = Task { [running] in
      try await Task.sleep(for: .nanoseconds(limit.nanoseconds))
      running.cancel()
    }
    _ = await running.result
    cut.cancel()
  }
}

/// Hands requests to the gateway.
private struct GatewayResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let gateway: Gateway

  func respond(to request: Request, context: Context) async throws -> Response {
    let answer = await gateway.answer(
      GatewayRequest(method: request.method, target: request.head.path ?? "", headers: request.headers))
    return Response(status: answer.status, headers: answer.headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
  }
}

/// A connection of HTTP/1.1 with what bounds it.
private struct GuardedChannel: ServerChildChannel {
  typealias Value = HTTP1Channel.Value

  let inner: HTTP1Channel
  let lineByteLimit: Int

  static func builder(_ limits: GatewayLimits) -> HTTPServerBuilder {
    let configuration = HTTP1Channel.Configuration(
      additionalChannelHandlers: [ExchangeGuard(timeout: limits.exchangeTimeout)],
      httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: limits.headerByteCount, maxHeaderListSize: limits.headersByteCount, maxHeaderFieldCount: limits.headerCount))
    return HTTPServerBuilder { responder in
      GuardedChannel(
        inner: HTTP1Channel(responder: responder, configuration: configuration), lineByteLimit: limits.lineByteCount)
    }
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture { [lineByteLimit] in
      try channel.pipeline.syncOperations.addHandler(LongLineGuard(limit: lineByteLimit))
    }.flatMap { [inner] in inner.setup(channel: channel, logger: logger) }
  }

  func handle(value: Value, logger: Logger) async { await inner.handle(value: value, logger: logger) }
}
