import CairnPolicy

extension FuzzTarget {
  static let policyWords = [
    "permit", "forbid", "when", "unless", "principal", "resource", "context", "action", "if ", " then ", " else ", " in ", " has ",
    " like ",
    " is ", "true", "false", "(", ")", "[", "]", "{", "}", ";", ",", ".", "::", "==", "!=", "<", "<=", "&&", "||", "!", "-", "+", "*", "\"",
    "\"a*\"", "\\*", "\\u{e9}", "?principal", "@id", "//", "\n", "Cairn::Agent::\"a\"", "ip(\"::1/128\")", "decimal(\"1.0\")",
    "datetime(\"2030-01-01\")", "duration(\"1d\")", ".contains(", ".containsAll(", ".isEmpty()", ".getTag(\"a\")", ".lessThan(",
    "context.asserted", "principal.credentials", ".controller", ".keyAgeSeconds",
  ]

  static let policy = FuzzTarget(
    "policy", "Cedar policies: lexer, parser, printer, validator, evaluator", byteLimit: 24 << 10, words: policyWords,
    vectors: ["cedar/handwritten", "cedar/sample-data"], seeds: { [Array(ContractSeeds.policies.utf8)] }
  ) { input in
    guard let set = try? PolicySet(parsing: input, limits: .ledger) else { return false }
    try PolicySample.shared.check(set)
    return true
  }

  static let policyJSON = FuzzTarget(
    "policy-json", "Cedar policies in their JSON format", byteLimit: 32 << 10, words: jsonWords,
    vectors: ["cedar/handwritten", "cedar/sample-data"],
    seeds: { [Array(try PolicySet(parsing: ContractSeeds.policies).json.text().utf8)] }
  ) { input in
    guard let json = try? CedarJSON(parsing: input), let set = try? PolicySet(json: json) else { return false }
    try require(try PolicySet(json: set.json) == set, "the written JSON says something else")
    // Numbers beside each other, and texts too long, are for JSON alone; and a text has no names for its policies but their places.
    if let printed = try? PolicySet(parsing: set.text) {
      try PolicySample.shared.check(printed)
      try require(PolicySample.shared.decision(of: printed) == PolicySample.shared.decision(of: set), "the printed text decides otherwise")
    }
    return true
  }

  static let jsonWords = [
    "{", "}", "[", "]", ",", ":", "\"", "null", "true", "0", "-1", "1.5", "1e9", "\\u0000", "\\ud800", "\"__entity\"", "\"__extn\"",
    "\"type\"",
    "\"id\"", "\"attrs\"", "\"parents\"", "\"tags\"", "\"effect\"", "\"conditions\"", "\"Value\"", "\"Var\"", "\"principal\"",
  ]
}
