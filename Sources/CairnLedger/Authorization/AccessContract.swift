package import CairnPolicy

/// A policy contract as a decision needs it.
package struct AccessContract: Sendable {
  /// What the policies may cost, in the unit of `EvaluationCost`: some milliseconds. The worst case is bounded when a contract is deployed, so
  /// that no request comes near.
  static let costLimit = ContractLimits.cost

  package let stated: AccessDecision.Contract
  package let isFrozen: Bool
  package let isRetired: Bool
  package let policies: CompiledPolicies

  package init(_ stated: AccessDecision.Contract, isFrozen: Bool, isRetired: Bool, policies: CompiledPolicies) {
    (self.stated, self.isFrozen, self.isRetired, self.policies) = (stated, isFrozen, isRetired, policies)
  }
}

/// Policies with their schema, ready to decide.
package struct CompiledPolicies: Sendable {
  package let policies: PolicySet
  package let schema: Schema
  /// The actions that the schema declares.
  let actions: Entities
  let model: EntityModel

  package init(_ policies: PolicySet, _ schema: Schema) {
    (self.policies, self.schema) = (policies, schema)
    actions = Entities(schema.actionEntities)
    model = EntityModel(schema)
  }

  /// How people call a policy.
  func name(of id: Text) -> String { (policies.policy(id)?[annotation: "id"] ?? id).string }
}
