import CairnPolicy
import Testing

@Suite struct EvaluatorTests {
  private func value(_ text: String) throws -> CedarValue {
    try Expression(parsing: text).evaluate(Sample.request(), entities: Sample.entities())
  }

  @Test(
    "Expressions that are true",
    arguments: [
      "true", "!false", "!!true", "1 == 1", "1 != 2", "1 < 2", "2 <= 2", "3 > 2", "3 >= 3", "1 + 2 * 3 == 7", "5 - 7 == -2", "-(-3) == 3",
      "\"a\" == \"a\"", "\"a\" != 1", "[1, 2] == [2, 1, 1]", "{a: 1, b: 2} == {b: 2, a: 1}", "[] == []", "[[1], [2]] == [[2], [1]]",
      "true && true && true", "false || false || true", "false && 1 == true || true", "!(false && (1 + true == 1))",
      "true || (1 + true == 1)",
      "if 1 < 2 then true else 1 + true == 2", "(if false then 1 else 2) == 2",
      "[1, 2, 3].contains(2)", "!([1, 2].contains(3))", "[1, 2].containsAll([2])", "[1, 2].containsAll([])", "![1].containsAll([1, 2])",
      "[1, 2].containsAny([2, 3])", "![1].containsAny([])", "[].isEmpty()", "![1].isEmpty()", "![1].contains(\"1\")",
      "context has ip", "!(context has mfa)", "principal has name", "!(principal has missing)", "!(User::\"nobody\" has name)",
      "principal has address.city", "!(principal has address.zip)", "!(principal has missing.city)", "principal has manager.name",
      "!(principal has manager.manager)", "principal.name == \"Alice\"", "principal[\"name\"] == \"Alice\"",
      "principal.manager.name == \"Bob\"",
      "principal.address.city == \"Bern\"", "{a: {b: 1}}.a.b == 1", "principal is User", "!(principal is Group)",
      "principal is User in Group::\"family\"", "!(principal is Photo in 1)", "principal in Group::\"everybody\"", "principal in principal",
      "!(principal in Group::\"other\")", "principal in [Group::\"other\", Group::\"family\"]", "!(principal in [])",
      "User::\"nobody\" in User::\"nobody\"", "!(User::\"nobody\" in Group::\"family\")", "action in Action::\"read\"",
      "principal.hasTag(\"team\")", "!principal.hasTag(\"other\")", "!User::\"nobody\".hasTag(\"team\")",
      "principal.getTag(\"team\") == \"red\"",
      "\"abc\" like \"a*\"", "principal.scores.containsAll([1, 2])", "context.now < datetime(\"2024-01-01\")",
      "resource.owner == principal", "ip(\"10.0.0.1\") != ip(\"10.0.0.1/8\")", "decimal(\"1.5\") == principal.quota",
    ])
  func holds(text: String) throws { #expect(try value(text) == .bool(true)) }

  @Test(
    "Expressions without a value",
    arguments: [
      ("1 + true", "policy_wrong_type"), ("1 && true", "policy_wrong_type"), ("true && 1", "policy_wrong_type"),
      ("true || 1 == 1 && 1", ""), ("false || 1", "policy_wrong_type"), ("!1", "policy_wrong_type"), ("-true", "policy_wrong_type"),
      ("if 1 then 2 else 3", "policy_wrong_type"), ("1 < true", "policy_wrong_type"), ("\"a\" < \"b\"", "policy_wrong_type"),
      ("datetime(\"2024-01-01\") < duration(\"1d\")", "policy_wrong_type"), ("decimal(\"1.0\") < decimal(\"2.0\")", "policy_wrong_type"),
      ("1.contains(1)", "policy_wrong_type"), ("[1].containsAll(1)", "policy_wrong_type"), ("1.isEmpty()", "policy_wrong_type"),
      ("1 in principal", "policy_wrong_type"), ("principal in 1", "policy_wrong_type"),
      ("principal in [principal, 1]", "policy_wrong_type"),
      ("1 is User", "policy_wrong_type"), ("principal is User in 1", "policy_wrong_type"), ("1 has a", "policy_wrong_type"),
      ("principal has name.b", "policy_wrong_type"), ("1 like \"a\"", "policy_wrong_type"), ("principal.hasTag(1)", "policy_wrong_type"),
      ("1.getTag(\"a\")", "policy_wrong_type"), ("1.a", "policy_wrong_type"), ("principal.missing", "policy_no_such_attribute"),
      ("{a: 1}.b", "policy_no_such_attribute"), ("User::\"nobody\".name", "policy_no_such_entity"),
      ("principal.getTag(\"x\")", "policy_no_such_tag"), ("User::\"nobody\".getTag(\"x\")", "policy_no_such_entity"),
      ("9223372036854775807 + 1", "policy_arithmetic_overflow"), ("-9223372036854775808 - 1", "policy_arithmetic_overflow"),
      ("9223372036854775807 * 2", "policy_arithmetic_overflow"), ("-(-9223372036854775808)", "policy_arithmetic_overflow"),
      ("-9223372036854775808 * -1", "policy_arithmetic_overflow"), ("ip(\"x\")", "policy_extension_failure"),
      ("ip(1)", "policy_wrong_type"), ("ip()", "policy_wrong_argument_count"), ("ip(\"::\").isIpv4(1)", "policy_wrong_argument_count"),
      ("[1, 1 + true]", "policy_wrong_type"), ("{a: 1 + true}", "policy_wrong_type"),
    ])
  func fails(text: String, reason: String) throws {
    let request = try Sample.request()
    let entities = try Sample.entities()
    let expression = try Expression(parsing: text)
    do throws(EvaluationError) {
      let value = try expression.evaluate(request, entities: entities)
      #expect(reason.isEmpty, "\(text) is \(value)")
    } catch {
      #expect(error.reason == reason, "\(text): \(error)")
    }
  }

  @Test("A value's expression has the value, as text and as JSON too") func valueExpressions() throws {
    let address = try #require(CedarIPAddress(parsing: "ff00::1/8"))
    let values: [CedarValue] = [
      .bool(true), .long(.min), .string("a\"\u{e9}"), .entity(try uid("A::B", "x")), .decimal(CedarDecimal(tenThousandths: -1)),
      .decimal(CedarDecimal(tenThousandths: .min)), .ipAddress(address), .datetime(CedarDatetime(milliseconds: .min)),
      .datetime(CedarDatetime(milliseconds: 1)), .duration(CedarDuration(milliseconds: .max)),
    ]
    let all = CedarValue.record(try record(("set", .set(CedarSet(values))), ("a b", .record(.empty)), ("none", .set(.empty))))
    let request = try Sample.request()
    for value in values + [all] {
      #expect(try value.expression.evaluate(request, entities: Entities.empty) == value)
      #expect(try Expression(parsing: "\(Expression.literal(value))").evaluate(request, entities: Entities.empty) == value)
      let entities = Entities([Entity(try uid("A", "a"), attributes: try record(("v", value)))])
      #expect(try Entities(json: json(entities.json.text())).sorted == entities.sorted)
    }
  }

  @Test("Sets are canonical whatever their order") func sets() throws {
    let values: [CedarValue] = [.long(3), .string("b"), .bool(true), .long(-1), .string("a"), .bool(false), .long(3)]
    var generator = SeededGenerator(seed: 1)
    let set = CedarSet(values)
    for _ in 0..<50 { #expect(CedarSet(values.shuffled(using: &generator)) == set) }
    #expect(set.elements.count == 6)
    #expect(values.allSatisfy(set.contains))
    #expect(!set.contains(.long(4)))
  }
}
