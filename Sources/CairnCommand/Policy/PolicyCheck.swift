import ArgumentParser
import CairnPolicy
import Foundation

struct PolicyCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Read policies, validate them against their schema, and bound what they cost.",
    discussion: """
      The limits are those of a ledger: sizes, depth, strict validation, and how far a policy may follow attributes (its level). The cost is \
      that of the worst request, in steps of at most about 50 nanoseconds.
      """)

  @Argument(help: "The policies, in Cedar's syntax.", completion: .file(extensions: ["cedar"])) var policies: String
  @Option(help: "Their schema, in Cedar's syntax.", completion: .file(extensions: ["cedarschema"])) var schema: String
  @Flag(help: "Validate permissively instead of strictly.") var permissive = false
  @Option(help: "How many attributes of entities deep a policy may look.") var level = PolicyLimits.ledger.level
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (0...16).contains(level) else { throw ValidationError("--level is from 0 to 16.") }
  }

  func run() throws {
    let limits = PolicyLimits.ledger
    let set: PolicySet
    do {
      set = try PolicySet(parsing: try Files.read(policies, "policies", limit: Self.byteLimit), limits: limits)
    } catch let error as PolicySyntaxError {
      throw CommandFailure.refused(error.reason.rawValue, "\(policies) cannot be read:\n\(error)")
    }
    let schema = try readSchema(limits)
    let result = schema.validate(set, permissive ? .permissive : .strict, level: level)
    let shown = Checked(
      policies: set.policies.count, templates: set.templates.count, forbids: set.forbids.count,
      cost: schema.costBound(of: set, limits), errors: result.errors.map(\.description), warnings: result.warnings.map(\.description))
    guard result.isValid else {
      throw CommandFailure.refused("invalid_policies", (["\(policies) is not valid:"] + shown.errors).joined(separator: "\n  "))
    }
    output.print(shown, text: shown.text)
  }

  /// More than a ledger takes, so that what is too long is said by the parser, with its place.
  private static let byteLimit = 16 << 20

  private func readSchema(_ limits: PolicyLimits) throws -> Schema {
    do {
      return try Schema(parsing: try Files.read(schema, "schema", limit: Self.byteLimit), limits: limits)
    } catch let error as SchemaReadingError {
      throw CommandFailure.refused("invalid_schema", "\(schema) cannot be read:\n\(error)")
    }
  }
}

private struct Checked: Encodable {
  let policies: Int
  let templates: Int
  let forbids: Int
  let cost: Int
  let errors: [String]
  let warnings: [String]

  var text: String {
    (["Valid: \(policies) policies (\(forbids) of them forbid), \(templates) templates, at most \(cost) steps for a request."]
      + warnings.map { "Note: \($0)" }).joined(separator: "\n")
  }
}
