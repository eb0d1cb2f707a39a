import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle

/// What clients want from the ledger: operations of every kind, on identities and lists that they made before.
final class Agents {
  enum Kind: String, CaseIterable {
    case create = "did_create"
    case update = "did_update"
    case rotate = "did_rotate"
    case deactivate = "did_deactivate"
    case createList = "status_list_create"
    case updateList = "status_list_update"
    case delegateList = "status_list_delegate"
    case sessions = "session_batch_create"
    case isolate = "agent_isolate"
    case release = "agent_release"
  }

  /// A transaction on its way, and what it is about.
  struct Wish {
    /// What it asks for.
    let name: String
    let transaction: Transaction
    /// The identity that it changes.
    let did: CairnDID?
  }

  private struct Agent {
    let did: CairnDID
    var key: SigningKey
    var next: SigningKey
    var isBusy = false
  }

  private let world: World
  private let dice: Dice
  private var agents: [Agent] = []
  private var lists: [StatusListID] = []

  init(_ world: World, _ dice: Dice) { (self.world, self.dice) = (world, dice) }

  private var network: Digest { world.genesis.network }

  /// - Parameters:
  ///   - height: of the newest block that the client knows.
  ///   - time: Unix time in milliseconds.
  ///   - resolve: asks a node.
  func next(height: UInt64, time: UInt64, resolve: (CairnDID) -> ResolvedDID?) throws -> Wish {
    let kind = Kind.allCases[dice.pick(0...Kind.allCases.count - 1)]
    switch kind {
    case .create: break
    case .update, .rotate, .deactivate:
      if let wish = try change(kind, height, resolve) { return wish }
    case .createList:
      let list = try StatusListID(issuer: world.registrar, name: "list-\(lists.count)")
      lists.append(list)
      return try wish(kind, [.createStatusList(list, purpose: .suspension, network: network)], height)
    case .updateList:
      if let list = dice.pick(from: lists) {
        let (set, clear) = (UInt32(dice.pick(0...50_000)), UInt32(dice.pick(50_001...100_000)))
        return try wish(kind, [.updateStatusList(list, set: [set], clear: [clear], network: network)], height)
      }
    case .delegateList:
      if let list = dice.pick(from: lists), let agent = dice.pick(from: agents) {
        return try wish(kind, [.delegateStatusList(list, to: [agent.did], network: network)], height)
      }
    case .isolate, .release:
      if let agent = dice.pick(from: agents) {
        let operation =
          try kind == .isolate
          ? LedgerOperation.isolate(agent.did, reason: "simulated", network: network) : .release(agent.did, network: network)
        return try wish(kind, [operation], height)
      }
    case .sessions:
      let root = Digest.sha256(dice.bytes(32))
      let operation = try LedgerOperation.createSessionBatch(
        controller: world.registrar, root: root, count: 10, expiresMilliseconds: time + 3_600_000, salt: dice.bytes(16), network: network)
      return try wish(kind, [operation], height)
    }
    return try create(height)
  }

  private func create(_ height: UInt64) throws -> Wish {
    let (key, next) = (dice.signingKey(), dice.signingKey())
    let operation = try LedgerOperation.create(
      control: try Control(update: key.publicKey, next: next.publicKey), document: .simulated(key.publicKey), salt: dice.bytes(16),
      network: network)
    if let did = operation.did { agents.append(Agent(did: did, key: key, next: next)) }
    return try wish(.create, [operation], height, by: [key], about: operation.did)
  }

  private func change(_ kind: Kind, _ height: UInt64, _ resolve: (CairnDID) -> ResolvedDID?) throws -> Wish? {
    let idle = agents.indices.filter { !agents[$0].isBusy }
    guard let index = dice.pick(from: idle), let resolved = resolve(agents[index].did), !resolved.isDeactivated else { return nil }
    let (agent, head) = (agents[index], resolved.record.head)
    agents[index].isBusy = true
    switch kind {
    case .update:
      let document = DIDDocument.simulated(dice.signingKey().publicKey)
      let operation = try LedgerOperation.update(agent.did, after: head, document: document, network: network)
      return try wish(kind, [operation], height, by: [agent.key], about: agent.did)
    case .rotate:
      let next = dice.signingKey()
      let control = try Control(update: agent.next.publicKey, next: next.publicKey)
      let operation = try LedgerOperation.rotate(agent.did, after: head, control: control, network: network)
      (agents[index].key, agents[index].next) = (agent.next, next)
      return try wish(kind, [operation], height, by: [agent.next], about: agent.did)
    default:
      let operation = try LedgerOperation.deactivate(agent.did, after: head, network: network)
      return try wish(.deactivate, [operation], height, by: [agent.key], about: agent.did)
    }
  }

  private func wish(
    _ kind: Kind, _ operations: [LedgerOperation], _ height: UInt64, by keys: [SigningKey] = [], about did: CairnDID? = nil,
    name: String? = nil
  ) throws -> Wish {
    let unsigned = UnsignedTransaction(
      network: network, submitter: world.registrar, notAfterHeight: height + 900, nonce: dice.bytes(16), operations: operations)
    return Wish(name: name ?? kind.rawValue, transaction: try unsigned.signed(by: [world.registrarKey] + keys), did: did)
  }

  /// By the registrar, who is a trustee.
  func change(_ change: GovernanceAction.ValidatorChange, height: UInt64, time: UInt64) throws -> Wish {
    let operation = try LedgerOperation.propose(
      .changeValidators(change), expiresMilliseconds: time + 3_600_000, salt: dice.bytes(16), network: network)
    return try wish(.create, [operation], height, name: "governance_propose")
  }

  /// The wish came true, or never will.
  func settled(_ wish: Wish, isFinal: Bool) {
    guard let did = wish.did, let index = agents.firstIndex(where: { $0.did == did }) else { return }
    if !isFinal {
      agents.remove(at: index)
    } else {
      agents[index].isBusy = false
    }
  }
}
