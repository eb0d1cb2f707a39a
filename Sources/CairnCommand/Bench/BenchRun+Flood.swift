import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import NIOCore
import NIOPosix

extension BenchRun {
  /// Revocations for each of the two figures; the flood may end before it has seen as many.
  private static let floodedRevocationCount = 200
  /// How many times what the network can do is offered to it.
  private static let floodFactor = 4.0
  private static let floodSeconds = 10.0
  /// Before revocations are measured in it, so that every queue is as full as it gets.
  private static let floodLead = Duration.milliseconds(1_500)
  private static let capacitySeconds = 2.0
  /// Signed ahead: about 400 MB.
  private static let floodPlanLimit = 90_000

  /// What a flood of ordinary transactions does to revocations: they are measured alone, and then beside several times as many
  /// transactions as the network can commit, which do not wait for answers.
  mutating func runFlood() async throws {
    let list = try StatusListID(issuer: cluster.registrar.did, name: "flood-\(UInt32.random(in: 0...UInt32.max))")
    _ = try await cluster.client.createStatusList(list, purpose: .revocation, by: cluster.registrar)
    // Before any revocation, after which ordinary blocks are short for a while.
    announce("capacity")
    let capacity = try await measureCapacity()
    announce("revocations alone")
    let alone = try await revocations(0..<UInt32(Self.floodedRevocationCount), in: list, whileTrue: { true })
    let rate = Self.floodFactor * capacity
    announce("revocations in a flood of \(Figure.whole(rate)) transactions a second")
    let planned = try await reinstatements(min(Self.floodPlanLimit, Int(rate * Self.floodSeconds)))
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let flooder = try cluster.otherClient(on: group)
    var connections: [VerifiedConnection] = []
    for node in cluster.nodes + cluster.nodes { connections.append(try await flooder.verifiedConnection(to: BenchCluster.endpoint(node))) }
    let flood = SubmitLoad(
      planned, batch: Self.floodBatch, over: connections, pace: .offered(perSecond: rate / Double(Self.floodBatch)),
      wait: .noWait)
    async let flooding = flood.run(seconds: Self.floodSeconds)
    try await Task.sleep(for: Self.floodLead)
    let first = UInt32(Self.floodedRevocationCount)
    let flooded = try await revocations(first..<first + UInt32(Self.floodedRevocationCount), in: list) { !flood.isOver }
    flood.end()
    let result = await flooding
    report.dishonestCount += result.dishonestCount
    for connection in connections { await connection.close() }
    await flooder.close()
    try await group.shutdownGracefully()
    let seconds = max(result.seconds, .leastNonzeroMagnitude)
    report.flood = FloodFigures(
      aloneCount: Int(alone.count), alone: Latency(alone), floodedCount: Int(flooded.count), flooded: Latency(flooded),
      capacityPerSecond: capacity, offeredPerSecond: Double(result.sentCount) / seconds,
      acceptedPerSecond: Double(result.acceptedCount) / seconds, failures: result.failures, withheld: result.withheldCount)
  }

  /// Ordinary transactions that apply in any order, by as many submitters as a list can have: each clears a bit of a list for suspension,
  /// which is no defence.
  private func reinstatements(_ count: Int) async throws -> [Transaction] {
    let list = try StatusListID(issuer: cluster.registrar.did, name: "pauses-\(UInt32.random(in: 0...UInt32.max))")
    let revokers = Array(fleet.agents.prefix(StatusList.revokerLimit))
    _ = try await cluster.client.createStatusList(list, purpose: .suspension, revokers: revokers.map(\.did), by: cluster.registrar)
    let (network, height) = (fleet.network, try await lastHeight())
    return try await concurrently(count) { index in
      let revoker = revokers[index % revokers.count]
      let operation = try LedgerOperation.updateStatusList(
        list, set: [], clear: [UInt32(index) % StatusList.lengths.lowerBound], network: network)
      return try UnsignedTransaction(
        network: network, submitter: revoker.did, notAfterHeight: height, nonce: randomBytes(Transaction.nonceByteCount),
        operations: [operation]
      ).signed(by: [revoker.key])
    }
  }

  /// Transactions of one message of the flood: the sender shares the machine.
  private static let floodBatch = 8

  /// Updates a second at saturation.
  private mutating func measureCapacity() async throws -> Double {
    let planned = try await fleet.updates(
      planCount(checks: 2, seconds: Self.capacitySeconds), notAfterHeight: try await lastHeight())
    let connections = try await cluster.connections(to: cluster.nodes)
    let result = await SubmitLoad(
      planned.map(\.transaction), batch: Self.transactionsPerMessage, over: connections,
      pace: .saturating(messagesInFlight: Self.messagesInFlight)
    ).run(seconds: Self.capacitySeconds)
    fleet.settle(planned, result.progress)
    report.dishonestCount += result.dishonestCount
    for connection in connections { await connection.close() }
    return Double(result.progress.count { $0 == .final }) / max(result.seconds, .leastNonzeroMagnitude)
  }
}
