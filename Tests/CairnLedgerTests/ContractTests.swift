import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import CairnPolicy
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite("Policy contracts")
struct ContractTests {
  private var world = World()

  // MARK: Deployment

  @Test("An author deploys; the record and the version are in the state") mutating func deploy() throws {
    let version = try Contracts.version()
    let block = try world.commit(world.transaction([.deploy(version, network: world.network)], by: World.author, signers: [321]))
    let record = try world.contract()
    #expect(record.version == 1 && record.hash == version.hash && record.sequence == 0)
    #expect(record.owners == [World.author] && record.threshold == 1)
    #expect(record.isInForce && record.attestation == nil)
    #expect(record.auditDueMilliseconds == world.state.timeMilliseconds + 30 * 86_400_000)
    #expect(record.deployedMilliseconds == world.state.timeMilliseconds && record.upgradedMilliseconds == world.state.timeMilliseconds)
    #expect(try world.state.contractVersion(1, of: Contracts.id) == version)
    let row = try #require(block.rows.first { $0.key == Contracts.id.versionKey(1) })
    #expect(row.record == version.bytes)
    #expect(try StateValue(decoding: row.value).recordHash == version.hash)
    #expect(try world.state.compiledContract(record).policies.policies.count == 3)
    #expect(try world.state.contract(Contracts.contract("other")) == nil)
  }

  @Test("A contract without policies and tests may be deployed: it denies everything") mutating func emptyContract() throws {
    try world.deploy(Contracts.version(policies: "", schema: "namespace Cairn { entity Agent; entity Resource; }", tests: ""))
    #expect(try world.contract().version == 1)
  }

  @Test("Only authors deploy and upgrade") mutating func roleOfAuthor() throws {
    let version = try Contracts.version(owners: [World.registrar])
    #expect(
      throws: TransactionError.operation(
        0, .notPermitted(ConstitutionRefusal(action: .contractDeploy, submitter: World.registrar, policies: [])))
    ) {
      try world.execute([world.transaction([.deploy(version, network: world.network)], signers: [1])])
    }
    try world.deploy(Contracts.version())
    let next = try Contracts.version(after: world.contract(), policies: Contracts.policies + "\n")
    #expect(
      throws: TransactionError.operation(
        0, .notPermitted(ConstitutionRefusal(action: .contractUpgrade, submitter: World.registrar, policies: [])))
    ) {
      try world.execute([world.transaction([.upgrade(to: next, network: world.network)], signers: [1, 321])])
    }
  }

  @Test("A name is taken once, for ever") mutating func nameTaken() throws {
    try world.deploy(Contracts.version())
    #expect(try world.refusal(.deploy(Contracts.version(), network: world.network)) == .exists(Contracts.id))
    try world.commit(world.transaction([.retire(Contracts.id, network: world.network)], by: World.author, signers: [321]))
    #expect(try world.refusal(.deploy(Contracts.version(), network: world.network)) == .exists(Contracts.id))
  }

  @Test("As many owners sign as the version asks for, and all of them exist") func ownersOfDeployment() throws {
    let owners = [World.author, World.registrar, World.trustee]
    let operation = try LedgerOperation.deploy(Contracts.version(owners: owners, threshold: 2), network: world.network)
    #expect(try world.refusal(operation) == .newOwnersNotMet(approvals: 1, threshold: 2))
    #expect(try world.refusal(operation, signers: [1, 321]) == nil)
    #expect(try world.refusal(operation, signers: [11, 321]) == nil)
    let nobody = CairnDID(network: world.network, create: .zero)
    let unknown = try LedgerOperation.deploy(Contracts.version(owners: [World.author, nobody]), network: world.network)
    #expect(try world.refusal(unknown) == .unknownOwner(nobody))
  }

  @Test("A deactivated owner is none, and an isolated one approves nothing") mutating func ownersThatAreStopped() throws {
    let (ended, stopped) = (try world.enroll(20), try world.enroll(30))
    let owners = [World.author, ended, stopped]
    try world.deploy(Contracts.version(owners: owners, threshold: 2), signers: [20, 321])
    let retire = try LedgerOperation.retire(Contracts.id, network: world.network)
    #expect(try world.refusal(retire, signers: [20, 321]) == nil)
    try world.commit(world.transaction([.deactivate(ended, after: world.head(ended), network: world.network)], signers: [1, 20]))
    #expect(try world.refusal(retire, signers: [20, 321]) == .ownersNotMet(approvals: 1, threshold: 2))
    #expect(try world.refusal(retire, signers: [30, 321]) == nil)
    try world.commit(
      world.transaction([.isolate(stopped, reason: "test", network: world.network)], by: World.guardian, signers: [301]))
    #expect(try world.refusal(retire, signers: [30, 321]) == .ownersNotMet(approvals: 1, threshold: 2))
    let again = try Contracts.version(Contracts.contract("again"), owners: owners)
    #expect(try world.refusal(.deploy(again, network: world.network)) == .unknownOwner(ended))
  }

  @Test("Owners who share a key are one voice with it") mutating func sharedKeyOfOwners() throws {
    // Has the author's key and one of its own, either of which will do.
    let twin = try world.enroll(
      Control(update: [WeightedKey(key(321).publicKey), WeightedKey(key(40).publicKey)], next: [WeightedDigest(.sha256([40]))]), 40)
    let owners = [World.author, twin]
    let operation = try LedgerOperation.deploy(Contracts.version(owners: owners, threshold: 2), network: world.network)
    #expect(try world.refusal(operation) == .newOwnersNotMet(approvals: 1, threshold: 2))
    #expect(try world.refusal(operation, signers: [40, 321]) == nil)
    try world.deploy(Contracts.version(owners: owners, threshold: 2), signers: [40, 321])
    let retire = try LedgerOperation.retire(Contracts.id, network: world.network)
    #expect(try world.refusal(retire) == .ownersNotMet(approvals: 1, threshold: 2))
    #expect(try world.refusal(retire, signers: [40, 321]) == nil)
  }

  @Test("Nobody takes a voice from others by listing their keys") mutating func keysOfOthers() throws {
    let others = [try world.enroll(20), try world.enroll(30)]
    for (number, threshold) in [(50, 1), (60, 3)] {
      let greedy = try world.enroll(
        Control(
          update: [20, 30, number].map { WeightedKey(key($0).publicKey) }, updateThreshold: UInt32(threshold),
          next: [WeightedDigest(.sha256([50]))]), number)
      let operation = try LedgerOperation.deploy(
        Contracts.version(owners: others + [greedy, World.author], threshold: 3), network: world.network)
      #expect(try world.refusal(operation, signers: [20, 30, number, 321]) == nil)
      #expect(
        try world.refusal(operation, signers: [20, number, 321]) == (threshold == 1 ? nil : .newOwnersNotMet(approvals: 2, threshold: 3)))
    }
  }

  @Test("A block has so many contracts checked, and a transaction that wants more is refused for good") func checksOfABlock() throws {
    func deployment(_ numbers: Range<Int>) throws -> Authorized<Transaction> {
      let operations = try numbers.map { number in
        try LedgerOperation.deploy(Contracts.version(Contracts.contract("c\(number)"), tests: ""), network: world.network)
      }
      return try world.transaction(operations, by: World.author, signers: [321], nonce: numbers.lowerBound)
    }
    #expect(throws: TransactionError.operation(4, .beyondBlock)) { try world.execute([deployment(0..<5)]) }
    var block = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    try block.apply(deployment(0..<3))
    let two = try deployment(3..<5)
    #expect(throws: TransactionError.blockFull) { try block.apply(two) }
    #expect(block.hasRoom(for: two.value))
    // What was refused took nothing.
    try block.apply(deployment(5..<6))
    #expect(throws: TransactionError.blockFull) { try block.apply(deployment(6..<7)) }
    try block.apply(world.transaction([world.create(40)], signers: [1, 40]))
    #expect(block.count == 3)
  }

  // MARK: What a contract says

  private func fault(
    policies: String = Contracts.policies, schema: String = Contracts.schema, tests: String = "{ \"tests\": [] }"
  ) throws -> ContractFault? {
    let version = try Contracts.version(policies: policies, schema: schema, tests: tests)
    guard case .fault(let fault) = try world.refusal(.deploy(version, network: world.network)) else { return nil }
    return fault
  }

  @Test("What is wrong with policies, schema and tests, each with its reason", arguments: ContractExamples.faults)
  func faults(_ example: ContractExamples.Fault) throws {
    let fault = try fault(
      policies: example.policies ?? Contracts.policies, schema: example.schema ?? Contracts.schema,
      tests: example.tests ?? "{ \"tests\": [] }")
    #expect(fault?.reason == example.reason)
    #expect(fault?.description.isEmpty == false)
  }

  @Test("Large types count for what it takes to compare them") func largeTypes() throws {
    let clauses = Array(repeating: "context.asserted == context.asserted", count: 160).joined(separator: " && ")
    let policy = "permit (principal, action, resource) when { context has asserted && \(clauses) };"
    let policies = Array(repeating: policy, count: 4).joined()
    func schema(attributes count: Int) -> String {
      let attributes = (0..<count).map { "a\($0): Long" }.joined(separator: ", ")
      return """
        namespace Cairn {
          entity Agent; entity Resource;
          action read appliesTo { principal: Agent, resource: Resource, context: { asserted?: { \(attributes) } } };
        }
        """
    }
    func work(attributes count: Int) throws -> Int {
      try CompiledContract(policies: Array(policies.utf8), schema: Array(schema(attributes: count).utf8)).checkingWork
    }
    // A context: its record, the record in it, and the attributes of that.
    #expect(try work(attributes: 500) == (1 + 502 / 16) * work(attributes: 4))
    #expect(try work(attributes: 100) <= ContractLimits.checkingWork)
    #expect(try fault(policies: policies, schema: schema(attributes: 500))?.reason == "contract_too_much_to_check")
  }

  @Test("A forbid that has no value denies: a test that expects the opposite fails") func failedForbid() throws {
    let policies = """
      permit (principal, action, resource);
      forbid (principal, action, resource) when { principal.keyAgeSeconds + 1 > 9223372036854775807 };
      """
    func tests(_ decision: String) -> String {
      """
      { "tests": [ { "name": "overflow", "principal": "Cairn::Agent::\\"a\\"", "action": "Cairn::Action::\\"read\\"",
        "resource": "Cairn::Resource::\\"t\\"",
        "entities": [ { "uid": { "type": "Cairn::Agent", "id": "a" }, "attrs": { "keyAgeSeconds": 9223372036854775807 }, "parents": [] } ],
        "decision": "\(decision)" } ] }
      """
    }
    #expect(try fault(policies: policies, tests: tests("allow")) == .testFailed(name: "overflow", expected: .allow))
    #expect(try fault(policies: policies, tests: tests("deny")) == nil)
  }

  @Test("The shape of an operation is checked before anything is read") func shapes() throws {
    func error(_ change: (inout ProtoContractVersion) -> Void) throws -> OperationError? {
      var message = ProtoContractDeploy()
      message.contract = try Contracts.version().message
      change(&message.contract)
      do {
        _ = try LedgerOperation.make(.contractDeploy(message), network: world.network)
        return nil
      } catch { return error }
    }
    #expect(try error { _ in } == nil)
    for name in ["", "Tools", "a_b", "tööls", String(repeating: "a", count: 33), "tools/1", " tools"] {
      #expect(try error { $0.contract = name } == .malformed("contract"))
    }
    #expect(try error { $0.version = 0 } == .malformed("version"))
    #expect(try error { ($0.version, $0.previous) = (2, Data(count: 32)) } == .malformed("version"))
    #expect(try error { $0.previous = Data(count: 32) } == .malformed("previous"))
    #expect(try error { ($0.version, $0.previous) = (2, Data(count: 31)) } == .malformed("previous"))
    #expect(try error { $0.owners = [] } == .malformed("owners"))
    #expect(try error { $0.owners += $0.owners } == .malformed("owners"))
    #expect(try error { $0.owners = ["did:web:example.org"] } == .malformed("owners"))
    #expect(try error { $0.threshold = 0 } == .malformed("threshold"))
    #expect(try error { $0.threshold = 2 } == .malformed("threshold"))
    let foreign = CairnDID(network: .zero, create: .zero).description
    #expect(try error { $0.owners = [foreign] } == .foreignDID)
    let many = (0..<17).map { CairnDID(network: world.network, create: .sha256([$0])).description }
    #expect(try error { $0.owners = many.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } } == .malformed("owners"))
    let size = try Contracts.version().bytes.count
    let spare = String(repeating: " ", count: ContractVersion.byteLimit - size - 2)
    #expect(try error { $0.policies += spare + " " } == nil)
    #expect(try error { $0.policies += spare + "  " } == .contract(.tooLarge(ContractVersion.byteLimit + 1)))
  }

  @Test("The other operations are checked likewise") func otherShapes() throws {
    func error(_ kind: ProtoOperation.OneOf_Kind) -> OperationError? {
      do {
        _ = try LedgerOperation.make(kind, network: world.network)
        return nil
      } catch { return error }
    }
    #expect(error(.contractDeploy(ProtoContractDeploy())) == .malformed("contract"))
    #expect(error(.contractUpgrade(ProtoContractUpgrade())) == .malformed("contract"))
    #expect(error(.contractFreeze(ProtoContractFreeze())) == .malformed("contract"))
    #expect(error(.contractRetire(.with { $0.contract = "Ä" })) == .malformed("contract"))
    #expect(error(.contractAttest(.with { $0.contract = "tools" })) == .malformed("hash"))
    let long = String(repeating: "x", count: ContractAttest.statementByteLimit + 1)
    #expect(
      error(.contractAttest(.with { ($0.contract, $0.hash, $0.statement) = ("tools", Data(count: 32), long) })) == .malformed("statement"))
    #expect(error(.contractUnfreeze(.with { $0.contract = "tools" })) == .malformed("hash"))
    #expect(error(.contractUnfreeze(.with { ($0.contract, $0.hash) = ("tools", Data(count: 32)) })) == .malformed("guardian"))
    #expect(throws: OperationError.malformed("version")) {
      try LedgerOperation.upgrade(to: Contracts.version(), network: world.network)
    }
  }

  // MARK: Upgrades

  @Test("An upgrade follows the version in force by number and hash") mutating func chain() throws {
    let first = try Contracts.version()
    try world.deploy(first)
    let second = try Contracts.version(after: world.contract(), tests: "")
    try world.upgrade(second)
    let record = try world.contract()
    #expect(record.version == 2 && record.hash == second.hash && record.sequence == 1)
    #expect(second.previous == first.hash)
    #expect(try world.state.contractVersion(1, of: Contracts.id) == first)
    #expect(try world.state.contractVersion(2, of: Contracts.id) == second)
    let stale = ContractRefusal.stale(version: 2, hash: second.hash)
    for (version, previous) in [(2, first.hash), (3, first.hash), (4, second.hash), (.max, second.hash)] as [(UInt64, Digest)] {
      let next = try ContractVersion(
        id: Contracts.id, version: version, previous: previous, policies: first.policies, schema: first.schema, owners: first.owners,
        network: world.network)
      #expect(try world.refusal(.upgrade(to: next, network: world.network)) == stale)
    }
    let other = try Contracts.version(Contracts.contract("other"), after: record)
    #expect(try world.refusal(.upgrade(to: other, network: world.network)) == .unknown(other.id))
  }

  @Test("The owners of the old version and of the new one approve") mutating func ownersOfUpgrade() throws {
    try world.deploy(Contracts.version(owners: [World.author, World.registrar], threshold: 2), signers: [1, 321])
    let same = try LedgerOperation.upgrade(
      to: Contracts.version(after: world.contract(), tests: "", owners: [World.trustee]), network: world.network)
    #expect(try world.refusal(same, signers: [11, 321]) == .ownersNotMet(approvals: 1, threshold: 2))
    #expect(try world.refusal(same, signers: [1, 321]) == .newOwnersNotMet(approvals: 0, threshold: 1))
    #expect(try world.refusal(same, signers: [1, 11, 321]) == nil)
  }

  @Test("Who lets a forbid go needs a guardian", arguments: ContractExamples.weakenings) mutating func weakening(
    _ example: ContractExamples.Weakening
  ) throws {
    try world.deploy(Contracts.version())
    let next = try Contracts.version(after: world.contract(), policies: example.policies, schema: example.schema, tests: "")
    let alone = try world.refusal(.upgrade(to: next, network: world.network))
    guard example.isWeaker else {
      #expect(alone == nil)
      return
    }
    guard case .guardianNeeded = alone else {
      Issue.record("\(String(describing: alone))")
      return
    }
    func upgrade(_ guardian: CairnDID) throws -> LedgerOperation { try .upgrade(to: next, guardian: guardian, network: world.network) }
    #expect(try world.refusal(upgrade(World.guardian)) == .guardianNotMet(World.guardian))
    #expect(try world.refusal(upgrade(World.trustee), signers: [11, 321]) == .notGuardian(World.trustee))
    let nobody = CairnDID(network: world.network, create: .zero)
    #expect(try world.refusal(upgrade(nobody)) == .notGuardian(nobody))
    #expect(try world.refusal(upgrade(World.guardian), signers: [301, 321]) == nil)
  }

  @Test("An action that leaves its group takes the forbids of the group along, and needs a guardian") mutating func groups() throws {
    let schema = """
      namespace Cairn {
        entity Agent; entity Resource; action dangerous;
        action run in [dangerous] appliesTo { principal: Agent, resource: Resource };
        action wipe in [dangerous] appliesTo { principal: Agent, resource: Resource };
      }
      """
    let policies = "permit (principal, action, resource); forbid (principal, action in Cairn::Action::\"dangerous\", resource);"
    try world.deploy(Contracts.version(policies: policies, schema: schema, tests: ""))
    let next = try Contracts.version(
      after: world.contract(), policies: policies, schema: schema.replacingOccurrences(of: "run in [dangerous]", with: "run"), tests: "")
    guard case .guardianNeeded(.schema(let loss)) = try world.refusal(.upgrade(to: next, network: world.network)) else {
      Issue.record("the forbid would say nothing any more")
      return
    }
    #expect(loss.subject == "Cairn::Action::\"run\"")
  }

  @Test("A guardian who is named without need has to be one all the same") mutating func needlessGuardian() throws {
    try world.deploy(Contracts.version())
    let next = try Contracts.version(after: world.contract(), tests: "")
    #expect(
      try world.refusal(.upgrade(to: next, guardian: World.registrar, network: world.network), signers: [1, 321])
        == .notGuardian(World.registrar))
  }

  // MARK: Freezing

  @Test("One guardian freezes, two unfreeze") mutating func freezing() throws {
    try world.deploy(Contracts.version())
    #expect(
      throws: TransactionError.operation(
        0, .notPermitted(ConstitutionRefusal(action: .contractFreeze, submitter: World.registrar, policies: [])))
    ) {
      try world.execute([world.transaction([.freeze(Contracts.id, network: world.network)], signers: [1])])
    }
    try world.freeze()
    var record = try world.contract()
    #expect(record.isFrozen && !record.isInForce && record.sequence == 1)
    #expect(try world.refusal(.freeze(Contracts.id, network: world.network)) == .frozen(Contracts.id))
    func unfreeze(_ guardian: CairnDID) throws -> LedgerOperation { try .unfreeze(record, guardian: guardian, network: world.network) }
    #expect(try world.refusal(unfreeze(World.author)) == .sameGuardian)
    #expect(try world.refusal(unfreeze(World.guardian)) == .guardianNotMet(World.guardian))
    #expect(try world.refusal(unfreeze(World.registrar), signers: [1, 321]) == .notGuardian(World.registrar))
    try world.unfreeze()
    record = try world.contract()
    #expect(record.isInForce && record.sequence == 2)
    #expect(
      try world.refusal(.unfreeze(record, guardian: World.guardian, network: world.network), signers: [301, 321])
        == .notFrozen(Contracts.id))
    let unknown = Contracts.contract("unknown")
    #expect(try world.refusal(.freeze(unknown, network: world.network)) == .unknown(unknown))
  }

  @Test("One key does not unfreeze for two guardians") mutating func sharedKeyOfGuardians() throws {
    let twin = try world.enroll(
      Control(update: [WeightedKey(key(301).publicKey), WeightedKey(key(40).publicKey)], next: [WeightedDigest(.sha256([40]))]), 40)
    try world.grant(.guardian, to: twin)
    try world.deploy(Contracts.version())
    try world.freeze()
    let unfreeze = try LedgerOperation.unfreeze(world.contract(), guardian: twin, network: world.network)
    #expect(try world.refusal(unfreeze, by: World.guardian, signers: [301]) == .sharedKey(twin))
    #expect(try world.refusal(unfreeze, by: World.guardian, signers: [40, 301]) == nil)
  }

  @Test("A frozen contract can be mended, and stays frozen until guardians have seen what it says now")
  mutating func upgradeOfFrozen() throws {
    try world.deploy(Contracts.version())
    try world.freeze()
    let seen = try world.contract()
    let mended = try Contracts.version(after: seen, tests: "")
    try world.upgrade(mended)
    let record = try world.contract()
    #expect(record.isFrozen && record.version == 2)
    let early = try LedgerOperation.unfreeze(seen, guardian: World.guardian, network: world.network)
    #expect(try world.refusal(early, signers: [301, 321]) == .stale(version: 2, hash: mended.hash))
    try world.unfreeze()
    #expect(try world.contract().isInForce)
  }

  @Test("A permission to unfreeze does not lift a later freeze") mutating func replayedUnfreeze() throws {
    try world.deploy(Contracts.version())
    try world.freeze()
    let held = try LedgerOperation.unfreeze(world.contract(), guardian: World.guardian, network: world.network)
    try world.unfreeze()
    try world.freeze()
    #expect(try world.refusal(held, signers: [301, 321]) == .staleRecord(sequence: 3))
  }

  @Test("Freezing is in force for the next operation of the same transaction") mutating func sameTransaction() throws {
    try world.deploy(Contracts.version())
    let freeze = try LedgerOperation.freeze(Contracts.id, network: world.network)
    #expect(try world.refusal(freeze, freeze) == .frozen(Contracts.id))
  }

  // MARK: Audits

  @Test("An attestation is about the version in force, and good for 30 days") mutating func attestation() throws {
    try world.deploy(Contracts.version())
    let due = try world.contract().auditDueMilliseconds
    #expect(try !world.contract().isAuditOverdue(at: due))
    #expect(try world.contract().isAuditOverdue(at: due + 1))
    #expect(
      throws: TransactionError.operation(
        0, .notPermitted(ConstitutionRefusal(action: .contractAttest, submitter: World.registrar, policies: [])))
    ) {
      try world.execute([world.transaction([.attest(Contracts.id, hash: world.contract().hash, network: world.network)], signers: [1])])
    }
    let hash = try world.contract().hash
    #expect(try world.refusal(.attest(Contracts.id, hash: .zero, network: world.network)) == .stale(version: 1, hash: hash))
    try world.attest()
    let time = world.state.timeMilliseconds
    var record = try world.contract()
    #expect(record.attestation == .init(auditor: World.author, timeMilliseconds: time))
    #expect(record.auditDueMilliseconds == time + ContractRecord.auditIntervalMilliseconds)
    try world.freeze()
    try world.attest()
    record = try world.contract()
    #expect(record.isFrozen && record.attestation?.timeMilliseconds == world.state.timeMilliseconds)
    try world.upgrade(Contracts.version(after: record, tests: ""))
    record = try world.contract()
    #expect(record.attestation == nil && record.auditDueMilliseconds == world.state.timeMilliseconds + 30 * 86_400_000)
  }

  // MARK: The end

  @Test("Retirement is the owners' and for ever") mutating func retirement() throws {
    try world.deploy(Contracts.version(owners: [World.author, World.registrar], threshold: 2), signers: [1, 321])
    let retire = try LedgerOperation.retire(Contracts.id, network: world.network)
    #expect(try world.refusal(retire) == .ownersNotMet(approvals: 1, threshold: 2))
    try world.freeze()
    try world.commit(world.transaction([retire], by: World.author, signers: [1, 321]))
    let record = try world.contract()
    #expect(record.isRetired && record.isFrozen && !record.isInForce)
    #expect(!record.isAuditOverdue(at: .max))
    let refused = ContractRefusal.retired(Contracts.id)
    #expect(try world.refusal(retire, signers: [1, 321]) == refused)
    #expect(try world.refusal(.freeze(Contracts.id, network: world.network)) == refused)
    #expect(try world.refusal(.attest(Contracts.id, hash: record.hash, network: world.network)) == refused)
    #expect(try world.refusal(.unfreeze(record, guardian: World.guardian, network: world.network), signers: [301, 321]) == refused)
    let next = try Contracts.version(after: record, tests: "")
    #expect(try world.refusal(.upgrade(to: next, network: world.network), signers: [1, 321]) == refused)
  }

  // MARK: Records

  @Test("Every record commits to those before it") mutating func history() throws {
    let store = MemoryLedger()
    world = World(over: store)
    store.store(GenesisBlock(World.genesis).rows)
    func commit(_ operation: LedgerOperation, _ submitter: CairnDID, _ signers: [Int], _ world: inout World) throws {
      let block = try world.commit(world.transaction([operation], by: submitter, signers: signers))
      store.store(block)
      world.state.finalize(through: block.height)
    }
    try commit(.deploy(Contracts.version(), network: world.network), World.author, [321], &world)
    var records = [try world.contract()]
    try commit(.freeze(Contracts.id, network: world.network), World.guardian, [301], &world)
    records.append(try world.contract())
    try commit(.unfreeze(world.contract(), guardian: World.author, network: world.network), World.guardian, [301, 321], &world)
    records.append(try world.contract())
    try commit(.upgrade(to: Contracts.version(after: world.contract(), tests: ""), network: world.network), World.author, [321], &world)
    let newest = try world.contract()
    #expect(newest.sequence == 3 && newest.earlier.size == 3)
    for (index, record) in records.enumerated() {
      let earlier = try world.state.earlierVersion(UInt64(index), forKey: Contracts.id.stateKey, of: newest.earlier)
      #expect(earlier.record == record.bytes && earlier.isCommitted(by: newest.earlier))
    }
  }

  @Test("Records read back as they were written, and nothing else reads") mutating func recordBytes() throws {
    try world.deploy(Contracts.version(owners: [World.author, World.registrar]))
    try world.attest()
    try world.freeze()
    let record = try world.contract()
    #expect(try ContractRecord(decoding: record.bytes) == record)
    let message = try ProtoContractRecord(serializedBytes: record.bytes)
    #expect(Canonical.encode(message) == record.bytes)
    func error(_ change: (inout ProtoContractRecord) -> Void) -> RecordError? {
      var message = message
      change(&message)
      do {
        _ = try ContractRecord(decoding: Canonical.encode(message))
        return nil
      } catch { return error }
    }
    #expect(error { $0.contract = "" } == .field("contract"))
    #expect(error { $0.version = 0 } == .field("version"))
    #expect(error { $0.hash = Data() } == .field("hash"))
    #expect(error { $0.owners = [] } == .field("owners"))
    #expect(error { $0.threshold = 3 } == .field("threshold"))
    #expect(error { $0.attestation.auditor = "x" } == .field("attestation"))
    #expect(error { $0.earlier = Data(count: 31) } == .field("earlier"))
    let version = try Contracts.version()
    #expect(try ContractVersion(decoding: version.bytes) == version)
    #expect(throws: RecordError.self) { try ContractVersion(decoding: Array(version.bytes.dropLast())) }
  }

  @Test("Hostile bytes in place of a contract never trap", arguments: 0..<4) func hostileBytes(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let bytes = try Contracts.version().bytes
    for _ in 0..<500 {
      var damaged = bytes
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let version = try? ContractVersion(decoding: damaged) else { continue }
      _ = try? CompiledContract.checked(version)
    }
  }

  @Test("What is remembered is what would be computed again") func cache() throws {
    let cache = CompiledContracts()
    let good = try Contracts.version()
    let bad = try Contracts.version(policies: "permit")
    for _ in 0..<3 {
      #expect(try cache.checked(good).policies == CompiledContract(good).policies)
      #expect(throws: ContractFault.self) { try cache.checked(bad) }
      #expect(try cache.compiled(good).policies == CompiledContract(good).policies)
    }
    let padding = String(repeating: " ", count: 40_000)
    for index in 0..<40 {
      let other = try Contracts.version(Contracts.contract("c\(index)"), policies: Contracts.policies + padding)
      _ = try cache.compiled(other)
    }
    #expect(cache.compiled(good.hash) == nil)
    #expect(try cache.checked(good).policies == CompiledContract(good).policies)
  }
}
