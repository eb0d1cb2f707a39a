/// Why an expression has no value (`Cedar.Spec.Error`).
public enum EvaluationError: Error, Hashable, Sendable {
  /// `in` names the operator or function.
  case wrongType(in: String, actual: CedarValue.Kind)
  case noSuchEntity(EntityUID)
  case noSuchAttribute(Text)
  case noSuchTag(Text)
  /// Beyond 64 bits.
  case arithmeticOverflow
  case wrongArgumentCount(ExtensionFunction, expected: Int, actual: Int)
  /// A text that is no such value, or a result beyond the type's range.
  case extensionFailure(ExtensionFunction)

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .wrongType: "policy_wrong_type"
    case .noSuchEntity: "policy_no_such_entity"
    case .noSuchAttribute: "policy_no_such_attribute"
    case .noSuchTag: "policy_no_such_tag"
    case .arithmeticOverflow: "policy_arithmetic_overflow"
    case .wrongArgumentCount: "policy_wrong_argument_count"
    case .extensionFailure: "policy_extension_failure"
    }
  }
}

extension EvaluationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongType(let place, let actual): "`\(place)` does not take a \(actual.name)"
    case .noSuchEntity(let uid): "the entity `\(uid)` does not exist"
    case .noSuchAttribute(let key): "there is no attribute `\(key)`"
    case .noSuchTag(let key): "there is no tag `\(key)`"
    case .arithmeticOverflow: "the result is beyond 64 bits"
    case .wrongArgumentCount(let function, let expected, let actual): "`\(function.rawValue)` takes \(expected) arguments, not \(actual)"
    case .extensionFailure(let function): "`\(function.rawValue)` has no result"
    }
  }
}
