import CairnNetwork
import GRPCCore
import GRPCNIOTransportCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOPosix
import Synchronization

/// Accepts gRPC connections: over TLS with the node's own key, or plain.
struct GRPCListener: HTTP2ServerTransport.ListenerFactory {
  /// The compatible face is for occasional clients; its connections cost far more than those of Cairn RPC.
  static let connectionLimit = 256
  static let connectionsPerAddress = 32

  let host: String
  let port: Int
  /// `nil` for plain TCP.
  let tls: TLSServer?
  let group: any EventLoopGroup
  let connections = ConnectionCount(limit: connectionLimit, perAddress: connectionsPerAddress)

  var eventLoopGroup: any EventLoopGroup { group }

  func makeListeningChannel(
    listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator, connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
  ) async throws -> NIOAsyncChannel<HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel, Never> {
    try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { listenerConfigurator.configure(channel: $0) }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .bind(host: host, port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try connections.admit(channel)
          try tls?.secure(channel)
        }.flatMap {
          connectionConfigurator.configure(channel: channel, tls: tls == nil ? .none : .configured(requireALPN: true))
        }
      }
  }

  /// Windows small, so that a slow reader holds little; no delay for the sake of larger writes.
  static var configuration: HTTP2ServerTransport.Custom<GRPCListener>.Config {
    var configuration = HTTP2ServerTransport.Custom<GRPCListener>.Config.defaults
    configuration.connection.flushCoalescing = nil
    configuration.connection.maxIdleTime = .seconds(600)
    configuration.connection.keepalive.time = .seconds(60)
    configuration.http2.targetWindowSize = 65_535
    configuration.http2.maxConcurrentStreams = 64
    configuration.rpc.maxRequestPayloadSize = ServiceLimits.batchMessageByteCount
    return configuration
  }
}

/// How many connections there are, in all and from each address.
final class ConnectionCount: Sendable {
  struct Exceeded: Error {}

  private let limit: Int
  private let perAddress: Int
  private let counts = Mutex<[String: Int]>([:])

  init(limit: Int, perAddress: Int) {
    self.limit = limit
    self.perAddress = perAddress
  }

  /// Counts a connection until it closes, or throws, upon which it is closed.
  func admit(_ channel: any Channel) throws(Exceeded) {
    let address = channel.remoteAddress?.ipAddress ?? ""
    let isAdmitted = counts.withLock { counts in
      let count = counts[address, default: 0]
      guard count < perAddress, counts.values.reduce(0, +) < limit else { return false }
      counts[address] = count + 1
      return true
    }
    guard isAdmitted else { throw Exceeded() }
    channel.closeFuture.whenComplete { [self] _ in
      counts.withLock { counts in counts[address] = counts[address].flatMap { $0 > 1 ? $0 - 1 : nil } }
    }
  }
}
