import CairnChain
import Testing

@testable import CairnConsensus

@Suite struct CrashTests {
  /// Each node crashes at each of its barriers in turn; the recorder in the cluster sees any vote that contradicts an earlier life.
  @Test("A crash right before or after any batch is written harms neither safety nor progress", arguments: [false, true])
  func everyBarrier(isWritten: Bool) {
    for victim in 0..<4 {
      for barrier in UInt64(1)...14 {
        let cluster = Cluster(4, seed: barrier)
        var hasCrashed = false
        cluster.crashes = { node, id, written in
          guard node == victim, id.rawValue == barrier, written == isWritten, !hasCrashed else { return false }
          hasCrashed = true
          cluster.at(cluster.time + 50) { cluster.start(victim) }
          return true
        }
        cluster.start()
        for index in 0..<8 { cluster.at(UInt64(index) * 30) { cluster.submit("\(index)") } }
        #expect(cluster.run(for: 20_000) { cluster.nodes.allSatisfy { $0.committedTransactions.count == 8 } })
        #expect(hasCrashed, "the barrier was reached")
      }
    }
  }

  @Test("A validator alone survives a crash at every barrier", arguments: [false, true]) func alone(isWritten: Bool) {
    for barrier in UInt64(1)...10 {
      let cluster = Cluster(1)
      var crashed = 0
      cluster.crashes = { _, id, written in
        guard id.rawValue == barrier, written == isWritten, crashed < 3 else { return false }
        crashed += 1
        cluster.at(cluster.time + 50) { cluster.start(0) }
        return true
      }
      cluster.start()
      for index in 0..<8 { cluster.at(UInt64(index) * 30) { cluster.submit("\(index)") } }
      #expect(cluster.run(for: 20_000) { cluster.nodes[0].committedTransactions.count == 8 })
      #expect(crashed > 0)
    }
  }

  @Test("All nodes at once lose power, again and again") func powerCuts() {
    let cluster = Cluster(4, seed: 3)
    cluster.network = .init(latency: 1...30, loss: 0, duplication: 0, diskDelay: 0...10)
    cluster.start()
    for cut in UInt64(1)...20 {
      cluster.submit("\(cut)")
      cluster.run(for: cluster.random(5...90))
      for node in cluster.nodes { cluster.crash(node.index) }
      cluster.run(for: 20)
      cluster.start()
    }
    #expect(cluster.run(for: 60_000) { cluster.nodes.allSatisfy { $0.committedTransactions.count == 20 } })
  }
}
