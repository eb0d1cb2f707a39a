import CairnChain
import CairnClient
import CairnConsensus
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnStore
import CairnTestKit
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnNode

extension Clusters {
  @Suite struct SnapshotClusterTests {
    static func options(interval: UInt64, distance: UInt64) -> LocalCluster.Options {
      var options = LocalCluster.Options.quick.changing { _, configuration in
        configuration.snapshots.intervalBlocks = interval
        configuration.snapshots.distanceBlocks = distance
        configuration.timers.leaderMilliseconds = 200
      }
      options.parameters.heartbeatMilliseconds = 10
      options.patience = .seconds(120)
      return options
    }

    /// Some agents, one of them with earlier versions.
    private func enrol(_ cluster: LocalCluster) async throws -> [CairnDID] {
      let enrolments = try (0..<20).map { _ in try cluster.enrolment(validityBlocks: 900) }
      _ = try await cluster.client.submit(enrolments)
      return enrolments.map { $0.operations[0].subject }
    }

    @Test("A node that lost everything begins again with a snapshot, says what it has not, and goes on from there after a restart")
    func wiped() async throws {
      try await LocalCluster.with(options: Self.options(interval: 60, distance: 200)) { cluster in
        let agents = try await enrol(cluster)
        await cluster.stop(node: 3)
        try FileManager.default.removeItem(atPath: cluster.dataDirectory(of: 3))
        // More than the blocks that are fetched with a snapshot, so that some are missing.
        try await cluster.waitUntil { cluster.highest >= 1_130 }
        let height = try #require(try await cluster.status(of: 0)?.snapshotHeight)
        #expect(height > 1_000 && height.isMultiple(of: 60))
        try await cluster.restart(node: 3)
        try await cluster.waitUntil { (cluster.height(of: 3) ?? 0) >= 1_130 }

        let status = try #require(try await cluster.status(of: 3))
        #expect(status.historyFrom > 1 && status.historyFrom < 1_000)
        let client = try cluster.client(of: 3)
        for agent in agents { #expect(try await client.freshResolution(of: agent).resolved != nil) }
        await #expect(throws: (any Error).self) { try await client.header(.height(status.historyFrom - 2)) }
        _ = try await client.header(.height(status.historyFrom))
        await client.close()
        #expect(try cluster.digest(of: 3, atHeight: status.historyFrom) == cluster.digest(of: 0, atHeight: status.historyFrom))

        // What it executes from here on is what the others do, and is there when it starts again.
        let more = try await enrol(cluster)
        try await cluster.expectEverywhere(more)
        await cluster.stop(node: 3)
        let archive = try StoreArchive(path: cluster.dataDirectory(of: 3), network: cluster.network.genesis.network)
        let summary = try await ChainVerification(genesis: cluster.network.genesis, archive: archive).run { _, _ in }
        #expect(summary.historyFrom == status.historyFrom)
        #expect(summary.stateRows > agents.count)
        _ = consume archive
        try await cluster.restart(node: 3)
        try await cluster.expectEverywhere(agents + more)
        #expect(cluster.failure(of: 3) == nil)
        try await cluster.expectNoEvidence()
      }
    }

    /// What an answer with a part of a snapshot is replaced by.
    enum Lie: String, CaseIterable, Sendable {
      case wrongBytes, truncated, empty, huge
    }

    @Test("A peer that lies about the snapshot costs a retry", arguments: Lie.allCases)
    func lyingPeer(_ lie: Lie) async throws {
      var options = Self.options(interval: 100, distance: 50)
      options.parameters.heartbeatMilliseconds = 50
      options.absent = [2]
      var script = Impostor.Script()
      script.answer = { core, code, payload in
        guard code == PeerCode.snapshots || code == PeerCode.snapshotPart else { return nil }
        // It offers what the others offer, so that it is asked for parts of it.
        guard code == PeerCode.snapshotPart else { return core.offers }
        core.count += 1
        switch lie {
        case .wrongBytes: return ByteBuffer(bytes: [UInt8](repeating: 7, count: 5_000))
        case .truncated: return ByteBuffer(bytes: [1])
        case .empty: return ByteBuffer()
        case .huge: return ByteBuffer(bytes: [UInt8](repeating: 0, count: SnapshotChunk.byteLimit + 10))
        }
      }
      try await LocalCluster.with(options: options) { cluster in
        try await Impostor.join(cluster, as: 2, script) { impostor in
          let agents = try await enrol(cluster)
          await cluster.partition([3], [0, 1, 2])
          try await cluster.waitUntil { (cluster.height(of: 0) ?? 0) >= 210 }
          try await impostor.ask { core in core.askForOffers(of: 0) }
          try await cluster.waitUntil { try await impostor.ask { $0.offers != nil } }
          await cluster.heal()
          let target = cluster.highest
          try await cluster.waitUntil { (cluster.height(of: 3) ?? 0) >= target }
          try await cluster.waitUntil { try await impostor.ask(\.count) > 0 }
          #expect(cluster.failure(of: 3) == nil)
          try await cluster.expectEverywhere(agents)
          try await cluster.expectNoEvidence()
        }
      }
    }
  }
}
