import CairnPolicy
import Testing

@Suite struct EntitiesJSONTests {
  private static let alice = """
    [{"uid": {"type": "User", "id": "alice"}, "parents": [{"type": "Group", "id": "g"}], "attrs": {
        "name": "Alice", "age": 30, "isActive": true, "manager": {"type": "User", "id": "bob"}, "address": {"city": "Bern"}, "scores": [1, 2, 2],
        "quota": "1.5", "joined": "2024-01-01"}, "tags": {"team": "red"}},
     {"uid": {"__entity": {"type": "Group", "id": "g"}}, "parents": [{"__entity": {"type": "Group", "id": "h"}}], "attrs": {}}]
    """

  @Test("With a schema, implicit forms are read, ancestors closed and actions added") func schemaBased() throws {
    let entities = try Entities(json: json(Self.alice), schema: Sample.schema())
    let alice = try #require(entities.entity(try uid("User", "alice")))
    #expect(alice.attributes["quota"] == .decimal(CedarDecimal(tenThousandths: 15_000)))
    #expect(alice.attributes["joined"] == .datetime(CedarDatetime(milliseconds: 1_704_067_200_000)))
    #expect(try alice.attributes["manager"] == .entity(uid("User", "bob")))
    #expect(alice.attributes["scores"] == .set(CedarSet([.long(1), .long(2)])))
    #expect(alice.tags["team"] == .string("red"))
    #expect(try alice.ancestors == [uid("Group", "g"), uid("Group", "h")])
    #expect(try entities.entity(uid("Action", "view"))?.ancestors == [uid("Action", "read")])
  }

  @Test("Without a schema, only explicit forms mean entities and extension values") func explicit() throws {
    let entities = try Entities(
      json: json(
        """
        [{"uid": {"type": "A", "id": "a"}, "parents": [], "attrs": {
          "e": {"__entity": {"type": "A", "id": "b"}}, "r": {"type": "A", "id": "b"}, "i": {"__extn": {"fn": "ip", "arg": "::1"}},
          "d": {"__extn": {"fn": "offset", "args": [{"__extn": {"fn": "datetime", "arg": "1970-01-01"}}, {"__extn": {"fn": "duration", "arg": "1s"}}]}}, "s": "::1"}}]
        """))
    let attributes = try #require(entities.entity(try uid("A", "a"))?.attributes)
    #expect(try attributes["e"] == .entity(uid("A", "b")))
    #expect(try attributes["r"] == .record(record(("type", .string("A")), ("id", .string("b")))))
    #expect(attributes["i"] == CedarIPAddress(parsing: "::1").map { .ipAddress($0) })
    #expect(attributes["d"] == .datetime(CedarDatetime(milliseconds: 1000)))
    #expect(attributes["s"] == .string("::1"))
    #expect(try Entities(json: json(entities.json.text())).sorted == entities.sorted)
  }

  private static func user(_ attributes: String, parents: String = "[]", tags: String = "{}") -> String {
    "[{\"uid\": {\"type\": \"Photo\", \"id\": \"p\"}, \"parents\": \(parents), \"attrs\": \(attributes), \"tags\": \(tags)}]"
  }

  private static let owner = "\"owner\": {\"type\": \"User\", \"id\": \"a\"}, \"isPrivate\": true"

  @Test(
    "What does not fit the schema is refused",
    arguments: [
      ("{}", "policy_json_wrong_type"), ("[1]", "policy_json_wrong_type"), ("[{}]", "policy_json_missing_member"),
      ("[{\"uid\": {\"type\": \"Nope\", \"id\": \"p\"}, \"parents\": [], \"attrs\": {}}]", "policy_json_not_conforming"),
      ("[{\"uid\": {\"type\": \"a b\", \"id\": \"p\"}, \"parents\": [], \"attrs\": {}}]", "policy_json_invalid_name"),
      ("[{\"uid\": {\"type\": \"Color\", \"id\": \"blue\"}, \"parents\": [], \"attrs\": {}}]", "policy_json_not_conforming"),
      ("[{\"uid\": {\"type\": \"Action\", \"id\": \"view\"}, \"parents\": [], \"attrs\": {}}]", "policy_json_not_conforming"),
      ("[{\"uid\": {\"type\": \"Action\", \"id\": \"none\"}, \"parents\": [], \"attrs\": {}}]", "policy_json_not_conforming"),
      (user("{}"), "policy_json_not_conforming"), (user("{\(owner), \"extra\": 1}"), "policy_json_not_conforming"),
      (user("{\"owner\": \"a\", \"isPrivate\": true}"), "policy_json_wrong_type"),
      (user("{\"owner\": {\"type\": \"Album\", \"id\": \"a\"}, \"isPrivate\": true}"), "policy_json_not_conforming"),
      (user("{\(owner), \"size\": \"1\"}"), "policy_json_not_conforming"), (user("{\(owner), \"size\": 1.5}"), "policy_json_wrong_type"),
      (user("{\(owner), \"size\": null}"), "policy_json_wrong_type"),
      (user("{\(owner), \"size\": 9223372036854775808}"), "policy_json_wrong_type"),
      (user("{\(owner)}", parents: "[{\"type\": \"User\", \"id\": \"a\"}]"), "policy_json_not_conforming"),
      (user("{\(owner)}", tags: "{\"a\": \"b\"}"), "policy_json_not_conforming"),
      (user("{\(owner), \"size\": {\"__expr\": \"1\"}}"), "policy_json_invalid_value"),
    ])
  func refuses(text: String, reason: String) throws {
    let schema = try Sample.schema()
    let value = try json(text)
    do throws(CedarJSONError) {
      _ = try Entities(json: value, schema: schema)
      Issue.record("accepted: \(text)")
    } catch {
      #expect(error.reason.rawValue == reason, "\(text): \(error)")
    }
  }

  @Test("Entities that are their own ancestors, or come twice and differ, are refused") func graph() throws {
    func entity(_ id: String, parents: [String], attributes: String = "{}") -> String {
      let list = parents.map { "{\"type\": \"A\", \"id\": \"\($0)\"}" }.joined(separator: ",")
      return "{\"uid\": {\"type\": \"A\", \"id\": \"\(id)\"}, \"parents\": [\(list)], \"attrs\": \(attributes)}"
    }
    let cycle = try json("[\(entity("a", parents: ["b"])), \(entity("b", parents: ["a"]))]")
    #expect { try Entities(json: cycle) } throws: { ($0 as? CedarJSONError)?.reason == .cycle }
    let action = "{\"uid\": {\"type\": \"Action\", \"id\": \"v\"}, \"attrs\": {}, \"parents\": [{\"type\": \"A\", \"id\": \"a\"}]}"
    #expect { try Entities(json: json("[\(action)]")) } throws: { ($0 as? CedarJSONError)?.reason == .invalidValue }
    let twice = try json("[\(entity("a", parents: [])), \(entity("a", parents: [], attributes: "{\"x\": 1}"))]")
    #expect { try Entities(json: twice) } throws: { ($0 as? CedarJSONError)?.reason == .duplicateEntity }
    let same = try json("[\(entity("a", parents: [])), \(entity("a", parents: []))]")
    #expect(try Entities(json: same).count == 1)
    let chain = try json("[\((0..<100).map { entity("e\($0)", parents: ["e\($0 + 1)"]) }.joined(separator: ","))]")
    #expect { try Entities(json: chain) } throws: { ($0 as? CedarJSONError)?.reason == .limitExceeded }
    #expect(try Entities(json: chain, limits: .conformance).entity(uid("A", "e0"))?.ancestors.count == 100)
  }

  @Test("A context follows the action's type") func context() throws {
    let type = try #require(try Sample.schema().action(uid("Action", "view"))).context
    let context = try CedarRecord(
      json: json("{\"ip\": \"10.0.0.1\", \"now\": {\"fn\": \"datetime\", \"arg\": \"1970-01-01\"}}"), type: type)
    #expect(context["ip"] == CedarIPAddress(parsing: "10.0.0.1").map { .ipAddress($0) })
    #expect(context["now"] == .datetime(CedarDatetime(milliseconds: 0)))
    for wrong in [
      "{\"ip\": \"10.0.0.1\"}", "{\"ip\": \"x\", \"now\": \"1970-01-01\"}", "{\"ip\": \"::\", \"now\": \"1970-01-01\", \"other\": 1}", "[]",
    ] {
      let value = try json(wrong)
      #expect(throws: CedarJSONError.self) { try CedarRecord(json: value, type: type) }
    }
  }

  @Test("Requests are checked against the schema") func requests() throws {
    let schema = try Sample.schema()
    let request = try Sample.request()
    #expect(schema.fault(in: request) == nil)
    func fault(_ principal: EntityUID? = nil, _ action: EntityUID? = nil, _ resource: EntityUID? = nil, _ context: CedarRecord? = nil)
      -> String?
    {
      schema.fault(
        in: AuthorizationRequest(
          principal: principal ?? request.principal, action: action ?? request.action, resource: resource ?? request.resource,
          context: context ?? request.context))?.reason
    }
    #expect(try fault(uid("Nope", "a")) == "policy_unknown_entity_type")
    #expect(try fault(uid("Photo", "a")) == "policy_wrong_principal_type")
    #expect(try fault(nil, uid("Action", "none")) == "policy_unknown_action")
    #expect(try fault(nil, nil, uid("Color", "blue")) == "policy_not_enumerated")
    #expect(try fault(nil, nil, uid("Color", "red")) == "policy_wrong_resource_type")
    #expect(fault(nil, nil, nil, .empty) == "policy_missing_attribute")
    #expect(
      try fault(nil, nil, nil, record(("ip", .long(1)), ("now", .datetime(CedarDatetime(milliseconds: 0)))))
        == "policy_wrong_attribute_type")
    #expect(try fault(nil, uid("Action", "edit")) == "policy_unexpected_attribute")
  }

  @Test(
    "JSON that is none",
    arguments: [
      "", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01", "1.", "nul", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\x\"", "\"a\nb\"",
      "1 2", "-",
      "{\"a\" 1}", "+1", "'a'",
    ])
  func malformed(text: String) { #expect(throws: CedarJSONError.self) { try json(text) } }

  @Test("Strings and numbers of JSON") func values() throws {
    #expect(try json(#""\u00e9\ud83d\ude00\/\n""#) == .string("\u{e9}\u{1F600}/\n"))
    #expect(try json("[-0, 9223372036854775807, -9223372036854775808]").array == [.integer(0), .integer(.max), .integer(.min)])
    #expect(try json("1e2") == .otherNumber("1e2"))
    #expect(throws: CedarJSONError.self) { try CedarJSON(parsing: [0x22, 0xff, 0x22]) }
    #expect(throws: CedarJSONError.self) { try CedarJSON(parsing: Array(String(repeating: "[", count: 200_000).utf8)) }
    let text = "{\"a\\\"\":[1,true,null,\"\\u0001\"],\"b\":{}}"
    #expect(try json(text).text() == text)
    #expect(try json(json(text).text(indentation: 2)) == json(text))
  }
}
