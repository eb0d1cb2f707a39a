import CairnCrypto
import CairnIdentity
import CairnLedger

/// What trustees decide, and the contracts that agents live by.
extension Agents {
  /// By the registrar, who is a trustee. The first proposal raises the threshold, so that the deputy has a say in all others.
  func propose(_ moment: Moment) throws -> Wish? {
    guard world.deputy != nil else { return nil }
    if !hasRaisedThreshold {
      hasRaisedThreshold = true
      return try propose(.setParameter(.trusteeThreshold, 2), moment)
    }
    let validity = UInt32(dice.pick(950...1_000))
    let actions: [GovernanceAction] = [
      .setParameter(.maxValidityBlocks, validity),
      dice.pick(from: agents).map { .grantRole(.auditor, $0.did) } ?? .setParameter(.maxValidityBlocks, validity),
      dice.pick(from: contracts).map { .unfreezeContract($0.id.name) } ?? .setParameter(.maxValidityBlocks, validity),
    ]
    return try propose(actions[dice.pick(0...actions.count - 1)], moment)
  }

  private func propose(_ action: GovernanceAction, _ moment: Moment) throws -> Wish {
    let operation = try proposal(of: action, moment)
    return try wish(.propose, [operation], moment, sequel: operation.kind.proposal.map { .proposal($0) })
  }

  func change(_ change: GovernanceAction.ValidatorChange, _ moment: Moment) throws -> Wish {
    let operation = try proposal(of: .changeValidators(change), moment)
    return try wish(.propose, [operation], moment, sequel: operation.kind.proposal.map { .change($0) })
  }

  private func proposal(of action: GovernanceAction, _ moment: Moment) throws -> LedgerOperation {
    try .propose(action, expiresMilliseconds: moment.time + 3_600_000, salt: dice.bytes(16), network: network)
  }

  func approve(_ moment: Moment) throws -> Wish? {
    guard let proposal = proposals.popLast() else { return nil }
    return try approve(proposal, moment)
  }

  func approve(_ proposal: ProposalID, _ moment: Moment) throws -> Wish? {
    guard let deputy = world.deputy else { return nil }
    let transaction = try unsigned([.approve(proposal, network: network)], by: deputy.did, moment).signed(by: [deputy.key])
    return Wish(name: Kind.approve.rawValue, bytes: transaction.bytes, did: nil)
  }

  func deploy(_ moment: Moment) throws -> Wish? {
    contractCount += 1
    guard let id = ContractID("tools-\(contractCount)") else { return nil }
    let version = try contract(id)
    return try wish(.deploy, [.deploy(version, network: network)], moment, sequel: .contract(version))
  }

  private func contract(_ id: ContractID, after previous: ContractVersion? = nil) throws -> ContractVersion {
    let schema = "namespace Cairn { entity Agent; entity Resource; action read appliesTo { principal: Agent, resource: Resource }; }"
    let name = (previous?.version ?? 0) + 1
    return try ContractVersion(
      id: id, version: name, previous: previous?.hash, policies: Array("@id(\"v\(name)\") permit (principal, action, resource);".utf8),
      schema: Array(schema.utf8), owners: [world.registrar], network: network)
  }

  func changeContract(_ kind: Kind, _ moment: Moment) throws -> Wish? {
    guard let current = dice.pick(from: contracts) else { return nil }
    switch kind {
    case .upgrade:
      let next = try contract(current.id, after: current)
      return try wish(kind, [.upgrade(to: next, network: network)], moment, sequel: .contract(next))
    case .freeze: return try wish(kind, [.freeze(current.id, network: network)], moment)
    default: return try wish(kind, [.attest(current.id, hash: current.hash, network: network)], moment)
    }
  }

  /// The registrar asks for itself, whose document has its key.
  func recordAccess(_ moment: Moment) throws -> Wish? {
    guard let contract = dice.pick(from: contracts) else { return nil }
    let request = try AccessRequest(
      network: network, principal: world.registrar, action: "read", resource: "handbook", contract: contract.id.name,
      nonce: dice.bytes(16), notAfterMilliseconds: moment.time + 590_000)
    let operation = try LedgerOperation.recordAccess(request, signature: request.signature(by: world.registrarKey), network: network)
    return try wish(.record, [operation], moment)
  }

  /// The proof of a validator's fault, by an operator.
  func accuse(_ operation: LedgerOperation, _ moment: Moment) throws -> Wish {
    let transaction = try unsigned([operation], by: world.registrar, moment).signed(by: [world.registrarKey])
    return Wish(name: "evidence_submit", bytes: transaction.bytes, did: nil)
  }
}
