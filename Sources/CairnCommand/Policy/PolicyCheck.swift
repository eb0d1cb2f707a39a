import ArgumentParser
import CairnLedger
import CairnPolicy
import Foundation

struct PolicyCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a contract, or policies with their schema, as the ledger checks them.",
    discussion: ContractFolder.explanation + """
      \n
      The limits are those of the ledger: sizes, depth, strict validation, how far a policy may follow attributes (its level), and cost. The \
      cost is that of the worst request, in steps of at most about 50 nanoseconds.
      """)

  @Argument(help: "A contract's folder, or a file of policies in Cedar's syntax.", completion: .file(extensions: ["cedar"]))
  var policies: String
  @Option(help: "Of a file of policies: their schema, in Cedar's syntax.", completion: .file(extensions: ["cedarschema"]))
  var schema: String?
  @Option(help: "Of a file of policies: tests, as in a contract's folder.", completion: .file(extensions: ["json"])) var tests: String?
  @Flag(help: "Validate permissively instead of strictly, as the ledger does not.") var permissive = false
  @Option(help: "How many attributes of entities deep a policy may look.") var level = PolicyLimits.ledger.level
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (0...16).contains(level) else { throw ValidationError("--level is from 0 to 16.") }
  }

  func run() throws {
    let files = try read()
    let set: PolicySet
    do { set = try PolicySet(parsing: files.policies, limits: .ledger) } catch {
      throw CommandFailure.refused(error.reason.rawValue, "\(files.policiesPath) cannot be read:\n\(error)")
    }
    let schema: Schema
    do { schema = try Schema(parsing: files.schema, limits: .ledger) } catch {
      throw CommandFailure.refused("invalid_schema", "\(files.schemaPath) cannot be read:\n\(error)")
    }
    let result = schema.validate(set, permissive ? .permissive : .strict, level: level)
    guard result.isValid else {
      throw CommandFailure.refused(
        "invalid_policies", (["\(files.policiesPath) is not valid:"] + result.errors.map(\.description)).joined(separator: "\n  "))
    }
    let tests = try verdict(files)
    let shown = Checked(
      policies: set.policies.count, templates: set.templates.count, forbids: set.forbids.count, tests: tests,
      cost: schema.costBound(of: set, .ledger), costLimit: ContractLimits.cost, warnings: result.warnings.map(\.description))
    output.print(shown, text: shown.text)
  }

  /// What is left of what the ledger checks: templates, the work of checking, the budget and the tests.
  ///
  /// - Returns: how many tests there are.
  private func verdict(_ files: Texts) throws(CommandFailure) -> Int {
    guard !permissive, level == PolicyLimits.ledger.level else { return 0 }
    do throws(ContractFault) {
      let compiled = try CompiledContract(policies: files.policies, schema: files.schema)
      try compiled.check(tests: files.tests)
      let count = files.policies.count + files.schema.count + files.tests.count
      guard count <= ContractVersion.byteLimit else {
        throw .tooLarge(count)
      }
      return try compiled.tests(files.tests).count
    } catch {
      throw .refused(error.reason, "The ledger would refuse \(policies): \(error.description).")
    }
  }

  /// What is to be checked, and where it came from.
  private struct Texts {
    let policiesPath: String
    let policies: [UInt8]
    let schemaPath: String
    let schema: [UInt8]
    let tests: [UInt8]
  }

  /// More than a ledger takes, so that what is too long is said by the parser, with its place.
  private static let byteLimit = 16 << 20

  private func read() throws(CommandFailure) -> Texts {
    guard Files.isDirectory(policies) else {
      guard let schema else { throw .usage("no_schema", "Give --schema FILE beside a file of policies, or a contract's folder.") }
      return Texts(
        policiesPath: policies, policies: try Files.read(policies, "policies", limit: Self.byteLimit), schemaPath: schema,
        schema: try Files.read(schema, "schema", limit: Self.byteLimit),
        tests: try tests.map { path throws(CommandFailure) in try Files.read(path, "tests", limit: Self.byteLimit) } ?? [])
    }
    guard schema == nil, tests == nil else {
      throw .usage("two_contracts", "A contract's folder has its schema and tests: leave out --schema and --tests.")
    }
    let folder = try ContractFolder.read(policies)
    return Texts(
      policiesPath: "\(policies)/\(ContractFolder.policiesFile)", policies: folder.policies,
      schemaPath: "\(policies)/\(ContractFolder.schemaFile)", schema: folder.schema, tests: folder.tests)
  }
}

private struct Checked: Encodable {
  let policies: Int
  let templates: Int
  let forbids: Int
  let tests: Int
  let cost: Int
  let costLimit: Int
  let warnings: [String]

  var text: String {
    let sentence =
      "Valid: \(policies) policies (\(forbids) of them forbid), \(templates) templates, at most \(cost) of \(costLimit) steps for a request"
    return ([sentence + (tests > 0 ? ", \(tests) tests pass." : ".")] + warnings.map { "Note: \($0)" }).joined(separator: "\n")
  }
}
