import CairnChain
import CairnCrypto
import CairnIdentity
import CairnPolicy
import Foundation
import Testing

@testable import CairnLedger

@Suite struct ConstitutionTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "genesis")

  private static func text(_ name: String) throws -> String { try String(contentsOf: folder.appending(path: name), encoding: .utf8) }

  /// The standard constitution, and something more.
  private static func extended(_ more: String) -> String { ConstitutionSource.standard.policies + more }

  private func error(_ policies: String, tests: String = "") -> ConstitutionError? {
    do {
      _ = try Constitution(ConstitutionSource(policies: policies, tests: tests))
      return nil
    } catch { return error }
  }

  @Test("What the program knows by heart is what stands in genesis/") func files() throws {
    #expect(Array(ConstitutionSchema.text.utf8) == Array(try Self.text("constitution.cedarschema").utf8))
    #expect(Array(ConstitutionSource.standard.policies.utf8) == Array(try Self.text("constitution.cedar").utf8))
    #expect(Array(ConstitutionSource.standard.tests.utf8) == Array(try Self.text("constitution.tests").utf8))
  }

  @Test("The schema has every action of the ledger and no other") func actions() {
    #expect(ConstitutionSchema.schema.actions.compactMap { LedgerAction($0.uid) }.count == ConstitutionSchema.schema.actions.count)
    #expect(Set(ConstitutionSchema.schema.actions.map(\.uid)) == Set(LedgerAction.allCases.map(\.uid)))
  }

  @Test("The schema has every role of the ledger and no other") func roles() {
    let names = ConstitutionSchema.schema.entityType(ConstitutionSchema.role)?.enumeration
    #expect(names == Role.allCases.map { Text($0.name) }.sorted())
  }

  @Test("The standard constitution is cheap, valid, and decides by roles alone") func standard() {
    #expect(error(ConstitutionSource.standard.policies, tests: ConstitutionSource.standard.tests) == nil)
    #expect(Constitution.standard.costBound <= Constitution.costLimit / 2)
    for action in LedgerAction.allCases { #expect(Constitution.standard.rules(for: action).byRole != nil) }
  }

  @Test(
    "Masks of roles say what evaluation says, for every action and every set of roles",
    arguments: [
      ConstitutionSource.standard.policies,
      extended(
        """
        @id("no_auditor") forbid (principal in Cairn::Role::"auditor", action == Cairn::Action::"did.create", resource);
        @id("nobody") forbid (principal, action == Cairn::Action::"contract.retire", resource);
        @id("no_agent") forbid (principal is Cairn::Agent in Cairn::Role::"issuer", action in [Cairn::Action::"did.create"], resource);
        """),
    ])
  func masks(policies: String) throws {
    let constitution = try Constitution(ConstitutionSource(policies: policies, tests: ""))
    let all = try PolicySet(parsing: policies)
    for action in LedgerAction.allCases {
      let rules = constitution.rules(for: action)
      for bits in 0..<128 {
        let roles = Roles(Role.allCases.filter { bits >> ($0.rawValue - 1) & 1 == 1 })
        let principal = Entity(
          agent: World.trustee, roles: roles, controller: nil, createdMilliseconds: 1, keysChangedMilliseconds: 2)
        let resource = EntityUID(try #require(ConstitutionSchema.schema.action(action.uid)?.resources.first), "x")
        let request = AuthorizationRequest(principal: principal.uid, action: action.uid, resource: resource)
        let response = all.isAuthorized(request, entities: Entities([principal]))
        let verdict = try #require(rules.verdict(of: roles))
        #expect(verdict.isAllowed == (response.decision == .allow))
        let forbids = response.decision == .deny ? response.reasons.compactMap { all.policy($0)?.name } : []
        #expect(verdict.policies == forbids)
      }
    }
  }

  @Test("A text that is none is refused with its reason") func malformed() {
    #expect(error("permit (")?.reason == "constitution_malformed")
    #expect(error(Self.extended(#"permit (principal, action == Cairn::Action::"did.fly", resource);"#))?.reason == "constitution_invalid")
    #expect(error(Self.extended("permit (principal == ?principal, action, resource);"))?.reason == "constitution_invalid")
    #expect(error(Self.extended("permit (principal, action, resource) when { context.purpose };"))?.reason == "constitution_invalid")
    #expect(
      error(Self.extended(#"permit (principal, action == Cairn::Action::"did.update", resource) when { resource.controller has x };"#))?
        .reason == "constitution_invalid")
    let limit = ConstitutionSource.policyByteLimit
    #expect(error(Self.extended(String(repeating: " ", count: limit))) == .tooLong(limit: limit))
    #expect(error(ConstitutionSource.standard.policies, tests: String(repeating: "#", count: 8 << 10)) == nil)
    #expect(error(ConstitutionSource.standard.policies, tests: String(repeating: "#", count: 8 << 10 + 1)) == .tooLong(limit: 8 << 10))
  }

  @Test("Attributes of what an attribute names are not to be had") func level() {
    let policy =
      #"permit (principal, action == Cairn::Action::"status_list.create", resource) when { resource.issuer in Cairn::Role::"issuer" };"#
    #expect(error(Self.extended(policy))?.reason == "constitution_invalid")
  }

  @Test("What is too expensive for a block is refused") func cost() {
    let condition = (0..<60).map { #"resource.purpose like "*a*b*c*d\#($0)*""# }.joined(separator: " || ")
    let policy = "permit (principal, action == Cairn::Action::\"status_list.create\", resource) when { \(condition) };\n"
    guard case .cost(let cost, let limit) = error(Self.extended(String(repeating: policy, count: 10))) else {
      Issue.record("it was not refused for its cost")
      return
    }
    #expect(cost > limit && limit == Constitution.costLimit)
  }

  @Test("It has to decide as its own tests say") func tests() {
    let policies = ConstitutionSource.standard.policies
    #expect(error(policies, tests: "allow registrar did.create\r\n\n  # a note\ndeny - did.create") == nil)
    #expect(error(policies, tests: "# one\nallow issuer did.create") == .failedTest(line: 2, decided: false))
    #expect(error(policies, tests: "deny - did.update") == .failedTest(line: 1, decided: true))
    for line in [
      "maybe - did.update", "allow - did.fly", "allow king did.update", "allow - did.update StatusList", "allow did.update", "allow",
      "allow trustee governance.propose", "allow - did.update resource.color=1", "allow - did.update principal.createdAt=soon",
      "allow - did.update context.block.height=1 context.block.height=2", "allow trustee, did.update", "allow - did.update Agent x",
    ] {
      #expect(error(policies, tests: line) == .malformedTest(line: 1), "\(line)")
    }
    #expect(error(policies, tests: String(repeating: "deny - did.create\n", count: 257)) == .tooManyTests(limit: 256))
  }

  @Test("Tests set the facts that conditions ask for") func facts() {
    let policies = Self.extended(
      """
      forbid (principal, action == Cairn::Action::"status_list.update", resource)
        when { resource.purpose == "revocation" && context.set > 10 }
        unless { principal in Cairn::Role::"issuer" && context.block.time < datetime("2030-01-01") };
      """)
    let tests = """
      allow - status_list.update resource.purpose=revocation context.set=10
      deny  - status_list.update resource.purpose=revocation context.set=11
      allow - status_list.update resource.purpose=suspension context.set=11
      allow issuer status_list.update resource.purpose=revocation context.set=11
      deny  issuer status_list.update resource.purpose=revocation context.set=11 context.block.time=1893456000000
      """
    #expect(error(policies, tests: tests) == nil)
  }

  @Test("One that could keep trustees from replacing it is refused") func lockout() {
    let permit =
      #"permit (principal in Cairn::Role::"trustee", action in [Cairn::Action::"governance.propose", Cairn::Action::"governance.approve"], resource)"#
    #expect(error(permit + ";") == nil)
    #expect(error("permit (principal is Cairn::Agent, action, resource is Cairn::Amendment);") == nil)
    #expect(error(permit + " when { context.block.height < 1000 };") == .noPermitForTrustees(.governancePropose))
    #expect(
      error(permit.replacing(#"Cairn::Role::"trustee""#, with: #"Cairn::Role::"operator""#) + ";")?.reason
        == "constitution_locks_trustees_out")
    #expect(
      error(#"permit (principal, action == Cairn::Action::"governance.propose", resource);"#) == .noPermitForTrustees(.governanceApprove))
    #expect(error(#"permit (principal, action, resource is Cairn::Proposal);"#) == .noPermitForTrustees(.governancePropose))
    #expect(
      error(#"permit (principal == Cairn::Agent::"did:cairn:x", action, resource);"#) == .noPermitForTrustees(.governancePropose))
    // An erroring forbid denies: it may not even be near.
    let overflow = "when { context.block.height * 9223372036854775807 > 0 };"
    #expect(error(permit + #";@id("late") forbid (principal, action, resource) "# + overflow) == .forbidReachesTrustees(policy: "late"))
    #expect(error(permit + #"; forbid (principal == Cairn::Agent::"x", action, resource);"#)?.reason == "constitution_locks_trustees_out")
    #expect(error(permit + "; forbid (principal, action, resource is Cairn::Amendment);")?.reason == "constitution_locks_trustees_out")
    #expect(error(permit + "; forbid (principal, action, resource is Cairn::Proposal) " + overflow) == nil)
    #expect(error(permit + #"; forbid (principal, action == Cairn::Action::"did.create", resource);"#) == nil)
    #expect(error(permit + #"; forbid (principal, action == Cairn::Action::"governance.withdraw", resource);"#) == nil)
  }

  @Test("A constitution is known by its bytes") func hash() {
    #expect(ConstitutionSource(policies: "\u{e9}", tests: "") != ConstitutionSource(policies: "e\u{301}", tests: ""))
    #expect(ConstitutionSource(policies: "a", tests: "b") != ConstitutionSource(policies: "ab", tests: ""))
  }

  @Test("The record is read as it was written, and knows those before it") func record() throws {
    let first = ConstitutionRecord(.standard, changedMilliseconds: 1, changedHeight: 0)
    let second = first.replaced(by: ConstitutionSource(policies: "x", tests: "y"), changedMilliseconds: 5, changedHeight: 3)
    for record in [first, second] { #expect(try ConstitutionRecord(decoding: record.bytes) == record) }
    #expect(second.version == 1)
    #expect(EarlierVersion(index: 0, record: first.bytes, path: []).isCommitted(by: second.earlier))
    #expect(!EarlierVersion(index: 0, record: second.bytes, path: []).isCommitted(by: second.earlier))
  }
}

/// A network with a constitution of its own; the first identity is registrar and issuer, the second trustee and operator.
private struct Polity {
  let genesis: Genesis
  let state: LedgerState

  init(_ more: String) throws {
    let source = ConstitutionSource(policies: ConstitutionSource.standard.policies + more, tests: "")
    let template = try GenesisTemplate(
      name: "polity", timeMilliseconds: 1_000_000, parameters: Parameters(), constitution: Constitution(source))
    genesis = try template.seal(try World.entries.map { try $0.signedByAll(for: template) })
    state = GenesisBlock(genesis).state
  }

  var registrar: CairnDID { genesis.dids[0] }
  var trustee: CairnDID { genesis.dids[1] }

  func create(_ first: Int, controller: CairnDID? = nil) throws -> LedgerOperation {
    let control = try Control(update: key(first).publicKey, next: key(first + 1).publicKey, controller: controller)
    return try .create(control: control, document: document(first), salt: sixteen(first), network: genesis.network)
  }

  func list(_ name: String, _ purpose: StatusListPurpose) throws -> LedgerOperation {
    try .createStatusList(StatusListID(issuer: registrar, name: name), purpose: purpose, network: genesis.network)
  }

  func refusal(_ operations: [LedgerOperation], by submitter: CairnDID, signers: [Int]) throws -> TransactionError? {
    let unsigned = UnsignedTransaction(
      network: genesis.network, submitter: submitter, notAfterHeight: 3, nonce: sixteen(1), operations: operations)
    let transaction = try TransactionVerifier(network: genesis.network).verify(try unsigned.signed(by: signers.map(key)).bytes)
    var execution = BlockExecution(on: state, timeMilliseconds: state.timeMilliseconds + 1_000)
    do {
      try execution.apply(transaction)
      return nil
    } catch { return error }
  }
}

@Suite struct ConstitutionInForceTests {
  @Test("A forbid with conditions refuses what its facts say, and names itself") func conditions() throws {
    let polity = try Polity(
      """
      @id("no_fleets") forbid (principal, action == Cairn::Action::"did.create", resource) when { resource has controller };
      @id("no_suspension") forbid (principal, action == Cairn::Action::"status_list.create", resource)
        when { resource.purpose == "suspension" && resource.issuer == principal };
      """)
    #expect(try polity.refusal([polity.create(30)], by: polity.registrar, signers: [1, 30]) == nil)
    let fleet = try polity.create(30, controller: polity.trustee)
    #expect(
      try polity.refusal([fleet], by: polity.registrar, signers: [1, 11])
        == .operation(
          0, .notPermitted(ConstitutionRefusal(action: .didCreate, submitter: polity.registrar, policies: ["no_fleets"]))))
    #expect(try polity.refusal([polity.list("a", .revocation)], by: polity.registrar, signers: [1]) == nil)
    #expect(
      try polity.refusal([polity.list("a", .revocation), polity.list("b", .suspension)], by: polity.registrar, signers: [1])
        == .operation(
          1, .notPermitted(ConstitutionRefusal(action: .statusListCreate, submitter: polity.registrar, policies: ["no_suspension"]))))
  }

  @Test("A forbid that fails to evaluate refuses; a permit that fails does not permit") func failures() throws {
    let overflow = "when { context.block.height * 9223372036854775807 * 2 > 0 };"
    let polity = try Polity(
      #"@id("broken") forbid (principal, action == Cairn::Action::"did.create", resource) "# + overflow
        + #"@id("useless") permit (principal, action == Cairn::Action::"status_list.create", resource) "# + overflow)
    #expect(
      try polity.refusal([polity.create(30)], by: polity.registrar, signers: [1, 30])
        == .operation(0, .notPermitted(ConstitutionRefusal(action: .didCreate, submitter: polity.registrar, policies: ["broken"]))))
    #expect(try polity.refusal([polity.list("a", .revocation)], by: polity.registrar, signers: [1]) == nil)
    let own = try LedgerOperation.createStatusList(
      StatusListID(issuer: polity.trustee, name: "a"), purpose: .revocation, network: polity.genesis.network)
    #expect(
      try polity.refusal([own], by: polity.trustee, signers: [11])
        == .operation(0, .notPermitted(ConstitutionRefusal(action: .statusListCreate, submitter: polity.trustee, policies: []))))
  }

  @Test("Time, height and the age of keys are facts") func time() throws {
    let polity = try Polity(
      """
      permit (principal, action == Cairn::Action::"did.create", resource)
        when { context.block.height == 1 && context.block.time == principal.createdAt.offset(duration("1s"))
          && principal.keysChangedAt == principal.createdAt && resource.createdAt == context.block.time };
      """)
    #expect(try polity.refusal([polity.create(30)], by: polity.trustee, signers: [11, 30]) == nil)
    #expect(try polity.refusal([polity.create(30), polity.create(33)], by: polity.trustee, signers: [11, 30, 33]) == nil)
  }

  @Test("The guards come before the constitution, which cannot lift them") func guards() throws {
    let polity = try Polity("permit (principal, action, resource);")
    #expect(
      try polity.refusal([polity.create(30)], by: polity.trustee, signers: [11]) == .operation(0, .thresholdNotMet(.newUpdate)))
    #expect(try polity.refusal([polity.create(30)], by: polity.trustee, signers: [11, 30]) == nil)
  }

  @Test("Every operation of the ledger supplies the facts of the schema", arguments: [true, false]) func facts(isPermitted: Bool) throws {
    // Conditions on every action: each request is evaluated, and checked against the schema by an assertion of debug builds.
    let actions = LedgerAction.allCases.filter { !$0.name.utf8.starts(with: "governance".utf8) }
    let list = actions.map { "Cairn::Action::\"\($0.name)\"" }.joined(separator: ", ")
    let polity = try Polity("forbid (principal, action in [\(list)], resource) when { context.block.height \(isPermitted ? ">" : "<") 5 };")
    let head = polity.genesis.identities[1].head
    let (network, trustee, registrar) = (polity.genesis.network, polity.trustee, polity.registrar)
    let own = try StatusListID(issuer: registrar, name: "a")
    let control = try Control(update: key(12).publicKey, next: key(13).publicKey)
    let operations: [LedgerOperation] = [
      try polity.create(30), try polity.create(40, controller: trustee), try polity.list("a", .suspension),
      try .updateStatusList(own, set: [1], clear: [2], network: network), try .delegateStatusList(own, to: [trustee], network: network),
      try .createSessionBatch(
        controller: trustee, root: .zero, count: 3, expiresMilliseconds: polity.state.timeMilliseconds + 5_000, salt: sixteen(1),
        network: network),
      try .update(trustee, after: head, document: document(11), network: network),
    ]
    let guardian = polity.genesis.dids[2]
    let stops: [LedgerOperation] = [
      try .isolate(guardian, reason: "test", network: network), try .release(registrar, network: network),
    ]
    let rest = [
      try LedgerOperation.rotate(trustee, after: head, control: control, network: network),
      try .deactivate(trustee, after: head, network: network),
    ]
    if isPermitted {
      #expect(try polity.refusal(operations, by: registrar, signers: [1, 11, 30]) == nil)
      for operation in stops { #expect(try polity.refusal([operation], by: guardian, signers: [301]) == nil) }
      for operation in rest { #expect(try polity.refusal([operation], by: registrar, signers: [1, 11, 12]) == nil) }
    } else {
      for operation in stops { #expect(try polity.refusal([operation], by: guardian, signers: [301])?.reason == "not_permitted") }
      for operation in operations + rest where operation.kind.list == nil || operation.kind.list == own {
        let reason = try polity.refusal([operation], by: registrar, signers: [1, 11, 12, 30])?.reason
        #expect(reason == "not_permitted" || reason == "unknown_status_list")
      }
    }
  }
}
