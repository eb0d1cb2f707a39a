import CairnPolicy
import Foundation
import Testing

@Suite struct HostileTests {
  private func reason(_ condition: String, _ limits: PolicyLimits = .ledger) -> PolicySyntaxError.Reason? {
    do throws(PolicySyntaxError) {
      _ = try PolicySet(parsing: "permit(principal, action, resource) when { \(condition) };", limits: limits)
      return nil
    } catch {
      return error.reason
    }
  }

  private func nested(_ open: String, _ inner: String, _ close: String, _ count: Int) -> String {
    String(repeating: open, count: count) + inner + String(repeating: close, count: count)
  }

  @Test(
    "Nesting is refused beyond its limit, wherever it is",
    arguments: [
      ("(", "true", ")"), ("[", "1", "]"), ("{a: ", "1", "}"), ("!(", "true", ")"), ("-(", "1", ")"), ("if true then ", "1", " else 2"),
      ("if ", "true", " then true else false"), ("ip(", "1", ")"), ("[].contains(", "1", ")"), ("1 + (", "1", ")"),
      ("true && (", "true", ")"),
    ])
  func nesting(open: String, inner: String, close: String) {
    #expect(reason(nested(open, inner, close, 400)) == .tooDeep)
    #expect(reason(nested(open, inner, close, 20_000), .conformance) == .tooDeep)
    #expect(reason(nested(open, inner, close, 10)) == nil)
  }

  @Test("Nesting in the scope, in types and in JSON is refused too") func elsewhere() throws {
    let scope = "permit(principal == \(nested("(", "A::\"a\"", ")", 100_000)), action, resource);"
    #expect { try PolicySet(parsing: scope, limits: .conformance) } throws: { ($0 as? PolicySyntaxError)?.reason == .tooDeep }
    for (open, close) in [("Set<", ">"), ("{a: ", "}")] {
      let text = "type T = \(nested(open, "Long", close, 10_000));"
      #expect { try SchemaDeclarations(parsing: Array(text.utf8)) } throws: { ($0 as? PolicySyntaxError)?.reason == .tooDeep }
    }
    #expect { try json(self.nested("{\"a\":", "1", "}", 100_000)) } throws: { ($0 as? CedarJSONError)?.reason == .tooDeep }
    let deepJSON = try CedarJSON(parsing: Array(nested("{\"!\":{\"arg\":", "{\"Value\":true}", "}}", 60).utf8))
    let policy = PolicyFormatTests.condition(deepJSON.text())
    #expect { try Policy(json: json(policy), id: "p") } throws: { ($0 as? CedarJSONError)?.reason == .limitExceeded }
  }

  @Test("Long chains are refused or stay flat") func chains() throws {
    #expect(reason((0..<200).map { _ in "true" }.joined(separator: " && ")) == nil)
    #expect(reason((0..<200).map { _ in "true" }.joined(separator: " || ")) == nil)
    #expect(reason("context" + String(repeating: ".a", count: 100)) == .tooDeep)
    #expect(reason("context has a" + String(repeating: ".a", count: 100)) == .tooDeep)
    #expect(reason("1" + String(repeating: " + 1", count: 100) + " == 1") == .tooDeep)
    #expect(reason("1" + String(repeating: " * 1", count: 100) + " == 1") == .tooDeep)
    #expect(reason((0..<1200).map { _ in "1==1" }.joined(separator: "&&")) == .tooManyNodes)
  }

  @Test("Sizes are refused beyond their limits") func sizes() throws {
    #expect(reason("[\((0...256).map(String.init).joined(separator: ","))].contains(1)") == .setTooLarge)
    #expect(reason("[\((0..<256).map(String.init).joined(separator: ","))].contains(1)") == nil)
    #expect(reason("{\((0...256).map { "a\($0): 1" }.joined(separator: ","))} has a") == .setTooLarge)
    #expect(reason("\"\(String(repeating: "x", count: 4097))\" == \"\"") == .stringTooLong)
    #expect(reason("\"\" like \"\(String(repeating: "*", count: 4097))\"") == .stringTooLong)
    #expect(reason("true /*".replacing("/*", with: "//" + String(repeating: "x", count: 10_000) + "\n")) == .textTooLong)
    let actions = (0...256).map { "Action::\"\($0)\"" }.joined(separator: ",")
    #expect { try PolicySet(parsing: "permit(principal, action in [\(actions)], resource);") } throws: {
      ($0 as? PolicySyntaxError)?.reason == .setTooLarge
    }
    let many = String(repeating: "permit(principal,action,resource);", count: 257)
    #expect { try PolicySet(parsing: many) } throws: { ($0 as? PolicySyntaxError)?.reason == .tooManyPolicies }
    #expect { try SchemaDeclarations(parsing: [UInt8](repeating: 0x20, count: 100_001)) } throws: {
      ($0 as? PolicySyntaxError)?.reason == .textTooLong
    }
  }

  @Test("Bytes that are not UTF-8 are refused") func utf8() {
    #expect { try PolicySet(parsing: [0x70, 0xff]) } throws: { ($0 as? PolicySyntaxError)?.reason == .invalidUTF8 }
    #expect {
      try PolicySet(parsing: Array("permit(principal, action, resource) when { \"".utf8) + [0xed, 0xa0, 0x80] + Array("\" };".utf8))
    } throws: {
      ($0 as? PolicySyntaxError)?.reason == .invalidUTF8
    }
  }

  @Test("An expression at the limit of depth does not need a large stack") func stack() async throws {
    let condition = nested("if ", "principal.isActive", " then true else false", 30)
    let policies = try PolicySet(parsing: "permit(principal, action, resource) when { \(condition) };")
    let schema = try Sample.schema()
    let request = try Sample.request()
    let entities = try Sample.entities()
    let outcome = await withCheckedContinuation { continuation in
      let thread = Thread {
        let reparsed = try? PolicySet(parsing: policies.text)
        let fromJSON = try? PolicySet(json: CedarJSON(parsing: Array(policies.json.text().utf8)))
        let isValid = schema.validate(policies, level: 2).isValid
        let decision = policies.isAuthorized(request, entities: entities).decision
        continuation.resume(returning: reparsed == policies && fromJSON == policies && isValid && decision == .allow)
      }
      thread.stackSize = 512 << 10
      thread.start()
    }
    #expect(outcome)
  }

  @Test(
    "The deepest limit that can be set fits a thread's stack",
    arguments: [
      ("if ", "principal.isActive", " then true else false"), ("if true then ", "true", " else false"), ("!(", "true", ")"),
      ("true && (", "true", ")"), ("[", "1", "]"), ("{a: ", "1", "}"), ("[1].contains(", "1", ")"), ("1 + (", "1", ")"), ("ip(", "1", ")"),
    ])
  func deepest(open: String, inner: String, close: String) async throws {
    let limits = PolicyLimits(
      policyBytes: 1 << 20, schemaBytes: 1 << 20, policies: 10, depth: .max, nodesPerPolicy: 1 << 20, entityBytes: 1 << 20,
      contextBytes: 1 << 20, setElements: 1 << 20, stringBytes: 1 << 20, ancestors: 10, level: 2, requestEnvironments: 100)
    #expect(limits.depth == PolicyLimits.deepest)
    var edited = PolicyLimits.ledger
    edited.depth = .max
    #expect(edited.depth == PolicyLimits.deepest)
    // Each level of some kinds is two levels of nesting.
    let text = "permit(principal, action, resource) when { \(nested(open, inner, close, limits.depth / 2 - 2)) };"
    let schema = try Sample.schema()
    let request = try Sample.request()
    let entities = try Sample.entities()
    let isRead = await withCheckedContinuation { continuation in
      let thread = Thread {
        let policies = try? PolicySet(parsing: text, limits: limits)
        _ = policies.map { schema.validate($0, .permissive, level: 2) }
        _ = policies?.isAuthorized(request, entities: entities)
        let again = policies.flatMap {
          try? PolicySet(json: CedarJSON(parsing: Array($0.json.text().utf8), depthLimit: .max), limits: limits)
        }
        continuation.resume(returning: policies != nil && policies?.text == again?.text)
      }
      thread.stackSize = 4 << 20
      thread.start()
    }
    #expect(isRead)
  }

  @Test("The longest chain of a policy fits a thread's stack in the JSON format too") func longestChain() async throws {
    let condition = (0..<510).map { _ in "true" }.joined(separator: "&&")
    let text = "permit(principal, action, resource) when { \(condition) };"
    let isRead = await withCheckedContinuation { continuation in
      let thread = Thread {
        let policies = try? PolicySet(parsing: text)
        let json = policies.flatMap { try? CedarJSON(parsing: Array($0.json.text().utf8), depthLimit: .max) }
        let again = json.flatMap { try? PolicySet(json: $0) }
        continuation.resume(returning: policies != nil && policies == again)
      }
      thread.stackSize = 4 << 20
      thread.start()
    }
    #expect(isRead)
  }

  @Test("Branches that are always taken do not double the work at each level") func doubling() throws {
    let condition = nested("if true then ", "principal", " else principal", 30)
    let policies = try PolicySet(parsing: "permit(principal, action, resource) when { (\(condition)).isActive };")
    #expect(try Sample.schema().validate(policies, level: 1).isValid)
    let tests = nested("(if principal is User in ", "principal", " then principal else resource.owner)", 8)
    let records = nested("{a: ", "principal", "}.a", 12)
    let others = try PolicySet(
      parsing: "permit(principal, action, resource) when { \(tests) is User in \(records) && \(records) is User in \(tests) };")
    _ = try Sample.schema().validate(others, level: 1)
  }

  @Test("A policy that is wrong everywhere gives few errors, soon") func manyErrors() throws {
    let names = (0..<32).map { "E\($0)" }.joined(separator: ", ")
    let attributes = (0..<300).map { "a\($0): Long" }.joined(separator: ", ")
    let schema = try Schema(
      parsing: "entity \(names) = { \(attributes) }; action a appliesTo { principal: [\(names)], resource: [\(names)] };")
    let conditions = (0..<100).map { "principal.b\($0) == resource.c\($0)" }.joined(separator: " && ")
    let result = try schema.validate(PolicySet(parsing: "permit(principal, action, resource) when { \(conditions) };"))
    #expect((1...64).contains(result.errors.count))
  }
}
