import CairnPolicy
import Testing

@Suite struct SchemaTests {
  @Test("Declarations are resolved") func resolved() throws {
    let schema = try Sample.schema()
    let user = try #require(try schema.entityType(typeName("User")))
    #expect(user.ancestors.map(\.description) == ["Group"])
    #expect(user.tags == .string)
    #expect(user.attributes["manager"]?.isRequired == false)
    #expect(user.attributes["quota"]?.type == .extension(.decimal))
    #expect(user.attributes["address"]?.type.description == "{city: String, zip?: String}")
    let view = try #require(schema.action(uid("Action", "view")))
    #expect(view.principals.map(\.description) == ["User"])
    #expect(view.resources.map(\.description) == ["Album", "Photo"])
    #expect(try view.ancestors == [uid("Action", "read")])
    #expect(schema.environments.count == 3)
    #expect(try schema.isValid(uid("Color", "red")) && !schema.isValid(uid("Color", "blue")) && !schema.isValid(uid("Other", "x")))
  }

  @Test("Names are looked for in their namespace first, then outside, then among the built-in types (RFC 70)") func names() throws {
    let schema = try Schema(
      parsing: """
        type Level = Long;
        entity Root;
        namespace A::B {
          type Text = String;
          type Bag = Set<Text>;
          entity Leaf in [Root, Leaf] = { level: Level, text: Text, bag: Bag, root: Root, leaf: A::B::Leaf, raw: __cedar::Long, when: datetime };
          action "x y" in parent appliesTo { principal: Leaf, resource: [Root], context: Ctx };
          action parent;
          type Ctx = { leaf: Leaf };
        }
        namespace C {
          entity Bool;
          entity E = { flag: Bool, real: __cedar::Bool };
          action act in A::B::Action::"parent";
        }
        """)
    let leaf = try #require(try schema.entityType(typeName("A::B::Leaf")))
    #expect(leaf.attributes["level"]?.type == .long)
    #expect(leaf.attributes["bag"]?.type == .set(.string))
    #expect(leaf.attributes["root"]?.type.description == "Root")
    #expect(leaf.attributes["leaf"]?.type.description == "A::B::Leaf")
    #expect(leaf.attributes["raw"]?.type == .long)
    #expect(leaf.attributes["when"]?.type == .extension(.datetime))
    #expect(leaf.ancestors.map(\.description) == ["A::B::Leaf", "Root"])
    #expect(try schema.action(uid("A::B::Action", "x y"))?.ancestors == [uid("A::B::Action", "parent")])
    let shadowing = try #require(try schema.entityType(typeName("C::E")))
    #expect(shadowing.attributes["flag"]?.type.description == "C::Bool")
    #expect(shadowing.attributes["real"]?.type == .bool(.any))
    #expect(try schema.action(uid("C::Action", "act"))?.ancestors == [uid("A::B::Action", "parent")])
  }

  @Test(
    "What makes no schema is refused with its reason",
    arguments: [
      ("entity A; entity A;", "schema_duplicate_declaration"), ("type T = Long; type T = Long;", "schema_duplicate_declaration"),
      ("action a; action a;", "schema_duplicate_declaration"), ("namespace N {} namespace N {}", "schema_duplicate_namespace"),
      ("entity A = { b: B };", "schema_unknown_type"), ("entity A in B;", "schema_unknown_type"),
      ("action a appliesTo { principal: P, resource: P };", "schema_unknown_type"), ("action a in b;", "schema_unknown_action"),
      ("type A = B; type B = A;", "schema_recursive_type"), ("type A = { a: A };", "schema_recursive_type"),
      ("action a in b; action b in a;", "schema_recursive_action"), ("action a in a;", "schema_recursive_action"),
      ("entity A; type T = Long; action a appliesTo { principal: A, resource: A, context: T };", "schema_not_a_record"),
      ("entity A; namespace N { entity A; }", "schema_shadowed_declaration"),
      ("action a; namespace N { action a; }", "schema_shadowed_declaration"),
      ("entity Action;", "schema_declared_action_type"), ("type Long = String;", "schema_reserved_name"),
      ("type Record = String;", "schema_reserved_name"),
      ("entity A; action a appliesTo { principal: Action, resource: A };", "schema_unknown_type"),
      ("entity A", "policy_unexpected_end"), ("entity A enum [];", "policy_unexpected_token"), ("entty A;", "policy_unexpected_token"),
      ("entity A = { a: Long, a: Long };", "policy_duplicate_key"), ("entity in;", "policy_reserved_identifier"),
      ("entity __cedar;", "policy_reserved_identifier"), ("action a appliesTo { principal: A };", "policy_unexpected_token"),
      ("action a appliesTo { principal: [], resource: A };", "policy_unexpected_token"),
      ("action a appliesTo { principal: A, principal: A, resource: A };", "policy_unexpected_token"),
      ("entity A = Set<Long>;", "policy_unexpected_token"),
      ("@a @a entity A;", "policy_duplicate_annotation"), ("type T = Set<Long;", "policy_unexpected_token"),
    ])
  func refuses(text: String, reason: String) {
    do throws(SchemaReadingError) {
      _ = try Schema(parsing: text)
      Issue.record("accepted: \(text)")
    } catch {
      #expect(error.reason == reason, "\(text): \(error)")
    }
  }

  @Test("A mistyped name gets a suggestion") func suggestion() {
    do throws(SchemaReadingError) {
      _ = try Schema(parsing: "entity User; entity Photo = { owner: Usr };")
      Issue.record("accepted")
    } catch {
      #expect(error.description == "no type is called `Usr`; did you mean `User`?")
    }
  }

  @Test("Types that double with each name are refused before they fill the memory") func exponential() {
    let types = (1...40).map { "type T\($0) = { a: T\($0 - 1), b: T\($0 - 1) };" }.joined()
    #expect(throws: SchemaReadingError.self) { try Schema(parsing: "type T0 = { x: Long };" + types, limits: .conformance) }
  }

  @Test("Requests of too many kinds are refused") func environments() {
    let names = (0..<40).map { "E\($0)" }.joined(separator: ", ")
    #expect(throws: SchemaReadingError.schema(.tooManyEnvironments(limit: 1024))) {
      try Schema(parsing: "entity \(names); action a appliesTo { principal: [\(names)], resource: [\(names)] };")
    }
  }

  static let texts = [
    Sample.schemaText,
    """
    @doc("n") namespace N { @doc entity A; @x("y") type T = { @z("w") "a b"?: Set<Set<Long>> }; @q("r") action "b c", d appliesTo { principal: A, resource: [A] }; }
    """,
    "entity A enum [\"\\\"\", \"\\n\"]; action a in [Action::\"b\", c]; action b, c;", "entity Long = { x: __cedar::Long, y: Long };", "",
  ]

  @Test("The printer's text and the JSON format give the same declarations", arguments: texts) func roundTrip(text: String) throws {
    let declarations = try SchemaDeclarations(parsing: Array(text.utf8))
    #expect(try SchemaDeclarations(parsing: Array(declarations.text().utf8)) == declarations)
    #expect(try SchemaDeclarations(json: json(declarations.json.text(indentation: 2))) == declarations)
    #expect(try Schema(json: declarations.json) == Schema(parsing: text))
  }

  @Test("The JSON format says more than the human-readable one, and prints") func jsonOnly() throws {
    let schema = try json(
      """
      {"N": {"commonTypes": {"T": {"type": "Record", "attributes": {"a": {"type": "Boolean", "required": false}}}},
        "entityTypes": {"E": {"shape": {"type": "T"}, "memberOfTypes": ["E"], "tags": {"type": "Set", "element": {"type": "Entity", "name": "E"}}}},
        "actions": {"x": {"memberOf": [{"id": "y"}], "appliesTo": {"principalTypes": ["E"], "resourceTypes": ["N::E"],
          "context": {"type": "Record", "attributes": {"i": {"type": "Extension", "name": "ipaddr"}, "s": {"type": "EntityOrCommon", "name": "String"}}}}},
          "y": {"appliesTo": null}}}}
      """)
    let resolved = try Schema(json: schema)
    let type = try #require(try resolved.entityType(typeName("N::E")))
    #expect(type.attributes["a"]?.type == .bool(.any))
    #expect(type.tags?.description == "Set<N::E>")
    #expect(resolved.environments.count == 1)
    #expect(throws: SchemaError.notARecord("T")) { try SchemaDeclarations(json: schema).text() }
  }

  @Test(
    "JSON that is no schema",
    arguments: [
      ("[]", "policy_json_wrong_type"), ("{\"N\": {}}", "policy_json_missing_member"),
      ("{\"\": {\"entityTypes\": {}, \"actions\": {}, \"actons\": {}}}", "policy_json_unexpected_member"),
      ("{\"a-b\": {\"entityTypes\": {}, \"actions\": {}}}", "policy_json_invalid_name"),
      ("{\"\": {\"entityTypes\": {\"a-b\": {}}, \"actions\": {}}}", "schema_reserved_name"),
      ("{\"\": {\"entityTypes\": {\"A\": {\"shape\": {\"type\": \"Set\"}}}, \"actions\": {}}}", "policy_json_missing_member"),
      (
        "{\"\": {\"entityTypes\": {\"A\": {\"shape\": {\"type\": \"Long\", \"name\": \"x\"}}}, \"actions\": {}}}",
        "policy_json_unexpected_member"
      ),
      ("{\"\": {\"entityTypes\": {\"A\": {\"enum\": []}}, \"actions\": {}}}", "schema_empty_enumeration"),
      (
        "{\"\": {\"entityTypes\": {\"A\": {\"enum\": [\"a\"], \"shape\": {\"type\": \"Long\"}}}, \"actions\": {}}}",
        "policy_json_unexpected_member"
      ),
      ("{\"\": {\"entityTypes\": {\"A\": {\"shape\": {\"type\": \"Long\"}}}, \"actions\": {}}}", "schema_not_a_record"),
      (
        "{\"\": {\"entityTypes\": {\"A\": {\"shape\": {\"type\": \"Extension\", \"name\": \"x\"}}}, \"actions\": {}}}",
        "schema_unknown_type"
      ),
      ("{\"\": {\"entityTypes\": {}, \"actions\": {\"a\": {\"attributes\": {\"x\": 1}}}}}", "policy_json_invalid_value"),
      ("{\"\": {\"entityTypes\": {}, \"actions\": {\"a\": {\"appliesTo\": {\"principalTypes\": []}}}}}", "policy_json_missing_member"),
      (
        "{\"\": {\"entityTypes\": {\"A\": {\"shape\": {\"type\": \"Record\", \"attributes\": {\"a\": {\"type\": \"Long\", \"required\": 1}}}}}, \"actions\": {}}}",
        "policy_json_wrong_type"
      ),
      (
        "{\"\": {\"entityTypes\": {\"A\": {\"shape\": {\"type\": \"Record\", \"attributes\": {}, \"additionalAttributes\": true}}}, \"actions\": {}}}",
        "policy_json_invalid_value"
      ),
    ])
  func refusesJSON(text: String, reason: String) throws {
    let value = try json(text)
    do throws(SchemaReadingError) {
      _ = try Schema(json: value)
      Issue.record("accepted: \(text)")
    } catch {
      #expect(error.reason == reason, "\(text): \(error)")
    }
  }
}
