import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnNode
import CairnStore
import CairnTestKit
import Foundation
import Testing

extension Clusters {
  @Suite struct StatusTests {
    /// Height of the block with the operation.
    private func perform(_ operation: LedgerOperation, _ cluster: LocalCluster) async throws -> UInt64 {
      let receipt = try await cluster.client.perform([operation], keys: [], by: cluster.network.registrar)
      // The header of the block is the first entry after the transaction that is one.
      var index = receipt.index
      while true {
        index += 1
        try await cluster.waitUntil { [index] in try await cluster.client.checkpoint().header.logSize > index }
        if case .header(let bytes) = try await cluster.client.entry(index).entry { return try Header(decoding: bytes).height }
      }
    }

    @Test("Every node proves a revocation, and that there was none before; so does one that made its state anew")
    func revocation() async throws {
      try await LocalCluster.with(nodes: 4, options: .quick) { cluster in
        let network = cluster.network.anchor.network
        let list = try StatusListID(issuer: cluster.network.registrar.did, name: "tools")
        let made = try await perform(.createStatusList(list, purpose: .revocation, network: network), cluster)
        let revoked = try await perform(.updateStatusList(list, set: [42], network: network), cluster)
        let later = try await perform(.updateStatusList(list, set: [43], network: network), cluster)
        #expect(made < revoked && revoked < later)
        try await cluster.waitUntilLevel()
        for index in cluster.running { try await expectProven(list, made, revoked, later, by: index, cluster) }

        // A node whose state.db is gone makes it again from the log, its past included.
        await cluster.stop(node: 2)
        for suffix in ["", "-wal", "-shm"] {
          try? FileManager.default.removeItem(atPath: cluster.dataDirectory(of: 2) + "/state.db" + suffix)
        }
        try await cluster.restart(node: 2)
        try await cluster.waitUntilLevel()
        try await expectProven(list, made, revoked, later, by: 2, cluster)
      }
    }

    private func expectProven(
      _ list: StatusListID, _ made: UInt64, _ revoked: UInt64, _ later: UInt64, by index: Int, _ cluster: LocalCluster
    ) async throws {
      let client = try cluster.client(of: index)
      #expect(try await client.status(of: 42, in: list).isSet)
      #expect(try await client.status(of: 42, in: list, at: .height(revoked)).isSet)
      #expect(try await !client.status(of: 42, in: list, at: .height(revoked - 1)).isSet)
      #expect(try await !client.status(of: 42, in: list, at: .height(made)).isSet)
      #expect(try await client.statusList(list).bits.setIndices == [42, 43])
      #expect(try await client.statusList(list, at: .height(later - 1)).bits.setIndices == [42])
      let since = try await client.status(of: 42, in: list, at: .height(revoked)).status.since
      #expect(since.height == revoked)
      #expect(try await !client.status(of: 42, in: list, at: .time(milliseconds: since.milliseconds - 1)).isSet)
      do {
        _ = try await client.status(of: 42, in: list, at: .height(made - 1))
        Issue.record("a status before the list")
      } catch {
        #expect(error.reason == "status_list_not_yet_created")
      }
      await client.close()
    }

    @Test("A version of the past that the log does not lead to is found by verification") func verification() async throws {
      try await LocalCluster.with(nodes: 1, options: .quick) { cluster in
        let network = cluster.network.anchor.network
        let list = try StatusListID(issuer: cluster.network.registrar.did, name: "tools")
        _ = try await perform(.createStatusList(list, purpose: .revocation, network: network), cluster)
        for index in 0..<3 { _ = try await perform(.updateStatusList(list, set: [UInt32(index)], network: network), cluster) }
        await cluster.stop(node: 0)
        let path = cluster.dataDirectory(of: 0)
        #expect(try await verify(path, cluster) == nil)
        let key = list.chunkKey(0)
        let found = try #require(try superseded(path, network).first { $0.key == key })
        for (damage, reason) in [
          (SupersededRow(key: key, version: 7, record: found.record), "superseded_row"),
          (SupersededRow(key: key, version: found.version, record: found.record + [0]), "superseded_row"), (found, "superseded_rows"),
        ] {
          let copy = path + "-" + UUID().uuidString
          defer { try? FileManager.default.removeItem(atPath: copy) }
          try FileManager.default.copyItem(atPath: path, toPath: copy)
          try insert(damage, into: copy, network)
          #expect(try await verify(copy, cluster) == reason)
        }
      }
    }

    /// The reason of the damage, if there is any.
    private func verify(_ path: String, _ cluster: LocalCluster) async throws -> String? {
      let genesis = cluster.network.genesis
      do {
        let summary = try await ChainVerification(genesis: genesis, archive: StoreArchive(path: path, network: genesis.network)).run {
          _, _ in
        }
        #expect(summary.storedStateHeight != nil)
        return nil
      } catch let error as ChainDamage {
        return error.reason
      }
    }

    private func superseded(_ path: String, _ network: Digest) throws -> [SupersededRow] {
      var rows: [SupersededRow] = []
      try StoreArchive(path: path, network: network).state.forEachSuperseded { row throws(StoreError) in rows.append(row) }
      return rows
    }

    private func insert(_ row: SupersededRow, into path: String, _ network: Digest) throws {
      let store = try Store(path: path, network: network, indexKeys: { _ in [] })
      let head = try #require(store.state.head)
      try store.state.apply([CairnStore.StateRow](), superseded: [row], height: head.height, root: head.root)
      store.unlock()
    }
  }
}
