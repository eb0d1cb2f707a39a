import CairnPolicy

/// A policy contract as a decision needs it.
package struct AccessContract: Sendable {
  package let stated: AccessDecision.Contract
  package let isFrozen: Bool
  package let isRetired: Bool
  package let compiled: CompiledContract

  package init(_ stated: AccessDecision.Contract, isFrozen: Bool, isRetired: Bool, compiled: CompiledContract) {
    (self.stated, self.isFrozen, self.isRetired, self.compiled) = (stated, isFrozen, isRetired, compiled)
  }

  init(_ record: ContractRecord, _ compiled: CompiledContract, at moment: BlockMoment) {
    self.init(
      AccessDecision.Contract(
        id: record.id.name, version: record.version, hash: record.hash, isOverdue: record.isAuditOverdue(at: moment.milliseconds)),
      isFrozen: record.isFrozen, isRetired: record.isRetired, compiled: compiled)
  }

  /// How people call a policy.
  func name(of id: Text) -> String { (compiled.policies.policy(id)?[annotation: "id"] ?? id).string }
}
