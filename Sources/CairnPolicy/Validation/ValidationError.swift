/// What a validator finds wrong with a policy.
public struct ValidationError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: String, Sendable {
    case unknownEntityType = "policy_unknown_entity_type"
    case unknownAction = "policy_unknown_action"
    case notEnumerated = "policy_not_enumerated"
    case noApplicableAction = "policy_no_applicable_action"
    case unexpectedType = "policy_unexpected_type"
    case incompatibleTypes = "policy_incompatible_types"
    case unknownAttribute = "policy_unknown_attribute"
    case unguardedAttribute = "policy_unguarded_attribute"
    case noTags = "policy_no_tags"
    case unguardedTag = "policy_unguarded_tag"
    case emptySet = "policy_empty_set"
    case wrongArgumentCount = "policy_wrong_argument_count"
    case invalidExtensionLiteral = "policy_invalid_extension_literal"
    case extensionOfNonLiteral = "policy_extension_of_non_literal"
    case tooManyDereferences = "policy_too_many_dereferences"
    /// No request can satisfy the policy. A warning, not an error.
    case impossible = "policy_impossible"
  }

  public let policy: Text
  public let reason: Reason
  /// One clause, lower case, without a full stop.
  public let message: String

  public var description: String { "policy `\(policy)`: \(message)" }
}
