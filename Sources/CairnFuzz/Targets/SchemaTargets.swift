import CairnPolicy

extension FuzzTarget {
  static let schema = FuzzTarget(
    "schema", "Cedar schemas in their own syntax", byteLimit: 100 << 10,
    words: [
      "namespace ", "entity ", "action ", "type ", " in ", "appliesTo", "principal", "resource", "context", "Set<", ">", "tags ", "enum ",
      "?:",
      "{", "}", "[", "]", ";", ",", "=", "::", "Long", "String", "Bool", "ipaddr", "decimal", "datetime", "__cedar::", "@doc(\"x\")",
    ],
    vectors: ["cedar/handwritten", "cedar/sample-data"], seeds: { [Array(ContractSeeds.schema.utf8)] }
  ) { input in
    guard let declarations = try? SchemaDeclarations(parsing: input), let schema = try? Schema(declarations) else { return false }
    try require(try Schema(parsing: declarations.text()) == schema, "the printed text says something else")
    try require(
      try Schema(json: CedarJSON(parsing: Array(declarations.json.text().utf8))) == schema, "the written JSON says something else")
    return true
  }

  static let schemaJSON = FuzzTarget(
    "schema-json", "Cedar schemas in their JSON format", byteLimit: 100 << 10,
    words: jsonWords + [
      "\"shape\"", "\"memberOfTypes\"", "\"appliesTo\"", "\"Record\"", "\"EntityOrCommon\"", "\"Extension\"", "\"required\"",
    ],
    vectors: ["cedar/handwritten", "cedar/sample-data"],
    seeds: { [Array(try SchemaDeclarations(parsing: Array(ContractSeeds.schema.utf8)).json.text().utf8)] }
  ) { input in
    guard let json = try? CedarJSON(parsing: input), let declarations = try? SchemaDeclarations(json: json),
      let schema = try? Schema(declarations)
    else { return false }
    try require(
      try Schema(json: CedarJSON(parsing: Array(declarations.json.text().utf8))) == schema, "the written JSON says something else")
    return true
  }
}
