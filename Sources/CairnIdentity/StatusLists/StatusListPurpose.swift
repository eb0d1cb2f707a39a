/// What a set bit of a status list says about its credential (Bitstring Status List 1.0, section 2.1).
public enum StatusListPurpose: UInt8, CaseIterable, Comparable, Sendable {
  /// Cancelled for good.
  case revocation = 1
  /// Not to be accepted for now.
  case suspension = 2
  /// A newer credential is to be had.
  case refresh = 3

  /// - Parameter name: as in `statusPurpose`; `nil` for any other word.
  public init?(name: some StringProtocol) {
    guard let purpose = Self.allCases.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
    self = purpose
  }

  /// The value of `statusPurpose`, for example `revocation`.
  public var name: String {
    switch self {
    case .revocation: "revocation"
    case .suspension: "suspension"
    case .refresh: "refresh"
    }
  }

  /// Whether a bit that was set may be cleared again.
  public var isReversible: Bool { self == .suspension }

  public static func < (left: StatusListPurpose, right: StatusListPurpose) -> Bool { left.rawValue < right.rawValue }
}
