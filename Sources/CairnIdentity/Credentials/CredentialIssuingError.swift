/// Why a credential, a presentation or a status list is not made.
public enum CredentialIssuingError: Error, Equatable, Sendable {
  /// Not a DID and a fragment alone.
  case invalidKeyID
  /// The signer is not of the DID that the document names as issuer or holder.
  case wrongSigner
  /// Not a URI; names the member.
  case invalidIdentifier(String)
  /// More than a verifier reads; names the member.
  case tooMany(String, limit: Int)
  /// Below zero, or beyond ``AgentCredential/delegationDepthLimit``.
  case invalidDelegationDepth(Int64)
  case zeroLifetime
  /// In milliseconds. More must be asked for by ``CredentialLifetime/long(milliseconds:)``.
  case lifetimeTooLong(limit: Int64, actual: Int64)
  case noCredential
  /// The document carries a proof already.
  case alreadySecured
  case notAnObject
  case json(JSONError)
  case statusList(StatusListEncodingError)

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .invalidKeyID: "invalid_key_id"
    case .wrongSigner: "wrong_signer"
    case .invalidIdentifier: "invalid_identifier"
    case .tooMany: "too_many"
    case .invalidDelegationDepth: "invalid_delegation_depth"
    case .zeroLifetime: "zero_lifetime"
    case .lifetimeTooLong: "lifetime_too_long"
    case .noCredential: "no_credential"
    case .alreadySecured: "already_secured"
    case .notAnObject: "not_an_object"
    case .json(let error): error.reason
    case .statusList(let error): error.reason
    }
  }
}
