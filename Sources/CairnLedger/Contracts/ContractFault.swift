public import CairnPolicy

/// Why a contract may not be deployed, whoever asks: what is wrong with what it says.
public enum ContractFault: Error, Equatable, Sendable {
  /// Bytes of the canonical ``ContractVersion``.
  case tooLarge(Int)
  case policies(PolicySyntaxError)
  /// A policy with slots: nothing fills them, so that it would never apply.
  case template(Text)
  case schema(SchemaReadingError)
  /// The schema asks for what the ledger does not have, so that every request would be denied; a clause.
  case outsideModel(String)
  /// Expressions times request environments, weighted with the size of types: checking them all would take every node too long.
  case checkingWork(Int)
  /// The first that the strict validator finds.
  case validation(CairnPolicy.ValidationError)
  /// What the worst request would cost, in the unit of ``CairnPolicy/EvaluationCost``.
  case cost(Int)
  case tests(CedarJSONError)
  /// The tests together cost more than one request may.
  case testCost
  case testFailed(name: String, expected: AuthorizationResponse.Decision)

  /// Machine readable: a log field, a metric label and the reason in the answer to the client.
  public var reason: String {
    switch self {
    case .tooLarge: "contract_too_large"
    case .policies(let error): error.reason.rawValue
    case .template: "contract_has_template"
    case .schema(let error): error.reason
    case .outsideModel: "contract_outside_model"
    case .checkingWork: "contract_too_much_to_check"
    case .validation(let error): error.reason.rawValue
    case .cost: "contract_too_costly"
    case .tests(let error): error.reason.rawValue
    case .testCost: "contract_tests_too_costly"
    case .testFailed: "contract_test_failed"
    }
  }
}

extension ContractFault: CustomStringConvertible {
  /// One clause, lower case, without a full stop.
  public var description: String {
    switch self {
    case .tooLarge(let count): "it has \(count) bytes, where \(ContractVersion.byteLimit) are allowed"
    case .policies(let error): "the policies cannot be read at line \(error.line), column \(error.column): \(error.message)"
    case .template(let id): "`\(id)` has a slot, and nothing in a contract can fill it"
    case .schema(.syntax(let error)): "the schema cannot be read at line \(error.line), column \(error.column): \(error.message)"
    case .schema(let error): "the schema is wrong: \(error.description)"
    case .outsideModel(let fault): "its schema asks for what the ledger does not have: \(fault)"
    case .checkingWork(let work):
      "its expressions times the requests that its schema admits, weighted with the size of its types, are \(work), where "
        + "\(ContractLimits.checkingWork) are allowed"
    case .validation(let error): "it does not fit its schema: \(error.description)"
    case .cost(let cost): "its most expensive request would cost \(cost) steps, where \(ContractLimits.cost) are allowed"
    case .tests(let error): "the tests cannot be read: \(error.description)"
    case .testCost: "its tests together cost more than \(ContractLimits.cost) steps"
    case .testFailed(let name, let expected): "its test `\(name)` expects \(expected.rawValue), and the policies decide otherwise"
    }
  }
}

/// What a contract may cost every node, beside the limits of its parts (``CairnPolicy/PolicyLimits/ledger``). Consensus parameters.
public enum ContractLimits {
  /// Steps of the worst request: some milliseconds. About 120 comparisons of an attribute that is a string, which the bound takes to be as long
  /// as an entity may be.
  public static let cost = 1 << 19
  /// Expressions of the policies times combinations of principal type, action and resource type, times 1 + parts of the largest type
  /// / 16: about 50 ms of one core.
  public static let checkingWork = 100_000
  /// Versions that one block may have checked: a fifth of a second when each is at the limits.
  static let checksPerBlock = 4
  /// Tests of one version.
  public static let tests = 64
}
