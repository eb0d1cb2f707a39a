import CairnChain
import CairnCrypto
import Testing

@testable import CairnConsensus

@Suite struct ClusterTests {
  @Test("A block is final at every node three hops after it was proposed", arguments: [4, 7, 10]) func latency(count: Int) {
    let cluster = Cluster(count)
    cluster.start()
    cluster.submit("a")
    #expect(cluster.run(for: 100) { cluster.lowestHeight >= 1 })
    #expect(cluster.nodes.allSatisfy { $0.commitTimes[1] == 30 })
    #expect(cluster.nodes[0].disk.chain[0].value.block.transactions == [Array("a".utf8)])
  }

  @Test("Under load a block is notarized every two hops, and the next leader proposes on the notarization") func pipelining() {
    let cluster = Cluster(4)
    for index in 0..<200 { cluster.pool.append(Array("\(index)".utf8)) }
    cluster.start()
    #expect(cluster.run(for: 1000) { cluster.lowestHeight >= 10 })
    #expect(cluster.time == 9 * 20 + 30)
    #expect(cluster.nodes.allSatisfy { $0.engine?.nullifyCounts.isEmpty == true })
  }

  @Test("One validator alone notarizes and finalizes") func alone() {
    let cluster = Cluster(1)
    cluster.start()
    cluster.submit("a")
    #expect(cluster.run(for: 100) { cluster.lowestHeight == 1 })
    cluster.crash(0)
    cluster.start(0)
    cluster.submit("b")
    #expect(cluster.run(for: 100) { cluster.nodes[0].committedTransactions.count == 2 })
  }

  @Test("An idle network seals heartbeats and nothing else", arguments: [1, 4]) func idle(count: Int) {
    let cluster = Cluster(count)
    cluster.start()
    cluster.submit("a")
    cluster.run(for: 1000)
    #expect(cluster.lowestHeight == 1)
    cluster.run(for: 60_000)
    let blocks = cluster.nodes[0].disk.chain.dropFirst()
    #expect((11...12).contains(blocks.count))
    #expect(blocks.allSatisfy { $0.value.block.transactions.isEmpty })
    #expect(cluster.nodes.allSatisfy { $0.engine?.nullifyCounts.isEmpty == true })
    #expect(cluster.nodes.allSatisfy { $0.engine?.waiting == .idle })
    #expect(cluster.sent.proposals == (count - 1) * cluster.nodes[0].disk.chain.count)
  }

  @Test("A silent leader's view is given up, and the next leader goes on") func silentLeader() {
    let cluster = Cluster(4)
    let leader = cluster.fixture.schedule.leader(of: 1)
    cluster.nodes[leader].behaviour = .silent
    cluster.start()
    cluster.submit("a")
    #expect(cluster.run(for: 1100) { cluster.lowestHeight == 1 })
    #expect(cluster.honest.allSatisfy { $0.engine?.nullifyCounts == [.leaderTimeout: 1] })
    #expect(cluster.nodes[(leader + 1) % 4].disk.chain[0].value.skips.map(\.statement) == [.nullify(1)])
  }

  @Test("Partitions that rotate, one way and both ways, never fork, and end without a trace", arguments: 1...8 as ClosedRange<UInt64>)
  func rotatingPartitions(seed: UInt64) {
    let cluster = Cluster(7, seed: seed)
    cluster.network.latency = 1...60
    cluster.start()
    for index in 0..<20 { cluster.at(UInt64(index) * 700) { cluster.submit("\(index)") } }
    cluster.isLost = { from, to, _ in
      let turn = Int(cluster.time / 1500) + Int(seed)
      let isOneWay = turn % 2 == 0
      return (from + turn) % 7 < 3 && (to + turn) % 7 >= 3 || !isOneWay && (to + turn) % 7 < 3 && (from + turn) % 7 >= 3
    }
    cluster.run(for: 15_000)
    cluster.isLost = { _, _, _ in false }
    #expect(cluster.run(for: 30_000) { cluster.nodes.allSatisfy { $0.committedTransactions.count == 20 } })
  }

  @Test("Without a quorum nothing is finalized; after the partition heals everything is") func partition() {
    let cluster = Cluster(4)
    cluster.start()
    cluster.isLost = { from, to, _ in (from < 2) != (to < 2) }
    cluster.submit("a")
    cluster.run(for: 60_000)
    #expect(cluster.highestHeight == 0)
    cluster.isLost = { _, _, _ in false }
    #expect(cluster.run(for: 15_000) { cluster.lowestHeight >= 1 })
  }

  @Test("Blocks of an equivocating leader: never two final, and the evidence convicts it", arguments: 1...20 as ClosedRange<UInt64>)
  func equivocation(seed: UInt64) {
    let cluster = Cluster(4, seed: seed)
    cluster.network.latency = 1...40
    cluster.nodes[1].behaviour = .equivocates
    cluster.start()
    for index in 0..<30 { cluster.submit("\(index)") }
    #expect(cluster.run(for: 30_000) { cluster.lowestHeight >= 8 })
    let accused = Set(cluster.honest.flatMap(\.evidence).map(\.validator))
    #expect(accused == [1])
    for node in cluster.honest {
      #expect(Set(node.evidence.map(\.view)).count == node.evidence.count, "evidence is reported once per validator and view")
      #expect(node.disk.evidence == node.evidence)
    }
  }

  @Test("A leader that replaces transactions costs its view, and its certified blocks are fetched") func tampering() {
    let cluster = Cluster(4)
    cluster.nodes[2].behaviour = .tampers
    cluster.start()
    for index in 0..<50 { cluster.submit("\(index)") }
    #expect(cluster.run(for: 30_000) { cluster.lowestHeight >= 8 })
    #expect(cluster.honest.allSatisfy { ($0.engine?.faultCounts[.execution] ?? 0) > 0 })
  }

  @Test("A certified block whose transactions were replaced for one node only is fetched from its signers") func tamperingForOne() {
    let cluster = Cluster(4)
    let leader = cluster.fixture.schedule.leader(of: 1)
    let victim = (leader + 1) % 4
    cluster.start()
    cluster.isLost = { from, to, message in
      guard case .proposal(let proposal) = message, to == victim, from == leader, proposal.block.header.view == 1 else { return false }
      let block = Block(header: proposal.block.header, transactions: [Array("other".utf8)])
      let forged = Proposal(block: block, vote: proposal.vote, parent: proposal.parent, skips: proposal.skips)
      cluster.at(cluster.time + 5) { cluster.step(cluster.nodes[victim], .proposal(.own(forged), from: leader)) }
      return true
    }
    cluster.submit("a")
    #expect(cluster.run(for: 1000) { cluster.lowestHeight == 1 })
    #expect(cluster.nodes[victim].fetches > 0)
    #expect(cluster.nodes[victim].disk.chain[0].value.block.transactions == [Array("a".utf8)])
  }

  @Test("A block that did not arrive is fetched and finalized") func missingBody() {
    let cluster = Cluster(4)
    let leader = cluster.fixture.schedule.leader(of: 1)
    let victim = (leader + 2) % 4
    cluster.isLost = { from, to, message in if case .proposal = message { from == leader && to == victim } else { false } }
    cluster.start()
    cluster.submit("a")
    #expect(cluster.run(for: 200) { cluster.lowestHeight == 1 })
    #expect(cluster.nodes[victim].fetches == 1)
  }

  @Test("A node that was away catches up, through sync when it is far behind") func catchUp() {
    let cluster = Cluster(4)
    cluster.start()
    cluster.run(for: 100)
    cluster.crash(3)
    for index in 0..<300 {
      cluster.submit("\(index)")
      cluster.run(for: 50)
    }
    let height = cluster.nodes[0].height
    #expect(height > 30)
    cluster.start(3)
    cluster.submit("after")
    #expect(cluster.run(for: 10_000) { cluster.lowestHeight > height })
    #expect(cluster.nodes[3].catchUps > 0)
    cluster.submit("and on")
    cluster.run(for: 6000)
    #expect(cluster.nodes[3].engine?.view == cluster.nodes[0].engine?.view)
  }

  @Test("When every message of a while was lost, retransmission brings everything back") func lossOfEverything() {
    let cluster = Cluster(4)
    cluster.start()
    cluster.submit("a")
    var isDark = true
    cluster.isLost = { _, _, _ in isDark }
    cluster.run(for: 3000)
    isDark = false
    #expect(cluster.run(for: 5000) { cluster.lowestHeight >= 1 })
  }

  @Test("Lost Finalize votes are repeated after a standstill, in a network that stays idle") func lostFinalizations() {
    let cluster = Cluster(4)
    cluster.adjust = { $0.timers.heartbeatMilliseconds = 3_600_000 }
    cluster.isLost = { _, _, message in if case .vote(let vote) = message { vote.statement.kind == .finalize } else { false } }
    cluster.start()
    cluster.submit("a")
    cluster.run(for: 5000)
    #expect(cluster.highestHeight == 0)
    #expect(cluster.nodes[0].engine?.waiting == .votes(.finalize, from: [1, 2, 3]))
    cluster.isLost = { _, _, _ in false }
    #expect(cluster.run(for: 10_000) { cluster.lowestHeight == 1 })
  }

  @Test("After an outage of more views than skip certificates travel along, everyone goes on, and nothing piles up") func longOutage() {
    let cluster = Cluster(4)
    cluster.start()
    cluster.submit("a")
    cluster.run(for: 1000)
    cluster.crash(3)
    cluster.isLost = { _, _, message in if case .proposal = message { true } else { false } }
    cluster.submit("b")
    #expect(cluster.run(for: 2_000_000) { (cluster.nodes[0].engine?.view ?? 0) > 70 })
    #expect(cluster.nodes.prefix(3).allSatisfy { ($0.engine?.candidates.list.count ?? 0) <= 17 })
    cluster.isLost = { _, _, _ in false }
    cluster.start(3)
    #expect(cluster.run(for: 60_000) { cluster.nodes.allSatisfy { $0.committedTransactions.count == 2 } })
    #expect(cluster.nodes.allSatisfy { ($0.engine?.candidates.list.count ?? 0) <= 2 })
  }

  @Test("What an engine holds does not grow with the chain") func bounded() {
    let cluster = Cluster(4)
    cluster.adjust = { $0.timers.heartbeatMilliseconds = 1 }
    cluster.start()
    cluster.run(for: 20_000) { cluster.lowestHeight >= 500 }
    #expect(cluster.lowestHeight >= 500)
    for node in cluster.nodes {
      guard let engine = node.engine else { continue }
      #expect(engine.rounds.views(above: 0).count <= Int(Engine.trackedViews) + 4)
      #expect(engine.candidates.list.count <= 4 && engine.deadlines.count <= 6 && engine.barriers.count <= 4 && engine.fetches.isEmpty)
      let bodies = engine.rounds.views(above: 0).filter { engine.rounds[$0].proposal != nil }
      #expect(bodies.count <= 4)
    }
  }

  @Test("A leader that was silent for the skip period is passed over without a timeout") func fastSkip() {
    let cluster = Cluster(4)
    cluster.start()
    cluster.crash(2)
    for index in 0..<100 {
      cluster.submit("\(index)")
      cluster.run(for: 500)
    }
    let counts = cluster.honest.filter { $0.index != 2 }.compactMap { $0.engine?.nullifyCounts }
    #expect(counts.allSatisfy { ($0[.inactiveLeader] ?? 0) + ($0[.leaderNullified] ?? 0) > 3 })
    let before = cluster.nodes[0].height
    let timeouts = cluster.nodes[0].engine?.nullifyCounts[.leaderTimeout]
    for index in 100..<120 {
      cluster.submit("\(index)")
      cluster.run(for: 500)
    }
    #expect(cluster.nodes[0].height >= before + 20)
    #expect(cluster.nodes[0].engine?.nullifyCounts[.leaderTimeout] == timeouts)
  }

  @Test("A signer that fails costs votes and nothing else") func signingFailure() {
    let cluster = Cluster(4)
    cluster.start()
    cluster.nodes[1].signerWorks = false
    cluster.submit("a")
    #expect(cluster.run(for: 10_000) { cluster.lowestHeight >= 1 })
    for node in cluster.nodes { node.signerWorks = false }
    cluster.submit("b")
    cluster.run(for: 20_000)
    #expect(cluster.nodes.allSatisfy { !$0.committedTransactions.contains(Array("b".utf8)) })
    for node in cluster.nodes { node.signerWorks = true }
    #expect(cluster.run(for: 30_000) { cluster.nodes.allSatisfy { $0.committedTransactions.contains(Array("b".utf8)) } })
  }

  @Test("A node that must not vote follows, and signs nothing") func votingDisabled() {
    let cluster = Cluster(4)
    cluster.nodes[3].votingDisabledReason = .recordsDamaged
    cluster.start()
    for index in 0..<20 { cluster.submit("\(index)") }
    #expect(cluster.run(for: 20_000) { cluster.lowestHeight >= 5 })
    #expect(cluster.nodes[3].disk.votes.isEmpty)
  }

  @Test("A node whose records are older than what it signed stops voting") func staleRecords() {
    let cluster = Cluster(4)
    cluster.start()
    cluster.submit("a")
    cluster.run(for: 100)
    let old = cluster.nodes[2].disk
    for index in 0..<20 {
      cluster.submit("\(index)")
      cluster.run(for: 100)
    }
    cluster.crash(2)
    cluster.nodes[2].disk = old
    cluster.nodes[2].committedTransactions = [Array("a".utf8)]
    cluster.start(2)
    cluster.submit("b")
    cluster.run(for: 6000)
    #expect(cluster.nodes[2].engine?.votingDisabledReason == .recordsStale)
    #expect(cluster.nodes[2].height == cluster.nodes[0].height)
  }

  @Test("The same seed gives the same run") func determinism() {
    func trace(_ seed: UInt64) -> Digest {
      let cluster = Cluster(4, seed: seed)
      cluster.network = .init(latency: 1...100, loss: 100, duplication: 100, diskDelay: 0...5)
      cluster.start()
      for index in 0..<10 { cluster.submit("\(index)") }
      cluster.run(for: 10_000)
      return cluster.trace
    }
    #expect(trace(5) == trace(5))
    #expect(trace(5) != trace(6))
  }
}
