import CairnPolicy
import Testing

@Suite struct FuzzTests {
  static let seeds: [String] =
    PolicyFormatTests.policies + PolicyFormatTests.expressions.map { "permit(principal, action, resource) when { \($0) };" } + [
      "permit(principal, action, resource) when { principal has manager && principal.manager.scores.containsAll([1, 2]) };",
      "forbid(principal in Group::\"family\", action in [Action::\"read\"], resource is Photo) unless { resource.owner == principal };",
    ]

  static let words = [
    "permit", "forbid", "when", "unless", "principal", "resource", "context", "action", "if", "then", "else", "in", "has", "like", "is",
    "true", "false",
    "(", ")", "[", "]", "{", "}", ";", ",", ".", "::", "==", "!=", "<", "&&", "||", "!", "-", "+", "*", "\"", "\"a*\"", "1",
    "9223372036854775807", "\\u{e9}",
    "User::\"a\"", "ip(\"::\")", "decimal(\"1.0\")", ".contains(", "?principal", "@id", "//", "\n", "\u{e9}", "\0",
  ]

  static func mutate(_ text: String, _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...2, using: &generator) {
      let position = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0 where position < bytes.count: bytes[position] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(position..<min(bytes.count, position + Int.random(in: 1...6, using: &generator)))
      case 2: bytes.insert(contentsOf: bytes.suffix(from: position).prefix(12), at: position)
      default: bytes.insert(contentsOf: (words.randomElement(using: &generator) ?? "").utf8, at: position)
      }
    }
    return bytes
  }

  @Test("Mutated policies are refused, or print, validate and evaluate, always alike", arguments: 1...4 as ClosedRange<UInt64>)
  func policies(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let schema = try Sample.schema()
    let request = try Sample.request()
    let entities = try Sample.entities()
    var accepted = 0
    for _ in 0..<1200 {
      let bytes = Self.mutate(Self.seeds.randomElement(using: &generator) ?? "", &generator)
      guard let set = try? PolicySet(parsing: bytes) else { continue }
      accepted += 1
      #expect(try PolicySet(parsing: set.text) == set, "\(set.text)")
      #expect(try PolicySet(json: CedarJSON(parsing: Array(set.json.text().utf8))) == set, "\(set.json.text())")
      #expect(schema.validate(set, .permissive, level: 2) == schema.validate(set, .permissive, level: 2))
      let response = set.isAuthorized(request, entities: entities)
      #expect(response == set.isAuthorized(request, entities: entities))
      #expect(response.cost <= set.costBound(.ledger))
    }
    #expect(accepted > 20)
  }

  /// Soundness (`Cedar.Thm.Validation`): a valid policy has a value for every valid request.
  @Test("A valid policy errs on nothing but arithmetic and missing entities", arguments: 11...14 as ClosedRange<UInt64>) func soundness(
    seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let schema = try Sample.schema()
    let request = try Sample.request()
    let entities = try Sample.entities()
    let conditions = [
      "principal.age > 1", "principal has manager", "principal.manager.age < 3", "principal.name like \"A*\"",
      "resource.owner == principal",
      "principal.scores.contains(1)", "context.mfa", "context has mfa", "principal.hasTag(\"team\")",
      "principal.getTag(\"team\") == \"red\"",
      "principal has address.zip", "principal.address.zip == \"1\"", "principal.address.city == \"Bern\"", "resource is Photo",
      "resource.isPrivate", "true", "false",
      "principal in Group::\"g\"", "principal.quota.lessThan(decimal(\"2.0\"))", "principal.missing == 1",
      "principal has manager.address.zip",
      "principal.manager.address.zip == \"1\"", "1 == \"a\"", "[] == principal.scores",
    ]
    func expression(_ depth: Int) -> String {
      guard depth > 0 else { return conditions.randomElement(using: &generator) ?? "true" }
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: return "(\(expression(depth - 1)) && \(expression(depth - 1)))"
      case 1: return "(\(expression(depth - 1)) || \(expression(depth - 1)))"
      case 2: return "!(\(expression(depth - 1)))"
      default: return "(if \(expression(depth - 1)) then \(expression(depth - 1)) else \(expression(depth - 1)))"
      }
    }
    var valid = 0
    for _ in 0..<1500 {
      let text = "permit(principal, action == Action::\"view\", resource) when { \(expression(Int.random(in: 0...3, using: &generator))) };"
      let set = try PolicySet(parsing: text)
      for mode in ValidationMode.allCases where schema.validate(set, mode).isValid {
        valid += 1
        let response = set.isAuthorized(request, entities: entities)
        #expect(response.cost <= schema.costBound(of: set, .ledger), "\(text)")
        let failures = response.failures
        #expect(
          failures.allSatisfy { $0.error.reason == "policy_no_such_entity" || $0.error.reason == "policy_arithmetic_overflow" },
          "\(text): \(failures)")
      }
    }
    #expect(valid > 50)
  }

  @Test("Mutated schemas are refused, or print and read back alike", arguments: 21...22 as ClosedRange<UInt64>) func schemas(seed: UInt64)
    throws
  {
    var generator = SeededGenerator(seed: seed)
    var accepted = 0
    for _ in 0..<800 {
      let bytes = Self.mutate(SchemaTests.texts.randomElement(using: &generator) ?? "", &generator)
      guard let declarations = try? SchemaDeclarations(parsing: bytes), let schema = try? Schema(declarations) else { continue }
      accepted += 1
      #expect(try Schema(parsing: declarations.text()) == schema)
      #expect(try Schema(json: CedarJSON(parsing: Array(declarations.json.text().utf8))) == schema)
    }
    #expect(accepted > 20)
  }

  @Test("Mutated JSON is refused, or writes and reads back alike", arguments: 31...32 as ClosedRange<UInt64>) func jsonTexts(seed: UInt64)
    throws
  {
    var generator = SeededGenerator(seed: seed)
    let texts = try Self.seeds.map { try PolicySet(parsing: $0).json.text() } + [Sample.entities().json.text()]
    for _ in 0..<1500 {
      let bytes = Self.mutate(texts.randomElement(using: &generator) ?? "", &generator)
      guard let json = try? CedarJSON(parsing: bytes) else { continue }
      #expect(try CedarJSON(parsing: Array(json.text().utf8)) == json)
      if let set = try? PolicySet(json: json) { #expect(try PolicySet(json: set.json) == set) }
      if let entities = try? Entities(json: json) { #expect(try Entities(json: entities.json).sorted == entities.sorted) }
    }
  }
}
