public import CairnCrypto

/// Why a text is not the identifier or the URL of a status list.
public enum StatusListIDError: Error, Equatable, Sendable {
  case tooLong(limit: Int, actual: Int)
  case did(DIDError)
  /// Neither `/status/<name>` nor `/sessions/<digest>` follows the DID.
  case wrongPath
  /// Not 1 to 32 lowercase letters, digits or hyphens.
  case invalidName
  /// Not 64 lowercase hexadecimal digits.
  case invalidBatch
  /// Neither an absolute http nor https URL.
  case notHTTP
  /// A query or fragment: the list's own URL has none.
  case notBare

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .tooLong: "status_list_id_too_long"
    case .did(let error): error.reason
    case .wrongPath: "wrong_status_list_path"
    case .invalidName: "invalid_status_list_name"
    case .invalidBatch: "invalid_session_batch"
    case .notHTTP: "status_list_url_not_http"
    case .notBare: "status_list_url_not_bare"
    }
  }
}

/// A status list of the ledger: `did:cairn:<net>:<scid>/status/<name>`, or that of a batch of sessions:
/// `did:cairn:<net>:<scid>/sessions/<64 hexadecimal digits>`. Every identifier has one text.
public struct StatusListID: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// A list that the issuer made under a name of its choice.
    case named(String)
    /// The bits of a batch of sessions, known by the digest of the operation that anchored it.
    case sessions(Digest)
  }

  /// In bytes. Names are for people; a list needs no more.
  public static let nameByteLimit = 32

  private static let namedPath = "/status/"
  private static let sessionsPath = "/sessions/"
  /// In bytes: a DID of this method is 67, the longest path 74.
  private static let byteLimit = 160

  /// Who made the list, and whose document says who may change it.
  public let issuer: CairnDID
  public let kind: Kind

  /// - Throws: ``StatusListIDError/invalidName``.
  public init(issuer: CairnDID, name: String) throws(StatusListIDError) {
    guard Self.isName(name.utf8) else { throw .invalidName }
    (self.issuer, kind) = (issuer, .named(name))
  }

  public init(issuer: CairnDID, sessions batch: Digest) { (self.issuer, kind) = (issuer, .sessions(batch)) }

  /// Accepts exactly the texts that ``description`` writes.
  public init(parsing text: some StringProtocol) throws(StatusListIDError) {
    let bytes = Array(text.utf8.prefix(Self.byteLimit + 1))
    guard bytes.count <= Self.byteLimit else { throw .tooLong(limit: Self.byteLimit, actual: text.utf8.count) }
    let slash = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
    let issuer: CairnDID
    do { issuer = try CairnDID(parsing: String(decoding: bytes[..<slash], as: UTF8.self)) } catch { throw .did(error) }
    let path = bytes[slash...]
    if path.starts(with: Self.namedPath.utf8) {
      self = try Self.named(path.dropFirst(Self.namedPath.utf8.count), of: issuer)
    } else if path.starts(with: Self.sessionsPath.utf8) {
      self = try Self.sessions(path.dropFirst(Self.sessionsPath.utf8.count), of: issuer)
    } else {
      throw .wrongPath
    }
  }

  static func named(_ name: ArraySlice<UInt8>, of issuer: CairnDID) throws(StatusListIDError) -> StatusListID {
    try StatusListID(issuer: issuer, name: String(decoding: name, as: UTF8.self))
  }

  static func sessions(_ digits: ArraySlice<UInt8>, of issuer: CairnDID) throws(StatusListIDError) -> StatusListID {
    let text = String(decoding: digits, as: UTF8.self)
    guard let batch = Digest(hex: text), batch.description.utf8.elementsEqual(digits) else { throw .invalidBatch }
    return StatusListID(issuer: issuer, sessions: batch)
  }

  private static func isName(_ bytes: some Collection<UInt8>) -> Bool {
    (1...nameByteLimit).contains(bytes.count)
      && bytes.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
      }
  }
}

extension StatusListID: CustomStringConvertible {
  public var description: String {
    switch kind {
    case .named(let name): issuer.description + Self.namedPath + name
    case .sessions(let batch): issuer.description + Self.sessionsPath + batch.description
    }
  }
}
