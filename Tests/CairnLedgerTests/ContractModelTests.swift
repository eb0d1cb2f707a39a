import CairnCrypto
import CairnIdentity
import CairnMerkle
import Testing

@testable import CairnLedger

/// The rules of contracts again, as briefly as they can be said: by name, role and signature.
private struct ContractModel {
  struct Contract: Equatable {
    var version: UInt64 = 1
    var hash: Digest
    var text: Text
    var owners: [CairnDID]
    var threshold: UInt32
    var isFrozen = false
    var isRetired = false
    var due: UInt64
    var attested: UInt64?
    var deployed: UInt64
    var upgraded: UInt64
    var updated: UInt64
    /// All records before.
    var sequence: UInt64 = 0
  }

  /// What a version says, as far as the rules care.
  enum Text: String, CaseIterable {
    case guarded, extended, unguarded, broken

    var policies: String {
      switch self {
      case .guarded: Contracts.policies
      case .extended: Contracts.policies + "permit (principal, action, resource) when { principal.keyAgeSeconds > 7 };"
      case .unguarded: "permit (principal, action, resource);"
      case .broken: "permit"
      }
    }
  }

  static let keys: [CairnDID: Int] = [World.author: 321, World.guardian: 301, World.registrar: 1, World.trustee: 11]
  static let month: UInt64 = 30 * 24 * 3_600 * 1_000

  var contracts: [ContractID: Contract] = [:]

  private static func signed(_ did: CairnDID, _ signers: Set<Int>) -> Bool { keys[did].map(signers.contains) ?? false }
  private static func isGuardian(_ did: CairnDID) -> Bool { did == World.author || did == World.guardian }

  mutating func apply(
    _ operation: LedgerOperation, _ text: Text, by submitter: CairnDID, _ signers: Set<Int>, at time: UInt64
  ) -> String? {
    guard let id = operation.kind.contract else { return "malformed" }
    if case .contractDeploy(let version) = operation.kind {
      guard contracts[id] == nil else { return "contract_exists" }
      guard Self.approve(version.owners, version.threshold, signers) else { return "new_owners_threshold_not_met" }
      guard submitter == World.author else { return "not_permitted" }
      guard text != .broken else { return "policy_unexpected_end" }
      contracts[id] = Contract(
        hash: version.hash, text: text, owners: version.owners, threshold: version.threshold, due: time + Self.month, deployed: time,
        upgraded: time, updated: time)
      return nil
    }
    if case .contractUnfreeze(let unfreeze) = operation.kind {
      if unfreeze.guardian == submitter { return "same_guardian" }
      if let reason = Self.guardianRefusal(unfreeze.guardian, signers) { return reason }
    }
    guard var contract = contracts[id] else { return "unknown_contract" }
    if contract.isRetired { return "contract_retired" }
    if let reason = change(&contract, operation, text, by: submitter, signers, at: time) { return reason }
    contract.sequence += 1
    contract.updated = time
    contracts[id] = contract
    return nil
  }

  private func change(
    _ contract: inout Contract, _ operation: LedgerOperation, _ text: Text, by submitter: CairnDID, _ signers: Set<Int>, at time: UInt64
  ) -> String? {
    switch operation.kind {
    case .contractUpgrade(let upgrade):
      let next = upgrade.version
      guard next.version == contract.version + 1, next.previous == contract.hash else { return "contract_stale" }
      guard Self.approve(contract.owners, contract.threshold, signers) else { return "owners_threshold_not_met" }
      guard Self.approve(next.owners, next.threshold, signers) else { return "new_owners_threshold_not_met" }
      if let guardian = upgrade.guardian, let reason = Self.guardianRefusal(guardian, signers) { return reason }
      guard submitter == World.author else { return "not_permitted" }
      guard text != .broken else { return "policy_unexpected_end" }
      if contract.text != .unguarded, text == .unguarded, upgrade.guardian == nil { return "guardian_needed" }
      (contract.version, contract.hash, contract.text) = (next.version, next.hash, text)
      (contract.owners, contract.threshold) = (next.owners, next.threshold)
      (contract.upgraded, contract.due, contract.attested) = (time, time + Self.month, nil)
    case .contractFreeze:
      if contract.isFrozen { return "contract_frozen" }
      guard Self.isGuardian(submitter) else { return "not_permitted" }
      contract.isFrozen = true
    case .contractUnfreeze(let unfreeze):
      guard contract.isFrozen else { return "contract_not_frozen" }
      guard unfreeze.hash == contract.hash else { return "contract_stale" }
      guard unfreeze.sequence == contract.sequence else { return "contract_record_stale" }
      guard Self.isGuardian(submitter) else { return "not_permitted" }
      contract.isFrozen = false
    case .contractAttest(let attest):
      guard attest.hash == contract.hash else { return "contract_stale" }
      guard submitter == World.author else { return "not_permitted" }
      (contract.attested, contract.due) = (time, time + Self.month)
    case .contractRetire:
      guard Self.approve(contract.owners, contract.threshold, signers) else { return "owners_threshold_not_met" }
      guard submitter == World.author else { return "not_permitted" }
      contract.isRetired = true
    default: return "malformed"
    }
    return nil
  }

  private static func approve(_ owners: [CairnDID], _ threshold: UInt32, _ signers: Set<Int>) -> Bool {
    owners.count { signed($0, signers) } >= Int(threshold)
  }

  private static func guardianRefusal(_ guardian: CairnDID, _ signers: Set<Int>) -> String? {
    guard isGuardian(guardian) else { return "not_guardian" }
    return signed(guardian, signers) ? nil : "guardian_threshold_not_met"
  }
}

@Suite("Policy contracts, by a model")
struct ContractModelTests {
  private struct Step {
    let operation: LedgerOperation
    let text: ContractModel.Text
    let submitter: CairnDID
    let signers: [Int]
  }

  private struct Generator {
    var random: SplitMix

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int.random(in: 0..<elements.count, using: &random)] }

    mutating func step(_ world: World) throws -> Step {
      let dids = [World.author, World.guardian, World.registrar, World.trustee]
      let id = Contracts.contract(pick(["one", "two", "three"]))
      let record = try world.state.contract(id)
      let text = chance(90) ? pick([ContractModel.Text.guarded, .extended, .unguarded]) : .broken
      let owners = (0..<Int.random(in: 1...3, using: &random)).map { _ in chance(60) ? World.author : pick(dids) }
      let threshold = UInt32.random(in: 1...UInt32(Set(owners).count), using: &random)
      let network = world.network
      var named: ContractRecord? = record
      if chance(5), let versions = record.map({ Array(1...$0.version) }), let old = try world.state.contractVersion(pick(versions), of: id)
      {
        named = ContractRecord(deploying: old, timeMilliseconds: 1)
      }
      let hash = named?.hash ?? .zero
      let operation: LedgerOperation
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<25:
        let version = try Contracts.version(id, policies: text.policies, tests: "", owners: owners, threshold: threshold)
        operation = try .deploy(version, network: network)
      case 25..<55:
        let version = try ContractVersion(
          id: id, version: (named?.version ?? 1) + 1, previous: hash, policies: Array(text.policies.utf8),
          schema: Array(Contracts.schema.utf8), owners: owners, threshold: threshold, network: network)
        operation = try .upgrade(to: version, guardian: chance(50) ? pick(dids) : nil, network: network)
      case 55..<70: operation = try .freeze(id, network: network)
      case 70..<85:
        guard let named else { fallthrough }
        operation = try .unfreeze(named, guardian: pick(dids), network: network)
      case 85..<97: operation = try .attest(id, hash: hash, network: network)
      default: operation = try .retire(id, network: network)
      }
      let submitter = chance(70) ? World.author : chance(70) ? World.guardian : pick(dids)
      var signers = Set(dids.filter { $0 == submitter || chance(60) }.compactMap { ContractModel.keys[$0] })
      if chance(20) { signers = Set(ContractModel.keys.values) }
      return Step(operation: operation, text: text, submitter: submitter, signers: signers.sorted())
    }
  }

  @Test("Random operations lead where the model says, and are refused for the reason that it gives", arguments: 0..<6)
  func random(seed: UInt64) throws {
    var generator = Generator(random: SplitMix(seed: seed))
    var (world, model) = (World(), ContractModel())
    var records: [ContractID: [[UInt8]]] = [:]
    var reasons: Set<String> = []
    for nonce in 0..<400 {
      let step = try generator.step(world)
      let time = world.state.timeMilliseconds + 1_000
      let transaction = try world.transaction([step.operation], by: step.submitter, signers: step.signers, nonce: nonce)
      let expected = model.apply(step.operation, step.text, by: step.submitter, Set(step.signers), at: time)
      do {
        try world.commit(transaction)
        #expect(expected == nil, "\(step)")
      } catch let error as TransactionError {
        #expect(error.reason == expected, "\(step)")
        reasons.insert(error.reason)
        continue
      }
      let id = try #require(step.operation.kind.contract)
      let record = try world.contract(id)
      try expect(record, model.contracts[id], after: records[id, default: []])
      records[id, default: []].append(record.bytes)
    }
    // The generator reaches what it is for.
    #expect(reasons.count >= 10, "\(reasons.sorted())")
    #expect(records.values.contains { $0.count > 5 })
  }

  private func expect(_ record: ContractRecord, _ expected: ContractModel.Contract?, after earlier: [[UInt8]]) throws {
    let expected = try #require(expected)
    let actual = ContractModel.Contract(
      version: record.version, hash: record.hash, text: expected.text, owners: record.owners, threshold: record.threshold,
      isFrozen: record.isFrozen, isRetired: record.isRetired, due: record.auditDueMilliseconds,
      attested: record.attestation?.timeMilliseconds, deployed: record.deployedMilliseconds, upgraded: record.upgradedMilliseconds,
      updated: record.updatedMilliseconds, sequence: record.sequence)
    #expect(actual == expected)
    var frontier = LogFrontier()
    for bytes in earlier { frontier.append(LogTree.leafHash(bytes)) }
    #expect(record.earlier == frontier)
  }
}
