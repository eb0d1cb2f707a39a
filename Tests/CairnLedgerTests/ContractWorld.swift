import CairnCrypto
import CairnIdentity
import CairnLedger

/// Contracts for tests: key 321 is the author's, who owns them unless others are named; key 301 is the guardian's.
enum Contracts {
  static let schema = """
    namespace Cairn {
      entity Agent { keyAgeSeconds: Long };
      entity Resource;
      action read, write appliesTo { principal: Agent, resource: Resource, context: { height?: Long, asserted?: { risk: Long } } };
    }
    """

  static let policies = """
    permit (principal, action == Cairn::Action::"read", resource);
    permit (principal, action == Cairn::Action::"write", resource) when { principal.keyAgeSeconds >= 2 };
    forbid (principal, action == Cairn::Action::"write", resource) when { context has asserted && context.asserted.risk > 5 };
    """

  static let tests = """
    {
      "entities": [
        { "uid": { "type": "Cairn::Agent", "id": "junior" }, "attrs": { "keyAgeSeconds": 1 }, "parents": [] },
        { "uid": { "type": "Cairn::Agent", "id": "senior" }, "attrs": { "keyAgeSeconds": 3 }, "parents": [] }
      ],
      "tests": [
        { "name": "everybody reads", "principal": "Cairn::Agent::\\"junior\\"", "action": "Cairn::Action::\\"read\\"",
          "resource": "Cairn::Resource::\\"shell\\"", "decision": "allow" },
        { "name": "seniors write", "principal": "Cairn::Agent::\\"senior\\"", "action": "Cairn::Action::\\"write\\"",
          "resource": "Cairn::Resource::\\"mail\\"", "context": { "asserted": { "risk": 1 } }, "decision": "allow" },
        { "name": "nobody writes what is risky", "principal": "Cairn::Agent::\\"senior\\"", "action": "Cairn::Action::\\"write\\"",
          "resource": "Cairn::Resource::\\"shell\\"", "context": { "asserted": { "risk": 9 } }, "decision": "deny" }
      ]
    }
    """

  static let id = contract("tools")

  static func contract(_ name: String) -> ContractID {
    guard let id = ContractID(name) else { preconditionFailure("\(name) is a name") }
    return id
  }

  static func version(
    _ id: ContractID = id, after record: ContractRecord? = nil, policies: String = policies, schema: String = schema, tests: String = tests,
    owners: [CairnDID] = [World.author], threshold: UInt32 = 1
  ) throws -> ContractVersion {
    try ContractVersion(
      id: id, version: (record?.version ?? 0) + 1, previous: record?.hash, policies: Array(policies.utf8), schema: Array(schema.utf8),
      tests: Array(tests.utf8), owners: owners, threshold: threshold, network: World.network)
  }
}

extension World {
  func contract(_ id: ContractID = Contracts.id) throws -> ContractRecord {
    guard let record = try state.contract(id) else { throw MissingContract(id: id) }
    return record
  }

  /// The reason for which the next block would refuse the operations, `nil` when it would not.
  func refusal(_ operations: LedgerOperation..., by submitter: CairnDID = World.author, signers: [Int] = [321]) throws -> ContractRefusal? {
    let transaction = try transaction(operations, by: submitter, signers: signers, nonce: 999)
    do {
      _ = try execute([transaction])
      return nil
    } catch let TransactionError.operation(_, .contract(refusal)) {
      return refusal
    }
  }

  mutating func deploy(_ version: ContractVersion, signers: [Int] = [321]) throws {
    try commit(transaction([.deploy(version, network: network)], by: Self.author, signers: signers, nonce: 500))
  }

  mutating func upgrade(_ version: ContractVersion, guardian: CairnDID? = nil, signers: [Int] = [321]) throws {
    try commit(
      transaction([.upgrade(to: version, guardian: guardian, network: network)], by: Self.author, signers: signers, nonce: 501))
  }

  mutating func freeze(_ id: ContractID = Contracts.id) throws {
    try commit(transaction([.freeze(id, network: network)], by: Self.guardian, signers: [301], nonce: Int(height)))
  }

  mutating func unfreeze(_ id: ContractID = Contracts.id) throws {
    let operation = try LedgerOperation.unfreeze(contract(id), guardian: Self.author, network: network)
    try commit(transaction([operation], by: Self.guardian, signers: [301, 321], nonce: Int(height)))
  }

  mutating func attest(_ id: ContractID = Contracts.id) throws {
    let operation = try LedgerOperation.attest(id, hash: contract(id).hash, statement: "reviewed", network: network)
    try commit(transaction([operation], by: Self.author, signers: [321], nonce: Int(height)))
  }
}

struct MissingContract: Error { let id: ContractID }
