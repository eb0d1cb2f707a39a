/// Credentials that their holder shows to one verifier (VC Data Model 2.0, section 4.13), not signed yet.
public struct Presentation: Sendable {
  /// As many as a verifier reads.
  public static let credentialLimit = 16

  public let holder: DID
  public let credentials: [SecuredCredential]

  public init(holder: DID, credentials: [SecuredCredential]) throws(CredentialIssuingError) {
    guard !credentials.isEmpty else { throw .noCredential }
    guard credentials.count <= Self.credentialLimit else { throw .tooMany("verifiableCredential", limit: Self.credentialLimit) }
    (self.holder, self.credentials) = (holder, credentials)
  }

  /// The document without a proof.
  public var json: JSON {
    .object([
      "@context": .array([.string(CredentialTerms.context)]), "type": .array([.string(CredentialTerms.presentation)]),
      "holder": .string(holder.description), "verifiableCredential": .array(credentials.map(\.element)),
    ])
  }

  /// With a Data Integrity proof for authentication.
  ///
  /// - Parameters:
  ///   - challenge: from the verifier, used once.
  ///   - domain: of the verifier.
  public func secured(
    by signer: CredentialSigner, created: Timestamp, challenge: String?, domain: String?
  ) throws(CredentialIssuingError) -> JSON {
    guard signer.did == holder else { throw .wrongSigner }
    let options = DataIntegrity.Options(purpose: .authentication, created: created, challenge: challenge, domain: domain)
    return try DataIntegrity.secure(json, by: signer, options)
  }

  /// As `vp+jwt` (VC-JOSE-COSE 1.0, section 3.1.2).
  ///
  /// - Parameters:
  ///   - nonce: the verifier's challenge.
  ///   - audience: the verifier.
  public func token(
    by signer: CredentialSigner, issuedAt: Timestamp, expires: Timestamp? = nil, nonce: String?, audience: String?
  ) throws(CredentialIssuingError) -> String {
    guard signer.did == holder else { throw .wrongSigner }
    let claims = JSON.object([
      "iss": .string(holder.description), "iat": .number(issuedAt.numericDate), "exp": expires.map { .number($0.numericDate) },
      "nonce": nonce.map { .string($0) }, "aud": audience.map { .string($0) },
    ])
    let payload = JSON.object((json.object ?? []) + (claims.object ?? []))
    return try CompactJWS.sign(payload, type: CredentialTerms.presentationToken, by: signer)
  }
}
