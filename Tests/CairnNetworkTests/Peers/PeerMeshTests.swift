import CairnCrypto
import NIOCore
import Testing

@testable import CairnNetwork

@Suite("A mesh of nodes", .timeLimit(.minutes(1)))
struct PeerMeshTests {
  @Test("Every pair connects in both directions, and hellos name the nodes")
  func allPairs() async throws {
    try await TestNetwork.connected(4) { nodes in
      for node in nodes {
        for peer in nodes where peer.index != node.index {
          try await node.witness.seen.wait(for: .hello([UInt8(peer.index)], from: peer.index), times: 2)
        }
        let status = await node.mesh.status()
        #expect(status.peers.map(\.index) == (0..<4).filter { $0 != node.index })
        #expect(status.peers.allSatisfy { $0.isConnectedOut && $0.isConnectedIn && $0.problem == nil && $0.silence != nil })
        #expect(status.refusedConnectionCount == 0)
      }
    }
  }

  @Test("Messages arrive complete and in order")
  func order() async throws {
    try await TestNetwork.connected(2) { nodes in
      let payloads = (0..<3000).map { [UInt8($0 >> 8), UInt8($0 & 255)] }
      for payload in payloads { nodes[0].send(payload, to: 1) }
      try await nodes[1].witness.seen.wait(for: .message(Code.vote, payloads[2999], from: 0))
      #expect(nodes[1].witness.payloads(Code.vote, from: 0) == payloads)
    }
  }

  @Test("A broadcast reaches every peer, and not the sender")
  func broadcast() async throws {
    try await TestNetwork.connected(3) { nodes in
      nodes[1].mesh.broadcast(Code.vote, ByteBuffer(bytes: [1, 2, 3]))
      for peer in [0, 2] { try await nodes[peer].witness.seen.wait(for: .message(Code.vote, [1, 2, 3], from: 1)) }
      #expect(nodes[1].witness.payloads(Code.vote, from: 1).isEmpty)
    }
  }

  @Test("A frame of the largest size passes, many at once too")
  func largeFrames() async throws {
    try await TestNetwork.connected(2) { nodes in
      let large = [UInt8](repeating: 7, count: 1 << 20)
      for _ in 0..<8 { nodes[0].send(large, code: Code.gossip, to: 1) }
      nodes[0].send([1], to: 1)
      try await nodes[1].witness.seen.wait(for: .message(Code.gossip, large, from: 0), times: 8)
      #expect(try await nodes[0].status(of: 1).droppedFrameCount == 0)
    }
  }

  @Test("What is too long for its code is not sent, logged, and harms nothing")
  func tooLongToSend() async throws {
    try await TestNetwork.connected(2) { nodes in
      let long = [UInt8](repeating: 0, count: 257)
      nodes[0].send(long, to: 1)
      #expect(nodes[0].witness.seen.events.contains(.logged("message not sent", peer: nil, reason: "payload_too_long")))
      await #expect(throws: PeerRequestError.payloadTooLong) {
        _ = try await nodes[0].mesh.request(Code.rare, ByteBuffer(bytes: long), to: 1, timeout: .seconds(60)).get()
      }
      nodes[0].send([1], to: 1)
      try await nodes[1].witness.seen.wait(for: .message(Code.vote, [1], from: 0))
      #expect(nodes[1].witness.payloads(Code.vote, from: 0) == [[1]])
    }
  }

  @Test("Requests are answered, each with its own answer")
  func requests() async throws {
    try await TestNetwork.connected(2) { nodes in
      let answers = (0..<20).map { nodes[0].mesh.request(Code.fetch, ByteBuffer(bytes: [$0, 1, 2]), to: 1, timeout: .seconds(30)) }
      for (number, answer) in answers.enumerated() {
        let bytes = Array(try await answer.get().readableBytesView)
        #expect(bytes == [2, 1, UInt8(number)])
      }
    }
  }

  @Test("A request without an answer times out, fails with its connection, and is refused without one")
  func failedRequests() async throws {
    try await TestNetwork.connected(2) { nodes in
      let silent = ByteBuffer(bytes: Witness.unanswered)
      await #expect(throws: PeerRequestError.timedOut) {
        _ = try await nodes[0].mesh.request(Code.fetch, silent, to: 1, timeout: .milliseconds(10)).get()
      }
      let cut = nodes[0].mesh.request(Code.fetch, silent, to: 1, timeout: .seconds(60))
      try await nodes[1].witness.seen.wait(for: .request(Code.fetch, Witness.unanswered, from: 0), times: 2)
      await nodes[0].mesh.setBlocked([1])
      await #expect(throws: PeerRequestError.disconnected) { _ = try await cut.get() }
      await #expect(throws: PeerRequestError.notConnected) {
        _ = try await nodes[0].mesh.request(Code.fetch, silent, to: 1, timeout: .seconds(60)).get()
      }
      await #expect(throws: PeerRequestError.notConnected) {
        _ = try await nodes[0].mesh.request(Code.fetch, silent, to: 17, timeout: .seconds(60)).get()
      }
    }
  }

  @Test("Both sides bound the requests that wait")
  func boundedRequests() async throws {
    var limits = PeerMeshLimits()
    limits.requestsInFlight = 2
    try await TestNetwork.connected(2, limits: limits) { nodes in
      let silent = ByteBuffer(bytes: Witness.unanswered)
      let waiting = (0..<3).map { _ in nodes[0].mesh.request(Code.fetch, silent, to: 1, timeout: .milliseconds(200)) }
      await #expect(throws: PeerRequestError.overloaded) { _ = try await waiting[2].get() }
      for request in waiting.prefix(2) { await #expect(throws: PeerRequestError.timedOut) { _ = try await request.get() } }
      // The asking side has given up; on the answering side both still occupy their places.
      await #expect(throws: PeerRequestError.declined) {
        _ = try await nodes[0].mesh.request(Code.fetch, ByteBuffer(bytes: [1]), to: 1, timeout: .seconds(30)).get()
      }
    }
  }

  @Test("Messages above their rate are dropped and counted, others pass")
  func throttling() async throws {
    try await TestNetwork.connected(2) { nodes in
      for number in 0..<5 { nodes[0].send([UInt8(number)], code: Code.rare, to: 1) }
      nodes[0].send([42], code: Code.gossip, to: 1)
      try await nodes[1].witness.seen.wait(for: .message(Code.gossip, [42], from: 0))
      #expect(nodes[1].witness.payloads(Code.rare, from: 0) == [[0], [1]])
      #expect(try await nodes[1].status(of: 0).throttledFrameCount == 3)
    }
  }

  @Test("What was queued for a peer that was away arrives with the newest kept, votes first")
  func queueWhileAway() async throws {
    try await TestNetwork.run(nodes: 2) { network in
      let nodes = [try await network.start(0), try await network.start(1)]
      try await TestNetwork.stopping(nodes) {
        nodes[0].send([200], code: Code.gossip, to: 1)
        for number in 0..<100 { nodes[0].send([UInt8(number)], to: 1) }
        #expect(try await nodes[0].status(of: 1).queuedFrameCount == 65)
        #expect(try await nodes[0].status(of: 1).droppedFrameCount == 36)
        #expect(try await nodes[0].status(of: 1).problem == .noAddress)
        TestNetwork.connect(nodes)
        try await nodes[1].witness.seen.wait(for: .message(Code.gossip, [200], from: 0))
        #expect(nodes[1].witness.payloads(Code.vote, from: 0) == (36..<100).map { [UInt8($0)] })
        #expect(try await nodes[0].status(of: 1).queuedFrameCount == 0)
      }
    }
  }

  @Test("A peer that restarts elsewhere is connected again, and what it says now arrives")
  func restart() async throws {
    try await TestNetwork.run(nodes: 2) { network in
      let first = try await network.start(0)
      let second = try await network.start(1)
      try await TestNetwork.stopping([first]) {
        try await TestNetwork.stopping([second]) {
          TestNetwork.connect([first, second])
          try await TestNetwork.waitUntilConnected([first, second])
        }
        try await first.witness.seen.wait(for: .disconnected(1, .closedByPeer))
        let again = try await network.start(1)
        try await TestNetwork.stopping([again]) {
          TestNetwork.connect([first, again])
          try await first.witness.seen.wait(for: .connected(1), times: 2)
          again.send([5], to: 0)
          try await first.witness.seen.wait(for: .message(Code.vote, [5], from: 1))
        }
      }
    }
  }

  @Test("Blocked peers are cut in both directions until they are unblocked; others are not touched")
  func blocking() async throws {
    try await TestNetwork.connected(3) { nodes in
      await nodes[0].mesh.setBlocked([1])
      try await nodes[0].witness.seen.wait(for: .disconnected(1, .blocked))
      try await nodes[1].witness.seen.wait { if case .disconnected(0, _) = $0 { true } else { false } }
      let cut = try await nodes[0].status(of: 1)
      #expect(!cut.isConnectedIn && !cut.isConnectedOut && cut.problem == .blocked)
      // It tries again, and is not let in.
      try await nodes[1].witness.seen.wait(for: .logged("cannot connect to peer", peer: "0", reason: "not_admitted"))
      nodes[0].send([1], to: 2)
      try await nodes[2].witness.seen.wait(for: .message(Code.vote, [1], from: 0))
      await nodes[0].mesh.setBlocked([])
      try await TestNetwork.waitUntilConnected([nodes[0], nodes[1]], times: 2)
      nodes[1].send([2], to: 0)
      try await nodes[0].witness.seen.wait(for: .message(Code.vote, [2], from: 1))
    }
  }

  @Test("An address where nobody listens is reported as unreachable")
  func unreachable() async throws {
    try await TestNetwork.run(nodes: 2) { network in
      let listener = try await RawListener.start(on: network.group, as: network.keys[1])
      let address = listener.address
      await listener.close()
      let node = try await network.start(0)
      try await TestNetwork.stopping([node]) {
        node.mesh.update(address: address, of: 1)
        try await node.witness.seen.wait(for: .logged("cannot connect to peer", peer: "1", reason: "unreachable"))
        guard case .unreachable = try await node.status(of: 1).problem else { throw Ended() }
      }
    }
  }

  @Test("Repeated failures are logged once")
  func quietLog() async throws {
    try await TestNetwork.run(nodes: 2) { network in
      var limits = PeerMeshLimits()
      limits.shortestReconnectDelay = .milliseconds(1)
      limits.longestReconnectDelay = .milliseconds(1)
      let listener = try await RawListener.start(on: network.group, as: network.keys[1])
      let node = try await network.start(0, limits: limits)
      try await TestNetwork.stopping([node]) {
        node.mesh.update(address: listener.address, of: 1)
        for number in 0..<5 {
          let peer = try await listener.connection(number)
          try await peer.frames.wait { $0.code == ControlCode.hello.rawValue }
          peer.write(ControlCode.refused.rawValue, Array("go away".utf8))
          try await peer.waitUntilClosed()
        }
        _ = try await listener.connection(5)
        let lines = node.witness.seen.events.filter { if case .logged("cannot connect to peer", _, _) = $0 { true } else { false } }
        #expect(lines == [.logged("cannot connect to peer", peer: "1", reason: "refused_by_peer")])
      }
      await listener.close()
    }
  }

  @Test("A stopped mesh lets go of its delegate, fails what waits, takes no more, and stops twice")
  func shutdown() async throws {
    try await TestNetwork.run(nodes: 2) { network in
      let first = try await network.start(0)
      weak var witness: Witness?
      let waiting: EventLoopFuture<ByteBuffer>
      let mesh: PeerMesh
      do {
        let second = try await network.start(1)
        TestNetwork.connect([first, second])
        try await TestNetwork.waitUntilConnected([first, second])
        waiting = second.mesh.request(Code.fetch, ByteBuffer(bytes: Witness.unanswered), to: 0, timeout: .seconds(60))
        try await first.witness.seen.wait(for: .request(Code.fetch, Witness.unanswered, from: 1))
        await second.mesh.shutdown()
        await second.mesh.shutdown()
        #expect(second.witness.seen.events.contains(.disconnected(0, .shutDown)))
        witness = second.witness
        mesh = second.mesh
      }
      await #expect(throws: PeerRequestError.disconnected) { _ = try await waiting.get() }
      #expect(witness == nil)
      mesh.send(Code.vote, ByteBuffer(), to: 0)
      await #expect(throws: PeerProblem.shutDown) { _ = try await mesh.start() }
      #expect(await mesh.status().peers.isEmpty)
      await first.mesh.shutdown()
    }
  }
}
