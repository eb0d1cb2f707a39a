import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger

/// The ledger as a reader of its rules would write it down: slowly, and with nothing of the product's but the shape of transactions.
///
/// It is told what became final, and says what there the rules forbid. What it remembers of every height is held against what nodes answer.
struct LedgerModel {
  struct Identity {
    var sequence: UInt64
    var head: Digest
    var control: Control
    var isDeactivated = false
  }

  struct StatusList {
    let purpose: StatusListPurpose
    var revokers: [CairnDID]
    var bits: Set<UInt32> = []
  }

  struct Contract {
    var version: UInt64 = 1
    var isFrozen = false
    var isRetired = false
    /// How often it was changed.
    var sequence: UInt64 = 0
  }

  struct Proposal {
    let action: GovernanceAction
    let proposer: CairnDID
    let expiresMilliseconds: UInt64
    var approvals: Set<CairnDID> = []
    var state = ProposalRecord.State.open
  }

  /// What became of something, block by block.
  struct History<Value> {
    private var versions: [(height: UInt64, value: Value)] = []

    var newest: Value? { versions.last?.value }

    func value(at height: UInt64) -> Value? { versions.last { $0.height <= height }?.value }

    mutating func set(_ value: Value, at height: UInt64) {
      if versions.last?.height == height { versions.removeLast() }
      versions.append((height, value))
    }
  }

  /// Why a transaction must not be in the log.
  struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }

  private let network: Digest
  private let scheme: any SignatureScheme
  private(set) var identities: [CairnDID: History<Identity>] = [:]
  private(set) var isolations: [CairnDID: History<Bool>] = [:]
  private(set) var lists: [StatusListID: History<StatusList>] = [:]
  private(set) var contracts: [ContractID: History<Contract>] = [:]
  private(set) var proposals: [ProposalID: History<Proposal>] = [:]
  /// Heights of the transactions.
  private(set) var transactions: [Digest: UInt64] = [:]
  private var roles: [CairnDID: Set<Role>] = [:]
  private var trusteeThreshold: UInt32
  private var validityBlocks: UInt32
  private var accesses: Set<Digest> = []
  /// Of the block at hand.
  private(set) var validatorChanges: [GovernanceAction.ValidatorChange] = []
  private(set) var accused: [Evidence] = []
  private var height: UInt64 = 0
  private var time: UInt64 = 0

  init(_ genesis: Genesis, scheme: any SignatureScheme) {
    (network, self.scheme) = (genesis.network, scheme)
    (trusteeThreshold, validityBlocks) = (genesis.parameters.trusteeThreshold, genesis.parameters.maxValidityBlocks)
    for (operation, roles) in zip(genesis.identities, genesis.roles) {
      guard case .didCreate(let create) = operation.kind, let did = operation.did else { continue }
      identities[did, default: History()].set(Identity(sequence: 0, head: operation.hash, control: create.control), at: 0)
      self.roles[did] = Set(roles.roles)
    }
  }

  /// - Returns: the first thing in the block that the rules forbid.
  mutating func apply(_ block: Block) -> String? {
    (height, time, validatorChanges, accused) = (block.header.height, block.header.timeMilliseconds, [], [])
    // Parameters hold for the blocks after the one that changes them.
    let validity = UInt64(validityBlocks)
    for bytes in block.transactions {
      do {
        let transaction = try Transaction(decoding: bytes, network: network)
        try check(transaction, validity: validity)
        for operation in transaction.operations { try apply(operation, of: transaction) }
        transactions[transaction.id] = height
      } catch { return "\(error)" }
    }
    return nil
  }

  private func check(_ transaction: Transaction, validity: UInt64) throws {
    try demand(height <= transaction.notAfterHeight, "an expired transaction")
    try demand(transaction.notAfterHeight <= height + validity, "a transaction that is valid for too long")
    try demand(transactions[transaction.id] == nil, "a transaction for the second time")
    let message = Array("cairn/tx/v1".utf8) + [0] + transaction.body
    for signature in transaction.signatures {
      try demand(scheme.isValid(signature.signature, by: signature.key, for: message), "a wrong signature")
    }
    let submitter = try active(transaction.submitter)
    try demand(!isIsolated(transaction.submitter), "an isolated submitter")
    try demand(isSigned(transaction, by: submitter.control), "a submitter who did not sign")
  }

  private func demand(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
    if !condition { throw Problem(problem()) }
  }

  private func active(_ did: CairnDID) throws -> Identity {
    guard let identity = identities[did]?.newest else { throw Problem("a DID that is not there") }
    try demand(!identity.isDeactivated, "a deactivated DID")
    return identity
  }

  private func isIsolated(_ did: CairnDID) -> Bool { isolations[did]?.newest ?? false }

  private func isSigned(_ transaction: Transaction, by control: Control) -> Bool {
    let keys = transaction.signatures.map(\.key)
    return control.update.filter { keys.contains($0.key) }.reduce(0) { $0 + $1.weight } >= control.updateThreshold
  }

  private func demandRole(_ role: Role, _ transaction: Transaction) throws {
    try demand(roles[transaction.submitter, default: []].contains(role), "what only a \(role.name) may do")
  }
}

extension LedgerModel {
  private mutating func apply(_ operation: LedgerOperation, of transaction: Transaction) throws {
    switch operation.kind {
    case .didCreate, .didUpdate, .didRotate, .didDeactivate: try applyToIdentity(operation, transaction)
    case .statusListCreate, .statusListUpdate, .statusListDelegate, .sessionBatchCreate: try applyToList(operation, transaction)
    case .agentIsolate, .agentRelease:
      try demandRole(.guardian, transaction)
      guard let did = operation.did, identities[did] != nil else { throw Problem("isolation of nobody") }
      if case .agentIsolate = operation.kind {
        try demand(!roles[did, default: []].contains(.trustee), "isolation of a trustee")
        isolations[did, default: History()].set(true, at: height)
      } else if isolations[did] != nil {
        isolations[did, default: History()].set(false, at: height)
      }
    case .contractDeploy, .contractUpgrade, .contractFreeze, .contractUnfreeze, .contractAttest, .contractRetire:
      try applyToContract(operation, transaction)
    case .governancePropose, .governanceApprove, .governanceWithdraw: try govern(operation, transaction)
    case .accessRecord(let access):
      try demand(accesses.insert(access.request.id).inserted, "a decision for the second time")
      try demand(access.request.notAfterMilliseconds ?? 0 >= time, "a decision that comes too late")
    case .evidenceSubmit(let submit):
      try demandRole(.operator, transaction)
      accused.append(submit.evidence)
    }
  }

  private mutating func applyToIdentity(_ operation: LedgerOperation, _ transaction: Transaction) throws {
    guard let did = operation.did else { throw Problem("an operation on no DID") }
    if case .didCreate(let create) = operation.kind {
      try demandRole(.registrar, transaction)
      try demand(identities[did] == nil, "a DID that is there already")
      try demand(isSigned(transaction, by: create.control), "a creation that its keys did not sign")
      identities[did, default: History()].set(Identity(sequence: 0, head: operation.hash, control: create.control), at: height)
      return
    }
    var identity = try active(did)
    try demand(
      operation.succession?.sequence == identity.sequence + 1 && operation.succession?.previous == identity.head,
      "a change that does not follow the newest version")
    switch operation.kind {
    case .didUpdate:
      try demand(isSigned(transaction, by: identity.control), "an update that its keys did not sign")
      try demand(!isIsolated(did), "an update of an isolated DID")
    case .didRotate(let rotate):
      let revealed = transaction.signatures.map { Control.nextDigest(of: $0.key) }
      let weight = identity.control.next.filter { revealed.contains($0.digest) }.reduce(0) { $0 + $1.weight }
      try demand(rotate.authority == .next && weight >= identity.control.nextThreshold, "a rotation to keys that were not announced")
      try demand(isSigned(transaction, by: rotate.control), "a rotation that the new keys did not sign")
      identity.control = rotate.control
    default:
      try demand(isSigned(transaction, by: identity.control), "a deactivation that its keys did not sign")
      identity.isDeactivated = true
    }
    (identity.sequence, identity.head) = (identity.sequence + 1, operation.hash)
    identities[did, default: History()].set(identity, at: height)
  }

  private mutating func applyToList(_ operation: LedgerOperation, _ transaction: Transaction) throws {
    guard let id = operation.kind.list else { throw Problem("an operation on no list") }
    switch operation.kind {
    case .statusListCreate(let create, _):
      try demandRole(.issuer, transaction)
      try demand(lists[id] == nil && id.issuer == transaction.submitter, "a list of another's, or that is there already")
      lists[id, default: History()].set(StatusList(purpose: create.purpose, revokers: create.revokers), at: height)
    case .sessionBatchCreate(let create, _):
      try demandRole(.registrar, transaction)
      try demand(lists[id] == nil, "a batch that is there already")
      lists[id, default: History()].set(StatusList(purpose: .revocation, revokers: create.revokers), at: height)
    case .statusListDelegate(let delegate, _):
      guard var list = lists[id]?.newest else { throw Problem("a list that is not there") }
      try demand(id.issuer == transaction.submitter, "a delegation by another than the issuer")
      list.revokers = delegate.revokers
      lists[id, default: History()].set(list, at: height)
    case .statusListUpdate(let update, _):
      guard var list = lists[id]?.newest else { throw Problem("a list that is not there") }
      try demand(
        id.issuer == transaction.submitter || list.revokers.contains(transaction.submitter), "an update by another than a revoker")
      try demand(update.clear.isEmpty || list.purpose == .suspension, "a revocation that is taken back")
      list.bits = list.bits.union(update.set).subtracting(update.clear)
      lists[id, default: History()].set(list, at: height)
    default: break
    }
  }

  private mutating func applyToContract(_ operation: LedgerOperation, _ transaction: Transaction) throws {
    guard let id = operation.kind.contract else { throw Problem("an operation on no contract") }
    if case .contractDeploy = operation.kind {
      try demandRole(.author, transaction)
      try demand(contracts[id] == nil, "a contract that is there already")
      contracts[id, default: History()].set(Contract(), at: height)
      return
    }
    guard var contract = contracts[id]?.newest, !contract.isRetired else { throw Problem("a contract that is not there, or not any more") }
    switch operation.kind {
    case .contractUpgrade(let upgrade):
      try demandRole(.author, transaction)
      try demand(upgrade.version.version == contract.version + 1, "an upgrade that does not follow the version in force")
      contract.version += 1
    case .contractFreeze:
      try demandRole(.guardian, transaction)
      try demand(!contract.isFrozen, "a freeze of what is frozen")
      contract.isFrozen = true
    case .contractUnfreeze:
      try demandRole(.guardian, transaction)
      try demand(contract.isFrozen, "a release of what is not frozen")
      contract.isFrozen = false
    case .contractAttest: try demandRole(.auditor, transaction)
    default:
      try demandRole(.author, transaction)
      contract.isRetired = true
    }
    contract.sequence += 1
    contracts[id, default: History()].set(contract, at: height)
  }

  private mutating func govern(_ operation: LedgerOperation, _ transaction: Transaction) throws {
    try demandRole(.trustee, transaction)
    guard let id = operation.kind.proposal else { throw Problem("an operation on no proposal") }
    if case .governancePropose(let propose, _) = operation.kind {
      try demand(proposals[id] == nil && propose.expiresMilliseconds > time, "a proposal that is there already, or over")
      return try settle(
        Proposal(
          action: propose.action, proposer: transaction.submitter, expiresMilliseconds: propose.expiresMilliseconds,
          approvals: [transaction.submitter]), id)
    }
    guard var proposal = proposals[id]?.newest, proposal.state == .open, proposal.expiresMilliseconds > time else {
      throw Problem("a word about a proposal that is not open")
    }
    if case .governanceWithdraw = operation.kind {
      if proposal.proposer == transaction.submitter {
        proposal.state = .withdrawn
      } else {
        proposal.approvals.remove(transaction.submitter)
      }
      proposals[id, default: History()].set(proposal, at: height)
      return
    }
    proposal.approvals.insert(transaction.submitter)
    try settle(proposal, id)
  }

  /// Enough active trustees put it into force.
  private mutating func settle(_ proposal: Proposal, _ id: ProposalID) throws {
    var proposal = proposal
    let count = proposal.approvals.count { roles[$0, default: []].contains(.trustee) && identities[$0]?.newest?.isDeactivated == false }
    if count >= trusteeThreshold {
      proposal.state = .enacted
      try enact(proposal.action)
    }
    proposals[id, default: History()].set(proposal, at: height)
  }

  private mutating func enact(_ action: GovernanceAction) throws {
    switch action {
    case .grantRole(let role, let did): roles[did, default: []].insert(role)
    case .revokeRole(let role, let did): roles[did, default: []].remove(role)
    case .setParameter(.trusteeThreshold, let value): trusteeThreshold = value
    case .setParameter(.maxValidityBlocks, let value): validityBlocks = value
    case .setParameter, .replaceConstitution: break
    case .freezeContract(let name), .unfreezeContract(let name):
      guard let id = ContractID(name), var contract = contracts[id]?.newest else { throw Problem("a contract that is not there") }
      if case .freezeContract = action { contract.isFrozen = true } else { contract.isFrozen = false }
      contract.sequence += 1
      contracts[id, default: History()].set(contract, at: height)
    case .changeValidators(let change): validatorChanges.append(change)
    }
  }
}
