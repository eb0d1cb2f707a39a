import Logging
import NIOCore

/// The mesh behind ``PeerMesh``, confined to its event loop.
final class MeshCore {
  private let configuration: PeerMeshConfiguration
  private let environment: MeshEnvironment
  private let links: [PeerLink]
  private var acceptor: Acceptor?

  init(
    _ configuration: PeerMeshConfiguration, eventLoop: any EventLoop, logger: Logger, delegate: any PeerMeshDelegate, outbox: Outbox
  ) {
    self.configuration = configuration
    let environment = MeshEnvironment(
      eventLoop: eventLoop, logger: logger, delegate: delegate, limits: configuration.limits, messages: configuration.messages,
      jitter: configuration.jitter, identity: configuration.identity, outbox: outbox, channels: ChannelRegistry(eventLoop: eventLoop))
    self.environment = environment
    links = configuration.peers.sorted { $0.index < $1.index }.map { PeerLink($0, environment: environment) }
  }

  /// Listens, and dials every peer whose address is known.
  func start() -> EventLoopFuture<Int> {
    precondition(acceptor == nil, "a mesh starts once")
    let acceptor = Acceptor(links, environment: environment)
    self.acceptor = acceptor
    let port = acceptor.listen(host: configuration.listenHost, port: configuration.listenPort)
    port.assumeIsolated().whenSuccess { [self] _ in
      for link in links { link.start() }
    }
    return port
  }

  func stop() -> EventLoopFuture<Void> {
    environment.outbox.close()
    for link in links { link.stop() }
    return environment.channels.closeAll(links.flatMap { $0.attempts.values })
  }

  func link(to peer: Int) -> PeerLink? { links.first { $0.peer.index == peer } }

  /// Serves everything that was queued before this turn of the event loop.
  func takeTurn() {
    for dropped in environment.outbox.beginTurn() {
      link(to: dropped.peer)?.requests.complete(dropped.requestID, with: .failure(.overloaded))
    }
    for link in links { link.drain() }
  }

  func setBlocked(_ peers: Set<Int>) {
    for link in links { link.setBlocked(peers.contains(link.peer.index)) }
  }

  var status: PeerMeshStatus {
    PeerMeshStatus(
      peers: links.map(\.status), refusedConnectionCount: acceptor?.refusedCount ?? 0, lastRefusal: acceptor?.lastRefusal)
  }
}
