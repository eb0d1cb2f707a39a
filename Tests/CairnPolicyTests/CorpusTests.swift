import CairnPolicy
import Testing

@Suite struct CorpusTests {
  @Test(
    "Every decision, reason, error and verdict of the generated tests is ours",
    .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func generated() throws {
    let report = try Vectors.withUnpacked("cedar/corpus-sample.tar.gz") { try #require(CorpusFolder($0)).run() }
    check(report, tests: 1000)
    #expect(report.policyVerdicts.compared > 4900)
    #expect(report.entityVerdicts.compared > 6000)
  }

  @Test("Those of the tests that were written by hand too", .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func handwritten() throws {
    let folder = try #require(Vectors.folder)
    let report = try #require(CorpusFolder("\(folder)/cedar")).run()
    check(report, tests: 22)
  }

  private func check(_ report: CorpusReport, tests: Int) {
    #expect(report.tests == tests)
    #expect(report.disagreements.isEmpty, "\(report.disagreements.prefix(10))")
    #expect(report.unreadable.isEmpty, "\(report.unreadable.prefix(10))")
    #expect(report.refusedByLedger.isEmpty, "\(report.refusedByLedger.prefix(10))")
    #expect(report.isFullAgreement)
  }

  private static let files: [String: String] = [
    "p.cedar": "permit(principal, action, resource); forbid(principal, action, resource) when { principal has a && principal.a == 1 };",
    "p.cedarschema": "entity U = { a?: Long }; action v appliesTo { principal: U, resource: U };",
    "p.entities.json": "[{\"uid\": {\"type\": \"U\", \"id\": \"x\"}, \"attrs\": {\"a\": 2}, \"parents\": []}]",
  ]

  private func run(_ edit: (String) -> String, files: [String: String] = files, verdicts: String? = nil) throws -> CorpusReport {
    let request = """
      {"description": "", "principal": {"type": "U", "id": "x"}, "action": {"type": "Action", "id": "v"}, "resource": {"type": "U", "id": "y"},
       "context": {}, "decision": "allow", "reason": ["policy0"], "errors": []}
      """
    let test = """
      {"policies": "p.cedar", "schema": "p.cedarschema", "entities": "p.entities.json", "shouldValidate": true, "requests": [\(request)]}
      """
    let parsed = try #require(CorpusCase(name: "t", json: json(edit(test)), verdicts: verdicts.map { try json($0) }))
    var runner = CorpusRunner()
    runner.run(parsed) { files[$0].map { Array($0.utf8) } }
    return runner.report
  }

  @Test("Agreement is counted, and each kind of disagreement is seen") func disagreements() throws {
    #expect(try run { $0 }.isFullAgreement)
    #expect(try run { $0.replacing("allow", with: "deny") }.disagreements.map(\.subject) == ["decision of request 0"])
    #expect(try run { $0.replacing("policy0", with: "policy1") }.disagreements.map(\.subject) == ["reasons of request 0"])
    #expect(
      try run { $0.replacing("\"errors\": []", with: "\"errors\": [\"policy1\"]") }.disagreements.map(\.subject) == ["errors of request 0"])
    #expect(try run { $0.replacing("true", with: "false") }.disagreements.map(\.subject) == ["shouldValidate"])
    #expect(try run { $0.replacing("\"id\": \"v\"", with: "\"id\": \"w\"") }.disagreements.first?.subject == "verdict on request 0")
    #expect(try run { $0.replacing("p.cedarschema", with: "none") }.unreadable.count == 1)
    #expect(try run { $0.replacing("\"context\": {}", with: "\"context\": {\"a\": 1}") }.unreadable.count == 1)
    let verdicts = "{\"policyValidation\": {\"strict\": true, \"permissive\": false, \"perPolicy\": {\"policy1\": {\"strict\": false}}}}"
    #expect(try run({ $0 }, verdicts: verdicts).disagreements.count == 2)
  }

  @Test("Policies and schemas of a test may be JSON") func jsonFormats() throws {
    var files = Self.files
    files["p.json"] = try PolicySet(parsing: Self.files["p.cedar"] ?? "").json.text()
    files["s.json"] = try SchemaDeclarations(parsing: Array((Self.files["p.cedarschema"] ?? "").utf8)).json.text()
    let report = try run(
      {
        $0.replacing("\"p.cedar\"", with: "\"p.json\", \"policyFormat\": \"json\"").replacing(
          "\"p.cedarschema\"", with: "\"s.json\", \"schemaFormat\": \"json\"")
      },
      files: files)
    #expect(report.isFullAgreement, "\(report.unreadable)")
  }

  @Test("What the limits of a ledger refuse is counted apart") func limits() throws {
    var files = Self.files
    files["p.cedar", default: ""] +=
      " permit(principal, action, resource) when { \(String(repeating: "(", count: 40))true\(String(repeating: ")", count: 40)) };"
    let report = try run({ $0.replacing("[\"policy0\"]", with: "[\"policy0\", \"policy2\"]") }, files: files)
    #expect(report.isFullAgreement)
    #expect(report.refusedByLedger.count == 1)
  }

  @Test("The results are the same text every time") func results() throws {
    let results = try run { $0 }.results
    #expect(
      results
        == "t\n  strict true policy0=true policy1=true\n  permissive true policy0=true policy1=true\n  0 valid\n  0 allow [policy0] []\n")
  }
}
