import ArgumentParser
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnPolicy
import Foundation

struct PolicyCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a contract, or policies with their schema, as the ledger checks them.",
    discussion: ContractFolder.explanation + """
      \n
      All is checked that the ledger checks before it takes a contract, in the same order, and a refusal has the ledger's reason: sizes, \
      depth, templates, whether the schema asks for what the ledger has, the work of checking, strict validation, how far a policy may follow \
      attributes (its level), cost, and the contract's own tests. Who signs, only the ledger can tell. The cost is that of the worst request, \
      in steps of at most about 50 nanoseconds.
      """)

  @Argument(help: "A contract's folder, or a file of policies in Cedar's syntax.", completion: .file(extensions: ["cedar"]))
  var policies: String
  @Option(help: "Of a file of policies: their schema, in Cedar's syntax.", completion: .file(extensions: ["cedarschema"]))
  var schema: String?
  @Option(help: "Of a file of policies: tests, as in a contract's folder.", completion: .file(extensions: ["json"])) var tests: String?
  @Flag(help: "Validate permissively instead of strictly, as the ledger does not.") var permissive = false
  @Option(help: "How many attributes of entities deep a policy may look.") var level = PolicyLimits.ledger.level
  @Option(
    help: ArgumentHelp(
      "The folder of the version in force: says whether a guardian must sign an upgrade to this one.", valueName: "folder"),
    completion: .directory)
  var since: String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (0...16).contains(level) else { throw ValidationError("--level is from 0 to 16.") }
    guard since == nil || isLedgers else {
      throw ValidationError("--since is about what the ledger checks: leave out --permissive and --level.")
    }
  }

  /// Whether the check is the ledger's, and not one of another strictness.
  private var isLedgers: Bool { !permissive && level == PolicyLimits.ledger.level }

  func run() throws {
    let files = try read()
    let shown: Checked
    do throws(ContractFault) { shown = isLedgers ? try accepted(files) : try validated(files) } catch { throw refusal(error, of: files) }
    output.print(shown, text: shown.text)
  }

  /// All that the ledger checks of a contract, in its order.
  private func accepted(_ files: Texts) throws(ContractFault) -> Checked {
    try checkSize(files)
    let compiled = try CompiledContract(policies: files.policies, schema: files.schema)
    try compiled.check(tests: files.tests)
    var notes = warnings(compiled.schema.validate(compiled.policies, .strict, level: level))
    if let weakened = files.since.flatMap({ WeakenedForbid(from: $0, to: compiled) }) {
      notes.append("an upgrade to it needs a guardian, because it \(weakened)")
    }
    return Checked(compiled.policies, compiled.schema, tests: try compiled.tests(files.tests).count, notes: notes)
  }

  /// The size of the shortest version that could be deployed with these texts.
  private func checkSize(_ files: Texts) throws(ContractFault) {
    guard let id = ContractID("a") else { preconditionFailure("a letter is a name") }
    do throws(OperationError) {
      _ = try ContractVersion(
        id: id, policies: files.policies, schema: files.schema, tests: files.tests,
        owners: [CairnDID(network: .zero, create: .zero)], network: .zero)
    } catch {
      // Anything else than the size is said by whoever reads the text, with its place.
      if case .contract(.tooLarge(let count)) = error { throw .tooLarge(count) }
    }
  }

  /// What was asked for in place of the ledger's checks.
  private func validated(_ files: Texts) throws(ContractFault) -> Checked {
    let (policies, schema): (PolicySet, Schema)
    do { policies = try PolicySet(parsing: files.policies, limits: .ledger) } catch { throw .policies(error) }
    do { schema = try Schema(parsing: files.schema, limits: .ledger) } catch { throw .schema(error) }
    let result = schema.validate(policies, permissive ? .permissive : .strict, level: level)
    if let error = result.errors.first { throw .validation(error) }
    let note = "the ledger validates strictly, at level \(PolicyLimits.ledger.level), and checks more: this says nothing about that"
    return Checked(policies, schema, tests: 0, notes: warnings(result) + [note])
  }

  private func warnings(_ result: ValidationResult) -> [String] { result.warnings.map(\.description) }

  private func refusal(_ fault: ContractFault, of files: Texts) -> CommandFailure {
    let text: String
    switch fault {
    case .policies(let error): text = "\(files.policiesPath) cannot be read:\n\(error)"
    case .schema(let error): text = "\(files.schemaPath) cannot be read:\n\(error)"
    case .validation: text = (["\(files.policiesPath) is not valid:"] + validationErrors(files)).joined(separator: "\n  ")
    default: text = "The ledger would refuse \(policies): \(fault.description)."
    }
    return .refused(fault.reason, text)
  }

  /// All of them, where the ledger needs only the first.
  private func validationErrors(_ files: Texts) -> [String] {
    guard let policies = try? PolicySet(parsing: files.policies, limits: .ledger),
      let schema = try? Schema(parsing: files.schema, limits: .ledger)
    else { return [] }
    return schema.validate(policies, permissive ? .permissive : .strict, level: level).errors.map(\.description)
  }

  /// What is to be checked, and where it came from.
  private struct Texts {
    let policiesPath: String
    let policies: [UInt8]
    let schemaPath: String
    let schema: [UInt8]
    let tests: [UInt8]
    /// What is in force.
    var since: CompiledContract?
  }

  /// More than a ledger takes, so that what is too long is said by the parser, with its place.
  private static let byteLimit = 16 << 20

  private func read() throws(CommandFailure) -> Texts {
    var texts = try readNew()
    texts.since = try since.map { path throws(CommandFailure) in
      let folder = try ContractFolder.read(path)
      do throws(ContractFault) { return try CompiledContract(policies: folder.policies, schema: folder.schema) } catch {
        throw .refused(error.reason, "\(path) is no contract of the ledger: \(error.description).")
      }
    }
    return texts
  }

  private func readNew() throws(CommandFailure) -> Texts {
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
      policiesPath: ContractFolder.file(ContractFolder.policiesFile, in: policies), policies: folder.policies,
      schemaPath: ContractFolder.file(ContractFolder.schemaFile, in: policies), schema: folder.schema, tests: folder.tests)
  }
}

private struct Checked: Encodable {
  let policies: Int
  let templates: Int
  let forbids: Int
  let tests: Int
  let cost: Int
  let costLimit: Int
  let notes: [String]

  init(_ policies: PolicySet, _ schema: Schema, tests: Int, notes: [String]) {
    (self.policies, templates, forbids) = (policies.policies.count, policies.templates.count, policies.forbids.count)
    (self.tests, self.notes) = (tests, notes)
    (cost, costLimit) = (schema.costBound(of: policies, .ledger), ContractLimits.cost)
  }

  var text: String {
    let sentence =
      "Valid: \(policies) policies (\(forbids) of them forbid), \(templates) templates, at most \(cost) of \(costLimit) steps for a request"
    return ([sentence + (tests > 0 ? ", \(tests) tests pass." : ".")] + notes.map { "Note: \($0)." }).joined(separator: "\n")
  }
}
