import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation
import NIOCore

extension BenchRun {
  private static let revocationCount = 200
  private static let revocationPause = Duration.milliseconds(20)
  /// Ordinary transactions a second beside the revocations.
  private static let backgroundRate = 500.0
  private static let batchCount = 10_000
  /// Creations under one controller that fit into a transaction.
  private static let creationsPerTransaction = 160
  private static let batchTimeout = 120.0

  /// How soon every node tells of a revocation while others write, and how long large batches take.
  mutating func runRevocations() async throws {
    let list = try StatusListID(issuer: cluster.registrar.did, name: "bench-\(UInt32.random(in: 0...UInt32.max))")
    _ = try await cluster.client.createStatusList(list, purpose: .revocation, by: cluster.registrar)
    announce("revocations, \(Figure.whole(Self.backgroundRate)) other transactions a second")
    try await measureRevocations(in: list)
    announce("batches of \(Figure.whole(Double(Self.batchCount)))")
    try await measureBatches(list)
  }

  private mutating func measureRevocations(in list: StatusListID) async throws {
    let connections = try await cluster.connections(to: cluster.nodes)
    let seconds = Double(Self.revocationCount) * 0.08
    let planned = try await fleet.updates(Int(Self.backgroundRate * seconds), notAfterHeight: try await lastHeight())
    let background = SubmitLoad(
      planned.map(\.transaction), batch: 1, over: connections, pace: .offered(perSecond: Self.backgroundRate))
    async let others = background.run(seconds: seconds)
    let histogram = try await revocations(0..<UInt32(Self.revocationCount), in: list) { true }
    let result = await others
    fleet.settle(planned, result.progress)
    report.dishonestCount += result.dishonestCount
    let committed = result.progress.count { $0 == .final }
    report.revocation = RevocationFigures(
      count: Self.revocationCount, nodeCount: cluster.nodes.count, visible: Latency(histogram),
      othersPerSecond: Double(committed) / max(result.seconds, .leastNonzeroMagnitude))
    for connection in connections { await connection.close() }
  }

  /// Revokes one after the other, each until every node has proven it.
  ///
  /// - Parameter isWanted: asked before each; `false` ends it.
  /// - Returns: how long each took.
  func revocations(
    _ indices: Range<UInt32>, in list: StatusListID, whileTrue isWanted: () -> Bool
  ) async throws -> LatencyHistogram {
    let connections = try await cluster.connections(to: cluster.nodes)
    let readers = try await cluster.connections(to: cluster.nodes)
    var histogram = LatencyHistogram()
    for index in indices where isWanted() {
      let operation = try LedgerOperation.updateStatusList(list, set: [index], network: fleet.network)
      let transaction = try await cluster.client.transaction(of: [operation], keys: [], by: cluster.registrar)
      histogram.add(
        nanoseconds: try await Self.revoke(transaction, index, list, over: connections[Int(index) % connections.count], readers))
      try await Task.sleep(for: Self.revocationPause)
    }
    for connection in connections + readers { await connection.close() }
    return histogram
  }

  /// - Returns: nanoseconds from the submission until the last of the nodes has proven that the bit is set.
  private static func revoke(
    _ transaction: Transaction, _ index: UInt32, _ list: StatusListID, over connection: VerifiedConnection,
    _ readers: [VerifiedConnection]
  ) async throws -> UInt64 {
    let start = NIODeadline.now()
    let outcomes = try await withCheckedThrowingContinuation { answer in connection.submit([transaction]) { answer.resume(with: $0) } }
    guard case .final? = outcomes.first else {
      throw CommandFailure.refused("not_final", "A revocation was refused.")
    }
    // The node that gave the receipt could not have proven it sooner, so that nothing is lost by asking from now on.
    return try await withThrowingTaskGroup(of: UInt64.self) { group in
      for reader in readers {
        group.addTask {
          while true {
            if try await isRevoked(index, list, by: reader) { break }
            guard .now() - start < .seconds(10) else {
              throw CommandFailure.refused("not_visible", "A revocation was not seen in ten seconds.")
            }
            try await Task.sleep(for: .milliseconds(1))
          }
          return UInt64(max(0, (NIODeadline.now() - start).nanoseconds))
        }
      }
      return try await group.reduce(0, max)
    }
  }

  /// A node that is behind what another has proven by now says so, and is asked again.
  private static func isRevoked(_ index: UInt32, _ list: StatusListID, by reader: VerifiedConnection) async throws -> Bool {
    do {
      return try await reader.status(of: index, in: list, deadline: .now() + .seconds(10)).get().isSet
    } catch let error as CairnError where !error.isDishonest {
      return false
    }
  }

  private mutating func measureBatches(_ list: StatusListID) async throws {
    let (network, registrar) = (fleet.network, cluster.registrar)
    let height = try await lastHeight()
    let sizes = stride(from: 0, to: Self.batchCount, by: Self.creationsPerTransaction).map {
      min(Self.creationsPerTransaction, Self.batchCount - $0)
    }
    let creations = try await concurrently(sizes.count) { index in
      let operations = try (0..<sizes[index]).map { _ in
        let key = SigningKey.generate()
        return try LedgerOperation.create(
          control: try Control(update: key.publicKey, next: SigningKey.generate().publicKey, controller: registrar.did),
          document: Fleet.document(key, revision: 0), salt: randomBytes(DIDCreate.saltByteCount), network: network)
      }
      return try UnsignedTransaction(
        network: network, submitter: registrar.did, notAfterHeight: height, nonce: randomBytes(Transaction.nonceByteCount),
        operations: operations
      ).signed(by: registrar.keys)
    }
    let first = StatusList.lengths.lowerBound - UInt32(Self.batchCount)
    let revocation = try UnsignedTransaction(
      network: network, submitter: registrar.did, notAfterHeight: height, nonce: randomBytes(Transaction.nonceByteCount),
      operations: [.updateStatusList(list, set: first..<StatusList.lengths.lowerBound, network: network)]
    ).signed(by: registrar.keys)
    try await batch("DIDs under one controller", creations)
    try await batch("revocations", [revocation])
  }

  private mutating func batch(_ name: String, _ transactions: [Transaction]) async throws {
    let connections = try await cluster.connections(to: cluster.nodes)
    let result = await SubmitLoad(transactions, batch: 1, over: connections, pace: .saturating(messagesInFlight: 2))
      .run(seconds: Self.batchTimeout)
    for connection in connections { await connection.close() }
    report.dishonestCount += result.dishonestCount
    report.batches.append(
      BatchFigures(
        name: name, count: Self.batchCount, transactions: transactions.count, seconds: result.seconds,
        complete: result.progress.allSatisfy { $0 == .final }))
  }
}
