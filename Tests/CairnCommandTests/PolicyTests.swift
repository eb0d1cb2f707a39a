import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation
import Testing

@Suite("Policies on the command line")
struct PolicyTests {
  private struct Report: Decodable {
    let tests: Int
    let compared: Int
    let agreed: Int
    let digest: String
  }

  private static let schema = """
    namespace Cairn {
      entity Agent { id: String };
      entity Resource;
      action use appliesTo { principal: Agent, resource: Resource };
    }
    """

  @Test("Valid policies are counted and bounded; others are refused with their place") func check() async throws {
    let workspace = try Workspace()
    try workspace.write(Self.schema, to: "tools.cedarschema")
    try workspace.write(#"permit(principal, action == Cairn::Action::"use", resource) when { principal.id == "a" };"#, to: "good.cedar")
    try workspace.write(#"permit(principal, action == Cairn::Action::"use", resource) when { principal.idd == "a" };"#, to: "unknown.cedar")
    try workspace.write("permit(principal, action, resource) whn { true };", to: "broken.cedar")
    let good = try await workspace.cairn("policy", "check", "good.cedar", "--schema", "tools.cedarschema")
    #expect(good.status == 0 && good.output.contains("1 policies"), "\(good.errors)")
    let unknown = try await workspace.cairn("policy", "check", "unknown.cedar", "--schema", "tools.cedarschema")
    #expect(unknown.status == 1 && unknown.errors.contains("idd"))
    let broken = try await workspace.cairn("policy", "check", "broken.cedar", "--schema", "tools.cedarschema")
    #expect(broken.status == 1 && broken.errors.contains("1") && broken.errors.contains("whn"))
    #expect(try await workspace.cairn("policy", "check", "none.cedar", "--schema", "tools.cedarschema").status == 1)
    try workspace.write(Self.schema.replacingOccurrences(of: "id: String", with: "id: String, clearance: Long"), to: "more.cedarschema")
    let more = try await workspace.cairn("policy", "check", "good.cedar", "--schema", "more.cedarschema", "--json").failure()
    #expect(more.error == "contract_outside_model" && more.message.contains("clearance"))
  }

  /// What the ledger checks of a contract, each with one that only this check refuses.
  private struct Fault: CustomTestStringConvertible {
    let testDescription: String
    var policies = "permit (principal, action, resource);"
    var schema = PolicyTests.schema
    var tests = ""

    static let long = Array(repeating: "\"\(String(repeating: "x", count: 3_000))\" == \"\"", count: 4).joined(separator: " || ")

    static func when(_ condition: String) -> String { "permit (principal, action, resource) when { \(condition) };" }

    static func schema(_ agent: String, actions: Int = 1) -> String {
      "namespace Cairn { entity Agent { \(agent) }; entity Resource;\n"
        + (0..<actions).map { "action a\($0) appliesTo { principal: Agent, resource: Resource };" }.joined(separator: "\n") + "}"
    }

    static let test =
      #""name": "t", "principal": "Cairn::Agent::\"a\"", "action": "Cairn::Action::\"use\"", "resource": "Cairn::Resource::\"t\"""#

    static let all: [Fault] = [
      Fault(testDescription: "contract_too_large", policies: "// " + String(repeating: "x", count: 49_152) + "\n"),
      Fault(testDescription: "policy_unexpected_end", policies: "permit (principal, action, resource)\n\n// the end\n"),
      Fault(testDescription: "policy_text_too_long", policies: when(long)),
      Fault(
        testDescription: "policy_too_many_policies", policies: String(repeating: "permit (principal, action, resource);", count: 257)),
      Fault(
        testDescription: "policy_too_deep", policies: when(String(repeating: "!(", count: 40) + "true" + String(repeating: ")", count: 40))),
      Fault(
        testDescription: "policy_too_many_nodes", policies: when(Array(repeating: "1 == 1", count: 600).joined(separator: " || "))),
      Fault(testDescription: "policy_set_too_large", policies: when("[\((0..<300).map(String.init).joined(separator: ","))].contains(1)")),
      Fault(testDescription: "policy_string_too_long", policies: when("\"\(String(repeating: "x", count: 5_000))\" == \"\"")),
      Fault(testDescription: "contract_has_template", policies: "permit (principal == ?principal, action, resource);"),
      Fault(testDescription: "schema_unknown_type", schema: "entity Agent { level: Nothing };"),
      Fault(testDescription: "contract_outside_model", schema: schema("clearance: Long")),
      Fault(
        testDescription: "contract_too_much_to_check",
        policies: String(
          repeating: when(Array(repeating: "principal.keyAgeSeconds > 1", count: 40).joined(separator: " && ")) + "\n", count: 15),
        schema: schema("keyAgeSeconds: Long", actions: 60)),
      Fault(testDescription: "policy_unknown_attribute", policies: when("principal.age > 3")),
      Fault(
        testDescription: "policy_too_many_dereferences",
        policies: when(
          "principal has controller && principal.controller has controller && principal.controller.controller has controller && "
            + "principal.controller.controller.controller.keyAgeSeconds > 1"), schema: schema("keyAgeSeconds: Long, controller?: Agent")),
      Fault(
        testDescription: "contract_too_costly",
        policies: (0..<9).map { _ in
          when(Array(repeating: "principal.id like \"*a*b*c*d*\"", count: 40).joined(separator: " || "))
        }.joined(separator: "\n"), schema: schema("id: String")),
      Fault(testDescription: "policy_json_malformed", tests: "{"),
      Fault(
        testDescription: "policy_json_not_conforming",
        tests: "{ \"tests\": [ { \(test), \"context\": { \"other\": 1 }, \"decision\": \"deny\" } ] }"),
      Fault(
        testDescription: "policy_json_limit_exceeded",
        tests: "{ \"tests\": [\(Array(repeating: "{ \(test), \"decision\": \"allow\" }", count: 65).joined(separator: ","))] }"),
      Fault(testDescription: "contract_test_failed", tests: "{ \"tests\": [ { \(test), \"decision\": \"deny\" } ] }"),
    ]

    /// The reason of the ledger.
    func ledgerReason() throws -> String? {
      do {
        let version = try ContractVersion(
          id: #require(ContractID("tools")), policies: Array(policies.utf8), schema: Array(schema.utf8), tests: Array(tests.utf8),
          owners: [CairnDID(network: .zero, create: .zero)], network: .zero)
        _ = try CompiledContract.checked(version)
        return nil
      } catch let error as OperationError {
        return error.reason
      } catch let error as ContractFault {
        return error.reason
      }
    }
  }

  @Test("What the ledger would refuse is refused before, for the same reason", arguments: Fault.all)
  private func faults(fault: Fault) async throws {
    let workspace = try Workspace()
    try FileManager.default.createDirectory(atPath: workspace.path("tools"), withIntermediateDirectories: false)
    try workspace.write(fault.policies, to: "tools/policies.cedar")
    try workspace.write(fault.schema, to: "tools/schema.cedarschema")
    if !fault.tests.isEmpty { try workspace.write(fault.tests, to: "tools/tests.json") }
    let reason = try #require(try fault.ledgerReason())
    #expect(reason == fault.testDescription)
    let refused = try await workspace.cairn("policy", "check", "tools/", "--json")
    #expect(refused.status == 1)
    #expect(try refused.failure().error == reason, "\(refused.errors)")
    #expect(!refused.errors.contains("//policies"))
  }

  @Test("What is missing at the end is missed where it should be, not on the blank lines below") func endOfText() async throws {
    let workspace = try Workspace()
    try workspace.write(Self.schema, to: "tools.cedarschema")
    try workspace.write("permit (principal, action, resource)\n\n", to: "open.cedar")
    let open = try await workspace.cairn("policy", "check", "open.cedar", "--schema", "tools.cedarschema")
    #expect(open.errors.contains("1:37: ") && open.errors.contains("1 | permit (principal, action, resource)\n"), "\(open.errors)")
  }

  @Test("An upgrade that lets a forbid go is told before") func weakened() async throws {
    let workspace = try Workspace()
    for (folder, policies) in [
      ("old", "permit (principal, action, resource);\nforbid (principal, action, resource) when { principal.id == \"a\" };"),
      ("new", "permit (principal, action, resource);"),
    ] {
      try FileManager.default.createDirectory(atPath: workspace.path(folder), withIntermediateDirectories: false)
      try workspace.write(policies, to: "\(folder)/policies.cedar")
      try workspace.write(Self.schema, to: "\(folder)/schema.cedarschema")
    }
    let weaker = try await workspace.cairn("policy", "check", "new", "--since", "old")
    #expect(weaker.status == 0 && weaker.output.contains("needs a guardian, because it drops or changes"), "\(weaker.errors)")
    let stronger = try await workspace.cairn("policy", "check", "old", "--since", "new/")
    #expect(stronger.status == 0 && !stronger.output.contains("guardian"), "\(stronger.errors)")
  }

  @Test("What is no corpus is refused") func noCorpus() async throws {
    let workspace = try Workspace()
    try workspace.write("x", to: "file.tar.gz")
    #expect(try await workspace.cairn("policy", "test-corpus", "none", "--json").failure().error == "missing_file")
    #expect(try await workspace.cairn("policy", "test-corpus", ".", "--json").failure().error == "no_tests")
    #expect(try await workspace.cairn("policy", "test-corpus", "file.tar.gz", "--json").failure().error == "unreadable_archive")
  }

  @Test(
    "Two processes decide a whole corpus alike, and as the reference does",
    .enabled(if: ProcessInfo.processInfo.environment["CAIRN_VECTORS"] != nil, "CAIRN_VECTORS is not set"))
  func corpus() async throws {
    let vectors = try #require(ProcessInfo.processInfo.environment["CAIRN_VECTORS"])
    let workspace = try Workspace()
    let arguments = ["policy", "test-corpus", vectors + "/cedar/corpus-sample.tar.gz", "--json"]
    let first = try await workspace.cairn(arguments).json(Report.self)
    let second = try await workspace.cairn(arguments).json(Report.self)
    #expect(first.tests == 1_000 && first.compared == first.agreed)
    #expect(first.digest == second.digest)
  }
}
