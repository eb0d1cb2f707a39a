import CairnPolicy
import Testing

@Suite struct ParserTests {
  @Test(
    "What the grammar allows is read",
    arguments: [
      "permit(principal, action, resource);", "forbid ( principal , action , resource , ) ;",
      #"permit(principal == User::"a", action == Action::"v", resource in A::B::"c");"#,
      #"permit(principal is User, action in Action::"v", resource is A::B in Group::"g");"#,
      #"permit(principal in (User::"a"), action in (([(Action::"v")])), resource == ((?resource)));"#,
      #"permit(principal in (User::"a"), action in [], resource);"#,
      #"permit(principal, action in [Action::"a", NS::Action::"b",], resource == ?resource);"#,
      #"permit(principal in ?principal, action, resource is T in ?resource);"#,
      #"@id("x") @empty @if("keyword") permit(principal, action, resource) when { true } unless { false } when { 1 < 2 };"#,
      "// comment\npermit(principal, // more\n action, resource); // end",
      "permit(principal, action, resource) when { -9223372036854775808 == - 9223372036854775808 };",
      "permit(principal, action, resource) when { !!!!true && ----1 == 1 && -(1) < 0 };",
      "permit(principal, action, resource) when { {if_: 1, \"if\": 2, principal: 3,} has if_ };",
      "permit(principal, action, resource) when { [1, 2,].containsAll([]) && [].isEmpty() };",
      "permit(principal, action, resource) when { principal has a.b.c && principal has \"a b\" };",
      #"permit(principal, action, resource) when { principal.name like "a*\*\u{1F600}" };"#,
      "permit(principal, action, resource) when { if true then if false then 1 else 2 else 3 };",
      "permit(principal, action, resource) when { principal is A::B in [resource, principal] };",
      #"permit(principal, action, resource) when { ip("1.2.3.4").isInRange(ip("1.2.3.0/24"), 1, 2) };"#,
      "permit(principal, action, resource) when { context.has_ && context[\"then\"] };",
      "permit(principal, action, resource) when { context.when && context.permit && context.action };",
      "\u{a0}\u{2003}permit(principal,\u{3000}action,\u{2028}resource);", "",
    ])
  func accepts(text: String) throws { _ = try PolicySet(parsing: text) }

  struct Refusal: Sendable {
    let text: String
    let reason: PolicySyntaxError.Reason
    let line: Int
    let column: Int
    var suggestion: String?
  }

  static func condition(_ text: String, _ reason: PolicySyntaxError.Reason, _ column: Int, _ suggestion: String? = nil) -> Refusal {
    Refusal(
      text: "permit(principal, action, resource) when\n{ \(text) };", reason: reason, line: 2, column: column + 2, suggestion: suggestion)
  }

  static let refusals: [Refusal] = [
    Refusal(text: "permit(principal, action, resource)", reason: .unexpectedEnd, line: 1, column: 36),
    Refusal(text: "permt(principal, action, resource);", reason: .unexpectedToken, line: 1, column: 1, suggestion: "permit"),
    Refusal(text: "permit(principle, action, resource);", reason: .unexpectedToken, line: 1, column: 8, suggestion: "principal"),
    Refusal(text: "permit(action, principal, resource);", reason: .unexpectedToken, line: 1, column: 8),
    Refusal(text: "permit(principal, action);", reason: .unexpectedToken, line: 1, column: 25),
    Refusal(text: "permit(principal: User, action, resource);", reason: .invalidScope, line: 1, column: 17, suggestion: "is"),
    Refusal(text: "permit(principal = User::\"a\", action, resource);", reason: .invalidScope, line: 1, column: 18, suggestion: "=="),
    Refusal(text: "permit(principal < User::\"a\", action, resource);", reason: .unexpectedToken, line: 1, column: 18),
    Refusal(text: "permit(principal in User::\"a\" is User, action, resource);", reason: .invalidScope, line: 1, column: 31),
    Refusal(text: "permit(principal is User == User::\"a\", action, resource);", reason: .invalidScope, line: 1, column: 26),
    Refusal(text: "permit(principal, action is Action, resource);", reason: .invalidScope, line: 1, column: 26),
    Refusal(text: "permit(principal, action == User::\"a\", resource);", reason: .invalidActionType, line: 1, column: 29),
    Refusal(text: "permit(principal, action == ?action, resource);", reason: .unexpectedToken, line: 1, column: 29),
    Refusal(text: "permit(principal == ?resource, action, resource);", reason: .invalidSlot, line: 1, column: 21, suggestion: "?principal"),
    Refusal(text: "permit(principal in [User::\"a\"], action, resource);", reason: .unexpectedToken, line: 1, column: 21),
    Refusal(text: "@a @a permit(principal, action, resource);", reason: .duplicateAnnotation, line: 1, column: 5),
    Refusal(text: "permit(principal, action, resource) wen { true };", reason: .unexpectedToken, line: 1, column: 37, suggestion: "when"),
    Refusal(text: "permit(principal, action, resource) when {};", reason: .emptyCondition, line: 1, column: 43),
    Refusal(text: "permit(principal == __cedar::A::\"x\", action, resource);", reason: .reservedIdentifier, line: 1, column: 21),
    Refusal(text: "\n\n  permit(principal, action,\n  resource == \"x\");", reason: .unexpectedToken, line: 4, column: 15),
    condition("principal == ?principal", .invalidSlot, 14),
    condition("foo", .unknownIdentifier, 1), condition("contxt.a", .unknownIdentifier, 1, "context"),
    condition("decimel(\"1.0\")", .unknownFunction, 1, "decimal"), condition("A::ip(\"1.0\")", .unknownFunction, 1),
    condition("contains([], 1)", .unknownFunction, 1), condition("isIpv4(1)", .unknownFunction, 1),
    condition("[].contians(1)", .unknownMethod, 4, "contains"), condition("\"1\".ip()", .unknownMethod, 5),
    condition("[].contains()", .wrongArgumentCount, 4), condition("[].isEmpty(1)", .wrongArgumentCount, 4),
    condition("principal(1)", .unexpectedToken, 10), condition("(1)(2)", .unexpectedToken, 4),
    condition("9223372036854775808 > 0", .integerTooLarge, 1), condition("-9223372036854775809 < 0", .integerTooLarge, 2),
    condition("1 == 2 == 3", .ambiguousOperators, 8), condition("1 < 2 < 3", .ambiguousOperators, 7),
    condition("principal has a == true", .ambiguousOperators, 17),
    condition("1 = 1", .unsupportedOperator, 3, "=="), condition("1 / 2 == 0", .unsupportedOperator, 3),
    condition("1 % 2 == 0", .unsupportedOperator, 3), condition("!!!!!true", .tooManyUnaryOperators, 1),
    condition("-----1", .tooManyUnaryOperators, 1), condition("!-1", .unexpectedToken, 2),
    condition("{a: 1, \"a\": 2}", .duplicateKey, 8), condition("{if: 1}", .reservedIdentifier, 2),
    condition("context.if", .reservedIdentifier, 9), condition("context has if", .reservedIdentifier, 13),
    condition("context has a.then", .reservedIdentifier, 15), condition("context has __cedar", .reservedIdentifier, 13),
    condition("context has 1", .unexpectedToken, 13), condition("context like context", .unexpectedToken, 14),
    condition("context is User::\"a\"", .unexpectedToken, 16), condition("true & false", .unexpectedCharacter, 6, "&&"),
    condition("'a' == 1", .unexpectedCharacter, 1, "\""), condition("é", .unexpectedCharacter, 1),
    condition("\"a", .unterminatedString, 1), condition(#""\q" == 1"#, .invalidEscape, 2), condition(#""\x80" == 1"#, .invalidEscape, 2),
    condition(#""\u{110000}" == 1"#, .invalidEscape, 2), condition(#""\u{d800}" == 1"#, .invalidEscape, 2),
    condition(#""\u{}" == 1"#, .invalidEscape, 2), condition(#""\u{1234567}" == 1"#, .invalidEscape, 2),
    condition(#""\*" == 1"#, .invalidEscape, 2), condition("\"\r\" == 1", .invalidEscape, 2),
    condition("if true then 1", .unexpectedToken, 16), condition("if true the 1 else 2", .unexpectedToken, 9, "then"),
    condition("(1", .unexpectedToken, 4), condition("[1 2]", .unexpectedToken, 4), condition("User::{a: 1}", .unexpectedToken, 7),
  ]

  @Test("What it does not allow is refused where it goes wrong", arguments: refusals) func refuses(refusal: Refusal) {
    do throws(PolicySyntaxError) {
      _ = try PolicySet(parsing: refusal.text)
      Issue.record("accepted: \(refusal.text)")
    } catch {
      #expect(error.reason == refusal.reason, "\(refusal.text)\n\(error)")
      #expect(error.line == refusal.line && error.column == refusal.column, "\(refusal.text)\n\(error)")
      #expect(error.suggestion == refusal.suggestion, "\(refusal.text)\n\(error)")
    }
  }

  @Test("An error shows the line with a caret under the place") func description() {
    do throws(PolicySyntaxError) {
      _ = try PolicySet(parsing: "permit(principal, action, resource)\nwhen { [1].contians(1) };")
      Issue.record("accepted")
    } catch {
      #expect(
        error.description == """
          2:12: no method is called `contians`; did you mean `contains`?
          2 | when { [1].contians(1) };
            |            ^
          """)
    }
  }

  @Test("A policy's ids follow the order of the text") func ids() throws {
    let set = try PolicySet(
      parsing:
        "permit(principal, action, resource); forbid(principal == ?principal, action, resource); forbid(principal, action, resource);")
    #expect(set.policies.map(\.id) == ["policy0", "policy2"])
    #expect(set.templates.map(\.id) == ["policy1"])
  }

  @Test("An entity is read by itself") func entity() throws {
    #expect(try EntityUID(parsing: #"A::B::"x\"y""#) == uid("A::B", "x\"y"))
    for text in ["", "A", "A::B", "\"x\"", "A::\"x\" y", "1", "principal", "A::\"x\".b"] {
      #expect(throws: PolicySyntaxError.self) { try EntityUID(parsing: text) }
    }
    #expect(EntityTypeName(parsing: "A::B")?.description == "A::B")
    for text in ["", "A::", "::A", "A:B", "A::B::\"x\"", "A B", "if", "A::in", "__cedar::A", "\u{e9}"] {
      #expect(EntityTypeName(parsing: text) == nil)
    }
  }

  @Test("Annotations are kept") func annotations() throws {
    let policy = try Policy(parsing: #"@id("one") @flag permit(principal, action, resource);"#, id: "p")
    #expect(policy[annotation: "id"] == "one")
    #expect(policy[annotation: "flag"] == "")
    #expect(policy[annotation: "other"] == nil)
  }

  @Test(
    "Precedence",
    arguments: [
      ("1 + 2 * 3", "1 + (2 * 3)"), ("1 - 2 - 3", "(1 - 2) - 3"), ("true || false && false", "true || (false && false)"),
      ("!true && false", "(!true) && false"), ("1 + 1 == 2 && true", "((1 + 1) == 2) && true"),
      ("-context.a.b", "-((context.a).b)"), ("(true && true) && true", "true && true && true"),
      ("true || true || true", "(true || true) || true"), ("context.a has b || true", "((context.a) has b) || true"),
    ])
  func precedence(text: String, parenthesized: String) throws {
    #expect(try Expression(parsing: text) == Expression(parsing: parenthesized))
  }
}
