/// One bit of one status list.
public struct StatusPosition: Hashable, Sendable {
  public let list: StatusListID
  public let index: UInt64

  public init(list: StatusListID, index: UInt64) { (self.list, self.index) = (list, index) }
}

/// An entry of `credentialStatus`: a `BitstringStatusListEntry` of one bit (Bitstring Status List 1.0, section 2.1).
public struct CredentialStatusEntry: Hashable, Sendable {
  public let purpose: StatusListPurpose
  public let position: StatusPosition
  /// The list's URL, or its ``StatusListID/description``.
  public let listURL: String

  /// - Parameter base: of the node that serves the list; `nil` to name the list by its DID URL alone.
  public init(purpose: StatusListPurpose, list: StatusListID, index: UInt64, base: String? = nil) {
    self.purpose = purpose
    position = StatusPosition(list: list, index: index)
    listURL = base.map { list.url(base: $0) } ?? list.description
  }

  public var json: JSON {
    .object([
      "id": .string("\(listURL)#\(position.index)"), "type": .string(CredentialTerms.statusListEntry),
      "statusPurpose": .string(purpose.name), "statusListIndex": .string(String(position.index)),
      "statusListCredential": .string(listURL),
    ])
  }

  /// - Throws: ``CredentialRefusal/malformed(_:)``, ``CredentialRefusal/unsupportedStatus`` or, for an index beyond all lists,
  ///   ``CredentialRefusal/statusOutOfRange(_:)``.
  init(parsing json: JSON) throws(CredentialRefusal) {
    guard json.object != nil, let types = json["type"]?.texts else { throw .malformed("credentialStatus.type") }
    guard types.containsText(CredentialTerms.statusListEntry) else { throw .unsupportedStatus }
    guard let name = json["statusPurpose"]?.string else { throw .malformed("credentialStatus.statusPurpose") }
    guard let index = json["statusListIndex"]?.string, Self.isIndex(index) else {
      throw .malformed("credentialStatus.statusListIndex")
    }
    guard let url = json["statusListCredential"]?.string, URISyntax.isAbsolute(url) else {
      throw .malformed("credentialStatus.statusListCredential")
    }
    guard json["statusSize"].map({ $0.number == 1 }) ?? true else { throw .unsupportedStatus }
    guard let purpose = StatusListPurpose(name: name), let list = try? StatusListID(reference: url) else { throw .unsupportedStatus }
    guard let value = UInt64(index) else { throw .statusOutOfRange(purpose) }
    (self.purpose, position, listURL) = (purpose, StatusPosition(list: list, index: value), url)
  }

  /// A decimal without sign and leading zeros, so that every index has one text.
  private static func isIndex(_ text: String) -> Bool {
    let digits = Array(text.utf8)
    guard let first = digits.first, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return false }
    return digits.count == 1 || first != UInt8(ascii: "0")
  }
}
