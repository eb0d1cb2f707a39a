/// What an issuer says about an agent, as a credential of the VC Data Model 2.0 that is not signed yet.
public struct AgentCredential: Sendable {
  /// As many entries as a verifier asks for.
  public static let statusLimit = 8
  public static let permissionLimit = 256
  /// Longer chains of delegation nobody oversees.
  public static let delegationDepthLimit: Int64 = 255

  /// A URI, perhaps `urn:uuid:…`; a credential needs none.
  public var id: String?
  public let issuer: DID
  public let subject: DID
  public var role: String?
  public var permissions: [String]
  /// How often the authority was handed on before it came to the agent: 0 for an agent that acts for its operator itself.
  public var delegationDepth: Int64?
  /// Beside `VerifiableCredential` and `AgentCredential`.
  public var types: [String] = []
  public let validFrom: Timestamp
  public let validUntil: Timestamp
  public var statuses: [CredentialStatusEntry]

  /// - Throws: ``CredentialIssuingError/lifetimeTooLong(limit:actual:)``, ``CredentialIssuingError/zeroLifetime``.
  public init(
    id: String? = nil, issuer: DID, subject: DID, role: String? = nil, permissions: [String] = [],
    delegationDepth: Int64? = nil, validFrom: Timestamp, lifetime: CredentialLifetime = .standard, statuses: [CredentialStatusEntry] = []
  ) throws(CredentialIssuingError) {
    self.id = id
    self.issuer = issuer
    self.subject = subject
    self.role = role
    self.permissions = permissions
    self.delegationDepth = delegationDepth
    self.validFrom = validFrom
    validUntil = try lifetime.end(from: validFrom)
    self.statuses = statuses
  }

  /// The document without a proof.
  public func json() throws(CredentialIssuingError) -> JSON {
    guard id.map(URISyntax.isAbsolute) ?? true else { throw .invalidIdentifier("id") }
    guard statuses.count <= Self.statusLimit else { throw .tooMany("credentialStatus", limit: Self.statusLimit) }
    guard permissions.count <= Self.permissionLimit else { throw .tooMany("permissions", limit: Self.permissionLimit) }
    if let delegationDepth, !(0...Self.delegationDepthLimit).contains(delegationDepth) { throw .invalidDelegationDepth(delegationDepth) }
    let types = [CredentialTerms.credential, CredentialTerms.agentCredential] + self.types
    return .object([
      "@context": .array([.string(CredentialTerms.context), .string(CredentialTerms.undefinedTermsContext)]),
      "id": id.map { .string($0) }, "type": .array(types.map { .string($0) }), "issuer": .string(issuer.description),
      "validFrom": .string(validFrom.description), "validUntil": .string(validUntil.description),
      "credentialSubject": .object([
        "id": .string(subject.description), "role": role.map { .string($0) },
        "permissions": .array(permissions.map { .string($0) }), "delegationDepth": delegationDepth.map { .number(Double($0)) },
      ]),
      "credentialStatus": statuses.isEmpty ? nil : .array(statuses.map(\.json)),
    ])
  }

  /// With a Data Integrity proof.
  ///
  /// - Parameter created: the time of signing; ``validFrom`` unless given.
  public func secured(by signer: CredentialSigner, created: Timestamp? = nil) throws(CredentialIssuingError) -> SecuredCredential {
    guard signer.did == issuer else { throw .wrongSigner }
    let options = DataIntegrity.Options(purpose: .assertionMethod, created: created ?? validFrom)
    return .document(try DataIntegrity.secure(try json(), by: signer, options))
  }

  /// As `vc+jwt` (VC-JOSE-COSE 1.0, section 3.1.1): the payload is the document, with `iss`, `iat` and `exp` beside it.
  ///
  /// - Parameter issuedAt: the time of signing; ``validFrom`` unless given.
  public func token(by signer: CredentialSigner, issuedAt: Timestamp? = nil) throws(CredentialIssuingError) -> SecuredCredential {
    guard signer.did == issuer else { throw .wrongSigner }
    let claims: [JSON.Member] = [
      JSON.Member("iss", .string(issuer.description)), JSON.Member("iat", .number((issuedAt ?? validFrom).numericDate)),
      JSON.Member("exp", .number(validUntil.numericDate)),
    ]
    let payload = JSON.object((try json().object ?? []) + claims)
    return .token(try CompactJWS.sign(payload, type: CredentialTerms.credentialToken, by: signer))
  }
}
