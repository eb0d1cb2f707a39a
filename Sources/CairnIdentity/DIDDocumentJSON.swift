extension DIDDocument {
  /// The DID document (DID 1.1) in its one canonical form (RFC 8785), to whose hash the ledger's state commits.
  ///
  /// Every Ed25519 key appears twice: as the Multikey `#fragment` and as the JsonWebKey `#fragment-jwk`, in the same relationships.
  /// The context of DID 1.1 defines both types. Empty members are omitted; a set of one type, endpoint or controller is written as
  /// that one string.
  ///
  /// Written straight into bytes, members in the sorted order: this runs for every transaction.
  ///
  /// - Parameters:
  ///   - did: the subject.
  ///   - controller: of the control state; comes before ``controllers``.
  public func json(did: CairnDID, controller: CairnDID?) -> [UInt8] {
    DocumentWriter(did: did.description).write(self, controller: controller?.description)
  }

  /// What the fragment of a key's JsonWebKey twin has behind that of the Multikey.
  static let twinSuffix = "-jwk"
}

private struct DocumentWriter {
  /// The raw key of a method that has a JsonWebKey twin: an Ed25519 key.
  private typealias Twin = [UInt8]?

  let did: String
  private var bytes: [UInt8] = []

  init(did: String) {
    self.did = did
    bytes.reserveCapacity(2048)
  }

  consuming func write(_ document: DIDDocument, controller: String?) -> [UInt8] {
    let twins = document.verificationMethods.map { Self.ed25519Key(in: $0.multikey) }
    raw(#"{"@context":["https://www.w3.org/ns/did/v1.1"]"#)
    if !document.alsoKnownAs.isEmpty {
      raw(#","alsoKnownAs":"#)
      array(document.alsoKnownAs) { $0.string($1) }
    }
    relationship(.assertionMethod, of: document, twins)
    relationship(.authentication, of: document, twins)
    relationship(.capabilityDelegation, of: document, twins)
    relationship(.capabilityInvocation, of: document, twins)
    let controllers = (controller.map { [$0] } ?? []) + document.controllers.filter { $0 != controller }
    if !controllers.isEmpty {
      raw(#","controller":"#)
      oneOrMany(controllers)
    }
    raw(#","id":"#)
    string(did)
    relationship(.keyAgreement, of: document, twins)
    if !document.services.isEmpty {
      raw(#","service":"#)
      array(document.services) { $0.service($1) }
    }
    if !document.verificationMethods.isEmpty {
      raw(#","verificationMethod":"#)
      array(zip(document.verificationMethods, twins)) { $0.verificationMethod($1.0, twin: $1.1) }
    }
    raw("}")
    return bytes
  }

  /// The raw key of an Ed25519 Multikey, whose header is 0xed 0x01.
  private static func ed25519Key(in multikey: [UInt8]) -> Twin {
    multikey.count == 34 && multikey.starts(with: [0xed, 0x01]) ? Array(multikey.dropFirst(2)) : nil
  }

  private mutating func relationship(_ purpose: VerificationPurpose, of document: DIDDocument, _ twins: [Twin]) {
    var isFirst = true
    for (method, twin) in zip(document.verificationMethods, twins) where method.purposes.contains(purpose) {
      if isFirst {
        raw(#",""#)
        raw(purpose.relationship)
        raw(#"":["#)
      } else {
        raw(",")
      }
      isFirst = false
      identifier(method.fragment)
      if twin != nil {
        raw(",")
        identifier(method.fragment, DIDDocument.twinSuffix)
      }
    }
    if !isFirst { raw("]") }
  }

  private mutating func verificationMethod(_ method: DIDDocument.VerificationMethod, twin: Twin) {
    methodHead(method.fragment)
    raw(#","publicKeyMultibase":"z"#)
    bytes.append(contentsOf: Base58.characters(of: method.multikey))
    raw(#"","type":"Multikey"}"#)
    guard let twin else { return }
    raw(",")
    methodHead(method.fragment, DIDDocument.twinSuffix)
    raw(#","publicKeyJwk":"#)
    JSONWebKey.append(twin, to: &bytes)
    raw(#","type":"JsonWebKey"}"#)
  }

  private mutating func methodHead(_ fragment: String, _ suffix: String = "") {
    raw(#"{"controller":"#)
    string(did)
    raw(#","id":"#)
    identifier(fragment, suffix)
  }

  private mutating func service(_ service: DIDDocument.Service) {
    raw(#"{"id":"#)
    identifier(service.fragment)
    raw(#","serviceEndpoint":"#)
    oneOrMany(service.endpoints)
    raw(#","type":"#)
    oneOrMany(service.types)
    raw("}")
  }

  private mutating func oneOrMany(_ texts: [String]) {
    if texts.count == 1 { string(texts[0]) } else { array(texts) { $0.string($1) } }
  }

  private mutating func array<Elements: Sequence>(_ elements: Elements, write: (inout Self, Elements.Element) -> Void) {
    raw("[")
    var isFirst = true
    for element in elements {
      if !isFirst { raw(",") }
      isFirst = false
      write(&self, element)
    }
    raw("]")
  }

  /// The DID URL of a fragment and a suffix of it. A DID needs no escapes.
  private mutating func identifier(_ fragment: String, _ suffix: String = "") {
    raw("\"")
    raw(did)
    raw("#")
    JCS.appendEscaped(fragment, to: &bytes)
    raw(suffix)
    raw("\"")
  }

  private mutating func string(_ text: String) { JCS.appendString(text, to: &bytes) }

  private mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
