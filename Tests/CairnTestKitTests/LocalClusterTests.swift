import CairnClient
import CairnCrypto
import CairnIdentity
import CairnTestKit
import Foundation
import NIOCore
import Testing

@Suite(.serialized) struct LocalClusterTests {
  @Test("Any number of nodes agree on a registration, and each of them proves it", arguments: [1, 4, 7, 10])
  func registration(_ count: Int) async throws {
    var options = LocalCluster.Options()
    options.patience = .seconds(60)
    try await LocalCluster.with(nodes: count, options: options) { cluster in
      let agent = try await cluster.register(key: .generate())
      try await expectAgreement(cluster, on: agent)
    }
  }

  @Test("Eight clusters run side by side") func sideBySide() async throws {
    var options = LocalCluster.Options()
    options.patience = .seconds(60)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { [options] in
          try await LocalCluster.with(nodes: 4, options: options) { cluster in
            let agent = try await cluster.register(key: .generate())
            try await expectAgreement(cluster, on: agent)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("A cluster leaves no directory and no listener behind") func nothingIsLeft() async throws {
    let (directory, address) = try await LocalCluster.with(nodes: 4) { cluster in
      let directory = cluster.dataDirectory(of: 0)
      #expect(FileManager.default.fileExists(atPath: directory))
      return (URL(filePath: directory).deletingLastPathComponent().path, cluster.address(of: 0))
    }
    #expect(!FileManager.default.fileExists(atPath: directory))
    // The port is free again: a client finds nobody there.
    try await LocalCluster.with(nodes: 1) { cluster in
      var options = CairnClient.Options()
      options.readTimeout = .seconds(1)
      let client = try CairnClient(
        to: [Endpoint(address, nodeKey: cluster.network.validators[0].nodeKey.publicKey)], trusting: .anchor(cluster.network.anchor),
        options: options)
      await #expect(throws: CairnError.self) { try await client.checkpoint() }
      await client.close()
    }
  }

  @Test("A stopped node is started again where it was") func restart() async throws {
    try await LocalCluster.with(nodes: 4) { cluster in
      let address = cluster.address(of: 2)
      await cluster.stop(node: 2)
      #expect(cluster.running == [0, 1, 3])
      #expect(cluster.height(of: 2) == nil)
      let agent = try await cluster.register(key: .generate())
      try await cluster.restart(node: 2)
      #expect(cluster.address(of: 2) == address)
      try await expectAgreement(cluster, on: agent)
    }
  }

  private func expectAgreement(_ cluster: LocalCluster, on agent: CairnDID) async throws {
    for index in cluster.running {
      let client = try cluster.client(of: index)
      try await cluster.waitUntil { (try? await client.freshResolution(of: agent))?.resolved != nil }
      await client.close()
    }
    let common = cluster.running.compactMap { cluster.height(of: $0) }.min() ?? 0
    #expect(common > 0)
    for height in 0...common {
      let digests = try Set(cluster.running.map { try cluster.digest(of: $0, atHeight: height) })
      #expect(digests.count == 1 && digests.first != .some(nil), "at height \(height)")
    }
  }
}
