/// Why a text is no constitution.
public enum ConstitutionError: Error, Equatable, Sendable {
  /// The policies, or the tests.
  case tooLong(limit: Int)
  /// The policies cannot be read; the text says where and why.
  case syntax(String)
  /// The policies are not valid against the protocol's schema; a clause for each thing that is wrong.
  case invalid([String])
  /// Deciding the most expensive request costs more steps than a block has time for.
  case cost(Int, limit: Int)
  /// A line of the tests cannot be read.
  case malformedTest(line: Int)
  case tooManyTests(limit: Int)
  /// A line of the tests expects another decision.
  case failedTest(line: Int, decided: Bool)
  /// No permit lets every trustee propose and approve another constitution.
  case noPermitForTrustees(LedgerAction)
  /// This `forbid` could keep a trustee from proposing or approving another constitution.
  case forbidReachesTrustees(policy: String)

  public var reason: String {
    switch self {
    case .tooLong: "constitution_too_long"
    case .syntax: "constitution_malformed"
    case .invalid: "constitution_invalid"
    case .cost: "constitution_too_expensive"
    case .malformedTest, .tooManyTests: "constitution_malformed_tests"
    case .failedTest: "constitution_test_failed"
    case .noPermitForTrustees, .forbidReachesTrustees: "constitution_locks_trustees_out"
    }
  }

  /// One sentence without a subject: "the constitution …".
  public var sentence: String {
    switch self {
    case .tooLong(let limit): "has more than \(limit) bytes of policies or tests"
    case .syntax(let message): "cannot be read: \(message)"
    case .invalid(let faults): "is not valid: \(faults.joined(separator: "; "))"
    case .cost(let cost, let limit): "may cost \(cost) steps for one operation, where \(limit) are allowed"
    case .malformedTest(let line): "has a test in line \(line) that cannot be read"
    case .tooManyTests(let limit): "has more than \(limit) tests"
    case .failedTest(let line, let decided): "fails its own test in line \(line): it says \(decided ? "allow" : "deny") there"
    case .noPermitForTrustees(let action):
      "does not permit \(action.name) of an amendment to every trustee: it could never be replaced"
    case .forbidReachesTrustees(let policy):
      "has the forbid \(policy), which could keep trustees from replacing it: narrow its scope, for example to `resource is Cairn::Proposal`"
    }
  }
}
