import CairnPolicy

extension FuzzTarget {
  static let entities = FuzzTarget(
    "entities", "Cedar entities and contexts in JSON, with a schema and without", words: jsonWords,
    vectors: ["cedar/handwritten", "cedar/sample-data"],
    seeds: { [Array(PolicySample.entitiesText.utf8), Array(PolicySample.contextText.utf8)] }
  ) { input in
    guard let json = try? CedarJSON(parsing: input) else { return false }
    try require(try CedarJSON(parsing: Array(json.text().utf8)) == json, "the written JSON says something else")
    let sample = PolicySample.shared
    var isAccepted = false
    if let entities = try? Entities(json: json) {
      try require(try Entities(json: entities.json).sorted == entities.sorted, "the written entities say something else")
      isAccepted = true
    }
    if let typed = try? Entities(json: json, schema: sample.schema) {
      for entity in typed.sorted { try require(sample.schema.fault(in: entity) == nil, "an entity that does not fit the schema") }
      isAccepted = true
    }
    if let context = try? CedarRecord(json: json, type: sample.schema.action(sample.request.action)?.context) {
      try require(try CedarRecord(json: context.json) == context, "the written context says something else")
      isAccepted = true
    }
    return isAccepted
  }
}
