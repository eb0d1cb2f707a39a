import CairnCrypto
import Testing

@testable import CairnIdentity

/// Documents to start from.
enum Sample {
  static let did = CairnDID(network: .sha256([1]), create: .sha256([2]))
  static let controller = CairnDID(network: .sha256([1]), create: .sha256([3]))

  static func ed25519(_ seed: UInt8 = 1) -> [UInt8] {
    guard let key = SigningKey(seed: [UInt8](repeating: seed, count: 32)) else { preconditionFailure("a seed has 32 bytes") }
    return Multikey(key.publicKey).bytes
  }

  static let x25519 = Varint.encode(Multikey.Kind.x25519.rawValue) + [UInt8](repeating: 9, count: 32)
  static let p256 = Varint.encode(Multikey.Kind.p256.rawValue) + [2] + [UInt8](repeating: 9, count: 32)

  static func method(
    _ fragment: String = "key-1", _ key: [UInt8] = ed25519(), _ purposes: [VerificationPurpose] = [.authentication]
  ) -> DIDDocument.VerificationMethod {
    DIDDocument.VerificationMethod(fragment: fragment, multikey: key, purposes: purposes)
  }

  static func service(
    _ fragment: String = "inbox", _ types: [String] = ["Inbox"], _ endpoints: [String] = ["https://a.example/inbox"]
  ) -> DIDDocument.Service {
    DIDDocument.Service(fragment: fragment, types: types, endpoints: endpoints)
  }

  static let full = DIDDocument(
    verificationMethods: [
      method("key-1", ed25519(1), [.authentication, .assertionMethod, .capabilityInvocation, .capabilityDelegation]),
      method("key-2", x25519, [.keyAgreement]),
      method("p256", p256, VerificationPurpose.allCases),
    ],
    services: [service(), service("many", ["A", "https://b.example/B"], ["https://a.example/1", "did:web:a.example#x", "urn:x:y"])],
    alsoKnownAs: ["https://a.example/me", "did:web:a.example"],
    controllers: ["did:web:b.example", controller.description])
}

@Suite struct DIDDocumentJSONTests {
  @Test("An empty document is its context and its subject") func empty() throws {
    let json = DIDDocument().json(did: Sample.did, controller: nil)
    #expect(text(json) == #"{"@context":["https://www.w3.org/ns/did/v1.1"],"id":"\#(Sample.did)"}"#)
  }

  @Test("A document of one key is, byte for byte, this one") func oneKey() throws {
    let json = DIDDocument(verificationMethods: [Sample.method()]).json(did: Sample.did, controller: Sample.controller)
    let key = try Multikey(Sample.ed25519())
    let did = Sample.did.description
    #expect(
      text(json) == #"{"@context":["https://www.w3.org/ns/did/v1.1"],"#
        + #""authentication":["\#(did)#key-1","\#(did)#key-1-jwk"],"controller":"\#(Sample.controller)","id":"\#(did)","#
        + #""verificationMethod":[{"controller":"\#(did)","id":"\#(did)#key-1","publicKeyMultibase":"\#(key.multibase)","#
        + #""type":"Multikey"},{"controller":"\#(did)","id":"\#(did)#key-1-jwk","publicKeyJwk":{"crv":"Ed25519","kty":"OKP","#
        + #""x":"\#(Base64URL.encode(key.keyBytes))"},"type":"JsonWebKey"}]}"#)
  }

  @Test("The bytes are the canonical form of what they say") func canonical() throws {
    try Sample.full.validate()
    let documents = [
      Sample.full, DIDDocument(), DIDDocument(verificationMethods: [Sample.method()]), DIDDocument(services: [Sample.service()]),
      DIDDocument(alsoKnownAs: ["urn:a:b"]), DIDDocument(controllers: ["did:a:b"]),
      DIDDocument(verificationMethods: [Sample.method("k", Sample.x25519, [.keyAgreement])]),
    ]
    for document in documents {
      for controller in [nil, Sample.controller] {
        let json = document.json(did: Sample.did, controller: controller)
        #expect(try JCS.encode(JSON(parsing: json)) == json)
      }
    }
  }

  @Test("Every part of a full document is where DID 1.1 wants it") func full() throws {
    let json = try JSON(parsing: Sample.full.json(did: Sample.did, controller: Sample.controller))
    func urls(_ fragments: String...) -> JSON { .array(fragments.map { .string("\(Sample.did)#\($0)") }) }
    #expect(json["id"]?.string == Sample.did.description)
    #expect(json["controller"] == .array([.string(Sample.controller.description), .string("did:web:b.example")]))
    #expect(json["alsoKnownAs"] == .array([.string("https://a.example/me"), .string("did:web:a.example")]))
    #expect(json["authentication"] == urls("key-1", "key-1-jwk", "p256"))
    #expect(json["assertionMethod"] == urls("key-1", "key-1-jwk", "p256"))
    #expect(json["keyAgreement"] == urls("key-2", "p256"))
    #expect(json["capabilityInvocation"] == urls("key-1", "key-1-jwk", "p256"))
    #expect(json["capabilityDelegation"] == urls("key-1", "key-1-jwk", "p256"))
    let methods = try #require(json["verificationMethod"]?.array)
    #expect(methods.map { $0["type"]?.string } == ["Multikey", "JsonWebKey", "Multikey", "Multikey"])
    #expect(.array(methods.compactMap { $0["id"] }) == urls("key-1", "key-1-jwk", "key-2", "p256"))
    #expect(methods.allSatisfy { $0["controller"]?.string == Sample.did.description })
    for method in methods {
      guard let multibase = method["publicKeyMultibase"]?.string else { continue }
      #expect(Sample.full.verificationMethods.map(\.multikey).contains(try Multikey(multibase: multibase).bytes))
    }
    let services = try #require(json["service"]?.array)
    #expect(services.map { $0["serviceEndpoint"]?.array?.count } == [nil, 3])
    #expect(services[0]["serviceEndpoint"]?.string == "https://a.example/inbox")
    #expect(services[0]["type"]?.string == "Inbox")
    #expect(services[1]["type"]?.array?.count == 2)
    #expect(services[1]["id"]?.string == "\(Sample.did)#many")
    #expect(json.object?.count == 11)
  }

  @Test("Texts that need escapes are escaped") func escapes() throws {
    let hostile = "\"},\\\n\u{0}\u{1f}é\u{2028}"
    let document = DIDDocument(
      verificationMethods: [Sample.method(hostile, [1, 2, 3])], services: [Sample.service(hostile, [hostile], [hostile, hostile])],
      alsoKnownAs: [hostile], controllers: [hostile])
    let json = document.json(did: Sample.did, controller: nil)
    let parsed = try JSON(parsing: json)
    #expect(try JCS.encode(parsed) == json)
    #expect(parsed["alsoKnownAs"] == .array([.string(hostile)]))
    #expect(parsed["service"]?.array?.first?["type"]?.string == hostile)
    #expect(parsed["verificationMethod"]?.array?.first?["id"]?.string == "\(Sample.did)#" + hostile)
  }
}
