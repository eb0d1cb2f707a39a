import CairnCrypto
import CairnPolicy

// What the contract says, once no guard refuses.
extension AccessJudge {
  mutating func evaluate(
    _ contract: AccessContract, _ principal: DIDRecord, _ claims: PresentedClaims?
  ) throws(Halt) -> AccessDecision {
    let compiled = contract.compiled
    let model = EntityModel(compiled.schema)
    let action = EntityUID(EntityModel.action, Text(request.action))
    guard let declared = compiled.schema.action(action) else { throw refuse(.unknownAction(request.action)) }
    let asserted = try asserted(declaredBy: declared.context)
    let agent = model.agent(
      AgentFacts(record: principal, roles: try roles(of: principal.did), isIsolated: false), claims, at: moment)
    let resource = model.resource(request.resource)
    let query = CairnPolicy.AuthorizationRequest(
      principal: agent.uid, action: action, resource: resource.uid,
      context: EntityModel.context(contract.stated, asserted, at: moment, declaredBy: declared.context))
    let others = [resource] + (try controller(of: principal, model).map { [$0] } ?? [])
    try check(query, [agent] + others, by: compiled.schema)
    var entities = compiled.actions
    for entity in others + [agent] { entities.insert(entity) }
    return try decision(compiled.policies.isAuthorized(query, entities: entities), by: contract)
  }

  /// What the asker claims; values may be written as the schema lets them be.
  private func asserted(declaredBy context: RecordType) throws(Halt) -> CedarRecord? {
    guard !request.asserted.isEmpty else { return nil }
    var type: RecordType?
    if case .record(let declared) = context["asserted"]?.type { type = declared }
    do throws(CedarJSONError) {
      let json = try CedarJSON(parsing: request.asserted, byteLimit: AccessRequest.assertedByteLimit, depthLimit: PolicyLimits.ledger.depth)
      return try CedarRecord(json: json, type: type, limits: .ledger)
    } catch {
      throw refuse(error.reason == .tooDeep ? .tooDeep : .malformedContext(error.reason))
    }
  }

  private mutating func controller(of principal: DIDRecord, _ model: EntityModel) throws(Halt) -> Entity? {
    guard model.wantsControllers, let did = principal.control.controller,
      let record = try reading({ state throws(State.Failure) in try state.did(did) })
    else { return nil }
    let facts = AgentFacts(record: record, roles: try roles(of: did), isIsolated: try isIsolated(did))
    return model.agent(facts, nil, at: moment)
  }

  /// What policies were validated for, and what their cost was bounded for.
  private func check(_ query: CairnPolicy.AuthorizationRequest, _ entities: [Entity], by schema: Schema) throws(Halt) {
    let limits = PolicyLimits.ledger
    guard limits.excess(in: query) == nil else { throw refuse(.tooLarge("context", limit: limits.contextBytes)) }
    for entity in entities where limits.excess(in: entity) != nil { throw refuse(.tooLarge("agent", limit: limits.entityBytes)) }
    if let fault = schema.fault(in: query) ?? entities.lazy.compactMap(schema.fault(in:)).first { throw refuse(.schemaMismatch(fault)) }
  }

  private func decision(
    _ response: AuthorizationResponse, by contract: AccessContract
  ) throws(Halt) -> AccessDecision {
    guard response.cost <= ContractLimits.cost else { throw refuse(.tooCostly(limit: ContractLimits.cost)) }
    let names = { (ids: [Text]) in ids.map(contract.name) }
    return AccessDecision(
      refusals: response.refusal.map { [$0] } ?? [], policies: names(response.reasons), failedPolicies: names(response.failures.map(\.id)),
      contract: contract.stated, moment: moment, cost: response.cost)
  }
}

extension AuthorizationResponse {
  /// Allows iff the policies do, and no `forbid` was skipped.
  fileprivate var refusal: AccessRefusal? {
    if hasFailedForbid { return .forbidFailed }
    guard decision == .deny else { return nil }
    return reasons.isEmpty ? .notPermitted : .forbidden
  }
}
