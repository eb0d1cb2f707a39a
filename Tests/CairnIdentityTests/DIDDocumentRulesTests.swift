import CairnCrypto
import Testing

@testable import CairnIdentity

@Suite struct DIDDocumentRulesTests {
  private func expect(_ error: DocumentError, _ document: DIDDocument, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: sourceLocation) { try document.validate() }
  }

  private func methods(_ methods: DIDDocument.VerificationMethod...) -> DIDDocument { DIDDocument(verificationMethods: methods) }

  private func services(_ services: DIDDocument.Service...) -> DIDDocument { DIDDocument(services: services) }

  @Test("A full and an empty document are valid") func valid() throws {
    try Sample.full.validate()
    try DIDDocument().validate()
  }

  @Test("Every list is bounded, and may be as long as its bound") func counts() throws {
    let methods = (0...32).map { Sample.method("k\($0)", Sample.ed25519(UInt8($0))) }
    let services = (0...32).map { Sample.service("s\($0)") }
    let uris = (0...32).map { "urn:x:\($0)" }
    let controllers = (0...16).map { "did:x:\($0)" }
    try DIDDocument(
      verificationMethods: methods.dropLast(), services: services.dropLast(), alsoKnownAs: uris.dropLast(),
      controllers: controllers.dropLast()
    ).validate()
    expect(.tooManyVerificationMethods, DIDDocument(verificationMethods: methods))
    expect(.tooManyServices, DIDDocument(services: services))
    expect(.tooManyAliases, DIDDocument(alsoKnownAs: uris))
    expect(.tooManyControllers, DIDDocument(controllers: controllers))
    let names = (0...8).map { "urn:x:\($0)" }
    try self.services(Sample.service("s", names.dropLast(), names.dropLast())).validate()
    expect(.wrongServiceTypeCount(at: 0), self.services(Sample.service("s", names)))
    expect(.wrongEndpointCount(at: 0), self.services(Sample.service("s", ["A"], names)))
  }

  @Test("A fragment is 1 to 64 letters, digits, full stops, underscores or hyphens") func fragments() throws {
    for fragment in ["a", "A.b_c-9", String(repeating: "x", count: 64)] {
      try DIDDocument(verificationMethods: [Sample.method(fragment)]).validate()
      try DIDDocument(services: [Sample.service(fragment)]).validate()
    }
    for fragment in ["", "#a", "a b", "a/b", "a%20", "é", "a\n", "a\0", "a\"", String(repeating: "x", count: 65)] {
      expect(.invalidMethodFragment(at: 1), methods(Sample.method("ok"), Sample.method(fragment)))
      expect(.invalidServiceFragment(at: 1), services(Sample.service("ok"), Sample.service(fragment)))
    }
  }

  @Test("No fragment occurs twice, those of the twins included") func uniqueFragments() throws {
    expect(.duplicateMethodFragment(at: 1), methods(Sample.method("a"), Sample.method("a", Sample.ed25519(2))))
    expect(.duplicateMethodFragment(at: 1), methods(Sample.method("a"), Sample.method("a-jwk", Sample.p256)))
    expect(.duplicateMethodFragment(at: 1), methods(Sample.method("a-jwk", Sample.p256), Sample.method("a")))
    expect(.duplicateServiceFragment(at: 1), services(Sample.service("a"), Sample.service("a")))
    expect(
      .duplicateServiceFragment(at: 0), DIDDocument(verificationMethods: [Sample.method("a")], services: [Sample.service("a")]))
    expect(
      .duplicateServiceFragment(at: 0), DIDDocument(verificationMethods: [Sample.method("a")], services: [Sample.service("a-jwk")]))
    try methods(Sample.method("a", Sample.p256), Sample.method("a-jwk", Sample.p256)).validate()
    try methods(Sample.method("a"), Sample.method("A")).validate()
  }

  @Test("Only public keys of known kinds are accepted") func keys() {
    expect(.unacceptableKey(.malformedHeader, at: 0), methods(Sample.method("a", [])))
    expect(
      .unacceptableKey(.privateKey(header: 0x1300), at: 0),
      methods(Sample.method("a", Varint.encode(0x1300) + [UInt8](repeating: 1, count: 32))))
    expect(
      .unacceptableKey(.unknownHeader(0xeb), at: 0), methods(Sample.method("a", Varint.encode(0xeb) + [UInt8](repeating: 1, count: 96))))
    expect(
      .unacceptableKey(.wrongLength(expected: 32, actual: 31), at: 1),
      methods(Sample.method(), Sample.method("b", Sample.ed25519().dropLast())))
    #expect(DocumentError.unacceptableKey(.privateKey(header: 0x1300), at: 0).reason == "private_key")
  }

  @Test("An Ed25519 key must be a point of the prime-order subgroup")
  func points() {
    let smallOrder = [1] + [UInt8](repeating: 0, count: 31)
    let offCurve = [2] + [UInt8](repeating: 0, count: 31)
    for key in [smallOrder, offCurve] { expect(.invalidKey(at: 0), methods(Sample.method("a", [0xed, 0x01] + key))) }
  }

  @Test("Purposes ascend, each once, at least one") func purposes() {
    expect(.noPurpose(at: 0), methods(Sample.method("a", Sample.ed25519(), [])))
    expect(.purposesNotAscending(at: 0), methods(Sample.method("a", Sample.ed25519(), [.assertionMethod, .authentication])))
    expect(.purposesNotAscending(at: 0), methods(Sample.method("a", Sample.ed25519(), [.authentication, .authentication])))
  }

  @Test("X25519 only agrees on keys, Ed25519 never does", arguments: VerificationPurpose.allCases)
  func fitness(purpose: VerificationPurpose) throws {
    let signing = methods(Sample.method("a", Sample.ed25519(), [purpose]))
    let agreement = methods(Sample.method("a", Sample.x25519, [purpose]))
    try (purpose == .keyAgreement ? agreement : signing).validate()
    expect(.purposeUnfitForKey(purpose, at: 0), purpose == .keyAgreement ? signing : agreement)
    try methods(Sample.method("a", Sample.p256, [purpose])).validate()
  }

  @Test("A service has types and endpoints, none twice") func serviceLists() {
    expect(.wrongServiceTypeCount(at: 0), services(Sample.service("a", [])))
    expect(.wrongEndpointCount(at: 0), services(Sample.service("a", ["A"], [])))
    expect(.duplicateServiceType(at: 0), services(Sample.service("a", ["A", "B", "A"])))
    expect(.duplicateEndpoint(at: 1), services(Sample.service(), Sample.service("a", ["A"], ["urn:a:b", "urn:a:b"])))
    for type in ["", "a b", "é", "a\u{7f}", String(repeating: "x", count: 129)] {
      expect(.invalidServiceType(at: 0), services(Sample.service("a", ["A", type])))
    }
  }

  static let goodURIs = [
    "https://a.example", "https://user@a.example:8443/p/q?x=y/z?#f", "http://[2001:db8::1]:80/", "urn:uuid:58172aac-d8ba-11ed",
    "mailto:a@b.example",
    "did:web:a.example#key", "x:y", "a+b-c.d9:x", "file:///etc/x", "https://a.example/%C3%A9", "tel:+1(2)*3;4=5,6'7!$8",
    "https://a.example/" + String(repeating: "x", count: 494),
  ]

  static let badURIs = [
    "", "https", "https:", ":x", "//a.example", "/path", "1http://a", "h ttp://a", "ht_tp://a", "https://a.example/ ", " https://a.example",
    "https://a.example/\n", "https://a.example/\0", "https://a.example/é", "https://a.example/%", "https://a.example/%4",
    "https://a.example/%zz", "https://a.example/#a#b", "https://a.example/[1]", "https://[::1", "https://[]/", "https://[::1]x/",
    "https://x[::1]/", "https://a.example/\\", "https://a.example/\"", "https://a.example/<>", "https://a.example/{}",
    "https://a.example/^`|",
    "https://[fe80::1]:8a/", "https://a.example/" + String(repeating: "x", count: 495),
  ]

  @Test("Absolute URIs are accepted", arguments: goodURIs) func accepted(uri: String) throws {
    try DIDDocument(services: [Sample.service("a", ["A"], [uri])], alsoKnownAs: [uri]).validate()
  }

  @Test("What is no absolute URI, or too long, is refused", arguments: badURIs) func refused(uri: String) {
    expect(.invalidEndpoint(at: 0), services(Sample.service("a", ["A"], ["urn:a:b", uri])))
    expect(.invalidAlias(at: 1), DIDDocument(alsoKnownAs: ["urn:a:b", uri]))
  }

  @Test("No alias and no controller occurs twice, and controllers are DIDs") func aliasesAndControllers() {
    expect(.duplicateAlias(at: 2), DIDDocument(alsoKnownAs: ["urn:a:b", "urn:a:c", "urn:a:b"]))
    expect(.duplicateController(at: 1), DIDDocument(controllers: ["did:a:b", "did:a:b"]))
    for controller in ["", "https://a.example", "did:a:b#c", "did:a:b/c", "did:a:" + String(repeating: "x", count: 507)] {
      expect(.invalidController(at: 1), DIDDocument(controllers: ["did:a:b", controller]))
    }
  }

  @Test("Every reason is in snake case") func reasons() {
    let errors: [DocumentError] = [
      .tooManyVerificationMethods, .invalidKey(at: 0), .unacceptableKey(.text(.trailingBits), at: 0),
      .purposeUnfitForKey(.keyAgreement, at: 0),
    ]
    #expect(errors.map(\.reason) == ["too_many_verification_methods", "invalid_key", "trailing_bits", "purpose_unfit_for_key"])
  }
}
