import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNode
import CairnStore
import CairnTestKit
import Synchronization
import Testing

/// One cluster at a time: beside a dozen others, time-outs would say more about the machine than about the nodes.
@Suite(.serialized) enum Clusters {}

extension LocalCluster.Options {
  /// Patient enough for a machine that does much else, with quick views.
  static var quick: LocalCluster.Options {
    var options = LocalCluster.Options()
    options.patience = .seconds(60)
    options.parameters.heartbeatMilliseconds = 250
    return options
  }

  func changing(_ change: @escaping @Sendable (Int, inout NodeConfiguration) -> Void) -> LocalCluster.Options {
    var options = self
    options.configure = change
    return options
  }
}

extension LocalCluster {
  var highest: UInt64 { running.compactMap { height(of: $0) }.max() ?? 0 }

  /// Waits until every running node has what any of them has now.
  func waitUntilLevel() async throws {
    let target = highest
    try await waitUntil { running.allSatisfy { (height(of: $0) ?? 0) >= target } }
  }

  func waitForBlocks(_ count: UInt64) async throws {
    let target = highest + count
    try await waitUntil { highest >= target }
  }

  /// Every running node has the same header at every height that all of them have, and nobody was seen to contradict itself.
  func expectAgreement(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await waitUntilLevel()
    let common = running.compactMap { height(of: $0) }.min() ?? 0
    for height in 0...common {
      let digests = try Set(running.map { try digest(of: $0, atHeight: height) })
      #expect(digests.count == 1 && digests.first != .some(nil), "at height \(height)", sourceLocation: sourceLocation)
    }
  }

  func expectNoEvidence(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    for index in running {
      let evidence = try await status(of: index)?.evidence
      #expect(evidence == [], "at node \(index)", sourceLocation: sourceLocation)
    }
  }

  /// Each of the running nodes proves that the DIDs exist.
  func expectEverywhere(_ dids: [CairnDID], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await waitUntilLevel()
    for index in running {
      let client = try client(of: index)
      // A node that has just come back may be slow to answer, but what it answers is final.
      for did in dids {
        var resolution: Resolution?
        try await waitUntil {
          resolution = try? await client.freshResolution(of: did)
          return resolution != nil
        }
        #expect(resolution?.resolved != nil, "\(did) at node \(index)", sourceLocation: sourceLocation)
      }
      await client.close()
    }
  }

  /// A transaction that enrols a new agent.
  func enrolment(key: SigningKey = .generate(), validityBlocks: UInt64 = 100) throws -> Transaction {
    let operation = try LedgerOperation.create(
      control: try Control(update: key.publicKey, next: SigningKey.generate().publicKey), document: .signing(with: key.publicKey),
      salt: randomBytes(16), network: network.genesis.network)
    return try transaction([operation], keys: [key], validityBlocks: validityBlocks)
  }

  func transaction(
    _ operations: [LedgerOperation], keys: [SigningKey], by submitter: Signatory? = nil, validityBlocks: UInt64 = 100,
    network other: Digest? = nil
  ) throws -> Transaction {
    let submitter = submitter ?? network.registrar
    let unsigned = UnsignedTransaction(
      network: other ?? network.genesis.network, submitter: submitter.did, notAfterHeight: highest + validityBlocks,
      nonce: randomBytes(16), operations: operations)
    return try unsigned.signed(by: submitter.keys + keys)
  }
}

/// Agents that are enrolled one after the other for as long as it goes on.
final class RegistrationStream: Sendable {
  private let acknowledged = Mutex<[CairnDID]>([])
  private let task = Mutex<Task<Void, Never>?>(nil)

  init(_ cluster: LocalCluster) {
    let task = Task { [self] in
      while !Task.isCancelled {
        guard let did = try? await cluster.register(key: .generate()) else {
          await Task.yield()
          continue
        }
        acknowledged.withLock { $0.append(did) }
      }
    }
    self.task.withLock { $0 = task }
  }

  var count: Int { acknowledged.withLock(\.count) }

  /// - Returns: those that the network acknowledged.
  func stop() async -> [CairnDID] {
    let task = task.withLock { $0 }
    task?.cancel()
    await task?.value
    return acknowledged.withLock { $0 }
  }
}

/// Fails at one durable point, once.
final class ArmedFault: StoreFaults {
  enum Side: String, CaseIterable { case before, after }

  private let armed = Mutex<(point: DurablePoint, side: Side, error: StoreError)?>(nil)

  func arm(_ point: DurablePoint, _ side: Side, _ error: StoreError = .io(path: "test", detail: "crashed")) {
    armed.withLock { $0 = (point, side, error) }
  }

  var isArmed: Bool { armed.withLock { $0 != nil } }

  func disarm() { armed.withLock { $0 = nil } }

  func before(_ point: DurablePoint) throws(StoreError) { try strike(point, .before) }
  func after(_ point: DurablePoint) throws(StoreError) { try strike(point, .after) }

  private func strike(_ point: DurablePoint, _ side: Side) throws(StoreError) {
    let error = armed.withLock { armed -> StoreError? in
      guard let now = armed, now.point == point, now.side == side else { return nil }
      armed = nil
      return now.error
    }
    if let error { throw error }
  }
}
