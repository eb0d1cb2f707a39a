public import NIOCore
public import NIOPosix
import Synchronization

/// A listener for Cairn RPC.
public final class RPCServer: Sendable {
  /// Connections that wait to be accepted.
  private static let backlog: Int32 = 1024

  /// Where the server listens, with the port that the system chose if it was asked to.
  public let address: SocketAddress
  private let listener: any Channel
  private let registry: ConnectionRegistry

  /// - Parameters:
  ///   - port: 0 for one that is free.
  ///   - tls: ``TLSServer/clients(_:speaking:)``; `nil` for plain TCP.
  ///   - group: every connection stays on one of its event loops, where `handler` is called.
  public static func start(
    host: String, port: Int, tls: TLSServer?, limits: RPCLimits = RPCLimits(), handler: any RPCServerHandler,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) async throws(RPCServerError) -> RPCServer {
    let registry = ConnectionRegistry(limits)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try configure(channel, tls: tls, limits: limits, handler: handler, registry: registry)
        }
      }
    do {
      let listener = try await bootstrap.bind(host: host, port: port).get()
      guard let address = listener.localAddress else { throw ChannelError.unknownLocalAddress }
      return RPCServer(listener, address, registry)
    } catch {
      throw .cannotListen(host: host, port: port, because: "\(error)")
    }
  }

  private init(_ listener: any Channel, _ address: SocketAddress, _ registry: ConnectionRegistry) {
    self.listener = listener
    self.address = address
    self.registry = registry
  }

  /// The port of ``address``.
  public var port: Int { address.port ?? 0 }

  /// Connections that are open now.
  public var connectionCount: Int { registry.connectionCount }

  /// Accepts nothing more, refuses new requests, and returns when the requests in flight are answered and all connections are
  /// closed, or once `limit` is over and they have been cut.
  public func shutdown(within limit: TimeAmount) async {
    try? await listener.close().get()
    let loop = listener.eventLoop
    let done = loop.makePromise(of: Void.self)
    registry.drain { done.succeed(()) }
    let cut = loop.scheduleTask(in: limit) { [registry] in registry.abortAll() }
    try? await done.futureResult.get()
    cut.cancel()
  }

  private static func configure(
    _ channel: any Channel, tls: TLSServer?, limits: RPCLimits, handler: any RPCServerHandler, registry: ConnectionRegistry
  ) throws {
    let address = channel.remoteAddress
    let admission = registry.admit(address)
    guard admission != .dropped else { throw ChannelError.ioOnClosedChannel }
    channel.closeFuture.whenComplete { _ in registry.leave(address) }
    try tls?.secure(channel)
    let loop = channel.eventLoop
    let connection = RPCServerConnection(
      handler: handler, limits: limits, refused: admission.reason,
      didOpen: { registry.didOpen($0, on: loop) }, didClose: { registry.didClose($0) })
    try channel.pipeline.syncOperations.addHandler(connection.makeLink())
  }
}

/// Why a server could not start.
public enum RPCServerError: Error, Equatable, Sendable {
  case cannotListen(host: String, port: Int, because: String)

  /// Machine readable, for logs and metrics.
  public var reason: String {
    switch self {
    case .cannotListen: "cannot_listen"
    }
  }
}

extension RPCServer {
  /// The server's end of a channel that is no socket; the channel's last handler.
  package static func makeLink(_ handler: any RPCServerHandler, limits: RPCLimits) -> FrameLink {
    RPCServerConnection(handler: handler, limits: limits, refused: nil, didOpen: { _ in }, didClose: { _ in }).makeLink()
  }
}
