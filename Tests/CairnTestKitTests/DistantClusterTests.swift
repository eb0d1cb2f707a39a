import CairnCrypto
import CairnNetwork
import CairnTestKit
import Testing

@Suite(.serialized) struct DistantClusterTests {
  @Test("Between distant nodes a registration takes the three hops of consensus, and not many more") func hops() async throws {
    var options = LocalCluster.Options()
    options.links = .uniform(PathConditions(delay: .milliseconds(60)))
    try await LocalCluster.with(nodes: 4, options: options) { cluster in
      _ = try await cluster.register(key: .generate())
      let start = ContinuousClock.now
      _ = try await cluster.register(key: .generate())
      let hops = start.duration(to: .now) / .milliseconds(60)
      #expect(hops >= 3)
      // Beside the three: one to the leader, and two at most until the block on its way is certified. The rest is for busy machines.
      #expect(hops < 12)
    }
  }

  @Test("A lossy network of three sites goes on when a node is lost, and takes it back") func lossy() async throws {
    var options = LocalCluster.Options()
    options.links = try LinkMatrix(text: "sites a b c\n* * 2ms\na b 10ms jitter=5ms loss=2%\nb c 5ms jitter=5ms loss=2%\na > c 20ms")
    try await LocalCluster.with(nodes: 4, options: options) { cluster in
      _ = try await cluster.register(key: .generate())
      await cluster.stop(node: 1)
      _ = try await cluster.register(key: .generate())
      try await cluster.restart(node: 1)
      let height = cluster.height(of: 0) ?? 0
      try await cluster.waitUntil { cluster.height(of: 1) ?? 0 >= height }
      #expect(try cluster.digest(of: 1, atHeight: height) == cluster.digest(of: 0, atHeight: height))
    }
  }
}
