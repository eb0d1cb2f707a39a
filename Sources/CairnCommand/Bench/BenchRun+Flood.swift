import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import Foundation
import NIOCore
import NIOPosix
import SwiftProtobuf

extension BenchRun {
  /// Revocations for each of the two figures; the flood may end before it has seen as many.
  private static let floodedRevocationCount = 500
  /// How many times what the network can do is offered to it.
  private static let floodFactor = 5.0
  private static let floodSeconds = 34.0
  /// Before revocations are measured in it, so that every queue is as full as it gets.
  private static let floodLead = Duration.milliseconds(2_500)
  private static let capacitySeconds = 2.0
  /// Signed and encoded ahead: about 150 MB.
  private static let floodPlanLimit = 320_000
  /// Transactions of one message of the flood.
  private static let floodBatch = 8

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
    let messages = try await floodMessages(min(Self.floodPlanLimit, Int(rate * Self.floodSeconds)))
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var connections: [RPCConnection] = []
    for node in cluster.nodes + cluster.nodes { connections.append(try await cluster.connect(to: node, on: group)) }
    let flood = Flood(messages, over: connections, perSecond: rate / Double(Self.floodBatch))
    async let flooding = flood.run()
    try await Task.sleep(for: Self.floodLead)
    let before = try await FloodSample(cluster)
    let first = UInt32(Self.floodedRevocationCount)
    let flooded = try await revocations(first..<first + UInt32(Self.floodedRevocationCount), in: list) { !flood.isOver }
    let meanwhile = try await FloodSample(cluster).since(before)
    flood.end()
    let result = await flooding
    for connection in connections { await connection.close() }
    try await group.shutdownGracefully()
    report.flood = FloodFigures(
      alone: RevocationLatency(alone), flooded: RevocationLatency(flooded), capacityPerSecond: capacity, result,
      committedPerSecond: meanwhile.transactionsPerSecond - Double(flooded.count) / meanwhile.seconds,
      nodesCpuCores: meanwhile.cpu.nodes / meanwhile.seconds, clientCpuCores: meanwhile.cpu.client / meanwhile.seconds)
  }

  /// Ordinary transactions that apply in any order, by as many submitters as a list can have: each clears a bit of a list for suspension,
  /// which is no defence.
  private func floodMessages(_ count: Int) async throws -> [Flood.Message] {
    let list = try StatusListID(issuer: cluster.registrar.did, name: "pauses-\(UInt32.random(in: 0...UInt32.max))")
    let revokers = Array(fleet.agents.prefix(StatusList.revokerLimit))
    _ = try await cluster.client.createStatusList(list, purpose: .suspension, revokers: revokers.map(\.did), by: cluster.registrar)
    let (network, height) = (fleet.network, try await lastHeight())
    return try await concurrently(count / Self.floodBatch) { message in
      var request = ProtoSubmitRequest()
      request.wait = .noWait
      for position in 0..<Self.floodBatch {
        let index = message * Self.floodBatch + position
        let revoker = revokers[index % revokers.count]
        let operation = try LedgerOperation.updateStatusList(
          list, set: [], clear: [UInt32(index) % StatusList.lengths.lowerBound], network: network)
        let transaction = try UnsignedTransaction(
          network: network, submitter: revoker.did, notAfterHeight: height, nonce: randomBytes(Transaction.nonceByteCount),
          operations: [operation]
        ).signed(by: [revoker.key])
        request.transactions.append(Data(transaction.bytes))
      }
      return Flood.Message(request: ByteBuffer(bytes: try request.serializedBytes() as [UInt8]), transactionCount: Self.floodBatch)
    }
  }

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

/// What the network had done at one moment of a flood.
private struct FloodSample {
  let seconds: Double
  /// Transactions in the log.
  let transactionCount: UInt64
  let cpu: CPUTimes

  init(_ cluster: BenchCluster) async throws {
    let header = try await cluster.client.checkpoint().header
    // Each block has a header in the log, which is the entry at its log size.
    transactionCount = header.logSize - min(header.logSize, header.height)
    seconds = Double(NIODeadline.now().uptimeNanoseconds) / 1e9
    cpu = CPUTimes(nodes: cluster.nodes)
  }

  private init(seconds: Double, transactionCount: UInt64, cpu: CPUTimes) {
    (self.seconds, self.transactionCount, self.cpu) = (seconds, transactionCount, cpu)
  }

  func since(_ earlier: FloodSample) -> FloodSample {
    FloodSample(
      seconds: max(seconds - earlier.seconds, .leastNonzeroMagnitude),
      transactionCount: transactionCount - min(transactionCount, earlier.transactionCount), cpu: cpu.since(earlier.cpu))
  }

  /// Of a difference.
  var transactionsPerSecond: Double { Double(transactionCount) / seconds }
}
