import CairnPolicy

/// A schema, a request and entities that fit it: what policies are validated against and decide.
struct PolicySample: Sendable {
  let schema: Schema
  let request: AuthorizationRequest
  let entities: Entities

  static let shared: PolicySample = {
    do { return try PolicySample() } catch { preconditionFailure("the sample of the fuzz targets: \(error)") }
  }()

  static let entitiesText = #"""
    [{"uid": {"type": "Cairn::Agent", "id": "a"}, "attrs": {"id": "a", "keyAgeSeconds": 3,
        "controller": {"__entity": {"type": "Cairn::Agent", "id": "b"}},
        "credentials": {"permissions": ["use"], "issuers": [{"type": "Cairn::Agent", "id": "b"}], "remainingSeconds": 60}},
      "parents": [{"type": "Cairn::Role", "id": "trustee"}]},
     {"uid": {"type": "Cairn::Agent", "id": "b"}, "attrs": {"id": "b", "keyAgeSeconds": 9000}, "parents": []},
     {"uid": {"type": "Cairn::Resource", "id": "staging/shop"}, "attrs": {"id": "staging/shop"}, "parents": []}]
    """#
  static let contextText = #"{"now": "2030-01-01", "contract": {"overdue": false}, "asserted": {"environment": "staging"}}"#

  private init() throws {
    schema = try Schema(parsing: ContractSeeds.schema)
    guard let type = EntityTypeName(parsing: "Cairn::Action"), let agent = EntityTypeName(parsing: "Cairn::Agent"),
      let resource = EntityTypeName(parsing: "Cairn::Resource")
    else { preconditionFailure("names of identifiers") }
    let action = EntityUID(type, "use")
    let context = try CedarRecord(
      json: CedarJSON(parsing: Array(Self.contextText.utf8)), type: schema.action(action)?.context)
    request = AuthorizationRequest(
      principal: EntityUID(agent, "a"), action: action, resource: EntityUID(resource, "staging/shop"), context: context)
    entities = try Entities(json: CedarJSON(parsing: Array(Self.entitiesText.utf8)), schema: schema)
  }

  func decision(of set: PolicySet) -> AuthorizationResponse.Decision { set.isAuthorized(request, entities: entities).decision }

  /// What has to hold of any policies that were read.
  func check(_ set: PolicySet) throws {
    try require(try PolicySet(parsing: set.text) == set, "the printed text says something else: \(set.text)")
    for mode in ValidationMode.allCases {
      let verdict = schema.validate(set, mode, level: PolicyLimits.ledger.level)
      try require(verdict == schema.validate(set, mode, level: PolicyLimits.ledger.level), "validated twice, two verdicts")
      let response = set.isAuthorized(request, entities: entities)
      try require(response == set.isAuthorized(request, entities: entities), "decided twice, two decisions")
      try require(response.cost <= set.costBound(.ledger), "costs \(response.cost), which is more than its bound")
      guard verdict.isValid else { continue }
      try require(response.cost <= schema.costBound(of: set, .ledger), "costs \(response.cost), which is more than its typed bound")
      for failure in response.failures {
        try require(
          failure.error.reason == "policy_no_such_entity" || failure.error.reason == "policy_arithmetic_overflow",
          "valid, and yet without a value: \(failure.error)")
      }
    }
  }
}
