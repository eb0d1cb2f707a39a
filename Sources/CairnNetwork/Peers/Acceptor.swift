import CairnCrypto
import DequeModule
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The listening side: takes connections, and hands each to the link of the peer whose key it proves.
///
/// Confined to the mesh's event loop.
final class Acceptor {
  /// One line a second after the first five: strangers must not fill the log.
  private static let logRate = TokenBucket.Rate(perSecond: 1, burst: 5)

  private let environment: MeshEnvironment
  private var links: [PublicKey: PeerLink] = [:]
  /// Those of the links, for the handshakes.
  private let keys = AcceptedKeys()
  /// Connections whose hello was not accepted yet, oldest first.
  private var waiting: Deque<PeerConnection> = []
  private var logBucket = TokenBucket(logRate)

  private(set) var refusedCount = 0
  private(set) var lastRefusal: PeerProblem?

  init(environment: MeshEnvironment) { self.environment = environment }

  /// From now on connections of these peers are taken, and no others.
  func setLinks(_ links: [PeerLink]) {
    self.links = Dictionary(uniqueKeysWithValues: links.map { ($0.peer.nodeKey, $0) })
    keys.set(Set(self.links.keys))
  }

  /// - Returns: the port.
  func listen(host: String, port: Int) -> EventLoopFuture<Int> {
    let eventLoop = environment.eventLoop
    let server: TLSServer
    do {
      server = try .peers(environment.identity, accepting: { [keys] in keys.contains($0) })
    } catch {
      return eventLoop.makeFailedFuture(error)
    }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    return ServerBootstrap(group: eventLoop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try bound.value.environment.channels.add(channel) }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.writeBufferWaterMark, value: MeshEnvironment.writeBufferWaterMark)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try bound.value.accept(channel, securedBy: server) }
      }
      .bind(host: host, port: port)
      .map { $0.localAddress?.port ?? port }
  }

  private func accept(_ channel: any Channel, securedBy server: TLSServer) throws {
    try environment.channels.add(channel)
    waiting.removeAll { !$0.isWaitingForHello }
    // The oldest goes, not the newest: an honest handshake takes milliseconds, so that a flood has to be fast to harm it.
    if waiting.count >= environment.limits.handshakesInFlight { waiting.popFirst()?.close(because: .tooManyHandshakes) }
    let connection = PeerConnection(.accepted, limits: environment.limits, owner: self)
    try server.secure(channel)
    try channel.pipeline.syncOperations.addHandler(connection)
    waiting.append(connection)
  }
}

extension Acceptor: PeerConnectionOwner {
  func expects(_ key: PublicKey) -> Bool { links[key] != nil }

  func secured(_ connection: PeerConnection, key: PublicKey) {
    guard let link = links[key] else { return connection.close(because: .unknownKey(key)) }
    connection.hand(to: link)
    link.secured(connection, key: key)
  }

  func received(_ frame: Frame, on connection: PeerConnection) { connection.close(because: .malformed("frame before TLS")) }

  func writable(_ connection: PeerConnection) {}

  /// Ended before it was known whose it is.
  func closed(_ connection: PeerConnection, because problem: PeerProblem) {
    refusedCount += 1
    let problem = problem == .unknownKey(environment.identity.publicKey) ? .ownKey : problem
    lastRefusal = problem
    guard logBucket.take(at: NIODeadline.now().uptimeNanoseconds) else { return }
    environment.logger.notice("refused a connection", metadata: ["reason": "\(problem.reason)", "detail": "\(problem)"])
  }
}

/// Whose handshakes succeed: asked for on whichever event loop a handshake is.
private final class AcceptedKeys: Sendable {
  private let keys = Mutex<Set<PublicKey>>([])

  func set(_ keys: Set<PublicKey>) { self.keys.withLock { $0 = keys } }

  func contains(_ key: PublicKey) -> Bool { keys.withLock { $0.contains(key) } }
}
