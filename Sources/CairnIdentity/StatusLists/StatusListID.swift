public import CairnCrypto

/// The name of a list of statuses on the ledger, which is a DID URL with a path: `<did>/status/<name>` for a list that an issuer made,
/// `<did>/sessions/<64 hex digits>` for the statuses of a session batch. Every list has one text.
public struct StatusListID: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// A list that an issuer made; the name is of `[a-z0-9-]{1,32}`.
    case list(name: String)
    /// The statuses of the session batch with this digest.
    case sessions(Digest)
  }

  public static let nameLimit = 32
  private static let listSegment = "/status/"
  private static let sessionsSegment = "/sessions/"

  /// Whose list it is: the issuer, or the controller of the sessions.
  public let issuer: CairnDID
  public let kind: Kind

  /// `nil` for a name that no list can have.
  public init?(issuer: CairnDID, name: String) {
    guard Self.isName(name.utf8) else { return nil }
    (self.issuer, kind) = (issuer, .list(name: name))
  }

  public init(controller: CairnDID, sessions: Digest) {
    (issuer, kind) = (controller, .sessions(sessions))
  }

  /// Accepts exactly the texts that ``description`` writes; `nil` for any other.
  public init?(parsing text: some StringProtocol) {
    // A DID has 67 bytes, the longest path 74: nothing longer is looked at.
    let bytes = Array(text.utf8.prefix(256))
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
      let issuer = try? CairnDID(parsing: String(decoding: bytes[..<slash], as: UTF8.self))
    else { return nil }
    let path = bytes[slash...]
    if path.starts(with: Self.listSegment.utf8) {
      self.init(issuer: issuer, name: String(decoding: path.dropFirst(Self.listSegment.utf8.count), as: UTF8.self))
    } else if path.starts(with: Self.sessionsSegment.utf8) {
      let digits = path.dropFirst(Self.sessionsSegment.utf8.count)
      guard digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
        let digest = Digest(hex: String(decoding: digits, as: UTF8.self))
      else { return nil }
      self.init(controller: issuer, sessions: digest)
    } else {
      return nil
    }
  }

  private static func isName(_ bytes: some Collection<UInt8>) -> Bool {
    (1...nameLimit).contains(bytes.count)
      && bytes.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }
}

extension StatusListID: CustomStringConvertible {
  public var description: String {
    switch kind {
    case .list(let name): issuer.description + Self.listSegment + name
    case .sessions(let digest): issuer.description + Self.sessionsSegment + digest.description
    }
  }
}
