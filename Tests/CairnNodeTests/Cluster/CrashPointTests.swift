import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNode
import CairnStore
import CairnTestKit
import Testing

extension Clusters {
  @Suite struct CrashPointTests {
    @Test("A node that crashes around any write of its running comes back, votes, and has lost nothing that was acknowledged")
    func crashesWhileRunning() async throws {
      let fault = ArmedFault()
      let options = LocalCluster.Options.quick.changing { index, configuration in if index == 2 { configuration.storeFaults = fault } }
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        let stream = RegistrationStream(cluster)
        for point in [DurablePoint.chainCommit, .safetyAppend, .safetySync, .stateCommit, .indexCommit] {
          for side in ArmedFault.Side.allCases {
            fault.arm(point, side)
            try await cluster.waitUntil { cluster.failure(of: 2) != nil }
            #expect(cluster.failure(of: 2)?.reason == "io", "\(point) \(side)")
            try await cluster.restart(node: 2)
            try await cluster.waitUntil { try await cluster.status(of: 2)?.voting == true }
            let count = stream.count
            try await cluster.waitUntil { stream.count > count + 2 }
          }
        }
        let acknowledged = await stream.stop()
        try await cluster.expectEverywhere(acknowledged)
        try await cluster.expectAgreement()
        try await cluster.expectNoEvidence()
      }
    }

    @Test("A node that crashes while it sets up its directory starts there as if nothing had been", arguments: DurablePoint.allCases)
    func crashesWhileSettingUp(_ point: DurablePoint) async throws {
      let fault = ArmedFault()
      var options = LocalCluster.Options.quick
      options.configure = { index, configuration in if index == 0 { configuration.storeFaults = fault } }
      options.absent = [0]
      try await LocalCluster.with(nodes: 1, options: options) { cluster in
        for side in ArmedFault.Side.allCases {
          fault.arm(point, side)
          // Not every point is passed before a node runs.
          if (try? await cluster.restart(node: 0)) != nil, fault.isArmed { break }
          if cluster.running.isEmpty { continue }
          try await cluster.waitUntil { cluster.failure(of: 0) != nil }
        }
        fault.disarm()
        await cluster.stop(node: 0)
        try await cluster.restart(node: 0)
        try await cluster.waitUntil { try await cluster.status(of: 0)?.voting == true }
        try await cluster.waitForBlocks(2)
      }
    }

    @Test(
      "A full disk stops a node with a failure that names the file, and the others go on",
      arguments: [DurablePoint.chainCommit, .stateCommit])
    func fullDisk(_ point: DurablePoint) async throws {
      let fault = ArmedFault()
      let options = LocalCluster.Options.quick.changing { index, configuration in if index == 1 { configuration.storeFaults = fault } }
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        fault.arm(point, .before, .full(path: "/data/chain.db"))
        _ = try await cluster.register(key: .generate())
        try await cluster.waitUntil { cluster.failure(of: 1) != nil }
        #expect(cluster.failure(of: 1)?.reason == "full")
        #expect(cluster.failure(of: 1).map { "\($0)".contains("/data/chain.db: no space left") } == true)
        #expect(cluster.running == [0, 2, 3])
        let agent = try await cluster.register(key: .generate())
        try await cluster.expectEverywhere([agent])
        try await cluster.restart(node: 1)
        try await cluster.expectEverywhere([agent])
        try await cluster.expectAgreement()
      }
    }
  }
}
