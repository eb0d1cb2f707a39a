import CairnLedger
import Foundation
import Testing

/// Contracts that are refused, and upgrades that need a guardian.
enum ContractExamples {
  struct Fault: Sendable, CustomTestStringConvertible {
    let reason: String
    var policies: String?
    var schema: String?
    var tests: String?
    var testDescription: String { reason }
  }

  static let faults: [Fault] = {
    let long = "\"\(String(repeating: "x", count: 3_000))\" == \"\""
    let deep = String(repeating: "(", count: 4_000) + "true" + String(repeating: ")", count: 4_000)
    let test = { (members: String) in "{ \"tests\": [ { \(members) } ] }" }
    let request =
      #""name": "t", "principal": "Cairn::Agent::\"a\"", "action": "Cairn::Action::\"read\"", "resource": "Cairn::Resource::\"t\"""#
    let agent = #"{ "uid": { "type": "Cairn::Agent", "id": "a" }, "attrs": ATTRS, "parents": [] }"#
    return [
      Fault(reason: "policy_unexpected_end", policies: "permit (principal, action, resource) when { true }"),
      Fault(reason: "policy_too_deep", policies: "permit (principal, action, resource) when { \(deep) };"),
      Fault(
        reason: "policy_too_many_nodes",
        policies: "permit (principal, action, resource) when { \(Array(repeating: "1 == 1", count: 600).joined(separator: " || ")) };"),
      Fault(
        reason: "policy_text_too_long",
        policies: "permit (principal, action, resource) when { \(Array(repeating: long, count: 4).joined(separator: " || ")) };"),
      Fault(
        reason: "policy_set_too_large",
        policies: "permit (principal, action, resource) when { [\((0..<300).map(String.init).joined(separator: ","))].contains(1) };"),
      Fault(
        reason: "policy_string_too_long",
        policies: "permit (principal, action, resource) when { \"\(String(repeating: "x", count: 5_000))\" == \"\" };"),
      Fault(
        reason: "policy_too_many_policies", policies: String(repeating: "permit (principal, action, resource);", count: 257)),
      Fault(reason: "contract_has_template", policies: "permit (principal == ?principal, action, resource);"),
      Fault(reason: "policy_unexpected_end", schema: "entity Agent {"),
      Fault(reason: "schema_unknown_type", schema: "entity Agent { level: Nothing };"),
      Fault(reason: "policy_unknown_attribute", policies: "permit (principal, action, resource) when { principal.age > 3 };"),
      Fault(reason: "policy_unexpected_type", policies: "permit (principal, action, resource) when { principal.keyAgeSeconds };"),
      Fault(
        reason: "policy_too_many_dereferences",
        policies: """
          permit (principal, action, resource) when {
            principal has controller && principal.controller has controller && principal.controller.controller has controller &&
            principal.controller.controller.controller.keyAgeSeconds > 1
          };
          """,
        schema: model("entity Agent { keyAgeSeconds: Long, controller?: Agent }; entity Resource;")),
      Fault(reason: "contract_outside_model", schema: ""),
      Fault(reason: "contract_outside_model", schema: "entity Agent; action read appliesTo { principal: Agent, resource: Agent };"),
      Fault(reason: "contract_outside_model", schema: model("entity Agent { clearance: Long }; entity Resource;")),
      Fault(reason: "contract_outside_model", schema: model("entity Agent { keyAgeSeconds: String }; entity Resource;")),
      Fault(reason: "contract_outside_model", schema: model("entity Agent enum [\"a\"]; entity Resource;")),
      Fault(reason: "contract_outside_model", schema: model("entity Agent; entity Resource tags String;")),
      Fault(reason: "contract_outside_model", schema: model("entity Agent; entity Resource;", context: "mfa: Bool")),
      Fault(reason: "contract_outside_model", schema: model("entity Agent; entity Resource;", context: "asserted?: String")),
      Fault(reason: "contract_too_much_to_check", policies: manyPolicies, schema: manyRequests),
      Fault(reason: "contract_too_costly", policies: costlyPolicies, schema: costlySchema),
      Fault(reason: "policy_json_malformed", tests: "{"),
      Fault(reason: "policy_json_too_deep", tests: String(repeating: "[", count: 2_000)),
      Fault(reason: "policy_json_duplicate_key", tests: #"{ "tests": [], "tests": [] }"#),
      Fault(reason: "policy_json_unexpected_member", tests: #"{ "tests": [], "extra": 1 }"#),
      Fault(reason: "policy_json_missing_member", tests: "{}"),
      Fault(reason: "policy_json_missing_member", tests: test(request)),
      Fault(reason: "policy_json_invalid_value", tests: test(request + #", "decision": "maybe""#)),
      Fault(
        reason: "policy_json_invalid_value",
        tests: test(#""name": "t", "principal": "nobody", "action": "a", "resource": "r", "decision": "deny""#)),
      Fault(reason: "policy_json_not_conforming", tests: test(request + #", "context": { "other": 1 }, "decision": "deny""#)),
      Fault(
        reason: "policy_json_not_conforming",
        tests: test(
          request + #", "entities": [\#(agent.replacingOccurrences(of: "ATTRS", with: "{}"))], "decision": "deny""#)),
      Fault(
        reason: "policy_json_limit_exceeded",
        tests: "{ \"tests\": [\(Array(repeating: "{ \(request), \"decision\": \"allow\" }", count: 65).joined(separator: ","))] }"),
      Fault(reason: "contract_test_failed", tests: test(request + #", "decision": "deny""#)),
    ]
  }()

  /// A schema with the declarations and one action.
  private static func model(_ declarations: String, context: String = "") -> String {
    "namespace Cairn { \(declarations) action read appliesTo { principal: Agent, resource: Resource, context: { \(context) } }; }"
  }

  /// 60 requests' combinations times some 2,000 expressions.
  private static let manyRequests =
    "namespace Cairn { entity Agent { keyAgeSeconds: Long }; entity Resource;\n"
    + (0..<60).map { "action a\($0) appliesTo { principal: Agent, resource: Resource };" }.joined(separator: "\n") + "}"
  private static let manyPolicies = Array(
    repeating:
      "permit (principal, action, resource) when { \(Array(repeating: "principal.keyAgeSeconds > 1", count: 40).joined(separator: " && ")) };",
    count: 15
  ).joined(separator: "\n")

  private static let costlySchema = model("entity Agent { credentials?: { permissions: Set<String> }, id: String }; entity Resource;")
  private static let costlyPolicies = Array(
    repeating:
      "permit (principal, action, resource) when { principal has credentials && principal.credentials.permissions.contains(principal.id) };",
    count: 40
  ).joined(separator: "\n")

  struct Weakening: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var policies = Contracts.policies
    var schema = Contracts.schema
    let isWeaker: Bool
  }

  static let weakenings: [Weakening] = [
    Weakening(
      testDescription: "dropped", policies: Contracts.policies.replacingOccurrences(of: "forbid", with: "permit"), isWeaker: true),
    Weakening(testDescription: "changed", policies: Contracts.policies.replacingOccurrences(of: "> 5", with: "> 6"), isWeaker: true),
    Weakening(
      testDescription: "layout and annotations",
      policies: Contracts.policies.replacingOccurrences(of: "forbid (", with: "@id(\"risk\") // dangerous\n  forbid(\n"), isWeaker: false),
    Weakening(testDescription: "a permit more", policies: Contracts.policies + "permit (principal, action, resource);", isWeaker: false),
    Weakening(
      testDescription: "a permit less", policies: "forbid" + (Contracts.policies.components(separatedBy: "forbid").last ?? ""),
      isWeaker: false),
    Weakening(
      testDescription: "an attribute lost", schema: Contracts.schema.replacingOccurrences(of: "height?: Long, ", with: ""), isWeaker: true),
    Weakening(
      testDescription: "an attribute's type", schema: Contracts.schema.replacingOccurrences(of: "height?: Long", with: "height: Long"),
      isWeaker: true),
    Weakening(
      testDescription: "an attribute more",
      schema: Contracts.schema.replacingOccurrences(of: "keyAgeSeconds: Long", with: "keyAgeSeconds: Long, ageSeconds: Long"),
      isWeaker: false),
    Weakening(testDescription: "an action more", schema: Contracts.schema + "namespace Cairn::Other { action list; }", isWeaker: false),
  ]
}
