import CairnCrypto
import NIOCore
import Testing

@testable import CairnNetwork

private struct WrongNetwork: Error, CustomStringConvertible {
  let description = "another network"
}

@Suite("Who is let in, and who is kept", .timeLimit(.minutes(1)))
struct PeerAdmissionTests {
  /// A node with index 0 and one peer, which the test plays.
  private func withNode(
    limits: PeerMeshLimits = PeerMeshLimits(), judge: @escaping @Sendable ([UInt8], Int) throws -> Void = { _, _ in },
    _ body: (TestNetwork, Node) async throws -> Void
  ) async throws {
    try await TestNetwork.run(nodes: 2) { network in
      let node = try await network.start(0, limits: limits, judge: judge)
      try await TestNetwork.stopping([node]) { try await body(network, node) }
    }
  }

  private func connect(_ network: TestNetwork, to node: Node) async throws -> RawPeer {
    try await RawPeer.connect(to: node.port, on: network.group, as: network.keys[1], expecting: network.keys[0].publicKey)
  }

  @Test("A node with another key than expected is refused, by whoever dials and whoever listens, and both say why")
  func wrongKey() async throws {
    try await TestNetwork.run(nodes: 2) { network in
      let believed = SigningKey.generate().publicKey
      let nodes = [try await network.start(0, keys: [1: believed]), try await network.start(1)]
      try await TestNetwork.stopping(nodes) {
        TestNetwork.connect(nodes)
        try await nodes[0].witness.seen.wait(for: .logged("cannot connect to peer", peer: "1", reason: "wrong_key"))
        try await nodes[0].witness.seen.wait(for: .logged("refused a connection", peer: nil, reason: "unknown_key"))
        try await nodes[1].witness.seen.wait(for: .logged("cannot connect to peer", peer: "0", reason: "not_admitted"))
        #expect(try await nodes[0].status(of: 1).problem == .wrongKey(network.keys[1].publicKey))
        #expect(try await nodes[1].status(of: 0).problem == .notAdmitted)
        let refusals = await nodes[0].mesh.status()
        #expect(refusals.lastRefusal == .unknownKey(network.keys[1].publicKey))
        #expect(refusals.refusedConnectionCount > 0)
        #expect(!nodes[0].witness.seen.events.contains(.hello([1], from: 1)))
      }
    }
  }

  @Test("A second node with our own key is refused and named")
  func ownKey() async throws {
    try await withNode { network, node in
      let twin = try await RawPeer.connect(to: node.port, on: network.group, as: network.keys[0], expecting: network.keys[0].publicKey)
      try await twin.waitUntilClosed()
      try await node.witness.seen.wait(for: .logged("refused a connection", peer: nil, reason: "own_key"))
      #expect(await node.mesh.status().lastRefusal == .ownKey)
    }
  }

  @Test("The right key with a hello of another index is refused by the delegate, and the peer learns why")
  func helloRefused() async throws {
    try await TestNetwork.run(nodes: 2) { network in
      let strict = try await network.start(0) { hello, peer in if hello != [7] { throw WrongNetwork() } }
      let other = try await network.start(1)
      try await TestNetwork.stopping([strict, other]) {
        other.mesh.update(address: strict.address, of: 0)
        try await other.witness.seen.wait(for: .logged("cannot connect to peer", peer: "0", reason: "refused_by_peer"))
        #expect(try await other.status(of: 0).problem == .refusedByPeer("another network"))
        try await strict.witness.seen.wait(for: .logged("refused a connection of peer", peer: "1", reason: "hello_refused"))
        #expect(try await strict.status(of: 1).problem == .helloRefused("another network"))
        #expect(!strict.witness.seen.events.contains(.connected(1)) && !other.witness.seen.events.contains(.connected(0)))
      }
    }
  }

  @Test("A node that dials judges the answer's hello as well")
  func answerRefused() async throws {
    try await withNode(judge: { _, _ in throw WrongNetwork() }) { network, node in
      let listener = try await RawListener.start(on: network.group, as: network.keys[1])
      node.mesh.update(address: listener.address, of: 1)
      let peer = try await listener.connection(0)
      try await peer.greet([3])
      try await peer.frames.wait { $0.code == ControlCode.refused.rawValue && $0.payload == ByteBuffer(string: "another network") }
      try await peer.channel.close()
      try await node.witness.seen.wait(for: .logged("cannot connect to peer", peer: "1", reason: "hello_refused"))
      await listener.close()
    }
  }

  @Test("A peer that dials in is dialled back at once, not after the delay")
  func nudge() async throws {
    var limits = PeerMeshLimits()
    limits.shortestReconnectDelay = .hours(1)
    limits.longestReconnectDelay = .hours(1)
    try await withNode(limits: limits) { network, node in
      let listener = try await RawListener.start(on: network.group, as: network.keys[1])
      node.mesh.update(address: listener.address, of: 1)
      try await listener.connection(0).channel.close()
      try await node.witness.seen.wait { if case .logged("cannot connect to peer", _, _) = $0 { true } else { false } }
      let peer = try await connect(network, to: node)
      try await peer.greet()
      try await listener.connection(1).greet()
      try await node.witness.seen.wait(for: .connected(1))
      await listener.close()
    }
  }

  @Test("A second connection of a peer replaces the first")
  func replaced() async throws {
    try await withNode { network, node in
      let first = try await connect(network, to: node)
      try await first.greet()
      let second = try await connect(network, to: node)
      try await second.greet()
      try await first.waitUntilClosed()
      second.write(Code.vote, [1])
      try await node.witness.seen.wait(for: .message(Code.vote, [1], from: 1))
      #expect(try await node.status(of: 1).isConnectedIn)
    }
  }

  @Test("A message longer than its code allows ends the connection, and so does a second hello")
  func violations() async throws {
    try await withNode { network, node in
      for (code, payload) in [(Code.vote, [UInt8](repeating: 0, count: 257)), (ControlCode.hello.rawValue, [9])] {
        let peer = try await connect(network, to: node)
        try await peer.greet()
        peer.write(code, payload)
        try await peer.waitUntilClosed()
      }
      #expect(node.witness.payloads(Code.vote, from: 1).isEmpty)
      try await node.witness.seen.wait(for: .logged("peer's connection to this node ended", peer: "1", reason: "payload_too_long"))
      try await node.witness.seen.wait(for: .logged("peer's connection to this node ended", peer: "1", reason: "malformed"))
    }
  }

  @Test(
    "A frame above the limit, or bytes that are no frame, end the connection as soon as their header is seen",
    arguments: [[0x00, 0x20, 0x00, 0x00, 0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 7, 0, 0, 0, 0, 0, 1, 0xff]])
  func garbage(bytes: [UInt8]) async throws {
    try await withNode { network, node in
      let peer = try await connect(network, to: node)
      try await peer.greet()
      peer.write(bytes: bytes)
      try await peer.waitUntilClosed()
      try await node.witness.seen.wait(for: .logged("peer's connection to this node ended", peer: "1", reason: "malformed"))
      let next = try await connect(network, to: node)
      try await next.greet()
    }
  }

  @Test("Before the hello nothing else is accepted, and no large frame")
  func helloFirst() async throws {
    try await withNode { network, node in
      let early = try await connect(network, to: node)
      early.write(Code.vote, [1])
      try await early.waitUntilClosed()
      let large = try await connect(network, to: node)
      large.write(ControlCode.hello.rawValue, [UInt8](repeating: 0, count: 5000))
      try await large.waitUntilClosed()
      #expect(!node.witness.seen.events.contains { if case .hello = $0 { true } else { false } })
      #expect(node.witness.payloads(Code.vote, from: 1).isEmpty)
    }
  }

  @Test("Plain bytes in the place of TLS are refused")
  func plain() async throws {
    try await withNode { network, node in
      let peer = try await RawPeer.connectPlain(to: node.port, on: network.group)
      peer.write(bytes: Array("GET / HTTP/1.1\r\n\r\n".utf8))
      try await peer.waitUntilClosed()
      try await node.witness.seen.wait(for: .logged("refused a connection", peer: nil, reason: "handshake_failed"))
    }
  }

  @Test("Who does not complete the handshake in time is dropped")
  func handshakeTimeout() async throws {
    var limits = PeerMeshLimits()
    limits.handshakeTimeout = .milliseconds(20)
    try await withNode(limits: limits) { network, node in
      let peer = try await RawPeer.connectPlain(to: node.port, on: network.group)
      try await peer.waitUntilClosed()
      try await node.witness.seen.wait(for: .logged("refused a connection", peer: nil, reason: "handshake_timeout"))
    }
  }

  @Test("Of too many connections that wait for their handshake the oldest goes")
  func handshakeFlood() async throws {
    var limits = PeerMeshLimits()
    limits.handshakesInFlight = 2
    limits.handshakeTimeout = .hours(1)
    try await withNode(limits: limits) { network, node in
      var idle: [RawPeer] = []
      for _ in 0..<3 { idle.append(try await RawPeer.connectPlain(to: node.port, on: network.group)) }
      try await idle[0].waitUntilClosed()
      try await node.witness.seen.wait(for: .logged("refused a connection", peer: nil, reason: "too_many_handshakes"))
      let peer = try await connect(network, to: node)
      try await peer.greet()
      #expect(idle[2].channel.isActive)
    }
  }

  @Test("Pings go out on the dialled connection, and are answered on the accepted one")
  func pings() async throws {
    var limits = PeerMeshLimits()
    limits.pingInterval = .milliseconds(1)
    try await withNode(limits: limits) { network, node in
      let listener = try await RawListener.start(on: network.group, as: network.keys[1])
      node.mesh.update(address: listener.address, of: 1)
      let dialled = try await listener.connection(0)
      try await dialled.greet()
      try await dialled.frames.wait(times: 2) { $0.code == ControlCode.ping.rawValue }
      dialled.write(ControlCode.pong.rawValue)
      let accepted = try await connect(network, to: node)
      try await accepted.greet()
      accepted.write(ControlCode.ping.rawValue)
      try await accepted.frames.wait { $0.code == ControlCode.pong.rawValue }
      #expect(try await node.status(of: 1).isConnectedOut)
      await listener.close()
    }
  }

  @Test("A peer that falls silent is given up, on either connection")
  func silence() async throws {
    var limits = PeerMeshLimits()
    limits.pingInterval = .milliseconds(5)
    limits.silenceTimeout = .milliseconds(20)
    limits.shortestReconnectDelay = .hours(1)
    limits.longestReconnectDelay = .hours(1)
    try await withNode(limits: limits) { network, node in
      let listener = try await RawListener.start(on: network.group, as: network.keys[1])
      node.mesh.update(address: listener.address, of: 1)
      try await listener.connection(0).greet()
      try await node.witness.seen.wait(for: .disconnected(1, .silent))
      await listener.close()
      let accepted = try await connect(network, to: node)
      try await accepted.greet()
      try await accepted.waitUntilClosed()
      try await node.witness.seen.wait(for: .logged("peer's connection to this node ended", peer: "1", reason: "silent"))
    }
  }

  @Test("A request id in use ends the connection; a request above its rate is declined")
  func requestAbuse() async throws {
    try await withNode { network, node in
      let peer = try await connect(network, to: node)
      try await peer.greet()
      for id in 1...3 { peer.write(Code.rare, requestID: UInt32(id), Witness.unanswered) }
      try await peer.frames.wait { $0.code == ControlCode.declined.rawValue && $0.requestID == 3 }
      peer.write(Code.fetch, requestID: 1, [1])
      try await peer.waitUntilClosed()
    }
  }
}
