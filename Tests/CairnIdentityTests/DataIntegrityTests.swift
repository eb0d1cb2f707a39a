import CairnCrypto
import Testing

@testable import CairnIdentity

@Suite(.disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
struct DataIntegrityVectorTests {
  private static func line(_ name: String) throws -> String {
    text(try Vectors.bytes("eddsa-jcs-2022/\(name)")).filter { !$0.isWhitespace }
  }

  private static func signer() throws -> CredentialSigner {
    let pair = try Vectors.json("eddsa-jcs-2022/keyPair.json")
    let publicText = try #require(pair["publicKeyMultibase"]?.string)
    let seed = Array(try Multibase.decodeBase58(try #require(pair["privateKeyMultibase"]?.string)).dropFirst(2))
    let key = try #require(SigningKey(seed: seed))
    return try CredentialSigner(keyID: DIDURL(parsing: "did:key:\(publicText)#\(publicText)"), key: key)
  }

  private static let options = DataIntegrity.Options(created: Fixture.time("2023-02-24T23:36:38Z"))

  @Test("Every intermediate value of the eddsa-jcs-2022 vectors is reproduced") func intermediates() throws {
    let unsigned = try Vectors.json("eddsa-jcs-2022/unsigned.json")
    let signer = try Self.signer()
    let configuration = DataIntegrity.configuration(keyID: signer.keyID, Self.options, contexts: unsigned["@context"])
    #expect(text(try JCS.encode(unsigned)) == text(try Vectors.bytes("eddsa-jcs-2022/canonDocJCS.txt")))
    #expect(text(try JCS.encode(configuration)) == text(try Vectors.bytes("eddsa-jcs-2022/proofCanonJCS.txt")))
    #expect(try JCS.encode(configuration) == JCS.encode(Vectors.json("eddsa-jcs-2022/proofConfigJCS.json")))
    #expect(try Digest.sha256(JCS.encode(unsigned)).description == Self.line("docHashJCS.txt"))
    #expect(try Digest.sha256(JCS.encode(configuration)).description == Self.line("proofHashJCS.txt"))
    let message = try DataIntegrity.hashData(document: unsigned, configuration: configuration)
    #expect(Hex.encode(message) == (try Self.line("combinedHashJCS.txt")))
    let signature = signer.key.signature(for: message)
    #expect(Hex.encode(signature.bytes) == (try Self.line("sigHexJCS.txt")))
    #expect(Multibase.base58(signature.bytes) == (try Self.line("sigBTC58JCS.txt")))
  }

  @Test("The signed document is the vectors' own") func signed() throws {
    let secured = try DataIntegrity.secure(Vectors.json("eddsa-jcs-2022/unsigned.json"), by: Self.signer(), Self.options)
    #expect(try JCS.encode(secured) == JCS.encode(Vectors.json("eddsa-jcs-2022/signedJCS.json")))
  }

  @Test("The vectors' signature verifies, and no more once a member is changed, added or removed") func verified() throws {
    let signed = try Vectors.json("eddsa-jcs-2022/signedJCS.json")
    let key = try Self.signer().key.publicKey
    func isValid(_ document: JSON) -> Bool {
      let read = DataIntegrity.read(document, for: .assertionMethod)
      guard read.refusals.isEmpty, let signature = read.securing.signature else { return false }
      return key.isValid(signature, for: read.securing.message)
    }
    #expect(isValid(signed))
    #expect(!isValid(signed.with("name", .string("Alumni credential"))))
    #expect(!isValid(signed.with("name", nil)))
    #expect(!isValid(signed.with("extra", .null)))
    let proof = try #require(signed["proof"])
    #expect(!isValid(signed.with("proof", proof.with("created", .string("2023-02-24T23:36:39Z")))))
    #expect(!isValid(signed.with("proof", proof.with("created", nil))))
    #expect(!isValid(signed.with("proof", proof.with("nonce", .string("")))))
    #expect(!isValid(signed.with("proof", proof.with("@context", nil))))
    #expect(isValid(signed.with("proof", .array([proof]))))
  }

  @Test("A proof over a document of another author's making comes out the same twice") func employment() throws {
    let document = try Vectors.json("eddsa-jcs-2022/employmentAuth.json")
    let signer = try Self.signer()
    let secured = try DataIntegrity.secure(document, by: signer, Self.options)
    let read = DataIntegrity.read(try JSON(parsing: try JCS.encode(secured)), for: .assertionMethod)
    #expect(read.refusals.isEmpty)
    #expect(signer.key.publicKey.isValid(try #require(read.securing.signature), for: read.securing.message))
    #expect(try JCS.encode(read.document) == JCS.encode(document))
  }
}

@Suite struct DataIntegrityTests {
  @Test("A proof has the members of the specification, in base58btc") func members() throws {
    let options = DataIntegrity.Options(
      purpose: .authentication, created: Fixture.now, expires: Fixture.now.adding(milliseconds: 1), challenge: "c", domain: "d")
    let secured = try DataIntegrity.secure(try Fixture.content().json(), by: Fixture.agent.signer, options)
    let proof = try #require(secured["proof"])
    let texts: KeyValuePairs = [
      "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "2026-03-01T12:00:00Z",
      "expires": "2026-03-01T12:00:00.001Z", "verificationMethod": "\(Fixture.agent.did)#key-1", "proofPurpose": "authentication",
      "challenge": "c", "domain": "d",
    ]
    for (key, value) in texts { #expect(proof[key]?.string == value) }
    #expect(proof["@context"] == secured["@context"])
    #expect(try Multibase.decodeBase58(try #require(proof["proofValue"]?.string)).count == 64)
    #expect(proof.object?.count == 10)
  }

  @Test("Only an object without a proof is signed") func refused() throws {
    let signer = Fixture.issuer.signer
    let secured = try DataIntegrity.secure(.object([]), by: signer, .init())
    #expect(throws: CredentialIssuingError.alreadySecured) { try DataIntegrity.secure(secured, by: signer, .init()) }
    #expect(throws: CredentialIssuingError.notAnObject) { try DataIntegrity.secure(.array([]), by: signer, .init()) }
    #expect(throws: CredentialIssuingError.json(.notFinite)) {
      try DataIntegrity.secure(.object([JSON.Member("a", .number(.nan))]), by: signer, .init())
    }
  }

  @Test("A signer's keys are a DID and a fragment, of one DID", arguments: ["did:a:b", "did:a:b#", "did:a:b/x#k", "did:a:b?x#k"])
  func keyIDs(text: String) throws {
    let key = Fixture.issuer.key
    let url = try DIDURL(parsing: text)
    let good = try DIDURL(parsing: "did:a:b#k")
    #expect(throws: CredentialIssuingError.invalidKeyID) { try CredentialSigner(keyID: url, key: key) }
    #expect(throws: CredentialIssuingError.invalidKeyID) { try CredentialSigner(keyID: good, tokenKeyID: url, key: key) }
    let foreign = try DIDURL(parsing: "did:a:c#k")
    #expect(throws: CredentialIssuingError.invalidKeyID) { try CredentialSigner(keyID: good, tokenKeyID: foreign, key: key) }
    #expect(try CredentialSigner(keyID: good, key: key).tokenKeyID == good)
  }
}
