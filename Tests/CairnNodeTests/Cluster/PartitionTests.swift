import CairnClient
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnTestKit
import NIOCore
import Testing

extension Clusters {
  @Suite struct PartitionTests {
    @Test("Halves of a network decide nothing and go on answering; healed, they agree") func halves() async throws {
      var options = LocalCluster.Options.quick
      options.leaderTimeoutMilliseconds = 200
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        let agent = try await cluster.register(key: .generate())
        try await cluster.expectEverywhere([agent])
        await cluster.partition([0, 1], [2, 3])
        // Time enough for a block, had one been possible: every follower has given up a leader.
        try await cluster.waitUntil {
          for index in 0..<4 where try await cluster.status(of: index)?.stalledBecause.isEmpty ?? true { return false }
          return true
        }
        let heights = (0..<4).map { cluster.height(of: $0) }
        var impatient = CairnClient.Options()
        impatient.maximumStalenessMilliseconds = 1500
        impatient.readTimeout = .seconds(1)
        for index in [0, 2] {
          let client = try cluster.client(of: index)
          #expect(try await client.freshResolution(of: agent).resolved != nil)
          await client.close()
          let strict = try CairnClient(
            to: [Endpoint(cluster.address(of: index), nodeKey: cluster.network.validators[index].nodeKey.publicKey)],
            trusting: .anchor(cluster.network.anchor), options: impatient)
          try await cluster.waitUntil {
            do throws(CairnError) {
              _ = try await strict.freshResolution(of: agent)
              return false
            } catch {
              guard case .noAnswer(let failures) = error else { return false }
              return failures.contains { $0.problem.reason == "stale" }
            }
          }
          await strict.close()
        }
        #expect((0..<4).map { cluster.height(of: $0) } == heights)
        await cluster.heal()
        let later = try await cluster.register(key: .generate())
        try await cluster.expectEverywhere([agent, later])
        try await cluster.expectAgreement()
        try await cluster.expectNoEvidence()
      }
    }

    @Test("An isolated node costs its views a time-out, and nothing else") func isolatedLeader() async throws {
      var options = LocalCluster.Options.quick
      options.leaderTimeoutMilliseconds = 200
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        await cluster.partition([0, 1, 2], [3])
        try await cluster.waitForBlocks(8)
        let agent = try await cluster.register(key: .generate())
        try await cluster.waitUntil { try await cluster.status(of: 0)?.leaderTimeouts ?? 0 > 0 }
        await cluster.heal()
        try await cluster.expectEverywhere([agent])
        try await cluster.expectAgreement()
      }
    }

    @Test("A node that was cut off for more views than are tracked comes back") func longIsolation() async throws {
      var options = LocalCluster.Options.quick
      options.parameters.heartbeatMilliseconds = 20
      options.leaderTimeoutMilliseconds = 50
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        await cluster.partition([0, 1, 2], [3])
        let start = try await cluster.status(of: 0)?.info.view ?? 0
        try await cluster.waitUntil { (try await cluster.status(of: 0)?.info.view ?? 0) > start + 270 }
        await cluster.heal()
        try await cluster.expectAgreement()
        // Now its vote is needed.
        await cluster.stop(node: 0)
        try await cluster.waitForBlocks(5)
      }
    }
  }
}
