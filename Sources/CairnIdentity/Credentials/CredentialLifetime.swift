/// For how long a credential holds. Short, because an agent can ask for another, and a leaked one then soon is worth nothing.
public enum CredentialLifetime: Hashable, Sendable {
  /// One hour.
  public static let standardMilliseconds: Int64 = 3_600_000
  /// Four hours: what ``milliseconds(_:)`` may ask for, and what a verifier accepts unless its policy says otherwise.
  public static let ordinaryLimitMilliseconds: Int64 = 4 * standardMilliseconds

  /// ``standardMilliseconds``.
  case standard
  /// Up to ``ordinaryLimitMilliseconds``.
  case milliseconds(Int64)
  /// Any, because the caller means it.
  case long(milliseconds: Int64)

  /// - Throws: ``CredentialIssuingError/zeroLifetime``, ``CredentialIssuingError/lifetimeTooLong(limit:actual:)``.
  func end(from start: Timestamp) throws(CredentialIssuingError) -> Timestamp {
    switch self {
    case .standard: return start.adding(milliseconds: Self.standardMilliseconds)
    case .milliseconds(let count):
      guard count <= Self.ordinaryLimitMilliseconds else {
        throw .lifetimeTooLong(limit: Self.ordinaryLimitMilliseconds, actual: count)
      }
      guard count > 0 else { throw .zeroLifetime }
      return start.adding(milliseconds: count)
    case .long(let count):
      guard count > 0 else { throw .zeroLifetime }
      return start.adding(milliseconds: count)
    }
  }
}
