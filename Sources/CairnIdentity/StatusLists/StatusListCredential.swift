/// A status list as a credential: `BitstringStatusListCredential` (Bitstring Status List 1.0, section 2.2).
public struct StatusListCredential: Sendable {
  /// In bytes, of the signed form: the largest list, which does not compress, in base64 twice.
  public static let byteLimit = 1 << 21

  /// Where the list is served; `nil` when the document does not say.
  public let url: String?
  public let issuer: DID
  /// At least one.
  public let purposes: [StatusListPurpose]
  public let bits: StatusBits
  public let validFrom: Timestamp?
  public let validUntil: Timestamp?
  /// After which a reader should look again, whether the list is still valid or not.
  public let timeToLiveMilliseconds: Int64?

  public init(
    url: String, issuer: DID, purpose: StatusListPurpose, bits: StatusBits, validFrom: Timestamp, validUntil: Timestamp? = nil,
    timeToLiveMilliseconds: Int64? = nil
  ) {
    self.url = url
    self.issuer = issuer
    purposes = [purpose]
    self.bits = bits
    self.validFrom = validFrom
    self.validUntil = validUntil
    self.timeToLiveMilliseconds = timeToLiveMilliseconds
  }

  /// The document without a proof.
  public func json() throws(CredentialIssuingError) -> JSON {
    guard url.map(URISyntax.isAbsolute) ?? true else { throw .invalidIdentifier("id") }
    let encodedList: String
    do { encodedList = try BitstringStatusList.encode(bits) } catch { throw .statusList(error) }
    let names = purposes.map { JSON.string($0.name) }
    return .object([
      "@context": .array([.string(CredentialTerms.context)]), "id": url.map { .string($0) },
      "type": .array([.string(CredentialTerms.credential), .string(CredentialTerms.statusListCredential)]),
      "issuer": .string(issuer.description), "validFrom": validFrom.map { .string($0.description) },
      "validUntil": validUntil.map { .string($0.description) },
      "credentialSubject": .object([
        "id": url.map { .string($0 + "#list") }, "type": .string(CredentialTerms.statusList),
        "statusPurpose": names.count == 1 ? names[0] : .array(names), "encodedList": .string(encodedList),
        "ttl": timeToLiveMilliseconds.map { .number(Double($0)) },
      ]),
    ])
  }

  /// With a Data Integrity proof.
  public func secured(by signer: CredentialSigner, created: Timestamp) throws(CredentialIssuingError) -> SecuredCredential {
    guard signer.did == issuer else { throw .wrongSigner }
    return .document(try DataIntegrity.secure(try json(), by: signer, DataIntegrity.Options(created: created)))
  }

  /// As `vc+jwt`.
  public func token(by signer: CredentialSigner, issuedAt: Timestamp) throws(CredentialIssuingError) -> SecuredCredential {
    guard signer.did == issuer else { throw .wrongSigner }
    let claims = JSON.object([
      "iss": .string(issuer.description), "iat": .number(issuedAt.numericDate),
      "exp": validUntil.map { .number($0.numericDate) },
    ])
    let payload = JSON.object((try json().object ?? []) + (claims.object ?? []))
    return .token(try CompactJWS.sign(payload, type: CredentialTerms.credentialToken, by: signer))
  }
}
