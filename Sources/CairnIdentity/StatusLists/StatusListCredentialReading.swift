public import CairnCrypto

extension StatusListCredential {
  /// Reads a list without a signature, or whose signature has been checked.
  ///
  /// - Parameter document: without its proof, or a token's payload.
  public init(parsing document: JSON) throws(StatusListDocumentError) {
    var reader = ClaimsReader(document)
    let claims = reader.claims()
    var refusals = reader.refusals
    if claims?.types.containsText(CredentialTerms.statusListCredential) == false { refusals.append(.malformed("type")) }
    // The reader of claims has made sure that there is one subject.
    let subject = document["credentialSubject"].map { $0.array?.first ?? $0 } ?? .null
    if subject["type"]?.texts?.containsText(CredentialTerms.statusList) != true { refusals.append(.malformed("credentialSubject.type")) }
    let purposes = Self.purposes(of: subject, &refusals)
    let timeToLive = Self.timeToLive(of: subject, &refusals)
    guard let encodedList = subject["encodedList"]?.string else {
      throw .refused((refusals + [.malformed("credentialSubject.encodedList")]).withoutRepetitions)
    }
    guard let claims, refusals.isEmpty else { throw .refused(refusals.withoutRepetitions) }
    do { bits = try BitstringStatusList.decode(encodedList) } catch { throw .encoding(error) }
    (url, issuer, self.purposes) = (claims.id, claims.issuer, purposes)
    (validFrom, validUntil, timeToLiveMilliseconds) = (claims.validFrom, claims.validUntil, timeToLive)
  }

  /// Reads a signed list, with a Data Integrity proof or as `vc+jwt`.
  ///
  /// - Parameters:
  ///   - key: of the issuer, for assertions.
  ///   - policy: of which the time and the clock skew count.
  public init(
    verifying bytes: [UInt8], by key: PublicKey, under policy: VerificationPolicy
  ) throws(StatusListDocumentError) {
    let secured: SecuredDocument
    do { secured = try Self.take(bytes) } catch { throw .refused([error]) }
    var refusals = secured.refusals
    if let signature = secured.securing.signature, !key.isValid(signature, for: secured.securing.message) {
      refusals.append(.badSignature(.issuer))
    }
    guard refusals.isEmpty else { throw .refused(refusals.withoutRepetitions) }
    try self.init(parsing: secured.document)
    let named = secured.securing.claimedSigners + [secured.securing.keyID?.did.description].compactMap { $0 }
    if !named.allSatisfy({ $0.utf8.elementsEqual(issuer.description.utf8) }) { refusals.append(.signerMismatch(.issuer)) }
    refusals += policy.objections(
      from: secured.securing.starts + [validFrom].compactMap { $0 }, until: secured.securing.ends + [validUntil].compactMap { $0 })
    guard refusals.isEmpty else { throw .refused(refusals) }
  }

  private static func take(_ bytes: [UInt8]) throws(CredentialRefusal) -> SecuredDocument {
    guard bytes.count <= byteLimit else { throw .tooLarge(limit: byteLimit, actual: bytes.count) }
    guard bytes.first == UInt8(ascii: "{") else {
      return TokenReader.read(try CompactJWS(parsing: bytes), expecting: CredentialTerms.credentialToken)
    }
    let json: JSON
    do { json = try JSON(parsing: bytes, limit: byteLimit) } catch { throw .json(error) }
    return DataIntegrity.read(json, for: .assertionMethod)
  }

  /// Those that are known here, at least one.
  private static func purposes(of subject: JSON, _ refusals: inout [CredentialRefusal]) -> [StatusListPurpose] {
    guard let names = subject["statusPurpose"]?.texts else {
      refusals.append(.malformed("credentialSubject.statusPurpose"))
      return []
    }
    let purposes = names.compactMap { StatusListPurpose(name: $0) }
    if purposes.isEmpty { refusals.append(.unsupportedStatus) }
    return purposes
  }

  private static func timeToLive(of subject: JSON, _ refusals: inout [CredentialRefusal]) -> Int64? {
    guard let value = subject["ttl"] else { return nil }
    let milliseconds = value.number.flatMap { Int64(exactly: $0.rounded(.down)) }
    guard let milliseconds, milliseconds >= 0 else {
      refusals.append(.malformed("credentialSubject.ttl"))
      return nil
    }
    return milliseconds
  }
}
