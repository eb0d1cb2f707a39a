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

    /// By the only trustee.
    private func decide(_ change: GovernanceAction.ValidatorChange, in cluster: LocalCluster, epoch: UInt64) async throws {
      let expires = UInt64(Date().timeIntervalSince1970 * 1_000) + 86_400_000
      _ = try await cluster.client.propose(.changeValidators(change), expiresMilliseconds: expires, by: cluster.network.trustees[0])
      try await cluster.waitUntil { try await cluster.status(of: 0)?.info.epoch == epoch }
    }

    @Test("Nodes that were away for epochs, or lost everything, begin again with a snapshot, say what they have not, and go on from there")
    func away() async throws {
      var options = Self.options(interval: 60, distance: 200)
      options.trustees = 1
      options.parameters.trusteeThreshold = 1
      try await LocalCluster.with(nodes: 5, options: options) { cluster in
        let agents = try await enrol(cluster)
        await cluster.stop(node: 3)
        var validator = try Validator(try #require(try await cluster.status(of: 4)).validators[4])
        try await decide(.remove(validator.name), in: cluster, epoch: 1)
        (validator.peerAddress, validator.clientAddress) = ("127.0.0.1:10", "127.0.0.1:10")
        try await decide(.add(validator), in: cluster, epoch: 2)
        // More than the blocks that are fetched with a snapshot, so that some are missing.
        try await cluster.waitUntil { cluster.highest >= 1_200 }
        let height = try #require(try await cluster.status(of: 0)?.snapshotHeight)
        #expect(height > 1_000 && height.isMultiple(of: 60))
        try await cluster.restart(node: 3)
        try await cluster.waitUntil { try await cluster.status(of: 3)?.voting ?? false && (cluster.height(of: 3) ?? 0) >= 1_200 }

        let status = try #require(try await cluster.status(of: 3))
        #expect(status.info.epoch == 2)
        try #require(status.historyFrom > 1 && status.historyFrom < 1_000)
        let client = try cluster.client(of: 3)
        for agent in agents { #expect(try await client.freshResolution(of: agent).resolved != nil) }
        #expect(client.newest?.header.epoch == 2)
        await #expect(throws: (any Error).self) { try await client.header(.height(status.historyFrom - 2)) }
        _ = try await client.header(.height(status.historyFrom))
        await client.close()
        #expect(try cluster.digest(of: 3, atHeight: status.historyFrom) == cluster.digest(of: 0, atHeight: status.historyFrom))

        // Four of five must agree: the one that was away is needed.
        await cluster.stop(node: 1)
        let more = try await enrol(cluster)
        await cluster.stop(node: 3)
        let archive = try StoreArchive(path: cluster.dataDirectory(of: 3), network: cluster.network.genesis.network)
        let summary = try await ChainVerification(genesis: cluster.network.genesis, archive: archive).run { _, _ in }
        #expect(summary.historyFrom == status.historyFrom)
        #expect(summary.stateRows > agents.count)
        _ = consume archive
        try FileManager.default.removeItem(atPath: cluster.dataDirectory(of: 1))
        try await cluster.restart(node: 3)
        try await cluster.restart(node: 1)
        try await cluster.expectEverywhere(agents + more)
        let wiped = try #require(try await cluster.status(of: 1))
        #expect(wiped.historyFrom > 1 && wiped.info.epoch == 2)
        #expect([1, 3].allSatisfy { cluster.failure(of: $0) == nil })
        try await cluster.expectNoEvidence()
      }
    }

    /// What an answer with a part of a snapshot is replaced by.
    enum Lie: String, CaseIterable, Sendable {
      case wrongBytes, truncated, empty, huge
    }

    @Test("A peer that lies about the snapshot costs a retry", arguments: [Lie.wrongBytes])
    func lyingPeer(_ lie: Lie) async throws {
      // Rare enough for what the liar has heard of to be still offered when it is asked.
      var options = Self.options(interval: 150, distance: 20)
      options.absent = [0]
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
        // The first in the order in which peers are asked.
        try await Impostor.join(cluster, as: 0, script) { impostor in
          let agents = try await enrol(cluster)
          await cluster.stop(node: 3)
          let height = try #require(cluster.height(of: 1))
          try await cluster.waitUntil { try await cluster.status(of: 1)?.snapshotHeight ?? 0 >= height + 30 }
          impostor.act { core in core.askForOffers(of: 1) }
          try await cluster.waitUntil { try await impostor.ask { $0.offers != nil } }
          let target = cluster.highest
          try await cluster.restart(node: 3)
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
