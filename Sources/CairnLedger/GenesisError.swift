public import CairnChain
public import CairnCrypto

/// Why a genesis, or an operator's part of one, is refused.
public enum GenesisError: Error, Equatable, Sendable {
  case encoding(CanonicalError)
  case version(UInt32)
  /// The named field is absent or not what it must be.
  case field(String)
  case validators(ChainError)
  case identityCount(Int)
  /// An identity is refused, counted from zero.
  case identity(Int, OperationError)
  case duplicateIdentity(Int)
  /// Not ascending by identity and role, or of an identity that is not there.
  case roles
  /// The named parameter is out of its range; for `trustee_threshold` more than there are trustees.
  case parameter(String)
  case constitution(ConstitutionError)
  case trusteeCount(Int)
  /// The named signature of an entry is missing or wrong: the entry was changed, or made for another template.
  case entrySignature(validator: String, by: String)

  public var reason: String {
    switch self {
    case .encoding(.tooLong): "too_long"
    case .encoding(.malformed): "malformed"
    case .encoding(.notCanonical): "not_canonical"
    case .version: "unknown_version"
    case .field: "bad_field"
    case .validators(let error): error.reason
    case .identityCount: "identity_count"
    case .identity(_, let error): error.reason
    case .duplicateIdentity: "identity_taken"
    case .roles: "bad_roles"
    case .parameter: "bad_parameter"
    case .constitution(let error): error.reason
    case .trusteeCount: "trustee_count"
    case .entrySignature: "bad_entry_signature"
    }
  }
}
