import NIOCore
import Testing

@testable import CairnNetwork

@Suite("Peers that seem far away", .timeLimit(.minutes(1))) struct DistantPeerTests {
  private static let path = PathConditions(delay: .milliseconds(40))

  @Test("A message takes its way, a request twice that, and both arrive in order") func distance() async throws {
    try await TestNetwork.connected(2, links: .uniform(Self.path)) { nodes in
      let start = ContinuousClock.now
      let payloads = (0..<500).map { [UInt8($0 >> 8), UInt8($0 & 255)] }
      for payload in payloads { nodes[0].send(payload, to: 1) }
      try await nodes[1].witness.seen.wait(for: .message(Code.vote, payloads[0], from: 0))
      #expect(start.duration(to: .now) >= .milliseconds(40))
      try await nodes[1].witness.seen.wait(for: .message(Code.vote, payloads[499], from: 0))
      #expect(nodes[1].witness.payloads(Code.vote, from: 0) == payloads)
      let asked = ContinuousClock.now
      _ = try await nodes[0].mesh.request(Code.fetch, ByteBuffer(bytes: [1]), to: 1, timeout: .seconds(30)).get()
      #expect(asked.duration(to: .now) >= .milliseconds(80))
    }
  }

  @Test("What was on its way when the sender ended still arrives") func lastWords() async throws {
    try await TestNetwork.connected(2, links: .uniform(Self.path)) { nodes in
      for number in UInt8(0)..<100 { nodes[0].send([number], to: 1) }
      // The event loop has written them by the time it answers.
      _ = await nodes[0].mesh.status()
      await nodes[0].mesh.shutdown()
      try await nodes[1].witness.seen.wait(for: .message(Code.vote, [99], from: 0))
      #expect(nodes[1].witness.payloads(Code.vote, from: 0).count == 100)
    }
  }

  @Test("More than a window on its way waits for its room, and all of it arrives") func fullWindow() async throws {
    try await TestNetwork.connected(2, links: .uniform(PathConditions(delay: .milliseconds(200)))) { nodes in
      let large = [UInt8](repeating: 7, count: 1 << 20)
      for _ in 0..<2 {
        for _ in 0..<10 { nodes[0].send(large, code: Code.gossip, to: 1) }
        while try await nodes[0].status(of: 1).queuedFrameCount > 0 { await Task.yield() }
      }
      try await nodes[1].witness.seen.wait(for: .message(Code.gossip, large, from: 0), times: 20)
    }
  }
}
