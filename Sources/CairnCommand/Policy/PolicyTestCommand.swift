import ArgumentParser
import CairnLedger
import CairnPolicy

struct PolicyTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the tests of a contract, and show where the policies decide otherwise.",
    discussion: ContractFolder.explanation)

  @Argument(help: "The contract's folder.", completion: .directory) var folder: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let folder = try ContractFolder.read(folder)
    let results: [ShownResult]
    do throws(ContractFault) {
      let compiled = try CompiledContract(policies: folder.policies, schema: folder.schema)
      results = try compiled.tests(folder.tests).map { ShownResult($0, compiled.policies) }
    } catch {
      throw CommandFailure.refused(error.reason, "\(folder.path) cannot be tested: \(error.description).")
    }
    let failed = results.count { !$0.passed }
    output.print(
      results, text: (results.map(\.text) + ["\(results.count - failed) of \(results.count) tests pass."]).joined(separator: "\n"))
    guard failed == 0 else { throw CommandFailure.refused("contract_test_failed", "\(failed) of \(results.count) tests fail.") }
  }
}

private struct ShownResult: Encodable {
  let name: String
  let passed: Bool
  let expected: String
  let decision: String
  /// Of the policies that determined the decision: their annotation `@id`, or their place.
  let reasons: [String]
  let errors: [String]
  let cost: Int

  init(_ test: PolicyTest, _ policies: PolicySet) {
    let response = test.run(policies)
    name = test.name.string
    (expected, decision) = (test.expected.rawValue, response.safeDecision.rawValue)
    passed = response.safeDecision == test.expected
    reasons = response.reasons.map { (policies.policy($0)?[annotation: "id"] ?? $0).string }
    errors = response.failures.map { "\($0.id): \($0.error)" }
    cost = response.cost
  }

  var text: String {
    let because = reasons.isEmpty ? "no policy applies" : reasons.joined(separator: ", ")
    let line = passed ? "pass  \(name)" : "FAIL  \(name): expected \(expected), got \(decision) (\(because))"
    return ([line] + errors.map { "      \($0)" }).joined(separator: "\n")
  }
}
