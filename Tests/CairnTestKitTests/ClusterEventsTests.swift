import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnTestKit
import Testing

@Suite("Events of a cluster") struct ClusterEventsTests {
  @Test("Every node streams the same chain while transactions flow, and while one is stopped and restarted", .timeLimit(.minutes(2)))
  func events() async throws {
    try await LocalCluster.with(nodes: 4) { cluster in
      // One watcher for each node, and one that goes on at another node when its own stops.
      let clients = try (0..<4).map { try cluster.client(of: $0) }
      let wanted = 6
      let watchers = (clients + [cluster.client]).map { client in
        Task { try await Self.watch(client, until: wanted) }
      }
      var dids: [CairnDID] = []
      for _ in 0..<2 { dids.append(try await cluster.register(key: .generate())) }
      await cluster.stop(node: 0)
      for _ in 0..<2 { dids.append(try await cluster.register(key: .generate())) }
      try await cluster.restart(node: 0)
      for _ in 0..<2 { dids.append(try await cluster.register(key: .generate())) }
      let created = dids
      for watcher in watchers {
        let blocks = try await watcher.value
        #expect(blocks.map(\.header.height) == Array(1...UInt64(blocks.count)))
        #expect(blocks.flatMap(\.transactions).flatMap { $0.transaction.operations.compactMap(\.did) } == created)
        for block in blocks {
          #expect(try cluster.digest(of: 1, atHeight: block.header.height) == block.header.digest)
        }
      }
      for client in clients { await client.close() }
    }
  }

  /// Every block from the genesis to the one with the last of so many transactions.
  private static func watch(_ client: CairnClient, until count: Int) async throws -> [FinalizedBlock] {
    var blocks: [FinalizedBlock] = []
    var seen = 0
    while seen < count {
      do {
        for try await block in client.events(after: blocks.last?.position ?? EventPosition(height: 0)) {
          blocks.append(block)
          seen += block.transactions.count
          if seen >= count { break }
        }
      } catch {
        // The one node that this client knows is stopped for a while.
        guard case .noAnswer = error else { throw error }
      }
    }
    return blocks
  }
}
