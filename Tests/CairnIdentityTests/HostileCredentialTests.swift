import CairnCrypto
import Testing

@testable import CairnIdentity

/// What an attacker may send instead of a credential, each with the reason it is answered with.
@Suite struct HostileCredentialTests {
  private func reasons(_ bytes: [UInt8]) -> [String] { Fixture.refusals(bytes).map(\.reason) }

  private func document() throws -> JSON { try Fixture.content().json() }

  private func secured() throws -> JSON { try JSON(parsing: try Fixture.signed(document())) }

  /// The signed document with the proof changed afterwards.
  private func withProof(_ key: String, _ value: JSON?) throws -> [UInt8] {
    let secured = try secured()
    return try JCS.encode(secured.with("proof", try #require(secured["proof"]).with(key, value)))
  }

  /// Signed by the issuer after the change.
  private func signed(_ key: String, _ value: JSON?) throws -> [[UInt8]] {
    let document = try document().with(key, value)
    return [try Fixture.signed(document), try Fixture.token(document)]
  }

  // What the bytes are.

  @Test(
    "Bytes that are neither JSON nor a token",
    arguments: [
      ("", "malformed_json"), (" ", "malformed_json"), ("{", "malformed_json"), ("{}", "missing_proof"), ("[]", "malformed"),
      ("\0", "malformed_json"), ("null", "malformed"), ("\"x\"", "malformed"), ("a.b", "malformed"), ("a.b.c", "malformed"),
      ("..", "malformed_json"), ("e30.e30.e30.e30", "malformed"), ("e30=.e30.AA", "malformed"), ("é.é.é", "malformed"),
      (" e30.e30.AA", "malformed_json"), ("e30.e30.AA ", "wrong_algorithm"), ("W10.e30.AA", "malformed"),
    ])
  func noise(text: String, reason: String) { #expect(reasons(Array(text.utf8)).first == reason) }

  @Test("Too many bytes are refused before they are read") func tooLarge() {
    let huge = [UInt8](repeating: UInt8(ascii: "{"), count: CredentialInspection.byteLimit + 1)
    #expect(Fixture.refusals(huge) == [.tooLarge(limit: 262_144, actual: 262_145)])
    #expect(Fixture.refusals([UInt8](repeating: UInt8(ascii: "."), count: 1 << 20)) == [.tooLarge(limit: 262_144, actual: 1 << 20)])
    let deep = [UInt8](repeating: UInt8(ascii: "{"), count: CredentialInspection.byteLimit)
    #expect(reasons(deep) == ["malformed_json"])
  }

  @Test(
    "JSON that readers disagree about is refused, in documents, tokens and headers",
    arguments: [
      (String(repeating: #"{"a":"#, count: 65) + "1" + String(repeating: "}", count: 65), "too_deep"),
      (#"{"issuer":"did:a:b","issuer":"did:a:c"}"#, "duplicate_key"), (#"{"issuer":1,"\u0069ssuer":2}"#, "duplicate_key"),
      (#"{"name":"\ud800"}"#, "lone_surrogate"), (#"{"name":"\udc00\ud800"}"#, "lone_surrogate"), (#"{"n":1e999}"#, "malformed_json"),
      ("{\"n\":\"\u{1}\"}", "malformed_json"), (#"{"n":01}"#, "malformed_json"), (#"{"n":NaN}"#, "malformed_json"),
    ])
  func json(text: String, reason: String) throws {
    let bytes = Array(text.utf8)
    #expect(reasons(bytes) == [reason])
    let header = try JSON(text: #"{"alg":"EdDSA","kid":"\#(Fixture.issuer.did)#key-1","typ":"vc+jwt"}"#)
    #expect(reasons(try Fixture.token(header: header, payload: bytes)) == [reason])
    #expect(reasons(Array((Base64URL.encode(bytes) + ".e30.AA").utf8)) == [reason])
    let broken = Array((#"{"proof":"# + text + "}").utf8)
    #expect(reasons(broken).contains(reason) || reason == "too_deep")
  }

  @Test("A payload that is no object is refused", arguments: ["1", "[]", "null", "\"x\"", "true"]) func payload(text: String) throws {
    let header = try JSON(text: #"{"alg":"EdDSA","kid":"\#(Fixture.issuer.did)#key-1","typ":"vc+jwt"}"#)
    #expect(Fixture.refusals(try Fixture.token(header: header, payload: Array(text.utf8))).contains(.malformed("token payload")))
    #expect(reasons(try Fixture.token(header: header.with("typ", .string("vp+jwt")), payload: Array(text.utf8))).first == "malformed")
  }

  @Test(
    "Members of a wrong shape are each named, in a document and in a token",
    arguments: [
      ("id", .number(1)), ("id", .string("no URI")), ("type", nil), ("type", .array([])), ("type", .string("AgentCredential")),
      ("type", .string("Verifiable\u{212a}redential")), ("type", .array([.string("VerifiableCredential"), .number(1)])), ("issuer", nil),
      ("issuer", .number(1)), ("issuer", .object([])), ("issuer", .string("me")), ("credentialSubject", nil),
      ("credentialSubject", .string("x")),
      ("credentialSubject", .object([])), ("credentialSubject", .array([])), ("validFrom", .string("2026-01-01")),
      ("validFrom", .number(1)),
      ("validUntil", .null), ("validUntil", .string("2026-01-01T00:00:00Z")),
    ] as [(String, JSON?)])
  func members(key: String, value: JSON?) throws {
    for bytes in try signed(key, value) { #expect(Fixture.refusals(bytes).contains(.malformed(key)), "\(key)") }
  }

  @Test(
    "An agent's claims are of the right shape, those of others their own affair",
    arguments: [
      ("id", .string("no URI"), "id"), ("id", .number(1), "id"), ("role", .array([]), "role"),
      ("permissions", .string("all"), "permissions"),
      ("permissions", .array([.string("a"), .null]), "permissions"),
    ] as [(String, JSON, String)])
  func subject(key: String, value: JSON, member: String) throws {
    let subject = try #require(try document()["credentialSubject"]).with(key, value)
    for bytes in try signed("credentialSubject", subject) {
      #expect(Fixture.refusals(bytes).contains(.malformed("credentialSubject.\(member)")))
    }
    let other = try document().with("type", .array([.string("VerifiableCredential"), .string("Other")])).with("credentialSubject", subject)
    #expect(Fixture.refusals(try Fixture.signed(other)) == (key == "id" ? [.malformed("credentialSubject.id")] : []))
  }

  @Test("What is not understood is refused rather than ignored") func unsupported() throws {
    let subject = try #require(try document()["credentialSubject"])
    for bytes in try signed("credentialSubject", .array([subject, subject])) {
      #expect(Fixture.refusals(bytes) == [.unsupported("A credential with several subjects")])
    }
    for bytes in try signed("issuer", .string("https://issuer.example")) {
      #expect(Fixture.refusals(bytes).contains(.unsupported("An issuer that is not a DID")))
    }
    for member in ["vc", "vp"] {
      let bytes = try Fixture.token(document().with(member, .object([])))
      #expect(Fixture.refusals(bytes) == [.unsupported("The VC Data Model 1.1")])
    }
  }

  @Test("One subject in a list, and an issuer as object, are understood") func shapes() throws {
    let subject = try #require(try document()["credentialSubject"])
    for bytes in try signed("credentialSubject", .array([subject])) { #expect(reasons(bytes).isEmpty) }
    let issuer = JSON.object(["id": .string(Fixture.issuer.did.description), "name": .string("Issuer")])
    for bytes in try signed("issuer", issuer) { #expect(reasons(bytes).isEmpty) }
  }

  @Test("Too many of anything are refused") func tooMany() throws {
    let entries = JSON.array((0..<9).map { Fixture.entry(.revocation, $0).json })
    for bytes in try signed("credentialStatus", entries) {
      #expect(Fixture.refusals(bytes).contains(.tooMany("credentialStatus", limit: 8)))
    }
    let permissions = JSON.array(.init(repeating: .string("p"), count: 257))
    let subject = try #require(try document()["credentialSubject"]).with("permissions", permissions)
    for bytes in try signed("credentialSubject", subject) {
      #expect(Fixture.refusals(bytes) == [.tooMany("credentialSubject.permissions", limit: 256)])
    }
  }

  @Test(
    "Status entries are read strictly",
    arguments: [
      ("type", nil, "malformed"), ("type", .string("StatusList2021Entry"), "unsupported_status"), ("statusPurpose", nil, "malformed"),
      ("statusPurpose", .string("message"), "unsupported_status"), ("statusPurpose", .string("Revocation"), "unsupported_status"),
      ("statusListIndex", nil, "malformed"), ("statusListIndex", .number(7), "malformed"), ("statusListIndex", .string(""), "malformed"),
      ("statusListIndex", .string("-1"), "malformed"), ("statusListIndex", .string("+7"), "malformed"),
      ("statusListIndex", .string("07"), "malformed"),
      ("statusListIndex", .string("7.0"), "malformed"), ("statusListIndex", .string("٧"), "malformed"),
      ("statusListIndex", .string("18446744073709551616"), "status_out_of_range"), ("statusListCredential", nil, "malformed"),
      ("statusListCredential", .string("no URL"), "malformed"),
      ("statusListCredential", .string("https://a.example/lists/1"), "unsupported_status"),
      ("statusSize", .number(2), "unsupported_status"), ("statusSize", .string("1"), "unsupported_status"),
    ] as [(String, JSON?, String)])
  func statusEntries(key: String, value: JSON?, reason: String) throws {
    let entry = Fixture.entry(.revocation).json.with(key, value)
    for bytes in try signed("credentialStatus", entry) { #expect(reasons(bytes).contains(reason)) }
    for bytes in try signed("credentialStatus", .array([Fixture.entry(.revocation).json, entry])) { #expect(reasons(bytes) == [reason]) }
    for value in [JSON.string("x"), .null] {
      for bytes in try signed("credentialStatus", value) {
        #expect(reasons(bytes).first == "malformed" || reasons(bytes).contains("malformed"))
      }
    }
  }

  @Test("A reason that applies twice is given once") func repetitions() throws {
    let entry = Fixture.entry(.revocation).json.with("type", .string("StatusList2021Entry"))
    for bytes in try signed("credentialStatus", .array([entry, entry])) {
      #expect(Fixture.refusals(bytes) == [.unsupportedStatus, .missingStatus(.revocation)])
    }
  }

  // How they are secured.

  @Test(
    "A proof of another kind is refused",
    arguments: [
      ("type", nil, "wrong_proof_type"), ("type", .string("Ed25519Signature2020"), "wrong_proof_type"),
      ("cryptosuite", nil, "wrong_cryptosuite"), ("cryptosuite", .string("eddsa-rdfc-2022"), "wrong_cryptosuite"),
      ("cryptosuite", .string("ecdsa-jcs-2019"), "wrong_cryptosuite"), ("proofPurpose", nil, "wrong_proof_purpose"),
      ("proofPurpose", .string("authentication"), "wrong_proof_purpose"), ("verificationMethod", nil, "missing_key_id"),
      ("verificationMethod", .object([]), "wrong_key_id"), ("verificationMethod", .string("#key-1"), "wrong_key_id"),
      ("verificationMethod", .string("https://a.example#key-1"), "wrong_key_id"), ("proofValue", nil, "malformed_signature"),
      ("proofValue", .string("z"), "malformed_signature"), ("proofValue", .string("z111"), "malformed_signature"),
      ("proofValue", .string("u" + Base64URL.encode([UInt8](repeating: 1, count: 64))), "malformed_signature"),
      ("proofValue", .string("z" + String(repeating: "2", count: 600)), "malformed_signature"),
      ("previousProof", .string("urn:x:y"), "unsupported"),
      ("created", .string("now"), "malformed"), ("expires", .number(1), "malformed"), ("challenge", .number(1), "malformed"),
      ("domain", .array([]), "malformed"), ("@context", .array([.string("https://a.example")]), "context_mismatch"),
    ] as [(String, JSON?, String)])
  func proofs(key: String, value: JSON?, reason: String) throws {
    let refusals = Fixture.refusals(try withProof(key, value))
    #expect(refusals.contains { $0.reason == reason })
  }

  @Test("A proof of another purpose does not count, though it is genuine") func purpose() throws {
    let bytes = try Fixture.signed(document(), options: .init(purpose: .authentication, created: Fixture.now))
    #expect(Fixture.refusals(bytes) == [.wrongProofPurpose(expected: .assertionMethod)])
  }

  @Test("No proof, several, or one that is no object") func proofCounts() throws {
    let secured = try secured()
    let proof = try #require(secured["proof"])
    func refusals(_ value: JSON?) throws -> [CredentialRefusal] { Fixture.refusals(try JCS.encode(secured.with("proof", value))) }
    #expect(try refusals(nil).first == .missingProof)
    #expect(try refusals(.array([])).first == .missingProof)
    #expect(try refusals(.array([proof, proof])).first == .unsupported("A set of proofs"))
    #expect(try refusals(.string("x")).first == .malformed("proof"))
    #expect(try refusals(.array([proof])).isEmpty)
  }

  @Test("Contexts are those of the data model, and what the proof does not cover is not returned") func contexts() throws {
    for value in [
      nil, .array([]), .string("https://www.w3.org/2018/credentials/v1"), .string(CredentialTerms.context), .object([]),
      .array([.number(1)]),
    ] as [JSON?] {
      for bytes in try signed("@context", value) { #expect(Fixture.refusals(bytes) == [.contextMismatch]) }
    }
    let secured = try secured()
    let contexts = try #require(secured["@context"]?.array)
    func changed(_ contexts: [JSON]) throws -> CredentialVerdict {
      Fixture.verdict(try JCS.encode(secured.with("@context", .array(contexts))))
    }
    let appended = try changed(contexts + [.string("https://evil.example")])
    #expect(appended.accepted?.credentials[0].claims.document["@context"] == .array(contexts))
    #expect(try changed(contexts.reversed()).refusals.contains(.contextMismatch))
    #expect(try changed(contexts.dropLast()).refusals == [.contextMismatch, .badSignature(.issuer)])
  }

  @Test("A token says alg none, in any spelling", arguments: ["none", "None", "NONE", "nOnE"]) func unsigned(algorithm: String) throws {
    let header = try JSON(text: #"{"alg":"\#(algorithm)","kid":"\#(Fixture.issuer.did)#key-1","typ":"vc+jwt"}"#)
    let payload = Base64URL.encode(try JCS.encode(document()))
    let token = Base64URL.encode(try JCS.encode(header)) + "." + payload + "."
    #expect(Fixture.refusals(Array(token.utf8)) == [.unsignedToken, .malformedSignature])
    #expect(Fixture.refusals(try Fixture.token(header: header, payload: JCS.encode(document()))) == [.unsignedToken])
  }

  @Test(
    "A header of another kind is refused",
    arguments: [
      ("alg", nil, "wrong_algorithm"), ("alg", .string("HS256"), "wrong_algorithm"), ("alg", .string("ES256"), "wrong_algorithm"),
      ("alg", .string("eddsa"), "wrong_algorithm"), ("alg", .string("Ed448"), "wrong_algorithm"), ("alg", .number(1), "wrong_algorithm"),
      ("typ", nil, "wrong_token_type"), ("typ", .string("JWT"), "wrong_token_type"), ("typ", .string("vc+sd-jwt"), "wrong_token_type"),
      ("typ", .string("statuslist+jwt"), "wrong_token_type"), ("kid", nil, "missing_key_id"), ("kid", .string(""), "wrong_key_id"),
      ("kid", .string("key-1"), "wrong_key_id"), ("kid", .string("#key-1"), "wrong_key_id"), ("kid", .number(1), "wrong_key_id"),
      ("kid", .string("\(Fixture.issuer.did)"), "wrong_key_id"), ("kid", .string("\(Fixture.issuer.did)#"), "wrong_key_id"),
      ("kid", .string("\(Fixture.issuer.did)/x#key-1"), "wrong_key_id"),
      ("kid", .string("\(Fixture.issuer.did)?versionId=1#key-1"), "wrong_key_id"),
      ("kid", .string("\(Fixture.issuer.did)?a=1&a=2#key-1"), "wrong_key_id"),
      ("kid", .string("\(Fixture.issuer.did)#key-2"), "unknown_issuer_key"),
      ("kid", .string("\(Fixture.stranger.did)#key-1"), "issuer_mismatch"), ("crit", .array([.string("b64")]), "unsupported"),
      ("iss", .string("did:a:b"), "issuer_mismatch"), ("iss", .number(1), "malformed"),
    ] as [(String, JSON?, String)])
  func headers(key: String, value: JSON?, reason: String) throws {
    let header = try JSON(text: #"{"alg":"EdDSA","kid":"\#(Fixture.issuer.did)#key-1","typ":"vc+jwt"}"#).with(key, value)
    #expect(reasons(try Fixture.token(header: header, payload: JCS.encode(document()))) == [reason])
  }

  @Test("Header parameters that only point to keys are ignored, and the newer name of the algorithm is understood") func harmlessHeaders()
    throws
  {
    let header = try JSON(
      text: #"{"alg":"Ed25519","jku":"https://evil.example","jwk":{},"kid":"\#(Fixture.issuer.did)#key-1","typ":"application/VC+JWT"}"#)
    #expect(reasons(try Fixture.token(header: header, payload: JCS.encode(document()))).isEmpty)
  }

  @Test(
    "A claim of the token contradicts the credential",
    arguments: [
      ("iss", .string("did:cairn:x"), "issuer_mismatch"), ("iss", .null, "malformed"), ("iat", .string("1"), "malformed"),
      ("exp", .number(1e300), "malformed"), ("nbf", .null, "malformed"), ("aud", .string("somebody"), "wrong_audience"),
      ("aud", .object([]), "malformed"), ("nonce", .number(1), "malformed"),
    ] as [(String, JSON, String)])
  func claims(key: String, value: JSON, reason: String) throws {
    #expect(reasons(try Fixture.token(document().with(key, value))) == [reason])
  }

  @Test("A signature of another key or over other bytes does not verify") func signatures() throws {
    let forged = try CredentialSigner(did: Fixture.issuer.cairnDID, fragment: "key-1", key: Fixture.stranger.key)
    #expect(Fixture.refusals(try Fixture.signed(document(), by: forged)) == [.badSignature(.issuer)])
    #expect(Fixture.refusals(try Fixture.token(document(), by: forged)) == [.badSignature(.issuer)])
    let (header, _, signature) = try parts(try Fixture.token(document()))
    let other = Base64URL.encode(try JCS.encode(document().with("validUntil", .string("2026-03-01T13:00:00Z"))))
    #expect(Fixture.refusals(Array("\(header).\(other).\(signature)".utf8)) == [.badSignature(.issuer)])
    let (_, payload, _) = try parts(try Fixture.token(document()))
    #expect(Fixture.refusals(Array("\(header).\(payload).".utf8)) == [.malformedSignature])
    #expect(Fixture.refusals(Array("\(header).\(payload).\(signature)A".utf8)) == [.malformedSignature])
    #expect(Fixture.refusals(Array("\(header).\(payload).\(signature.dropLast())B".utf8)) == [.malformedSignature])
  }

  @Test("Somebody signs in the issuer's name, or names another issuer's key") func impersonation() throws {
    #expect(Fixture.refusals(try Fixture.signed(document(), by: Fixture.stranger.signer)) == [.signerMismatch(.issuer)])
    #expect(Fixture.refusals(try Fixture.token(document(), by: Fixture.stranger.signer)) == [.signerMismatch(.issuer)])
    // The agent's key is only for authentication.
    let own = try document().with("issuer", .string(Fixture.agent.did.description))
    let refusal = CredentialRefusal.keyNotUnderRelationship(.issuer, .assertionMethod)
    #expect(Fixture.refusals(try Fixture.signed(own, by: Fixture.agent.signer)) == [refusal])
    #expect(Fixture.refusals(try Fixture.token(own, by: Fixture.agent.signer)) == [refusal])
  }

  @Test("A token of one kind does not pass for another") func tokenKinds() throws {
    let credential = text(try Fixture.token(document()))
    let policy = VerificationPolicy(now: Fixture.now)
    #expect(throws: StatusListDocumentError.refused([.wrongTokenType])) {
      try StatusListToken(verifying: Array(credential.utf8), by: Fixture.issuer.key.publicKey, under: policy)
    }
    #expect(reasons(try Fixture.token(document(), type: "vp+jwt")).contains("malformed"))
  }

  @Test("Every refusal has a reason in snake case and one sentence") func messages() throws {
    let samples: [CredentialRefusal] = [
      .tooLarge(limit: 1, actual: 2), .json(.unexpectedEnd), .malformed("type"), .tooMany("type", limit: 1), .unsupported("It"),
      .missingProof, .wrongProofType, .wrongCryptosuite, .wrongProofPurpose(expected: .assertionMethod), .contextMismatch,
      .unsignedToken, .wrongAlgorithm, .wrongTokenType, .missingKeyID, .wrongKeyID, .malformedSignature, .badSignature(.issuer),
      .unavailableDocument(.holder), .unknownDID(.issuer), .deactivatedDID(.issuer), .invalidDocument(.issuer, .privateKey),
      .unknownKey(.issuer), .keyNotUnderRelationship(.holder, .authentication), .unusableKey(.issuer), .retiredKey(.issuer),
      .signerMismatch(.issuer), .issuerNotAuthorized, .notYetValid(until: Fixture.now), .expired(at: Fixture.now),
      .lifetimeTooLong(limit: 1, actual: 2), .lifetimeTooLong(limit: 1, actual: nil), .missingStatus(.revocation), .unsupportedStatus,
      .unavailableStatus(.refresh), .unknownStatusList(.suspension), .statusOutOfRange(.revocation),
      .wrongStatusPurpose(expected: .revocation, actual: .refresh), .revoked, .suspended, .refreshNeeded, .holderNotBound,
      .wrongChallenge, .wrongAudience, .credential(at: 1, .revoked),
    ]
    for refusal in samples {
      #expect(refusal.reason.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f }, "\(refusal.reason)")
      #expect(refusal.message.hasSuffix(".") && refusal.message.contains(" ") && refusal.message != refusal.reason, "\(refusal.message)")
    }
    #expect(Set(samples.map(\.message)).count == samples.count)
    #expect(CredentialRefusal.credential(at: 1, .revoked).message == "Credential 2: It is revoked.")
  }

  private func parts(_ token: [UInt8]) throws -> (String, String, String) {
    let parts = text(token).split(separator: ".").map(String.init)
    try #require(parts.count == 3)
    return (parts[0], parts[1], parts[2])
  }
}

/// Documents in which one member is anything at all, signed as they are.
@Suite struct ArbitraryMemberTests {
  private static let substitutes: [JSON?] = [
    nil, .null, .bool(true), .number(1e21), .string(""), .string("\u{0}\u{212a}did:a:b"), .array([]), .object([]),
    .array([.array([.object([])])]), .array(.init(repeating: .string("x"), count: 300)),
  ]

  /// Every place in a value: the keys and indices that lead to it.
  private static func places(in value: JSON) -> [[String]] {
    switch value {
    case .object(let members): members.flatMap { member in [[member.key]] + places(in: member.value).map { [member.key] + $0 } }
    case .array(let elements):
      elements.enumerated().flatMap { index, element in [["\(index)"]] + places(in: element).map { ["\(index)"] + $0 } }
    default: []
    }
  }

  private static func replacing(_ place: ArraySlice<String>, in value: JSON, with substitute: JSON?) -> JSON {
    guard let first = place.first else { return substitute ?? .null }
    let rest = place.dropFirst()
    if let elements = value.array {
      return .array(
        elements.enumerated().compactMap { index, element in
          guard "\(index)" == first else { return element }
          return rest.isEmpty ? substitute : replacing(rest, in: element, with: substitute)
        })
    }
    guard let inner = value[first] else { return value }
    return value.with(first, rest.isEmpty ? substitute : replacing(rest, in: inner, with: substitute))
  }

  @Test("Whatever stands in one place of a credential is judged, never a trap") func credentials() throws {
    let document = try Fixture.content(statuses: StatusListPurpose.allCases.map { Fixture.entry($0) }).json()
    var accepted: Set<String> = []
    for place in Self.places(in: document) {
      for substitute in Self.substitutes {
        let changed = Self.replacing(place[...], in: document, with: substitute)
        for bytes in [try Fixture.signed(changed), try Fixture.token(changed)] {
          let verdict = Fixture.verdict(bytes)
          #expect((verdict.accepted == nil) != verdict.refusals.isEmpty)
          if verdict.accepted != nil { accepted.insert(place.joined(separator: ".")) }
        }
      }
    }
    // What a credential may leave out or say otherwise.
    #expect(
      accepted.subtracting([
        "@context.1", "id", "type.1", "credentialStatus", "credentialStatus.0.id", "credentialStatus.1.id", "credentialStatus.2.id",
        "credentialStatus.1", "credentialStatus.2", "credentialSubject.id", "credentialSubject.role", "credentialSubject.permissions",
        "credentialSubject.permissions.0", "credentialSubject.permissions.1",
      ]) == [])
  }

  @Test("Whatever stands in one place of a proof or a presentation is judged, and only what is unchanged accepted") func presentations()
    throws
  {
    let presentation = try Presentation(
      holder: Fixture.agent.did,
      credentials: [try Fixture.content().secured(by: Fixture.issuer.signer), try Fixture.content().token(by: Fixture.issuer.signer)])
    let secured = try presentation.secured(by: Fixture.agent.signer, created: Fixture.now, challenge: "c", domain: "d")
    var policy = Fixture.policy()
    policy.challenge = "c"
    policy.audience = "d"
    #expect(Fixture.verdict(try JCS.encode(secured), policy: policy).accepted?.credentials.count == 2)
    for place in Self.places(in: secured) {
      for substitute in Self.substitutes {
        let changed = Self.replacing(place[...], in: secured, with: substitute)
        #expect(Fixture.verdict(try JCS.encode(changed), policy: policy).accepted == nil, "\(place)")
      }
    }
  }

  @Test("Whatever stands in one place of an issuer's document is judged, never a trap") func documents() throws {
    let document = try JSON(parsing: Fixture.issuer.documentBytes)
    let bytes = try Fixture.content().secured(by: Fixture.issuer.signer).bytes
    for place in Self.places(in: document) {
      for substitute in Self.substitutes {
        var facts = Fixture.facts()
        facts.documents[Fixture.issuer.did] = .active(try JCS.encode(Self.replacing(place[...], in: document, with: substitute)))
        let verdict = Fixture.verdict(bytes, facts: facts)
        #expect((verdict.accepted == nil) != verdict.refusals.isEmpty)
      }
    }
  }
}

@Suite struct NumbersInCredentialsTests {
  @Test(
    "A number counts by its value, however it is written",
    arguments: [
      ("100", "1E2"), ("100", "100.0"), ("1e+21", "1000000000000000000000"), ("0", "-0"), ("5e-324", "0.5e-323"), ("0.000001", "1e-6"),
      ("333333333.3333333", "333333333.33333329"), ("1.7976931348623157e+308", "17976931348623157e292"),
    ])
  func layout(canonical: String, other: String) throws {
    let document = try Fixture.content().json().with("amount", try JSON(text: other))
    let written = text(try Fixture.signed(document))
    #expect(written.contains(#""amount":\#(canonical),"#))
    let changed = written.replacing(#""amount":\#(canonical),"#, with: #""amount":\#(other),"#)
    #expect(Fixture.refusals(Array(changed.utf8)).isEmpty)
    let wrong = written.replacing(#""amount":\#(canonical),"#, with: #""amount":7,"#)
    #expect(Fixture.refusals(Array(wrong.utf8)) == [.badSignature(.issuer)])
  }
}
