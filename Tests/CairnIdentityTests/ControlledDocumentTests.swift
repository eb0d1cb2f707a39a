import CairnCrypto
import Testing

@testable import CairnIdentity

@Suite struct ControlledDocumentTests {
  private static let did = Fixture.issuer.did.description

  private static func document() throws -> JSON { try JSON(parsing: Fixture.issuer.documentBytes) }

  private static func method(_ index: Int = 0) throws -> JSON {
    try #require(try document()["verificationMethod"]?.array?[index])
  }

  /// The document with other methods.
  private static func document(methods: [JSON]) throws -> JSON { try document().with("verificationMethod", .array(methods)) }

  private func key(
    _ document: JSON, _ id: String = did + "#key-1", _ purpose: VerificationPurpose = .assertionMethod
  ) throws -> PublicKey {
    try ControlledDocument(document).key(DIDURL(parsing: id), under: purpose, at: Fixture.now, of: .issuer)
  }

  private func expect(
    _ refusal: CredentialRefusal, _ document: JSON, _ id: String = did + "#key-1",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: refusal, sourceLocation: sourceLocation) { try key(document, id) }
  }

  private func expect(_ error: ControlledDocumentError, _ document: JSON, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: sourceLocation) { try ControlledDocument(document) }
  }

  @Test("A key is found as Multikey and as JsonWebKey twin") func found() throws {
    let document = try Self.document()
    #expect(try key(document) == Fixture.issuer.key.publicKey)
    #expect(try key(document, Self.did + "#key-1-jwk") == Fixture.issuer.key.publicKey)
  }

  @Test("A method may stand in the relationship itself, and be named by its fragment alone") func forms() throws {
    let relative = try Self.method().with("id", .string("#key-1"))
    #expect(try key(Self.document(methods: [relative])) == Fixture.issuer.key.publicKey)
    let listed = try Self.document().with("assertionMethod", .array([.string("#key-1")]))
    #expect(try key(listed) == Fixture.issuer.key.publicKey)
    let embedded = try Self.document().with("verificationMethod", nil).with("assertionMethod", .array([Self.method()]))
    #expect(try key(embedded) == Fixture.issuer.key.publicKey)
    #expect(throws: CredentialRefusal.keyNotUnderRelationship(.issuer, .authentication)) {
      try key(embedded, Self.did + "#key-1", .authentication)
    }
  }

  @Test("A key counts only under the relationship that lists it", arguments: VerificationPurpose.allCases)
  func relationships(purpose: VerificationPurpose) throws {
    let document = try Self.document()
    guard purpose != .assertionMethod else {
      #expect(try key(document, Self.did + "#key-1", purpose) == Fixture.issuer.key.publicKey)
      return
    }
    #expect(throws: CredentialRefusal.keyNotUnderRelationship(.issuer, purpose)) { try key(document, Self.did + "#key-1", purpose) }
  }

  @Test("A relationship that lists a name of a like look does not count") func equivalence() throws {
    // The Kelvin sign is canonically equivalent to K.
    let method = try Self.method().with("id", .string(Self.did + "#K"))
    let document = try Self.document(methods: [method]).with("assertionMethod", .array([.string(Self.did + "#\u{212a}")]))
    expect(.keyNotUnderRelationship(.issuer, .assertionMethod), document, Self.did + "#K")
  }

  @Test("The document must be that of the identifier before the fragment") func identifier() throws {
    let document = try Self.document()
    #expect(throws: CredentialRefusal.invalidDocument(.issuer, .wrongIdentifier)) {
      try key(document.with("id", .string(Fixture.stranger.did.description)))
    }
    expect(.invalidDocument(.issuer, .wrongIdentifier), document, "\(Fixture.stranger.did)#key-1")
    for id in ["", "/p#key-1", "?versionId=1#key-1"] { expect(.wrongKeyID, document, Self.did + id) }
    expect(.unknownKey(.issuer), document, Self.did + "#key-2")
    expect(.unknownKey(.issuer), document, Self.did + "#")
  }

  @Test("A method of another's document, or under another's control, does not count") func foreign() throws {
    let stranger = Fixture.stranger.did.description
    let document = try Self.document(methods: [Self.method().with("id", .string(stranger + "#key-1"))])
    expect(.unknownKey(.issuer), document)
    expect(.signerMismatch(.issuer), try Self.document(methods: [Self.method().with("controller", .string(stranger))]))
  }

  @Test("Only a valid Ed25519 key is used") func unusable() throws {
    let keys: [JSON?] = [
      nil, .string("z"), .string("x"), .number(1), .string(Multibase.base58(Sample.p256)), .string(Multibase.base58(Sample.x25519)),
      .string(Multibase.base58([0xed, 0x01, 1] + [UInt8](repeating: 0, count: 31))),
    ]
    for key in keys { expect(.unusableKey(.issuer), try Self.document(methods: [Self.method().with("publicKeyMultibase", key)])) }
    expect(.unusableKey(.issuer), try Self.document(methods: [Self.method().with("type", .string("Multi\u{212a}ey"))]))
    expect(.unusableKey(.issuer), try Self.document(methods: [Self.method().with("type", .string("JsonWebKey"))]))
    let jwk = try #require(try Self.method(1)["publicKeyJwk"])
    for key in [jwk.with("crv", .string("X25519")), jwk.with("kty", .string("EC")), jwk.with("x", .string("AA")), jwk.with("x", nil)] {
      let document = try Self.document(methods: [Self.method(1).with("publicKeyJwk", key)])
      expect(.unusableKey(.issuer), document, Self.did + "#key-1-jwk")
    }
  }

  @Test("A method that has expired or is revoked does not count", arguments: ["expires", "revoked"]) func retired(member: String) throws {
    func document(_ time: String) throws -> JSON { try Self.document(methods: [Self.method().with(member, .string(time))]) }
    #expect(try key(document("2026-03-01T12:00:01Z")) == Fixture.issuer.key.publicKey)
    expect(.retiredKey(.issuer), try document("2026-03-01T12:00:00Z"))
    expect(.malformed(member), try document("soon"))
  }

  @Test("Fragments that clash are refused, whatever they name") func clashes() throws {
    let twice = try Self.document(methods: [Self.method(), Self.method()])
    expect(.duplicateIdentifier, twice)
    expect(.duplicateIdentifier, try Self.document(methods: [Self.method(), Self.method().with("id", .string("#key-1"))]))
    expect(.duplicateIdentifier, try Self.document().with("authentication", .array([Self.method()])))
    let service = JSON.object(["id": .string("#key-1"), "type": .string("A"), "serviceEndpoint": .string("https://a.example")])
    expect(.duplicateIdentifier, try Self.document().with("service", .array([service])))
    _ = try ControlledDocument(Self.document().with("service", .array([service.with("id", .string("#a")), service.with("id", nil)])))
  }

  @Test(
    "A private key anywhere in the document is refused",
    arguments: [
      "secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk", "privateKeyBase58", "privateKeyHex", "privateKeyPem",
    ])
  func privateKeys(member: String) throws {
    expect(.privateKey, try Self.document(methods: [Self.method().with(member, .string("z1"))]))
    expect(.privateKey, try Self.document().with("keyAgreement", .array([Self.method().with("id", .string("#k")).with(member, .null)])))
    expect(.privateKey, try Self.document().with(member, .string("z1")))
    let service = JSON.object(["serviceEndpoint": .array([.object([JSON.Member(member, .string("z1"))])])])
    expect(.privateKey, try Self.document().with("service", .array([service])))
  }

  @Test("A private JSON Web Key is refused", arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
  func privateJSONWebKeys(member: String) throws {
    let jwk = try #require(try Self.method(1)["publicKeyJwk"]).with(member, .string("AA"))
    expect(.privateKey, try Self.document(methods: [Self.method(1).with("publicKeyJwk", jwk)]))
    expect(.privateKey, try Self.document().with("service", .array([.object(["key": jwk])])))
    // Not a key: a member of that name means nothing there.
    _ = try ControlledDocument(Self.document().with("service", .array([.object([JSON.Member(member, .string("AA"))])])))
  }

  @Test("A private key in the place of the public one is refused") func privateMultikey() throws {
    let text = Multibase.base58(Varint.encode(0x1300) + [UInt8](repeating: 1, count: 32))
    expect(.privateKey, try Self.document(methods: [Self.method().with("publicKeyMultibase", .string(text))]))
    #expect(ControlledDocumentError.privateKey.reason == "private_key")
  }

  @Test("What is not shaped like such a document is refused") func malformed() throws {
    let document = try Self.document()
    for id in [nil, .null, .number(1), .string(""), .string("a b")] as [JSON?] { expect(.malformed("id"), document.with("id", id)) }
    expect(.malformed("id"), .array([]))
    expect(.malformed("verificationMethod"), document.with("verificationMethod", .object([])))
    expect(.malformed("assertionMethod"), document.with("assertionMethod", .string("#key-1")))
    expect(.malformed("assertionMethod"), document.with("assertionMethod", .array([.number(1)])))
    expect(.malformed("service"), document.with("service", .array([.string("x")])))
    expect(.malformed("service"), document.with("service", .array([.object(["id": .number(1)])])))
    for member in ["id", "type", "controller"] {
      expect(.malformed("verificationMethod"), try Self.document(methods: [Self.method().with(member, nil)]))
    }
    let methods = try (0...256).map { try Self.method().with("id", .string("#k\($0)")) }
    expect(.tooManyMethods, try Self.document(methods: methods))
    _ = try ControlledDocument(Self.document(methods: methods.dropLast()))
  }

  @Test("The JSON of a document is read strictly") func strictness() {
    #expect(throws: ControlledDocumentError.json(.duplicateKey(offset: 14))) {
      try ControlledDocument(parsing: Array(#"{"id":"did:a",  "id":"did:b"}"#.replacing("  ", with: "").utf8))
    }
    #expect(throws: ControlledDocumentError.json(.unexpectedEnd)) { try ControlledDocument(parsing: []) }
    let huge = [UInt8](repeating: 0x20, count: ControlledDocument.byteLimit + 1)
    #expect(throws: ControlledDocumentError.json(.tooLong(limit: 262_144, actual: 262_145))) { try ControlledDocument(parsing: huge) }
  }

  @Test("Every document that the ledger can make is read, and its keys found") func ledgerDocuments() throws {
    let document = try ControlledDocument(parsing: Sample.full.json(did: Sample.did, controller: Sample.controller))
    let key = try document.key(DIDURL(parsing: "\(Sample.did)#key-1"), under: .authentication, at: Fixture.now, of: .holder)
    #expect(Multikey(key).bytes == Sample.ed25519(1))
    #expect(throws: CredentialRefusal.unusableKey(.holder)) {
      try document.key(DIDURL(parsing: "\(Sample.did)#p256"), under: .authentication, at: Fixture.now, of: .holder)
    }
    var largest = DIDDocument()
    let uri = "https://a.example/" + String(repeating: "x", count: 494)
    largest.verificationMethods = (0..<32).map { index in
      Sample.method("\(index)" + String(repeating: "k", count: 58), Sample.ed25519(UInt8(index)), [.authentication, .assertionMethod])
    }
    largest.services = (0..<32).map { index in
      Sample.service("s\(index)", (0..<8).map { "T\($0)" + String(repeating: "t", count: 126) }, (0..<8).map { uri.dropLast() + "\($0)" })
    }
    largest.alsoKnownAs = (0..<32).map { uri.dropLast(2) + String(10 + $0) }
    try largest.validate()
    _ = try ControlledDocument(parsing: largest.json(did: Sample.did, controller: nil))
  }
}
