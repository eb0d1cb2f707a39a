import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

/// Agents on the ledger, and what it takes to change them.
struct Fleet: Sendable {
  struct Agent: Sendable {
    let did: CairnDID
    let key: SigningKey
    /// The version that the next operation follows.
    var head: DIDHead
  }

  /// A signed transaction, and the agents as they are once it is final.
  struct Planned: Sendable {
    let transaction: Transaction
    let agents: [Agent]
  }

  let network: Digest
  var agents: [Agent] = []

  /// Signs transactions that enrol new agents, each controlled by a key of its own.
  ///
  /// - Parameters:
  ///   - operations: agents in each transaction.
  ///   - notAfterHeight: the last block that may have them.
  func enrolments(
    _ count: Int, operations: Int, by registrar: Signatory, notAfterHeight: UInt64
  ) async throws -> [Planned] {
    let network = network
    return try await concurrently(count) { _ in
      var created: [LedgerOperation] = []
      var agents: [Agent] = []
      for _ in 0..<operations {
        let key = SigningKey.generate()
        let operation = try LedgerOperation.create(
          control: try Control(update: key.publicKey, next: SigningKey.generate().publicKey), document: Self.document(key, revision: 0),
          salt: randomBytes(DIDCreate.saltByteCount), network: network)
        guard let did = operation.did else { continue }
        created.append(operation)
        agents.append(Agent(did: did, key: key, head: DIDHead(sequence: 0, hash: operation.hash)))
      }
      let unsigned = UnsignedTransaction(
        network: network, submitter: registrar.did, notAfterHeight: notAfterHeight, nonce: randomBytes(Transaction.nonceByteCount),
        operations: created)
      return Planned(transaction: try unsigned.signed(by: registrar.keys + agents.map(\.key)), agents: agents)
    }
  }

  /// Signs transactions in which one agent after the other changes its document, and again from the first: the next change of an
  /// agent follows the one before it, which must be final by then.
  func updates(_ count: Int, notAfterHeight: UInt64) async throws -> [Planned] {
    guard !agents.isEmpty else { return [] }
    let (network, agents) = (network, agents)
    let chains = try await concurrently(min(count, agents.count)) { index in
      var agent = agents[index]
      return try stride(from: index, to: count, by: agents.count).map { _ in
        let operation = try LedgerOperation.update(
          agent.did, after: agent.head, document: Self.document(agent.key, revision: agent.head.sequence + 1), network: network)
        agent.head = DIDHead(sequence: agent.head.sequence + 1, hash: operation.hash)
        let unsigned = UnsignedTransaction(
          network: network, submitter: agent.did, notAfterHeight: notAfterHeight, nonce: randomBytes(Transaction.nonceByteCount),
          operations: [operation])
        return Planned(transaction: try unsigned.signed(by: [agent.key]), agents: [agent])
      }
    }
    return (0..<count).map { chains[$0 % agents.count][$0 / agents.count] }
  }

  /// Takes over what became of planned transactions: agents whose last change is not known to be final are let go.
  mutating func settle(_ planned: [Planned], _ progress: [SubmitProgress]) {
    var heads: [CairnDID: Agent] = [:]
    var lost: Set<CairnDID> = []
    for (plan, progress) in zip(planned, progress) {
      for agent in plan.agents {
        switch progress {
        case .final: heads[agent.did] = agent
        case .failed: lost.insert(agent.did)
        case .unsent: break
        }
      }
    }
    let known = Set(agents.map(\.did))
    let enrolled = planned.flatMap(\.agents).filter { !known.contains($0.did) }
    agents = (agents.map { heads[$0.did] ?? $0 } + enrolled.compactMap { heads[$0.did] }).filter { !lost.contains($0.did) }
  }

  /// What a usual agent has: a key, and where it is reached.
  /// - Parameter revision: makes the documents of one key differ.
  static func document(_ key: SigningKey, revision: UInt64) -> DIDDocument {
    DIDDocument(
      verificationMethods: [
        .init(fragment: "key-1", multikey: Multikey(key.publicKey).bytes, purposes: [.authentication, .assertionMethod])
      ],
      services: [.init(fragment: "agent", types: ["AgentEndpoint"], endpoints: ["https://agents.example/\(revision)"])])
  }
}

/// Makes values on all cores, in order.
func concurrently<Value: Sendable>(_ count: Int, _ make: @escaping @Sendable (Int) throws -> Value) async throws -> [Value] {
  let chunk = max(1, count / (4 * ProcessInfo.processInfo.activeProcessorCount))
  return try await withThrowingTaskGroup(of: (Int, [Value]).self) { group in
    for start in stride(from: 0, to: count, by: chunk) {
      group.addTask {
        (
          start,
          try (start..<min(start + chunk, count)).map { index in
            try Task.checkCancellation()
            return try make(index)
          }
        )
      }
    }
    var chunks: [Int: [Value]] = [:]
    for try await (start, values) in group { chunks[start] = values }
    return chunks.sorted { $0.key < $1.key }.flatMap(\.value)
  }
}
