import CairnPolicy
import Testing

@Suite struct PolicyFormatTests {
  static let policies = [
    "permit (principal, action, resource);",
    #"@id("a\"b") @flag forbid (principal == User::"a", action == Action::"v", resource in A::B::"c");"#,
    #"permit (principal is User, action in Action::"v", resource is A::B in Group::"g") when { true } unless { false };"#,
    #"permit (principal in ?principal, action in [Action::"a", Action::"b"], resource is T in ?resource);"#,
    "permit (principal == ?principal, action in [], resource == ?resource);",
    "permit (principal, action, resource is A);",
  ]

  static let expressions = [
    "1 + 2 * 3 - -4", "(1 + 2) * 3", "1 - (2 - 3)", "-(5)", "-(-5)", "-context.a", "!(!true)", "!(1 == 2)", "(1 == 2) == (3 != 4)",
    "true && (false && true) && false", "(true || false) && true", "true || false && true", "if true then 1 else if false then 2 else 3",
    "(if true then principal else resource).name", "(if true then 1 else 2) == 1 && true", "principal has a.b.c", "principal has \"a b\"",
    "context[\"a b\"].c[\"if\"]", "{a: 1, \"b c\": [1, {}, []], \"if\": 2}", "principal is A::B in [resource, principal]",
    "(principal is A) in resource",
    #"principal.name like "a*\*b\\\n\u{7f}*""#, #"context.a.b like """#, "[1, 2].containsAll([1]).a",
    "principal.hasTag(\"a\") && principal.getTag(\"a\") == 1",
    #"ip("1.2.3.4").isInRange(ip("::1"))"#, #"(1 + 2).toDays()"#, "decimal()", #""\u{e9}\u{301}\0\r\t\"\\""#, "(-9223372036854775808).a",
    "-9223372036854775808", "9223372036854775807", #"User::"a\n\"" in A::"""#, "[].isEmpty() && ![1].isEmpty()",
    "(a_ == 1 && true).b".replacing("a_", with: "context"),
  ]

  @Test("The printer's text gives the same policy", arguments: policies) func policyText(text: String) throws {
    let set = try PolicySet(parsing: text)
    #expect(try PolicySet(parsing: set.text) == set, "\(set.text)")
  }

  @Test("The printer's layout is its own", arguments: policies.prefix(2)) func layout(text: String) throws {
    #expect(try PolicySet(parsing: text).text == text.replacing(" @flag", with: "\n@flag").replacing(" forbid", with: "\nforbid") + "\n")
  }

  @Test("Policies and templates are printed in their order, so that their ids stay") func order() throws {
    let set = try PolicySet(parsing: Self.policies.joined(separator: "\n"))
    #expect(try PolicySet(parsing: set.text) == set)
    #expect(set.templates.map(\.id) == ["policy3", "policy4"])
  }

  @Test("The printer's text gives the same expression", arguments: expressions) func expressionText(text: String) throws {
    let expression = try Expression(parsing: text)
    #expect(try Expression(parsing: expression.description) == expression, "\(expression)")
  }

  @Test("The JSON format gives the same policy") func policyJSON() throws {
    for text in Self.policies + Self.expressions.map({ "permit(principal, action, resource) when { \($0) };" }) {
      let set = try PolicySet(parsing: text)
      #expect(try PolicySet(json: json(set.json.text())) == set, "\(set.json.text())")
    }
  }

  @Test("Links survive in the JSON format") func links() throws {
    var set = try PolicySet(parsing: "permit(principal in ?principal, action, resource); permit(principal, action, resource);")
    try set.link(template: "policy0", as: "link", values: [.principal: uid("User", "a")])
    let read = try PolicySet(json: json(set.json.text()))
    #expect(Set(read.policies) == Set(set.policies))
    #expect(read.templates == set.templates)
  }

  @Test("Values of the JSON format may be sets, records and calls") func values() throws {
    let policy = try Policy(
      json: json(
        """
        {"effect": "permit", "principal": {"op": "All"}, "action": {"op": "all"}, "resource": {"op": "All"}, "annotations": {"a": null},
         "conditions": [{"kind": "when", "body": {"==": {"left": {"Value": [1, {"a": {"__entity": {"type": "A", "id": "b"}}}]},
           "right": {"Value": {"__extn": {"fn": "ip", "arg": "::1"}}}}}},
           {"kind": "unless", "body": {"has": {"left": {"Var": "principal"}, "attr": ["a", "b"]}}},
           {"kind": "when", "body": {"like": {"left": {"Value": "x"}, "pattern": [{"Literal": "a"}, {"Literal": "b"}, "Wildcard"]}}}]}
        """), id: "p")
    let expected =
      #"@a permit(principal, action, resource) when { [1, {a: A::"b"}] == ip("::1") } unless { principal has a.b } when { "x" like "ab*" };"#
    #expect(try policy == Policy(parsing: expected, id: "p"))
  }

  @Test("Several attributes that are no identifiers are tested one by one") func hasPath() throws {
    let policy = try Policy(
      json: json(Self.condition("{\"has\": {\"left\": {\"Var\": \"principal\"}, \"attr\": [\"a b\", \"if\", \"c\"]}}")), id: "p")
    let expected = "principal has \"a b\" && principal[\"a b\"] has \"if\" && principal[\"a b\"][\"if\"] has c"
    #expect(try policy.conditions.first?.body == Expression(parsing: expected))
  }

  @Test("A policy set has all its members") func policySet() throws {
    for text in [
      "{}", "{\"staticPolicies\": {}, \"templates\": {}}", "{\"staticPolicies\": {}, \"templates\": {}, \"templateLinks\": null}",
    ] {
      let value = try json(text)
      #expect(throws: CedarJSONError.self) { try PolicySet(json: value) }
    }
    #expect(try PolicySet(json: json("{\"staticPolicies\": {}, \"templates\": {}, \"templateLinks\": []}")) == .empty)
  }

  static func condition(_ body: String) -> String {
    "{\"effect\": \"permit\", \"principal\": {\"op\": \"All\"}, \"action\": {\"op\": \"All\"}, \"resource\": {\"op\": \"All\"}, \"conditions\": [{\"kind\": \"when\", \"body\": \(body)}]}"
  }

  @Test(
    "JSON that is no policy",
    arguments: [
      (
        condition("{\"Value\": true}").replacing("\"action\": {\"op\": \"All\"}", with: "\"action\": {\"op\": \"All\", \"entity\": 1}"),
        "policy_json_unexpected_member"
      ),
      (condition("{\"Value\": true}").replacing("\"action\": {\"op\": \"All\"}", with: "\"action\": {}"), "policy_json_missing_member"),
      ("{}", "policy_json_missing_member"), ("1", "policy_json_wrong_type"), ("{\"efect\": \"permit\"}", "policy_json_unexpected_member"),
      (condition("{}"), "policy_json_wrong_type"), (condition("{\"Value\": 1, \"Var\": \"action\"}"), "policy_json_wrong_type"),
      (condition("{\"Value\": null}"), "policy_json_wrong_type"), (condition("{\"Value\": 1.5}"), "policy_json_wrong_type"),
      (condition("{\"Var\": \"x\"}"), "policy_json_invalid_value"), (condition("{\"Slot\": \"?principal\"}"), "policy_json_invalid_value"),
      (condition("{\"===\": {}}"), "policy_json_unknown_operator"),
      (condition("{\"==\": {\"left\": {\"Value\": 1}}}"), "policy_json_missing_member"),
      (condition("{\"isIpv4\": []}"), "policy_json_invalid_value"),
      (condition("{\"is\": {\"left\": {\"Value\": 1}, \"entity_type\": \"a b\"}}"), "policy_json_invalid_name"),
      (condition("{\"has\": {\"left\": {\"Value\": 1}, \"attr\": []}}"), "policy_json_invalid_value"),
      (condition("{\"like\": {\"left\": {\"Value\": 1}, \"pattern\": [\"Any\"]}}"), "policy_json_invalid_value"),
      (condition("{\"Value\": {\"__extn\": {\"fn\": \"x\", \"arg\": 1}}}"), "policy_json_unknown_operator"),
      (
        condition("true").replacing(
          "\"action\": {\"op\": \"All\"}", with: "\"action\": {\"op\": \"==\", \"entity\": {\"type\": \"User\", \"id\": \"a\"}}"),
        "policy_json_wrong_type"
      ),
    ])
  func refuses(text: String, reason: String) throws {
    let value = try json(text)
    do throws(CedarJSONError) {
      _ = try Policy(json: value, id: "p")
      Issue.record("accepted: \(text)")
    } catch {
      #expect(error.reason.rawValue == reason, "\(text): \(error)")
    }
  }
}
