public import CairnCrypto

extension StatusListToken {
  /// Reads the payload of a token without a signature, or whose signature has been checked.
  public init(parsing claims: JSON) throws(StatusListDocumentError) {
    var refusals: [CredentialRefusal] = []
    let url = claims["sub"]?.string
    if url.map(URISyntax.isAbsolute) != true { refusals.append(.malformed("sub")) }
    let issuedAt = claims["iat"]?.number.flatMap { Timestamp(numericDate: $0) }
    if issuedAt == nil { refusals.append(.malformed("iat")) }
    let expires = claims["exp"]?.number.flatMap { Timestamp(numericDate: $0) }
    if expires == nil, claims["exp"] != nil { refusals.append(.malformed("exp")) }
    let timeToLive = claims["ttl"]?.number.flatMap { Int64(exactly: $0.rounded(.down)) }
    if claims["ttl"] != nil, timeToLive.map({ $0 > 0 }) != true { refusals.append(.malformed("ttl")) }
    let list = claims["status_list"]?["lst"]?.string
    let bits = claims["status_list"]?["bits"]?.number.flatMap { Int(exactly: $0) }
    if list == nil { refusals.append(.malformed("status_list.lst")) }
    if bits == nil { refusals.append(.malformed("status_list.bits")) }
    guard let url, let issuedAt, let list, let bits, refusals.isEmpty else { throw .refused(refusals) }
    do { statuses = try TokenStatusList(decoding: list, bits: bits) } catch { throw .encoding(error) }
    (self.url, self.issuedAt, self.expires, timeToLiveSeconds) = (url, issuedAt, expires, timeToLive)
  }

  /// Reads a signed token.
  ///
  /// - Parameters:
  ///   - bytes: compact.
  ///   - key: of the issuer, whatever `kid` says.
  ///   - policy: of which the time and the clock skew count.
  public init(
    verifying bytes: [UInt8], by key: PublicKey, under policy: VerificationPolicy
  ) throws(StatusListDocumentError) {
    let claims = try Self.claims(of: bytes, signedBy: key)
    try self.init(parsing: claims)
    let notBefore = claims["nbf"]?.number.flatMap { Timestamp(numericDate: $0) }
    let refusals = policy.objections(from: [issuedAt, notBefore].compactMap { $0 }, until: [expires].compactMap { $0 })
    guard refusals.isEmpty else { throw .refused(refusals) }
  }

  private static func claims(of bytes: [UInt8], signedBy key: PublicKey) throws(StatusListDocumentError) -> JSON {
    guard bytes.count <= byteLimit else { throw .refused([.tooLarge(limit: byteLimit, actual: bytes.count)]) }
    let token: CompactJWS
    do { token = try CompactJWS(parsing: bytes) } catch { throw .refused([error]) }
    var refusals = token.objections(expecting: CredentialTerms.statusListToken)
    if let signature = token.signature {
      if !key.isValid(signature, for: token.signingInput) { refusals.append(.badSignature(.issuer)) }
    } else {
      refusals.append(.malformedSignature)
    }
    guard refusals.isEmpty else { throw .refused(refusals) }
    do { return try JSON(parsing: token.payload, limit: token.payload.count) } catch { throw .refused([.json(error)]) }
  }
}
