import CairnCrypto
import CairnMessages
import CairnNode
import CairnTestKit
import Foundation
import Testing

extension Clusters {
  @Suite struct SafetyRecordTests {
    @Test("A node without its safety log follows and serves, and does not vote; the others go on") func logDeleted() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        try await cluster.waitForBlocks(2)
        await cluster.stop(node: 2)
        try FileManager.default.removeItem(atPath: cluster.dataDirectory(of: 2) + "/safety.log")
        try await cluster.restart(node: 2)
        try await expectFollowing(cluster, 2, because: "records_missing")
      }
    }

    @Test("A node that was restored from an older copy does not vote") func olderCopy() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        try await cluster.waitForBlocks(2)
        await cluster.stop(node: 2)
        let directory = cluster.dataDirectory(of: 2)
        try FileManager.default.copyItem(atPath: directory, toPath: directory + ".copy")
        try await cluster.restart(node: 2)
        try await cluster.waitUntil { try await cluster.status(of: 2)?.voting == true }
        try await cluster.waitForBlocks(6)
        try await cluster.waitUntilLevel()
        await cluster.stop(node: 2)
        try FileManager.default.removeItem(atPath: directory)
        try FileManager.default.moveItem(atPath: directory + ".copy", toPath: directory)
        try await cluster.restart(node: 2)
        try await expectFollowing(cluster, 2, because: "records_stale")
      }
    }

    @Test("A node whose directory is gone does not vote with a new one") func directoryDeleted() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        try await cluster.waitForBlocks(4)
        await cluster.stop(node: 1)
        try FileManager.default.removeItem(atPath: cluster.dataDirectory(of: 1))
        try await cluster.restart(node: 1)
        try await expectFollowing(cluster, 1, because: "records_stale")
      }
    }

    @Test("A node whose operator says so does not vote") func operatorRequest() async throws {
      let options = LocalCluster.Options.quick
      try await LocalCluster.with(nodes: 4, options: options) { cluster in
        await cluster.stop(node: 3)
        try await cluster.restart(node: 3) { $0.isVotingAllowed = false }
        try await expectFollowing(cluster, 3, because: "operator_request")
      }
    }

    private func expectFollowing(_ cluster: LocalCluster, _ index: Int, because reason: String) async throws {
      try await cluster.waitUntil { try await cluster.status(of: index)?.notVotingBecause == reason }
      let agent = try await cluster.register(key: .generate())
      try await cluster.expectEverywhere([agent])
      try await cluster.expectAgreement()
      try await cluster.expectNoEvidence()
      #expect(try await cluster.status(of: index)?.voting == false)
    }
  }
}
