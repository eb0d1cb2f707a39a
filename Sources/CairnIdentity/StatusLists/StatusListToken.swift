/// A status list as a token: `statuslist+jwt` (draft-ietf-oauth-status-list, section 5.1).
public struct StatusListToken: Sendable {
  /// In bytes: see ``StatusListCredential/byteLimit``.
  public static let byteLimit = StatusListCredential.byteLimit

  /// `sub`: where the list is served; what a credential calls it.
  public let url: String
  public let issuedAt: Timestamp
  public let expires: Timestamp?
  /// After which a reader should look again; in seconds, as in the token.
  public let timeToLiveSeconds: Int64?
  public let statuses: TokenStatusList

  public init(
    url: String, issuedAt: Timestamp, expires: Timestamp? = nil, timeToLiveSeconds: Int64? = nil, statuses: TokenStatusList
  ) {
    self.url = url
    self.issuedAt = issuedAt
    self.expires = expires
    self.timeToLiveSeconds = timeToLiveSeconds
    self.statuses = statuses
  }

  /// The payload.
  public var claims: JSON {
    .object([
      "sub": .string(url), "iat": .number(issuedAt.numericDate), "exp": expires.map { .number($0.numericDate) },
      "ttl": timeToLiveSeconds.map { .number(Double($0)) },
      "status_list": .object(["bits": .number(Double(statuses.bits.rawValue)), "lst": .string(statuses.encode())]),
    ])
  }

  /// The signed token, compact.
  public func token(by signer: CredentialSigner) throws(CredentialIssuingError) -> String {
    guard URISyntax.isAbsolute(url) else { throw .invalidIdentifier("sub") }
    return try CompactJWS.sign(claims, type: CredentialTerms.statusListToken, by: signer)
  }
}
