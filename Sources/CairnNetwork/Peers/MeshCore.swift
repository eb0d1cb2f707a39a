import Logging
import NIOCore

/// The mesh behind ``PeerMesh``, confined to its event loop.
final class MeshCore {
  private let configuration: PeerMeshConfiguration
  private let environment: MeshEnvironment
  /// Ascending by the peers' indices.
  private var links: [PeerLink] = []
  /// Of former peers, as long as they still have attempts to connect under way.
  private var retired: [PeerLink] = []
  private let acceptor: Acceptor
  private var hasStarted = false
  /// Listening; peers are dialled.
  private var isOpen = false

  init(
    _ configuration: PeerMeshConfiguration, eventLoop: any EventLoop, logger: Logger, delegate: any PeerMeshDelegate, outbox: Outbox
  ) {
    self.configuration = configuration
    let environment = MeshEnvironment(
      eventLoop: eventLoop, logger: logger, delegate: delegate, limits: configuration.limits, messages: configuration.messages,
      jitter: configuration.jitter, links: configuration.links, identity: configuration.identity, outbox: outbox,
      channels: ChannelRegistry(eventLoop: eventLoop))
    self.environment = environment
    acceptor = Acceptor(environment: environment)
    update(configuration.peers)
  }

  /// Links for these peers, and no others: those that stand are kept.
  func update(_ peers: [Peer]) {
    let wanted = Dictionary(uniqueKeysWithValues: peers.map { ($0.index, $0) })
    for link in links where wanted[link.peer.index] == nil {
      link.stop()
      environment.outbox.remove(link.peer.index)
      retired.append(link)
    }
    retired.removeAll { $0.attempts.isEmpty }
    links.removeAll { wanted[$0.peer.index] == nil }
    for peer in peers {
      if let link = link(to: peer.index) {
        precondition(link.peer.nodeKey == peer.nodeKey, "an index stays one key's")
        if let address = peer.address, address != link.address { link.update(address) }
      } else {
        environment.outbox.add(peer.index)
        links.append(PeerLink(peer, environment: environment))
      }
    }
    links.sort { $0.peer.index < $1.peer.index }
    acceptor.setLinks(links)
    if isOpen { startLinks() }
  }

  private func startLinks() {
    for link in links { link.start() }
  }

  /// Listens, and dials every peer whose address is known.
  func start() -> EventLoopFuture<Int> {
    precondition(!hasStarted, "a mesh starts once")
    hasStarted = true
    let port = acceptor.listen(host: configuration.listenHost, port: configuration.listenPort)
    port.assumeIsolated().whenSuccess { [self] _ in
      isOpen = true
      startLinks()
    }
    return port
  }

  func stop() -> EventLoopFuture<Void> {
    isOpen = false
    environment.outbox.close()
    for link in links { link.stop() }
    return environment.channels.closeAll((links + retired).flatMap { $0.attempts.values })
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
      peers: links.map(\.status), refusedConnectionCount: acceptor.refusedCount, lastRefusal: acceptor.lastRefusal)
  }
}
