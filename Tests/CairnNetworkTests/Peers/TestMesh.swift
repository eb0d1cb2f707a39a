import CairnCrypto
import CairnNetwork
import Logging
import NIOCore
import NIOPosix

/// The codes of these tests' protocol.
enum Code {
  static let vote: UInt16 = 1
  static let gossip: UInt16 = 2
  static let fetch: UInt16 = 3
  /// Two at once, then one a second.
  static let rare: UInt16 = 4

  static let rules: [UInt16: MessageRule] = [
    vote: MessageRule(lane: .votes, maximumPayloadByteCount: 256, rate: .init(perSecond: 1_000_000, burst: 1_000_000)),
    gossip: MessageRule(lane: .bulk, maximumPayloadByteCount: 1 << 20, rate: .init(perSecond: 1_000_000, burst: 1_000_000)),
    fetch: MessageRule(lane: .bulk, maximumPayloadByteCount: 1 << 20, rate: .init(perSecond: 1_000_000, burst: 1_000_000)),
    rare: MessageRule(lane: .bulk, maximumPayloadByteCount: 256, rate: .init(perSecond: 1, burst: 2)),
  ]
}

/// A mesh with its witness and its place.
struct Node {
  let index: Int
  let mesh: PeerMesh
  let witness: Witness
  let port: Int

  var address: PeerAddress { PeerAddress(host: "127.0.0.1", port: port) }

  func send(_ bytes: [UInt8], code: UInt16 = Code.vote, to peer: Int) { mesh.send(code, ByteBuffer(bytes: bytes), to: peer) }

  func status(of peer: Int) async throws -> PeerStatus {
    guard let status = await mesh.status().peers.first(where: { $0.index == peer }) else { throw Ended() }
    return status
  }
}

/// Nodes of one test, on event loops of their own; when they end, everything must be gone, or the event loops complain.
final class TestNetwork: Sendable {
  let group: MultiThreadedEventLoopGroup
  let keys: [SigningKey]

  static func run(nodes: Int, _ body: (TestNetwork) async throws -> Void) async throws {
    let network = TestNetwork(nodes: nodes)
    do {
      try await body(network)
    } catch {
      try? await network.group.shutdownGracefully()
      throw error
    }
    try await network.group.shutdownGracefully()
  }

  private init(nodes: Int) {
    group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    keys = (0..<nodes).map { _ in SigningKey.generate() }
  }

  /// Starts the mesh of one node, without addresses of the others.
  ///
  /// - Parameter keys: what it believes the others' keys to be.
  func start(
    _ index: Int, keys believed: [Int: PublicKey] = [:], limits: PeerMeshLimits = PeerMeshLimits(), links: LinkMatrix? = nil,
    judge: @escaping @Sendable ([UInt8], Int) throws -> Void = { _, _ in }
  ) async throws -> Node {
    let peers = keys.indices.filter { $0 != index }.map { peer in
      Peer(index: peer, name: "node\(peer)", nodeKey: believed[peer] ?? keys[peer].publicKey, address: nil)
    }
    var configuration = PeerMeshConfiguration(
      identity: try NodeIdentity(keys[index]), listenHost: "127.0.0.1", listenPort: 0, peers: peers, messages: Code.rules)
    configuration.limits = limits
    configuration.jitter = { 0 }
    for (peer, conditions) in links?.links(of: index, nodes: keys.count) ?? [:] { configuration.links[keys[peer].publicKey] = conditions }
    let witness = Witness(index: index, judge: judge)
    let mesh = PeerMesh(configuration, group: group, logger: witness.logger, delegate: witness)
    return Node(index: index, mesh: mesh, witness: witness, port: try await mesh.start())
  }

  /// Runs connected nodes, and stops them in the end.
  static func connected(
    _ count: Int, limits: PeerMeshLimits = PeerMeshLimits(), links: LinkMatrix? = nil, _ body: ([Node]) async throws -> Void
  ) async throws {
    try await run(nodes: count) { network in
      var nodes: [Node] = []
      for index in 0..<count { nodes.append(try await network.start(index, limits: limits, links: links)) }
      try await stopping(nodes) {
        connect(nodes)
        try await waitUntilConnected(nodes)
        try await body(nodes)
      }
    }
  }

  /// Stops the nodes when the body has ended, however it did.
  static func stopping(_ nodes: [Node], _ body: () async throws -> Void) async throws {
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    for node in nodes { await node.mesh.shutdown() }
    try result.get()
  }

  /// Tells all nodes where the others are.
  static func connect(_ nodes: [Node]) {
    for node in nodes {
      for peer in nodes where peer.index != node.index { node.mesh.update(address: peer.address, of: peer.index) }
    }
  }

  static func waitUntilConnected(_ nodes: [Node], times: Int = 1) async throws {
    for node in nodes {
      for peer in nodes where peer.index != node.index { try await node.witness.seen.wait(for: .connected(peer.index), times: times) }
    }
  }
}
