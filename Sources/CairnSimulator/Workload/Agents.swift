import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle

/// What clients want from the ledger: operations of every kind, on identities and lists that they made before; and now and then what they
/// must not have.
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
    case propose = "governance_propose"
    case approve = "governance_approve"
    case deploy = "contract_deploy"
    case upgrade = "contract_upgrade"
    case freeze = "contract_freeze"
    case attest = "contract_attest"
    case record = "access_record"
  }

  /// A transaction on its way, and what it is about.
  struct Wish {
    /// What it asks for.
    let name: String
    let bytes: [UInt8]
    /// The identity that it changes.
    let did: CairnDID?
    /// What is wanted next, once it is final.
    var sequel: Sequel?
  }

  /// What a wish makes possible.
  enum Sequel {
    case proposal(ProposalID)
    /// That shall be decided at once.
    case change(ProposalID)
    case contract(ContractVersion)
  }

  struct Agent {
    let did: CairnDID
    var key: SigningKey
    var next: SigningKey
    var isBusy = false
    var isDeactivated = false
  }

  struct List {
    let id: StatusListID
    let purpose: StatusListPurpose
  }

  /// What a client knows when it wishes something.
  struct Moment {
    /// Of the newest block.
    let height: UInt64
    /// Unix time in milliseconds.
    let time: UInt64
    /// Asks a node.
    let resolve: (CairnDID) -> ResolvedDID?
  }

  let world: World
  let dice: Dice
  var agents: [Agent] = []
  var lists: [List] = []
  /// Proposals that wait for the deputy.
  var proposals: [ProposalID] = []
  /// The newest versions that are final.
  var contracts: [ContractVersion] = []
  var contractCount = 0
  /// A scenario's clients want what they get, and leave it to the scenario to govern.
  var isScripted = false
  var hasRaisedThreshold = false

  init(_ world: World, _ dice: Dice) { (self.world, self.dice) = (world, dice) }

  var network: Digest { world.genesis.network }

  private static let simple: [Kind] = [
    .create, .update, .rotate, .deactivate, .createList, .updateList, .delegateList, .sessions, .isolate, .release,
  ]
  /// How often of a thousand times a client wants what it must not have.
  private static let mistakes = 250
  /// How often of a thousand times a trustee proposes something.
  private static let proposals = 120

  func next(_ moment: Moment) throws -> Wish {
    if isScripted { return try wish(Self.simple[dice.pick(0...Self.simple.count - 1)], moment) ?? create(moment) }
    if dice.chance(Self.mistakes), let wish = try mistake(moment) { return wish }
    if dice.chance(Self.proposals), let wish = try propose(moment) { return wish }
    let kind = Kind.allCases[dice.pick(0...Kind.allCases.count - 1)]
    return try wish(kind, moment) ?? create(moment)
  }

  /// - Returns: `nil` when there is nothing yet that it could be about.
  private func wish(_ kind: Kind, _ moment: Moment) throws -> Wish? {
    switch kind {
    case .create: return nil
    case .update, .rotate, .deactivate: return try change(kind, moment)
    case .createList, .updateList, .delegateList: return try list(kind, moment)
    case .isolate, .release:
      guard let agent = dice.pick(from: agents) else { return nil }
      let operation =
        try kind == .isolate
        ? LedgerOperation.isolate(agent.did, reason: "simulated", network: network) : .release(agent.did, network: network)
      return try wish(kind, [operation], moment)
    case .sessions:
      let root = Digest.sha256(dice.bytes(32))
      let operation = try LedgerOperation.createSessionBatch(
        controller: world.registrar, root: root, count: 10, expiresMilliseconds: moment.time + 3_600_000, salt: dice.bytes(16),
        network: network)
      return try wish(kind, [operation], moment)
    case .propose: return try propose(moment)
    case .approve: return try approve(moment)
    case .deploy: return try deploy(moment)
    case .upgrade, .freeze, .attest: return try changeContract(kind, moment)
    case .record: return try recordAccess(moment)
    }
  }

  private func create(_ moment: Moment) throws -> Wish {
    let (key, next) = (dice.signingKey(), dice.signingKey())
    let operation = try creation(key, next)
    if let did = operation.did { agents.append(Agent(did: did, key: key, next: next, isBusy: true)) }
    return try wish(.create, [operation], moment, by: [key], about: operation.did)
  }

  func creation(_ key: SigningKey, _ next: SigningKey) throws -> LedgerOperation {
    try LedgerOperation.create(
      control: try Control(update: key.publicKey, next: next.publicKey), document: .simulated(key.publicKey), salt: dice.bytes(16),
      network: network)
  }

  private func list(_ kind: Kind, _ moment: Moment) throws -> Wish? {
    if kind == .createList {
      let list = try StatusListID(issuer: world.registrar, name: "list-\(lists.count)")
      let purpose: StatusListPurpose = dice.chance(500) ? .suspension : .revocation
      lists.append(List(id: list, purpose: purpose))
      return try wish(kind, [.createStatusList(list, purpose: purpose, network: network)], moment)
    }
    guard let list = dice.pick(from: lists) else { return nil }
    if kind == .updateList {
      let (set, clear) = (UInt32(dice.pick(0...50_000)), UInt32(dice.pick(50_001...100_000)))
      let clears = list.purpose == .suspension ? [clear] : []
      return try wish(kind, [.updateStatusList(list.id, set: [set], clear: clears, network: network)], moment)
    }
    guard let agent = dice.pick(from: agents) else { return nil }
    return try wish(kind, [.delegateStatusList(list.id, to: [agent.did], network: network)], moment)
  }

  /// An agent of which nothing is on its way, and its newest version.
  func idleAgent(_ moment: Moment) -> (index: Int, agent: Agent, head: DIDHead)? {
    let idle = agents.indices.filter { !agents[$0].isBusy && !agents[$0].isDeactivated }
    guard let index = dice.pick(from: idle), let resolved = moment.resolve(agents[index].did), !resolved.isDeactivated else { return nil }
    return (index, agents[index], resolved.record.head)
  }

  private func change(_ kind: Kind, _ moment: Moment) throws -> Wish? {
    guard let (index, agent, head) = idleAgent(moment) else { return nil }
    agents[index].isBusy = true
    switch kind {
    case .update:
      let document = DIDDocument.simulated(dice.signingKey().publicKey)
      let operation = try LedgerOperation.update(agent.did, after: head, document: document, network: network)
      return try wish(kind, [operation], moment, by: [agent.key], about: agent.did)
    case .rotate:
      let next = dice.signingKey()
      let control = try Control(update: agent.next.publicKey, next: next.publicKey)
      let operation = try LedgerOperation.rotate(agent.did, after: head, control: control, network: network)
      (agents[index].key, agents[index].next) = (agent.next, next)
      return try wish(kind, [operation], moment, by: [agent.next], about: agent.did)
    default:
      agents[index].isDeactivated = true
      let operation = try LedgerOperation.deactivate(agent.did, after: head, network: network)
      return try wish(.deactivate, [operation], moment, by: [agent.key], about: agent.did)
    }
  }

  /// By the registrar.
  func wish(
    _ kind: Kind, _ operations: [LedgerOperation], _ moment: Moment, by keys: [SigningKey] = [], about did: CairnDID? = nil,
    sequel: Sequel? = nil
  ) throws -> Wish {
    let transaction = try unsigned(operations, by: world.registrar, moment).signed(by: [world.registrarKey] + keys)
    return Wish(name: kind.rawValue, bytes: transaction.bytes, did: did, sequel: sequel)
  }

  func unsigned(
    _ operations: [LedgerOperation], by submitter: CairnDID, _ moment: Moment, notAfter height: UInt64? = nil
  ) -> UnsignedTransaction {
    UnsignedTransaction(
      network: network, submitter: submitter, notAfterHeight: height ?? moment.height + 900, nonce: dice.bytes(16), operations: operations)
  }

  /// The wish came true, or never will.
  func settled(_ wish: Wish, isFinal: Bool) {
    if isFinal { follow(wish) }
    guard let did = wish.did, let index = agents.firstIndex(where: { $0.did == did }) else { return }
    if !isFinal {
      agents.remove(at: index)
    } else {
      agents[index].isBusy = false
    }
  }

  private func follow(_ wish: Wish) {
    switch wish.sequel {
    case .proposal(let id): proposals.append(id)
    case .change: break
    case .contract(let version):
      contracts.removeAll { $0.id == version.id }
      contracts.append(version)
    case nil: break
    }
  }
}
