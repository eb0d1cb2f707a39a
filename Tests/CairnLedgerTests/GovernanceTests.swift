import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import Testing

@testable import CairnLedger

/// The trustees are the registrar (key 1) and the trustee (key 11), who must both agree.
@Suite struct GovernanceTests {
  private var world = World()
  private static let week: UInt64 = 7 * 86_400_000

  private func propose(_ action: GovernanceAction, salt: Int = 1, lifetime: UInt64 = week) throws -> LedgerOperation {
    try .propose(
      action, expiresMilliseconds: world.state.timeMilliseconds + lifetime, salt: sixteen(salt), network: world.network)
  }

  private func refusal(
    _ operation: LedgerOperation, by submitter: CairnDID = World.registrar, signers: [Int] = [1]
  ) throws -> OperationError? {
    do {
      _ = try world.execute([world.transaction([operation], by: submitter, signers: signers)])
      return nil
    } catch TransactionError.operation(0, let error) { return error }
  }

  private mutating func commit(_ operation: LedgerOperation, by submitter: CairnDID = World.registrar, signers: [Int] = [1]) throws {
    try world.commit(world.transaction([operation], by: submitter, signers: signers, nonce: Int(world.height)))
  }

  /// By the registrar; the trustee has yet to agree.
  private mutating func proposed(_ action: GovernanceAction, salt: Int = 1, lifetime: UInt64 = week) throws -> ProposalID {
    let operation = try propose(action, salt: salt, lifetime: lifetime)
    try commit(operation)
    return try #require(operation.kind.proposal)
  }

  private func approval(_ id: ProposalID) throws -> LedgerOperation { try .approve(id, network: world.network) }
  private func withdrawal(_ id: ProposalID) throws -> LedgerOperation { try .withdraw(id, network: world.network) }

  /// Proposed by one trustee and approved by the other.
  private mutating func enact(_ action: GovernanceAction, salt: Int = 1) throws {
    let id = try proposed(action, salt: salt)
    try commit(approval(id), by: World.trustee, signers: [11])
    #expect(try proposal(id).state == .enacted)
  }

  private func proposal(_ id: ProposalID) throws -> ProposalRecord {
    try ProposalRecord(decoding: try #require(try world.state.record(forKey: id.stateKey)))
  }

  private var index: GovernanceRecord {
    get throws { try GovernanceRecord(decoding: try #require(try world.state.record(forKey: GovernanceRecord.stateKey))) }
  }

  private var constitution: ConstitutionRecord {
    get throws { try ConstitutionRecord(decoding: try #require(try world.state.record(forKey: ConstitutionRecord.stateKey))) }
  }

  @Test("A role is granted when as many trustees agree as must, and holds in the same block") mutating func grant() throws {
    let agent = try world.enroll(30)
    let id = try proposed(.grantRole(.registrar, agent))
    var record = try proposal(id)
    #expect(record.state == .open && record.approvals.map(\.by) == [World.registrar] && record.createdHeight == world.state.height)
    #expect(try index.open.map(\.id) == [id])
    #expect(try index.trustees.count == 2)
    let create = try world.create(40)
    let enrol = try world.transaction([create], by: agent, signers: [30, 40])
    let approve = try world.transaction([approval(id)], by: World.trustee, signers: [11])
    #expect(throws: TransactionError.self) { try world.execute([enrol]) }
    #expect(throws: TransactionError.self) { try world.execute([enrol, approve]) }
    try world.commit(approve, enrol)
    record = try proposal(id)
    #expect(record.state == .enacted && record.closedHeight == world.state.height && record.approvals.count == 2)
    #expect(record.closedMilliseconds == world.state.timeMilliseconds)
    #expect(try index.open.isEmpty)
    #expect(try world.state.roles(of: agent) == Roles([.registrar]))
    #expect(try world.state.version(of: create.subject) != nil)
    // And later blocks know it from the state.
    #expect(try refusal(world.create(43), by: agent, signers: [30, 43]) == nil)
  }

  @Test("A role is taken away for what follows") mutating func revoke() throws {
    try enact(.revokeRole(.issuer, World.registrar))
    let list = try LedgerOperation.createStatusList(World.list, purpose: .revocation, network: world.network)
    #expect(try refusal(list)?.reason == "not_permitted")
    #expect(try world.state.roles(of: World.registrar) == Roles([.trustee, .operator, .registrar]))
    #expect(try refusal(propose(.revokeRole(.issuer, World.registrar), salt: 2)) == .governance(.roleUnchanged(.issuer, World.registrar)))
  }

  @Test("Effects of a transaction that fails later are not there") mutating func atomicity() throws {
    let agent = try world.enroll(30)
    let id = try proposed(.grantRole(.registrar, agent))
    let failing = try world.transaction([approval(id), approval(id)], by: World.trustee, signers: [11])
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    #expect(throws: TransactionError.operation(1, .governance(.proposalClosed(id)))) { try execution.apply(failing) }
    let enrol = try world.transaction([world.create(40)], by: agent, signers: [30, 40])
    #expect(throws: TransactionError.self) { try execution.apply(enrol) }
    #expect(execution.finish().rows.isEmpty)
  }

  @Test("What cannot take effect is refused when it is proposed") mutating func impossible() throws {
    let nobody = try world.create(90).subject
    let agent = try world.enroll(30)
    let cases: [(GovernanceAction, OperationError)] = [
      (.grantRole(.issuer, nobody), .unknownDID(nobody)),
      (.grantRole(.issuer, World.registrar), .governance(.roleUnchanged(.issuer, World.registrar))),
      (.revokeRole(.author, agent), .governance(.roleUnchanged(.author, agent))),
      (.revokeRole(.trustee, World.trustee), .governance(.tooFewTrustees(threshold: 2))),
      (.setParameter(.trusteeThreshold, 3), .governance(.parameterOutOfRange("trustee_threshold"))),
      (.setParameter(.trusteeThreshold, 0), .governance(.parameterOutOfRange("trustee_threshold"))),
      (.setParameter(.maxValidityBlocks, 1_001), .governance(.parameterOutOfRange("max_validity_blocks"))),
      (.setParameter(.maxTransactionBytes, 8_191), .governance(.parameterOutOfRange("max_transaction_bytes"))),
      (.setParameter(.maxBlockBytes, (1 << 20) + 1), .governance(.parameterOutOfRange("max_block_bytes"))),
      (.setParameter(.heartbeatMilliseconds, 0), .governance(.parameterOutOfRange("heartbeat_ms"))),
      (.replaceConstitution(.standard), .governance(.constitutionUnchanged)),
      (
        .replaceConstitution(ConstitutionSource(policies: "", tests: "")),
        .governance(.constitution(.noPermitForTrustees(.governancePropose)))
      ),
      (.freezeContract("tools"), .governance(.unknownContract("tools"))),
      (.changeValidators(.remove("nobody")), .governance(.unknownValidator("nobody"))),
    ]
    for (action, error) in cases { #expect(try refusal(propose(action)) == error, "\(action)") }
    try world.commit(
      world.transaction([.deactivate(agent, after: world.head(agent), network: world.network)], signers: [1, 30], nonce: 5))
    #expect(try refusal(propose(.grantRole(.issuer, agent))) == .deactivated(agent))
  }

  @Test("Trustees are never fewer than must agree, whatever happens between proposal and approval") mutating func lastTrustees() throws {
    let third = try world.enroll(30)
    try enact(.grantRole(.trustee, third))
    #expect(try index.trustees.count == 3)
    let (first, second) = (
      try proposed(.revokeRole(.trustee, third), salt: 2), try proposed(.setParameter(.trusteeThreshold, 3), salt: 3)
    )
    try commit(approval(second), by: World.trustee, signers: [11])
    #expect(world.state.parameters.trusteeThreshold == 3)
    // Now it takes all three, and would leave two.
    try commit(approval(first), by: World.trustee, signers: [11])
    #expect(try proposal(first).state == .open)
    #expect(try refusal(approval(first), by: third, signers: [30]) == .governance(.tooFewTrustees(threshold: 3)))
    let end = try LedgerOperation.deactivate(third, after: world.head(third), network: world.network)
    #expect(try refusal(end, signers: [1, 30]) == .governance(.tooFewTrustees(threshold: 3)))
    let lower = try proposed(.setParameter(.trusteeThreshold, 2), salt: 4)
    try commit(approval(lower), by: World.trustee, signers: [11])
    try commit(approval(lower), by: third, signers: [30])
    try world.commit(world.transaction([end], signers: [1, 30], nonce: 9))
    // A deactivated trustee does not count.
    #expect(try refusal(propose(.setParameter(.trusteeThreshold, 3), salt: 9)) == .governance(.parameterOutOfRange("trustee_threshold")))
    let other = try LedgerOperation.deactivate(World.trustee, after: world.head(World.trustee), network: world.network)
    #expect(try refusal(other, by: World.trustee, signers: [11]) == .governance(.tooFewTrustees(threshold: 2)))
  }

  @Test("A key approves a proposal once, whichever trustee it signs for") mutating func sharedKey() throws {
    let twin = try world.enroll(
      Control(update: [WeightedKey(key(1).publicKey), WeightedKey(key(40).publicKey)], next: [WeightedDigest(.sha256([40]))]), 40)
    try enact(.grantRole(.trustee, twin))
    let id = try proposed(.grantRole(.issuer, twin), salt: 2)
    #expect(try proposal(id).approvals.map(\.keys) == [[key(1).publicKey]])
    #expect(try refusal(approval(id), by: twin, signers: [1]) == .governance(.keyAlreadyApproved))
    #expect(try refusal(approval(id), by: twin, signers: [1, 40]) == .governance(.keyAlreadyApproved))
    try commit(approval(id), by: twin, signers: [40])
    #expect(try proposal(id).state == .enacted)
    // The keys of others that sign beside a trustee's are not used up.
    let open = try propose(.revokeRole(.issuer, twin), salt: 3)
    try commit(open, signers: [1, 11])
    let last = try #require(open.kind.proposal)
    try commit(approval(last), by: World.trustee, signers: [11])
    #expect(try proposal(last).state == .enacted)
  }

  @Test("Approvals are of trustees, one each, and count as long as they are trustees") mutating func approvals() throws {
    let third = try world.enroll(30)
    let id = try proposed(.grantRole(.author, third))
    #expect(try refusal(approval(id)) == .governance(.alreadyApproved))
    #expect(try refusal(approval(id), by: World.guardian, signers: [301]) == .governance(.notTrustee(World.guardian)))
    #expect(try refusal(approval(id), by: third, signers: [30]) == .governance(.notTrustee(third)))
    #expect(try refusal(propose(.grantRole(.author, third)), by: third, signers: [30])?.reason == "not_permitted")
    try enact(.grantRole(.trustee, third), salt: 2)
    let other = try proposed(.grantRole(.auditor, third), salt: 3)
    try enact(.revokeRole(.trustee, World.registrar), salt: 4)
    // The proposer is no trustee any more: two others have to agree.
    try commit(approval(other), by: World.trustee, signers: [11])
    #expect(try proposal(other).state == .open)
    try commit(approval(other), by: third, signers: [30])
    #expect(try proposal(other).state == .enacted)
  }

  @Test("Who approved may say so again when the threshold was lowered meanwhile") mutating func lowered() throws {
    let third = try world.enroll(30)
    let id = try proposed(.grantRole(.author, third))
    try enact(.setParameter(.trusteeThreshold, 1), salt: 2)
    #expect(try proposal(id).state == .open)
    try commit(approval(id))
    #expect(try proposal(id).state == .enacted)
    #expect(try proposal(id).approvals.count == 1)
    // With one that is enough, a proposal is a decision.
    let alone = try proposed(.grantRole(.auditor, third), salt: 3)
    #expect(try proposal(alone).state == .enacted)
  }

  @Test("A proposal is withdrawn by its proposer, an approval by who gave it") mutating func withdrawing() throws {
    let third = try world.enroll(30)
    try enact(.grantRole(.trustee, third))
    try enact(.setParameter(.trusteeThreshold, 3), salt: 2)
    let id = try proposed(.grantRole(.author, third), salt: 3)
    #expect(try refusal(withdrawal(id), by: World.trustee, signers: [11]) == .governance(.notApproved))
    try commit(approval(id), by: World.trustee, signers: [11])
    try commit(withdrawal(id), by: World.trustee, signers: [11])
    #expect(try proposal(id).approvals.map(\.by) == [World.registrar])
    #expect(try proposal(id).state == .open)
    try commit(withdrawal(id))
    #expect(try proposal(id).state == .withdrawn)
    #expect(try index.open.isEmpty)
    #expect(try refusal(approval(id), by: World.trustee, signers: [11]) == .governance(.proposalClosed(id)))
    #expect(try refusal(withdrawal(id)) == .governance(.proposalClosed(id)))
  }

  @Test("A proposal has an end, within bounds") mutating func expiry() throws {
    let agent = try world.enroll(30)
    let limit = GovernancePropose.lifetimeLimitMilliseconds
    #expect(try refusal(propose(.grantRole(.author, agent), lifetime: limit + 1_000)) == nil)
    let late = world.state.timeMilliseconds + limit + 1_001
    #expect(try refusal(propose(.grantRole(.author, agent), lifetime: limit + 1_001)) == .governance(.proposalExpiry(late)))
    let now = world.state.timeMilliseconds + 1_000
    #expect(try refusal(propose(.grantRole(.author, agent), lifetime: 1_000)) == .governance(.proposalExpiry(now)))
    let id = try proposed(.grantRole(.author, agent), lifetime: 2_001)
    #expect(try refusal(approval(id), by: World.trustee, signers: [11]) == nil)
    try world.commit()
    #expect(try refusal(approval(id), by: World.trustee, signers: [11]) == .governance(.proposalExpired(id)))
    #expect(try refusal(withdrawal(id)) == .governance(.proposalExpired(id)))
    #expect(try index.open.map(\.id) == [id])
    let next = try proposed(.grantRole(.author, agent), salt: 2)
    #expect(try index.open.map(\.id) == [next])
    let unknown = ProposalID(.zero)
    #expect(try refusal(approval(unknown)) == .governance(.unknownProposal(unknown)))
    #expect(try refusal(withdrawal(unknown)) == .governance(.unknownProposal(unknown)))
  }

  @Test("Nobody fills the list of open proposals alone, nor proposes the same twice") mutating func limits() throws {
    let agent = try world.enroll(30)
    let first = try proposed(.grantRole(.author, agent))
    let again = try LedgerOperation.propose(
      .grantRole(.author, agent), expiresMilliseconds: proposal(first).expiresMilliseconds, salt: sixteen(1), network: world.network)
    #expect(try refusal(again) == .governance(.proposalExists(first)))
    for salt in 2...4 { _ = try proposed(.grantRole(.author, agent), salt: salt) }
    #expect(try refusal(propose(.grantRole(.author, agent), salt: 5)) == .governance(.tooManyProposals(limit: 4)))
    #expect(try refusal(propose(.grantRole(.author, agent), salt: 5), by: World.trustee, signers: [11]) == nil)
    try commit(withdrawal(first))
    #expect(try refusal(propose(.grantRole(.author, agent), salt: 5)) == nil)
  }

  @Test("Parameters change from the next block on") mutating func parameters() throws {
    #expect(world.state.parameters.maxValidityBlocks == 10)
    let id = try proposed(.setParameter(.maxValidityBlocks, 20))
    let far = try world.transaction([world.create(30)], signers: [1, 30], notAfter: world.height + 20)
    let approve = try world.transaction([approval(id)], by: World.trustee, signers: [11])
    #expect(throws: TransactionError.self) { try world.execute([approve, far]) }
    try world.commit(approve)
    #expect(world.state.parameters.maxValidityBlocks == 20)
    try world.commit(far)
    // Two in one block are both in force afterwards.
    let (heartbeat, bytes) = (
      try proposed(.setParameter(.heartbeatMilliseconds, 77), salt: 2), try proposed(.setParameter(.maxTransactionBytes, 9_000), salt: 3)
    )
    try world.commit(
      world.transaction([approval(heartbeat)], by: World.trustee, signers: [11], nonce: 1),
      world.transaction([approval(bytes)], by: World.trustee, signers: [11], nonce: 2))
    #expect(world.state.parameters.heartbeatMilliseconds == 77 && world.state.parameters.maxTransactionBytes == 9_000)
  }

  @Test("The constitution is replaced from the next block on, and what was before stays provable") mutating func amendment() throws {
    let open = ConstitutionSource(
      policies: ConstitutionSource.standard.policies + #"permit (principal, action == Cairn::Action::"did.create", resource);"#, tests: "")
    let create = try world.create(30)
    #expect(try refusal(create, by: World.trustee, signers: [11, 30]) == .notPermitted(World.refusal(of: .didCreate)))
    let before = try constitution
    try enact(.replaceConstitution(open))
    #expect(try refusal(create, by: World.trustee, signers: [11, 30]) == nil)
    #expect(world.state.constitution.source == open)
    let after = try constitution
    #expect(after.version == 1 && after.changedHeight == world.state.height && after.source == open)
    let earlier = try world.state.earlierVersion(0, forKey: ConstitutionRecord.stateKey, of: after.earlier)
    #expect(earlier.record == before.bytes)
    // Back again, and the first one is still there.
    try enact(.replaceConstitution(.standard), salt: 2)
    #expect(try constitution.version == 2)
    #expect(try refusal(create, by: World.trustee, signers: [11, 30]) != nil)
    let versions = try world.state.earlierVersions([0, 1], forKey: ConstitutionRecord.stateKey, of: constitution.earlier)
    #expect(versions.map(\.record) == [before.bytes, after.bytes])
  }

  @Test("A constitution can restrict governance, but not the trustees' way to replace it") mutating func restricted() throws {
    let agent = try world.enroll(30)
    let strict = ConstitutionSource(
      policies: ConstitutionSource.standard.policies
        + """
        @id("no_new_trustees") forbid (principal, action == Cairn::Action::"governance.propose", resource is Cairn::Proposal)
          when { resource.kind == "grant_role" && resource has role && resource.role == "trustee" };
        @id("others_propose") permit (principal, action == Cairn::Action::"governance.propose", resource is Cairn::Proposal);
        """, tests: "")
    try enact(.replaceConstitution(strict))
    let refused = ConstitutionRefusal(action: .governancePropose, submitter: World.registrar, policies: ["no_new_trustees"])
    #expect(try refusal(propose(.grantRole(.trustee, agent), salt: 2)) == .notPermitted(refused))
    // Whoever may propose without being a trustee has no approval of its own.
    let operation = try propose(.grantRole(.author, agent), salt: 3)
    try commit(operation, by: agent, signers: [30])
    let id = try #require(operation.kind.proposal)
    #expect(try proposal(id).approvals.isEmpty)
    try commit(approval(id))
    try commit(approval(id), by: World.trustee, signers: [11])
    #expect(try proposal(id).state == .enacted)
    try enact(.replaceConstitution(.standard), salt: 4)
  }

  @Test("A state is restored with the parameters, the constitution and the roles in force") mutating func restoring() throws {
    let store = MemoryLedger()
    world = World(over: store)
    store.store(GenesisBlock(World.genesis).rows)
    let open = ConstitutionSource(policies: "permit (principal, action, resource);", tests: "")
    for (salt, action) in [GovernanceAction.replaceConstitution(open), .setParameter(.heartbeatMilliseconds, 99)].enumerated() {
      let operation = try propose(action, salt: salt)
      store.store(try world.commit(world.transaction([operation], nonce: 2 * salt)))
      let approve = try approval(#require(operation.kind.proposal))
      store.store(try world.commit(world.transaction([approve], by: World.trustee, signers: [11], nonce: 2 * salt + 1)))
    }
    let restored = try LedgerState(
      restoring: world.state.header, tree: world.state.tree, frontier: world.state.frontier, over: store)
    #expect(restored.constitution.source == open && restored.parameters.heartbeatMilliseconds == 99)
  }

  @Test("Records are read as they were written, and strictly") mutating func records() throws {
    let validator = World.genesis.validators.validators[0]
    let actions: [GovernanceAction] = [
      .grantRole(.author, World.trustee), .revokeRole(.issuer, World.registrar), .setParameter(.maxBlockBytes, 5),
      .replaceConstitution(.standard), .freezeContract("a"), .unfreezeContract("b"), .changeValidators(.add(validator)),
      .changeValidators(.remove("x")), .changeValidators(.replace("x", validator)),
    ]
    for action in actions {
      let operation = try propose(action)
      guard case .governancePropose(let propose, let id) = operation.kind else {
        Issue.record("not a proposal")
        continue
      }
      #expect(propose.action == action)
      var record = ProposalRecord(propose, id: id, proposer: World.registrar, createdMilliseconds: 1, createdHeight: 2)
      let keys = [key(1).publicKey, key(2).publicKey].sorted()
      record.approvals = [.init(by: World.trustee, givenMilliseconds: 3, keys: keys)]
      #expect(try ProposalRecord(decoding: record.bytes) == record)
      #expect(try LedgerOperation(operation.message, network: world.network) == operation)
      record.approvals += record.approvals
      #expect(throws: RecordError.field("approvals")) { try ProposalRecord(decoding: record.bytes) }
      for wrong in [[], keys.reversed(), keys + keys] {
        record.approvals = [.init(by: World.trustee, givenMilliseconds: 3, keys: wrong)]
        #expect(throws: RecordError.field("approvals")) { try ProposalRecord(decoding: record.bytes) }
      }
    }
    var governance = GovernanceRecord(trustees: [World.trustee, World.registrar])
    for number in 0..<9 {
      let id = ProposalID(.sha256([UInt8(number)]))
      governance.insert(.init(id: id, proposer: World.trustee, expiresMilliseconds: UInt64(number)))
    }
    #expect(try GovernanceRecord(decoding: governance.bytes) == governance)
    governance.removeExpired(atMilliseconds: 4)
    #expect(governance.open.count == 4)
    #expect(ProposalID(parsing: ProposalID(.sha256([1])).description) == ProposalID(.sha256([1])))
    #expect(ProposalID(parsing: "abc") == nil)
  }
}
