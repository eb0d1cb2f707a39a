import CairnIdentity
import CairnPolicy

/// What the credentials that were shown say together, each verified.
///
/// Policies have no loops, so that they see sums: a policy that trusts certain issuers only demands that all issuers are among them. What
/// restricts is taken from the worst credential: the greatest age, the nearest end, the longest delegation.
struct PresentedClaims {
  let issuers: [DID]
  let roles: [String]
  let permissions: [String]
  let count: Int
  let ageSeconds: Int64
  let remainingSeconds: Int64
  let delegationDepth: Int64

  /// `nil` when there is no credential.
  init?(_ credentials: [VerifiedCredential], at now: Timestamp) {
    guard !credentials.isEmpty else { return nil }
    let claims = credentials.map(\.claims)
    count = claims.count
    issuers = claims.map(\.issuer)
    roles = claims.compactMap(\.role)
    permissions = claims.flatMap(\.permissions)
    ageSeconds = claims.compactMap { claims in claims.validFrom.map { max(0, now.millisecondsSince($0)) / 1_000 } }.max() ?? 0
    remainingSeconds = claims.compactMap { claims in claims.validUntil.map { max(0, $0.millisecondsSince(now)) / 1_000 } }.min() ?? 0
    delegationDepth = claims.compactMap(\.delegationDepth).max() ?? 0
  }
}
