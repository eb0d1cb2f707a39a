/// What a set bit of a status list means for the credential that it belongs to (Bitstring Status List 1.0, `statusPurpose`).
public enum StatusListPurpose: UInt8, Hashable, Sendable, CaseIterable {
  /// Withdrawn for ever.
  case revocation = 1
  /// Not valid for a while.
  case suspension = 2
  /// Still valid, and there is a newer one; for ever.
  case refresh = 3

  /// As credentials spell it.
  public var name: String { String(describing: self) }

  public init?(name: some StringProtocol) {
    guard let purpose = Self.allCases.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
    self = purpose
  }

  /// Whether a bit may be cleared again.
  public var isReversible: Bool { self == .suspension }
}
