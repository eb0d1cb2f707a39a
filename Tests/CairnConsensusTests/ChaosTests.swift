import CairnChain
import Testing

@testable import CairnConsensus

/// Everything at once: loss, duplication, reordering, crashes and f Byzantine validators. The cluster asserts agreement and that no
/// honest validator contradicts itself after every event; here, that the network goes on once it is healed.
@Suite struct ChaosTests {
  @Test("Four validators, one of them Byzantine", arguments: 0..<10 as Range<UInt64>) func four(group: UInt64) {
    for seed in group * 25..<group * 25 + 25 { run(4, seed: seed) }
  }

  @Test("Seven validators, two of them Byzantine", arguments: 0..<10 as Range<UInt64>) func seven(group: UInt64) {
    for seed in group * 5..<group * 5 + 5 { run(7, seed: 10_000 + seed) }
  }

  private func run(_ count: Int, seed: UInt64) {
    let cluster = Cluster(count, seed: seed)
    corrupt(cluster)
    cluster.network = .init(
      latency: 1...cluster.random(5...200), loss: Int(cluster.random(0...300)), duplication: Int(cluster.random(0...200)),
      diskDelay: 0...cluster.random(0...20))
    cluster.start()
    let end: UInt64 = 8000
    for index in 0..<30 { cluster.at(cluster.random(0...end)) { cluster.submit("\(index)") } }
    for _ in 0..<cluster.random(0...6) { scheduleCrash(cluster, before: end) }
    cluster.run(for: end + 2000)
    heal(cluster)
    let height = cluster.highestHeight
    let hasProgressed = cluster.run(for: 120_000) {
      cluster.lowestHeight > height && cluster.honest.allSatisfy { $0.committedTransactions.count >= 30 }
    }
    #expect(hasProgressed, "seed \(seed): \(cluster.nodes.map { ($0.height, $0.engine?.view, $0.engine?.waiting) })")
    #expect(cluster.honest.allSatisfy { $0.halted == nil && $0.engine?.votingDisabledReason == nil }, "seed \(seed)")
    #expect(cluster.honest.flatMap(\.evidence).allSatisfy { cluster.nodes[$0.validator].behaviour != .honest })
  }

  private func corrupt(_ cluster: Cluster) {
    for _ in 0..<cluster.fixture.validators.faults {
      let index = Int(cluster.random(0...UInt64(cluster.nodes.count - 1)))
      cluster.nodes[index].behaviour = Behaviour.allCases[Int(cluster.random(0...UInt64(Behaviour.allCases.count - 1)))]
    }
  }

  private func scheduleCrash(_ cluster: Cluster, before end: UInt64) {
    let index = Int(cluster.random(0...UInt64(cluster.nodes.count - 1)))
    let time = cluster.random(100...end)
    cluster.at(time) { cluster.crash(index) }
    cluster.at(time + cluster.random(0...1900)) { if cluster.nodes[index].engine == nil { cluster.start(index) } }
  }

  private func heal(_ cluster: Cluster) {
    cluster.network = .init(latency: 1...20, loss: 0, duplication: 0, diskDelay: 0...2)
    for node in cluster.nodes where node.engine == nil { cluster.start(node.index) }
  }
}
