/// A controlled identifier document (Controlled Identifiers 1.0), such as a DID document of any method, as far as it names keys.
public struct ControlledDocument: Sendable {
  /// In bytes. The largest document of the ledger, each key written twice, stays below.
  public static let byteLimit = 1 << 18
  /// Methods and services together; the ledger's documents have 96 at most.
  public static let identifierLimit = 256

  struct Method: Sendable {
    /// Absolute.
    let id: String
    let controller: String
    let key: Multikey?
    let expires: Timestamp?
    let revoked: Timestamp?
  }

  public let id: String
  /// Those of `verificationMethod`, and those that a relationship holds itself.
  let methods: [Method]
  /// Absolute identifiers of methods in UTF-8, by relationship.
  let relationships: [VerificationPurpose: Set<[UInt8]>]

  public init(parsing bytes: [UInt8]) throws(ControlledDocumentError) {
    let json: JSON
    do { json = try JSON(parsing: bytes, limit: Self.byteLimit) } catch { throw .json(error) }
    try self.init(json)
  }

  init(_ json: JSON) throws(ControlledDocumentError) {
    guard let id = json["id"]?.string, URISyntax.isAbsolute(id) else { throw .malformed("id") }
    guard !PrivateKeyMaterial.isAnywhere(in: json) else { throw .privateKey }
    var reader = MethodReader(subject: id)
    for element in try Self.array(json, "verificationMethod") { try reader.read(element, in: "verificationMethod") }
    var relationships: [VerificationPurpose: Set<[UInt8]>] = [:]
    for purpose in VerificationPurpose.allCases {
      for element in try Self.array(json, purpose.relationship) {
        let method = try reader.reference(element, in: purpose.relationship)
        relationships[purpose, default: []].insert(Array(method.utf8))
      }
    }
    for element in try Self.array(json, "service") { try reader.identifier(of: element, in: "service") }
    (self.id, self.methods, self.relationships) = (id, reader.methods, relationships)
  }

  private static func array(_ json: JSON, _ member: String) throws(ControlledDocumentError) -> [JSON] {
    guard let value = json[member] else { return [] }
    guard let array = value.array else { throw .malformed(member) }
    return array
  }
}

private struct MethodReader {
  let subject: String
  private(set) var methods: [ControlledDocument.Method] = []
  private var identifiers: Set<[UInt8]> = []

  init(subject: String) { self.subject = subject }

  /// A verification method, held where a relationship refers to it by value.
  mutating func reference(_ element: JSON, in member: String) throws(ControlledDocumentError) -> String {
    if let text = element.string { return absolute(text) }
    return try read(element, in: member)
  }

  @discardableResult
  mutating func read(_ element: JSON, in member: String) throws(ControlledDocumentError) -> String {
    let id = try identifier(of: element, in: member)
    guard let controller = element["controller"]?.string, element["type"]?.string != nil else { throw .malformed(member) }
    let method = ControlledDocument.Method(
      id: id, controller: controller, key: try key(of: element), expires: try time("expires", of: element),
      revoked: try time("revoked", of: element))
    methods.append(method)
    return id
  }

  /// The absolute identifier of an object, which no other has.
  @discardableResult
  mutating func identifier(of element: JSON, in member: String) throws(ControlledDocumentError) -> String {
    guard element.object != nil else { throw .malformed(member) }
    guard let text = element["id"]?.string else {
      // A service needs none.
      guard member == "service", element["id"] == nil else { throw .malformed(member) }
      return ""
    }
    let id = absolute(text)
    guard identifiers.insert(Array(id.utf8)).inserted else { throw .duplicateIdentifier }
    guard identifiers.count <= ControlledDocument.identifierLimit else { throw .tooManyMethods }
    return id
  }

  /// A relative URL is only ever a fragment of the document itself.
  private func absolute(_ text: String) -> String { text.utf8.first == UInt8(ascii: "#") ? subject + text : text }

  private func key(of element: JSON) throws(ControlledDocumentError) -> Multikey? {
    guard let type = element["type"] else { return nil }
    if type.isOne(of: ["Multikey", "Ed25519VerificationKey2020"]) {
      do { return try element["publicKeyMultibase"]?.string.map { text throws(MultikeyError) in try Multikey(multibase: text) } } catch {
        if case .privateKey = error { throw .privateKey }
        return nil
      }
    }
    guard type.isOne(of: ["JsonWebKey", "JsonWebKey2020"]) else { return nil }
    return element["publicKeyJwk"].flatMap(JSONWebKey.init).map { Multikey($0.publicKey) }
  }

  private func time(_ member: String, of element: JSON) throws(ControlledDocumentError) -> Timestamp? {
    guard let value = element[member] else { return nil }
    guard let time = value.string.flatMap({ Timestamp(parsing: $0) }) else { throw .malformed(member) }
    return time
  }
}
