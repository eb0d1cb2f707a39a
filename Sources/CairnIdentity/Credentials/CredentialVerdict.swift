/// A credential whose every check passed. Only ``CredentialInspection/verify(with:under:)`` makes one.
public struct VerifiedCredential: Sendable {
  public let claims: CredentialClaims
  /// The issuer's key that signed.
  public let keyID: DIDURL
}

/// What was accepted: one credential, or all those of a presentation. Only ``CredentialInspection/verify(with:under:)`` makes one.
public struct AcceptedCredentials: Sendable {
  /// At least one.
  public let credentials: [VerifiedCredential]
  /// Who presented them, with a valid signature; `nil` when they were not presented.
  public let holder: DID?
}

/// The outcome of a verification.
public enum CredentialVerdict: Sendable {
  case accepted(AcceptedCredentials)
  /// Every reason, at least one.
  case refused([CredentialRefusal])

  public var accepted: AcceptedCredentials? {
    guard case .accepted(let accepted) = self else { return nil }
    return accepted
  }

  /// Empty when accepted.
  public var refusals: [CredentialRefusal] {
    guard case .refused(let refusals) = self else { return [] }
    return refusals
  }
}
