import CairnClient
import CairnLedger
import CairnTestKit
import Testing

@testable import CairnCommand

@Suite struct BenchLoadTests {
  @Test("Agents are enrolled in batches, and then changed again and again under load, every receipt verified")
  func enrolAndUpdate() async throws {
    try await LocalCluster.with(nodes: 1) { cluster in
      let connections = [try await cluster.client.verifiedConnection()]
      var fleet = Fleet(network: cluster.network.genesis.network)
      let enrolments = try await fleet.enrolments(3, operations: 4, by: cluster.network.registrar, notAfterHeight: 900)
      let enrolled = await SubmitLoad(
        enrolments.map(\.transaction), batch: 2, over: connections, pace: .saturating(messagesInFlight: 1)
      ).run(seconds: 60)
      fleet.settle(enrolments, enrolled.progress)
      #expect(fleet.agents.count == 12)

      let updates = try await fleet.updates(36, notAfterHeight: 900)
      let updated = await SubmitLoad(
        updates.map(\.transaction), batch: 6, over: connections, pace: .saturating(messagesInFlight: 1)
      ).run(seconds: 60)
      #expect(updated.failures.isEmpty)
      #expect(updated.latency.count == 36)
      fleet.settle(updates, updated.progress)
      #expect(fleet.agents.allSatisfy { $0.head.sequence == 3 })
      let resolved = try #require(try await cluster.client.freshResolution(of: fleet.agents[0].did).resolved)
      #expect(resolved.record.head == fleet.agents[0].head)
    }
  }

  @Test("An offered load sends what is due and no more")
  func offered() async throws {
    try await LocalCluster.with(nodes: 1) { cluster in
      let connections = [try await cluster.client.verifiedConnection()]
      var fleet = Fleet(network: cluster.network.genesis.network)
      let enrolments = try await fleet.enrolments(20, operations: 1, by: cluster.network.registrar, notAfterHeight: 900)
      let result = await SubmitLoad(enrolments.map(\.transaction), batch: 1, over: connections, pace: .offered(perSecond: 200))
        .run(seconds: 60)
      fleet.settle(enrolments, result.progress)
      #expect(fleet.agents.count == 20)
      // The twentieth is due after 95 ms.
      #expect(result.seconds >= 0.095)
    }
  }

  @Test("Agents whose change was refused are let go, and those that were not sent stay as they were")
  func settling() async throws {
    try await LocalCluster.with(nodes: 1) { cluster in
      let connections = [try await cluster.client.verifiedConnection()]
      var fleet = Fleet(network: cluster.network.genesis.network)
      let enrolments = try await fleet.enrolments(3, operations: 1, by: cluster.network.registrar, notAfterHeight: 900)
      let enrolled = await SubmitLoad(
        enrolments.map(\.transaction), batch: 3, over: connections, pace: .saturating(messagesInFlight: 1)
      ).run(seconds: 60)
      fleet.settle(enrolments, enrolled.progress)
      let updates = try await fleet.updates(3, notAfterHeight: 900)
      fleet.settle(updates, [.final, .failed, .unsent])
      #expect(fleet.agents.map(\.head.sequence) == [1, 0])
    }
  }

  @Test("A cancelled load ends, and says what it did")
  func cancelled() async throws {
    try await LocalCluster.with(nodes: 1) { cluster in
      let connections = [try await cluster.client.verifiedConnection()]
      let fleet = Fleet(network: cluster.network.genesis.network)
      let enrolments = try await fleet.enrolments(2, operations: 1, by: cluster.network.registrar, notAfterHeight: 900)
      let load = SubmitLoad(enrolments.map(\.transaction), batch: 1, over: connections, pace: .offered(perSecond: 0.001))
      let task = Task { await load.run(seconds: 3_600) }
      task.cancel()
      let result = await task.value
      #expect(result.progress.last.map { if case .unsent = $0 { true } else { false } } == true)
    }
  }
}
