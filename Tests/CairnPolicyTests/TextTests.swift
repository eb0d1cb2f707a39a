import CairnPolicy
import Testing

@Suite struct TextTests {
  static let precomposed: Text = "\u{e9}"
  static let decomposed: Text = "e\u{301}"

  @Test("Canonically equivalent strings differ") func canonicalEquivalence() {
    #expect(Self.precomposed.string == Self.decomposed.string)
    #expect(Self.precomposed != Self.decomposed)
    #expect(Set([Self.precomposed, Self.decomposed]).count == 2)
    #expect(Self.decomposed < Self.precomposed)
  }

  @Test("The order is the one of Unicode scalars") func order() {
    let sorted: [Text] = ["", "A", "a", "aa", "b", "\u{e9}", "\u{ffff}", "\u{10000}"]
    #expect(sorted.reversed().sorted() == sorted)
  }

  @Test("In policies, records, sets and entities they differ too")
  func everywhere() throws {
    let entities = Entities([
      Entity(try uid("User", Self.precomposed), attributes: try record((Self.precomposed, .long(1)), (Self.decomposed, .long(2))))
    ])
    let request = AuthorizationRequest(
      principal: try uid("User", Self.precomposed), action: try uid("Action", "a"), resource: try uid("User", Self.decomposed))
    for (text, expected) in [
      (#""\u{e9}" == "e\u{301}""#, CedarValue.bool(false)), (#"["\u{e9}", "e\u{301}"].contains("e\u{301}")"#, .bool(true)),
      (#"["\u{e9}"].contains("e\u{301}")"#, .bool(false)), (#"["\u{e9}", "e\u{301}"] == ["\u{e9}"]"#, .bool(false)),
      (#"{"\u{e9}": 1} has "e\u{301}""#, .bool(false)), (#"principal["\u{e9}"]"#, .long(1)), (#"principal["e\u{301}"]"#, .long(2)),
      (#"resource has "\u{e9}""#, .bool(false)), ("principal == resource", .bool(false)), (#""e\u{301}" like "\u{e9}""#, .bool(false)),
      (#""e\u{301}" like "e*""#, .bool(true)), (#""\u{e9}" like "e*""#, .bool(false)), (#"principal == User::"\u{e9}""#, .bool(true)),
      (#"principal == User::"e\u{301}""#, .bool(false)),
    ] {
      #expect(try Expression(parsing: text).evaluate(request, entities: entities) == expected, "\(text)")
    }
  }

  @Test(
    "Nothing but ASCII is a symbol or a keyword",
    arguments: [
      "permit(principal, action, resource)\u{37e}", "permit(principal, action, resource) when { true }\u{37e}",
      "\u{212a}ermit(principal, action, resource);",
      "permit(principal\u{ff0c} action, resource);", "permit(principal, action, resource) when { 1 \u{2260} 2 };",
      "permit(principal, action, resource) when { 1 =\u{338}= 2 };", "permit(principal, action, resource) when { \u{661} == 1 };",
    ])
  func symbols(text: String) { #expect(throws: PolicySyntaxError.self) { try PolicySet(parsing: text) } }

  @Test("Keys that are canonically equivalent are not duplicates, in JSON neither") func duplicates() throws {
    _ = try Expression(parsing: #"{"\u{e9}": 1, "e\u{301}": 2}"#)
    #expect(try json("{\"\\u00e9\": 1, \"e\\u0301\": 2}").object?.count == 2)
    let policies = try PolicySet(parsing: "permit(principal == User::\"\u{e9}\", action, resource);")
    let other = try PolicySet(parsing: "permit(principal == User::\"e\u{301}\", action, resource);")
    #expect(policies != other)
  }
}
