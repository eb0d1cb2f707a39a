import CairnChain
import CairnClient
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNode
import CairnTestKit
import Foundation
import Logging
import Testing

extension Clusters {
  @Suite struct RestartTests {
    @Test("Whichever node is stopped and started again, nothing acknowledged is lost and heights only grow") func eachNode() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        let stream = RegistrationStream(cluster)
        for index in 0..<cluster.count {
          let before = stream.count
          await cluster.stop(node: index)
          let height = cluster.highest
          try await cluster.waitUntil { stream.count > before + 2 }
          try await cluster.restart(node: index)
          try await cluster.waitUntil { try await cluster.status(of: index)?.voting == true }
          try await cluster.waitUntil { (cluster.height(of: index) ?? 0) > height }
        }
        let acknowledged = await stream.stop()
        try await cluster.expectEverywhere(acknowledged)
        try await cluster.expectAgreement()
        try await cluster.expectNoEvidence()
      }
    }

    @Test("With as many nodes stopped as may fail the network goes on, and they catch up") func allThatMayFail() async throws {
      try await LocalCluster.with(nodes: 7, options: .quick) { cluster in
        await cluster.stop(node: 1)
        await cluster.stop(node: 5)
        let agent = try await cluster.register(key: .generate())
        try await cluster.restart(node: 1)
        try await cluster.restart(node: 5)
        try await cluster.expectEverywhere([agent])
        try await cluster.expectAgreement()
      }
    }

    @Test("All nodes stopped at once come back with everything that was acknowledged") func allAtOnce() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        let stream = RegistrationStream(cluster)
        try await cluster.waitUntil { stream.count > 5 }
        await withTaskGroup(of: Void.self) { group in
          for index in 0..<4 { group.addTask { await cluster.stop(node: index) } }
        }
        #expect(cluster.running.isEmpty)
        for index in 0..<4 { try await cluster.restart(node: index) }
        let count = stream.count
        try await cluster.waitUntil { stream.count > count + 2 }
        let acknowledged = await stream.stop()
        try await cluster.expectEverywhere(acknowledged)
        try await cluster.expectAgreement()
        try await cluster.expectNoEvidence()
      }
    }

    @Test("A node that missed more than a window of blocks catches up, and votes again") func farBehind() async throws {
      var options = LocalCluster.Options.quick
      options.parameters.heartbeatMilliseconds = 20
      options.leaderTimeoutMilliseconds = 100
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        await cluster.stop(node: 3)
        try await cluster.waitForBlocks(150)
        let agent = try await cluster.register(key: .generate())
        try await cluster.restart(node: 3)
        try await cluster.waitUntil { try await cluster.status(of: 3)?.voting == true }
        try await cluster.expectEverywhere([agent])
        try await cluster.expectAgreement()
        // The other way round: those who were never away need the one that was.
        await cluster.stop(node: 0)
        try await cluster.waitForBlocks(5)
      }
    }

    @Test("State and look-ups that were deleted are made again from the chain", arguments: ["state.db", "index.db"])
    func derivedDataIsRebuilt(_ file: String) async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        let agent = try await cluster.register(key: .generate())
        try await cluster.expectEverywhere([agent])
        await cluster.stop(node: 1)
        for suffix in ["", "-wal", "-shm"] {
          try? FileManager.default.removeItem(atPath: "\(cluster.dataDirectory(of: 1))/\(file)\(suffix)")
        }
        try await cluster.restart(node: 1)
        try await cluster.expectEverywhere([agent])
        let client = try cluster.client(of: 1)
        #expect(try await client.history(of: agent, genesis: cluster.network.genesis).history.versions.count == 1)
        await client.close()
      }
    }

    @Test("A directory of another network is refused, and so is one that is open") func foreignDirectories() async throws {
      try await LocalCluster.with(nodes: 1, options: .quick) { cluster in
        var second = cluster.configuration(of: 0)
        (second.peerListener.port, second.clientListener.port, second.adminListener) = (0, 0, nil)
        #expect(await refusal(of: second) == "locked")
        await cluster.stop(node: 0)
        try await LocalCluster.with(nodes: 1, options: .quick) { other in
          var foreign = other.configuration(of: 0)
          foreign.dataDirectory = second.dataDirectory
          #expect(await refusal(of: foreign) == "wrong_network")
        }
        second.voteKey = .held(.generate())
        // A key that no validator has: a node that follows.
        #expect(await refusal(of: second) == nil)
        second.voteKey = cluster.configuration(of: 0).voteKey
        second.nodeKey = .generate()
        #expect(await refusal(of: second) == "node_key_mismatch")
        try await cluster.restart(node: 0)
        try await cluster.waitForBlocks(1)
      }
    }

    /// Why a node does not start.
    private func refusal(of configuration: NodeConfiguration) async -> String? {
      do {
        await (try Node.start(configuration, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))).shutdown()
        return nil
      } catch {
        return (error as? NodeFailure)?.reason
      }
    }

    @Test("A node can be shut down twice, and while it is being shut down") func shutDownTwice() async throws {
      try await LocalCluster.with(nodes: 1, options: .quick) { cluster in
        var configuration = cluster.configuration(of: 0)
        await cluster.stop(node: 0)
        (configuration.peerListener.port, configuration.clientListener.port, configuration.adminListener) = (0, 0, nil)
        let node = try await Node.start(configuration, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        async let first: Void = node.shutdown()
        async let second: Void = node.shutdown()
        _ = await (first, second)
        await node.shutdown()
        try await cluster.restart(node: 0)
      }
    }
  }
}
