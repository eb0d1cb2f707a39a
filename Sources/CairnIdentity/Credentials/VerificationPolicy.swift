/// What a verifier demands. The default is strict; each loosening is asked for by name.
public struct VerificationPolicy: Sendable {
  public var now: Timestamp
  /// By which clocks of issuer and verifier may differ.
  public var clockSkewMilliseconds: Int64 = 60_000
  /// The verifier's name. What is meant for somebody else is refused; when this is set, a presentation must name it.
  public var audience: String?
  /// That the verifier gave to the holder, used once; when this is set, only a presentation that answers it is accepted.
  public var challenge: String?
  /// Purposes for which every credential must name a status list.
  public var requiredStatusPurposes: Set<StatusListPurpose> = [.revocation]
  /// From `validFrom` to `validUntil`; `nil` accepts any, and credentials without them.
  public var maximumLifetimeMilliseconds: Int64? = CredentialLifetime.ordinaryLimitMilliseconds
  /// Whether every credential must be presented by the key of its subject.
  public var requiresHolderBinding = false
  /// Whether every issuer must be among ``CredentialFacts/authorizedIssuers``.
  public var requiresIssuerRole = false

  public init(now: Timestamp) { self.now = now }

  /// The refusals of a validity from the last of the starts to the first of the ends.
  func objections(from starts: [Timestamp], until ends: [Timestamp]) -> [CredentialRefusal] {
    var refusals: [CredentialRefusal] = []
    if let start = starts.max(), now.adding(milliseconds: clockSkewMilliseconds) < start { refusals.append(.notYetValid(until: start)) }
    if let end = ends.min(), end.adding(milliseconds: clockSkewMilliseconds) <= now { refusals.append(.expired(at: end)) }
    return refusals
  }

  func lifetimeObjection(_ claims: CredentialClaims) -> CredentialRefusal? {
    guard let limit = maximumLifetimeMilliseconds else { return nil }
    guard let from = claims.validFrom, let until = claims.validUntil else { return .lifetimeTooLong(limit: limit, actual: nil) }
    let lifetime = until.millisecondsSince(from)
    return lifetime > limit ? .lifetimeTooLong(limit: limit, actual: lifetime) : nil
  }
}
