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
