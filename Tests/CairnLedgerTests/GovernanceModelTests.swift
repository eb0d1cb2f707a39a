import CairnCrypto
import CairnIdentity
import Testing

@testable import CairnLedger

/// The rules of governance again, as briefly as they can be said.
private struct GovernanceModel {
  struct Proposal: Equatable {
    let action: GovernanceAction
    let proposer: CairnDID
    let expires: UInt64
    var approvals: [CairnDID: Int] = [:]
    var state = ProposalRecord.State.open
  }

  /// Of the four operators; each signs with one key.
  static let keys: [CairnDID: Int] = [World.registrar: 1, World.trustee: 11, World.guardian: 301, World.author: 321]
  static let day: UInt64 = 86_400_000

  var roles: [CairnDID: Set<Role>] = [
    World.registrar: [.trustee, .operator, .registrar, .issuer], World.trustee: [.trustee, .operator],
    World.guardian: [.issuer, .guardian], World.author: [.author, .auditor, .guardian],
  ]
  /// From the next block on; what proposals need at once.
  var threshold = 2
  var proposals: [ProposalID: Proposal] = [:]
  /// Whether it is frozen.
  var contracts: [String: Bool] = ["tools": false]

  private var trustees: Int { roles.values.count { $0.contains(.trustee) } }
  func isTrustee(_ did: CairnDID) -> Bool { roles[did]?.contains(.trustee) ?? false }

  private func open(at time: UInt64) -> [Proposal] { proposals.values.filter { $0.state == .open && $0.expires > time } }

  mutating func apply(_ operation: LedgerOperation, by submitter: CairnDID, at time: UInt64) -> String? {
    switch operation.kind {
    case .governancePropose(let propose, let id): return self.propose(propose, id, by: submitter, at: time)
    case .governanceApprove(let id):
      if let reason = refusal(of: id, at: time) { return reason }
      guard isTrustee(submitter) else { return "not_trustee" }
      guard var proposal = proposals[id] else { return "unknown_proposal" }
      if proposal.approvals[submitter] != nil, !passes(proposal) { return "already_approved" }
      proposal.approvals[submitter] = Self.keys[submitter]
      if passes(proposal) {
        if let reason = enact(proposal.action) { return reason }
        proposal.state = .enacted
      }
      proposals[id] = proposal
      return nil
    case .governanceWithdraw(let id):
      if let reason = refusal(of: id, at: time) { return reason }
      guard var proposal = proposals[id], proposal.proposer == submitter || proposal.approvals[submitter] != nil else {
        return "not_approved"
      }
      guard isTrustee(submitter) else { return "not_permitted" }
      if proposal.proposer == submitter { proposal.state = .withdrawn } else { proposal.approvals[submitter] = nil }
      proposals[id] = proposal
      return nil
    default: return "malformed"
    }
  }

  private mutating func propose(_ propose: GovernancePropose, _ id: ProposalID, by submitter: CairnDID, at time: UInt64) -> String? {
    guard proposals[id] == nil else { return "already_exists" }
    guard propose.expiresMilliseconds > time, propose.expiresMilliseconds <= time + 90 * Self.day else { return "proposal_expiry" }
    let open = open(at: time)
    guard open.count < 256, open.count(where: { $0.proposer == submitter }) < 4 else { return "too_many_proposals" }
    guard isTrustee(submitter) else { return "not_permitted" }
    var proposal = Proposal(action: propose.action, proposer: submitter, expires: propose.expiresMilliseconds)
    proposal.approvals[submitter] = Self.keys[submitter]
    if passes(proposal) {
      if let reason = enact(proposal.action) { return reason }
      proposal.state = .enacted
    } else if let reason = Self.trial(self, proposal.action) {
      return reason
    }
    proposals[id] = proposal
    return nil
  }

  private func refusal(of id: ProposalID, at time: UInt64) -> String? {
    guard let proposal = proposals[id] else { return "unknown_proposal" }
    if proposal.state != .open { return "proposal_closed" }
    return proposal.expires > time ? nil : "proposal_expired"
  }

  private func passes(_ proposal: Proposal) -> Bool { proposal.approvals.keys.count(where: isTrustee) >= threshold }

  private static func trial(_ model: GovernanceModel, _ action: GovernanceAction) -> String? {
    var copy = model
    return copy.enact(action)
  }

  private mutating func enact(_ action: GovernanceAction) -> String? {
    switch action {
    case .grantRole(let role, let did):
      guard roles[did] != nil else { return "unknown_did" }
      guard roles[did]?.contains(role) == false else { return "role_unchanged" }
      roles[did]?.insert(role)
    case .revokeRole(let role, let did):
      guard roles[did]?.contains(role) == true else { return "role_unchanged" }
      if role == .trustee, trustees - 1 < threshold { return "too_few_trustees" }
      roles[did]?.remove(role)
    case .setParameter(_, let value):
      guard (1...trustees).contains(Int(value)) else { return "parameter_out_of_range" }
      threshold = Int(value)
    case .freezeContract(let name), .unfreezeContract(let name):
      var isFreeze = false
      if case .freezeContract = action { isFreeze = true }
      guard let isFrozen = contracts[name] else { return "unknown_contract" }
      guard isFrozen != isFreeze else { return isFreeze ? "contract_frozen" : "contract_not_frozen" }
      contracts[name] = isFreeze
    default: return "malformed"
    }
    return nil
  }
}

@Suite("Governance, by a model")
struct GovernanceModelTests {
  private struct Generator {
    var random: SplitMix
    var salt = 0

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int.random(in: 0..<elements.count, using: &random)] }

    mutating func operation(_ model: GovernanceModel, _ network: Digest, at time: UInt64) throws -> LedgerOperation {
      let known = model.proposals.keys.sorted()
      let open = known.filter { model.proposals[$0]?.state == .open }
      guard chance(60), let recent = open.isEmpty ? known.last : pick(open) else { return try propose(network, at: time) }
      let id = chance(3) ? ProposalID(.sha256([9])) : chance(8) ? pick(known) : recent
      return chance(85) ? try .approve(id, network: network) : try .withdraw(id, network: network)
    }

    private mutating func propose(_ network: Digest, at time: UInt64) throws -> LedgerOperation {
      if chance(95) { salt += 1 }
      let expires = chance(90) ? time + UInt64.random(in: 1...150_000, using: &random) : chance(50) ? time : time + 91 * GovernanceModel.day
      return try .propose(action(network), expiresMilliseconds: expires, salt: sixteen(salt), network: network)
    }

    private mutating func action(_ network: Digest) -> GovernanceAction {
      let did =
        chance(5) ? CairnDID(network: network, create: .zero) : pick(GovernanceModel.keys.keys.sorted { $0.description < $1.description })
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<35: return .grantRole(chance(60) ? .trustee : pick(Role.allCases), did)
      case 35..<55: return .revokeRole(chance(60) ? .trustee : pick(Role.allCases), did)
      case 55..<75: return .setParameter(.trusteeThreshold, UInt32.random(in: 0...4, using: &random))
      case 75..<88: return .freezeContract(chance(90) ? "tools" : "none")
      default: return .unfreezeContract("tools")
      }
    }
  }

  @Test("Random proposals and approvals lead where the model says, and are refused for the reason that it gives", arguments: 0..<4)
  func random(seed: UInt64) throws {
    var generator = Generator(random: SplitMix(seed: seed))
    var (world, model) = (World(), GovernanceModel())
    try world.deploy(Contracts.version())
    var reasons: [String: Int] = [:]
    for nonce in 0..<250 {
      let time = world.state.timeMilliseconds + 1_000
      let operation = try generator.operation(model, world.network, at: time)
      let everybody = GovernanceModel.keys.keys.sorted { $0.description < $1.description }
      let submitter = generator.pick(generator.chance(85) ? everybody.filter(model.isTrustee) : everybody)
      let transaction = try world.transaction(
        [operation], by: submitter, signers: [try #require(GovernanceModel.keys[submitter])], nonce: 10_000 + nonce)
      let expected = model.apply(operation, by: submitter, at: time)
      do {
        try world.commit(transaction)
        try #require(expected == nil, "\(operation)")
        reasons["accepted", default: 0] += 1
      } catch let error as TransactionError {
        try #require(error.reason == expected, "\(operation)")
        reasons[error.reason, default: 0] += 1
        // Time goes on for proposals to expire.
        try world.commit()
      }
      if nonce % 25 == 24 { try expect(world.state, model) }
    }
    // The generator reaches what it is for.
    #expect(reasons["accepted", default: 0] > 40 && reasons.count >= 8, "\(reasons)")
    #expect(model.proposals.values.count { $0.state == .enacted } > 8)
  }

  private func expect(_ state: LedgerState, _ model: GovernanceModel) throws {
    for (did, roles) in model.roles { try #require(state.roles(of: did) == Roles(Array(roles))) }
    try #require(Int(state.parameters.trusteeThreshold) == model.threshold)
    try #require(state.contract(Contracts.id)?.isFrozen == model.contracts["tools"])
    let open = model.proposals.filter { $0.value.state == .open && $0.value.expires > state.timeMilliseconds }
    try #require(state.openProposals().map(\.id) == open.keys.sorted())
    for (id, proposal) in model.proposals {
      let bytes = try #require(try state.record(forKey: id.stateKey))
      let record = try ProposalRecord(decoding: bytes)
      try #require(record.state == proposal.state && record.action == proposal.action && record.expiresMilliseconds == proposal.expires)
      try #require(Set(record.approvals.map(\.by)) == Set(proposal.approvals.keys))
    }
  }
}
