import CairnCrypto
import Testing

@testable import CairnIdentity

extension Form {
  /// Signed by the holder for a verifier.
  func presentation(
    _ presentation: Presentation, by signer: CredentialSigner = Fixture.agent.signer, challenge: String? = "c-1",
    audience: String? = "https://shop.example"
  ) throws -> [UInt8] {
    switch self {
    case .document:
      try JCS.encode(presentation.secured(by: signer, created: Fixture.now, challenge: challenge, domain: audience))
    case .token:
      Array(try presentation.token(by: signer, issuedAt: Fixture.now, nonce: challenge, audience: audience).utf8)
    }
  }
}

@Suite struct PresentationTests {
  private static func bound() -> VerificationPolicy {
    var policy = Fixture.policy()
    policy.challenge = "c-1"
    policy.audience = "https://shop.example"
    policy.requiresHolderBinding = true
    return policy
  }

  private func presentation(_ forms: [Form] = Form.allCases, holder: DID = Fixture.agent.did) throws -> Presentation {
    try Presentation(holder: holder, credentials: forms.map { try $0.credential(Fixture.content()) })
  }

  @Test("Credentials of both forms are presented in both forms", arguments: Form.allCases) func accepted(form: Form) throws {
    let bytes = try form.presentation(presentation())
    let accepted = try #require(Fixture.verdict(bytes, policy: Self.bound()).accepted)
    #expect(accepted.holder == Fixture.agent.did)
    #expect(accepted.credentials.count == 2)
    #expect(accepted.credentials.allSatisfy { $0.claims.role == "buyer" })
  }

  @Test("A presentation answers one challenge", arguments: Form.allCases) func challenge(form: Form) throws {
    for challenge in ["c-2", "", "C-1", nil] as [String?] {
      let bytes = try form.presentation(presentation(), challenge: challenge)
      #expect(Fixture.refusals(bytes, policy: Self.bound()) == [.wrongChallenge])
    }
    var policy = Self.bound()
    policy.challenge = nil
    #expect(Fixture.refusals(try form.presentation(presentation()), policy: policy).isEmpty)
    // The Kelvin sign is canonically equivalent to K.
    policy.challenge = "K"
    #expect(Fixture.refusals(try form.presentation(presentation(), challenge: "\u{212a}"), policy: policy) == [.wrongChallenge])
  }

  @Test("A presentation is for one audience, and one meant for another is refused by who asks for none", arguments: Form.allCases)
  func audience(form: Form) throws {
    for audience in ["https://bank.example", "", nil] as [String?] {
      let bytes = try form.presentation(presentation(), audience: audience)
      #expect(Fixture.refusals(bytes, policy: Self.bound()) == [.wrongAudience])
    }
    var policy = Self.bound()
    policy.audience = nil
    #expect(Fixture.refusals(try form.presentation(presentation()), policy: policy) == [.wrongAudience])
    #expect(Fixture.refusals(try form.presentation(presentation(), audience: nil), policy: policy).isEmpty)
  }

  @Test("One audience of several is enough for a token, not for a proof") func audiences() throws {
    let names = JSON.array([.string("https://bank.example"), .string("https://shop.example")])
    let payload = try presentation().json.with("aud", names).with("nonce", .string("c-1"))
    #expect(Fixture.refusals(try Fixture.token(payload, type: "vp+jwt", by: Fixture.agent.signer), policy: Self.bound()).isEmpty)
    let options = DataIntegrity.Options(purpose: .authentication, challenge: "c-1")
    var proof = DataIntegrity.configuration(keyID: Fixture.agent.signer.keyID, options, contexts: payload["@context"])
    proof = proof.with("domain", names)
    let document = try presentation().json
    let signature = Fixture.agent.key.signature(for: try DataIntegrity.hashData(document: document, configuration: proof))
    let secured = document.with("proof", proof.with("proofValue", .string(Multibase.base58(signature.bytes))))
    #expect(Fixture.refusals(try JCS.encode(secured), policy: Self.bound()) == [.wrongAudience])
  }

  @Test("Who presents must be the subject, where that is asked for", arguments: Form.allCases) func holderBinding(form: Form) throws {
    let bytes = try form.presentation(presentation(holder: Fixture.stranger.did), by: Fixture.stranger.signer)
    #expect(
      Fixture.refusals(bytes, policy: Self.bound()) == [.credential(at: 0, .holderNotBound), .credential(at: 1, .holderNotBound)])
    var policy = Self.bound()
    policy.requiresHolderBinding = false
    #expect(Fixture.verdict(bytes, policy: policy).accepted?.holder == Fixture.stranger.did)
    let alone = try form.credential(Fixture.content()).bytes
    policy = Fixture.policy()
    policy.requiresHolderBinding = true
    #expect(Fixture.refusals(alone, policy: policy) == [.holderNotBound])
  }

  @Test("A bearer credential is bound to nobody", arguments: Form.allCases) func bearer(form: Form) throws {
    let document = try Fixture.content().json().with("credentialSubject", .object(["role": .string("buyer")]))
    let credential: SecuredCredential =
      switch form {
      case .document: .document(try DataIntegrity.secure(document, by: Fixture.issuer.signer, .init()))
      case .token: .token(text(try Fixture.token(document)))
      }
    let bytes = try form.presentation(Presentation(holder: Fixture.agent.did, credentials: [credential]))
    #expect(Fixture.refusals(bytes, policy: Self.bound()) == [.credential(at: 0, .holderNotBound)])
  }

  @Test("The holder must be known and active, and its key be for authentication", arguments: Form.allCases)
  func holder(form: Form) throws {
    let bytes = try form.presentation(presentation())
    func refusals(_ document: CredentialFacts.Document?) -> [CredentialRefusal] {
      var facts = Fixture.facts()
      facts.documents[Fixture.agent.did] = document
      return Fixture.refusals(bytes, facts: facts, policy: Self.bound())
    }
    #expect(refusals(nil) == [.unavailableDocument(.holder)])
    #expect(refusals(.unknown) == [.unknownDID(.holder)])
    #expect(refusals(.deactivated) == [.deactivatedDID(.holder)])
    let method = DIDDocument.VerificationMethod(
      fragment: "key-1", multikey: Multikey(Fixture.agent.key.publicKey).bytes, purposes: [.assertionMethod])
    let other = DIDDocument(verificationMethods: [method]).json(did: Fixture.agent.cairnDID, controller: nil)
    #expect(refusals(.active(other)) == [.keyNotUnderRelationship(.holder, .authentication)])
  }

  @Test("Nobody presents in the holder's name", arguments: Form.allCases) func impersonation(form: Form) throws {
    let document = try presentation().json
    let bytes: [UInt8] =
      switch form {
      case .document:
        try Fixture.signed(
          document, by: Fixture.stranger.signer,
          options: .init(purpose: .authentication, challenge: "c-1", domain: "https://shop.example"))
      case .token:
        try Fixture.token(
          document.with("nonce", .string("c-1")).with("aud", .string("https://shop.example")), type: "vp+jwt", by: Fixture.stranger.signer)
      }
    #expect(Fixture.refusals(bytes, policy: Self.bound()) == [.signerMismatch(.holder)])
    let forged = try CredentialSigner(did: Fixture.agent.cairnDID, fragment: "key-1", key: Fixture.stranger.key)
    #expect(Fixture.refusals(try form.presentation(presentation(), by: forged), policy: Self.bound()) == [.badSignature(.holder)])
  }

  @Test("Without a holder the key says who presents", arguments: Form.allCases) func unnamedHolder(form: Form) throws {
    let document = try presentation().json.with("holder", nil)
    let options = DataIntegrity.Options(purpose: .authentication, challenge: "c-1", domain: "https://shop.example")
    let payload = document.with("nonce", .string("c-1")).with("aud", .string("https://shop.example"))
    let bytes: [UInt8] =
      switch form {
      case .document: try Fixture.signed(document, by: Fixture.agent.signer, options: options)
      case .token: try Fixture.token(payload, type: "vp+jwt", by: Fixture.agent.signer)
      }
    #expect(Fixture.verdict(bytes, policy: Self.bound()).accepted?.holder == Fixture.agent.did)
  }

  @Test("A proof made for assertions presents nothing") func purpose() throws {
    let options = DataIntegrity.Options(purpose: .assertionMethod, challenge: "c-1", domain: "https://shop.example")
    let bytes = try Fixture.signed(presentation(holder: Fixture.stranger.did).json, by: Fixture.stranger.signer, options: options)
    var policy = Self.bound()
    policy.requiresHolderBinding = false
    #expect(Fixture.refusals(bytes, policy: policy) == [.wrongProofPurpose(expected: .authentication)])
  }

  @Test("One bad credential refuses the presentation, and is named", arguments: Form.allCases) func badCredential(form: Form) throws {
    let good = try form.credential(Fixture.content())
    let long = try form.credential(Fixture.content(lifetime: .long(milliseconds: 86_400_000), statuses: [Fixture.entry(.suspension)]))
    let bytes = try form.presentation(Presentation(holder: Fixture.agent.did, credentials: [good, long]))
    #expect(
      Fixture.refusals(bytes, policy: Self.bound())
        == [
          .credential(at: 1, .lifetimeTooLong(limit: 14_400_000, actual: 86_400_000)), .credential(at: 1, .missingStatus(.revocation)),
        ])
  }

  @Test("A credential that names its audience is only for it") func credentialAudience() throws {
    let token = text(try Fixture.token(Fixture.content().json().with("aud", .string("https://bank.example"))))
    let bytes = try Form.token.presentation(Presentation(holder: Fixture.agent.did, credentials: [.token(token)]))
    #expect(Fixture.refusals(bytes, policy: Self.bound()) == [.credential(at: 0, .wrongAudience)])
    var policy = Fixture.policy()
    policy.audience = "https://bank.example"
    #expect(Fixture.refusals(Array(token.utf8), policy: policy).isEmpty)
  }

  @Test(
    "What stands in a presentation must be a secured credential",
    arguments: [
      (nil, "malformed"), (.array([]), "malformed"), (.array([.string("x")]), "malformed"), (.array([.object([])]), "malformed"),
      (.array([.object(["type": .string("EnvelopedVerifiableCredential")])]), "malformed"),
      (
        .array([.object(["type": .string("EnvelopedVerifiableCredential"), "id": .string("data:application/vc+jwt,x")])]),
        "context_mismatch"
      ),
      (
        .array([
          .object([
            "@context": .string(CredentialTerms.context), "type": .string("EnvelopedVerifiableCredential"),
            "id": .string("data:application/vc+jwt,x"),
          ])
        ]), "malformed"
      ),
      (
        .array([.object(["type": .string("EnvelopedVerifiableCredential"), "id": .string("data:application/vc+cose;base64,AA")])]),
        "unsupported"
      ),
      (.array([.object(["type": .string("VerifiableCredential")])]), "missing_proof"),
      (.array([.object(["type": .string("VerifiablePresentation")])]), "missing_proof"),
    ] as [(JSON?, String)])
  func contents(value: JSON?, reason: String) throws {
    let document = try presentation().json.with("verifiableCredential", value)
    let options = DataIntegrity.Options(purpose: .authentication, challenge: "c-1", domain: "https://shop.example")
    let bytes = try Fixture.signed(document, by: Fixture.agent.signer, options: options)
    #expect(Fixture.refusals(bytes, policy: Self.bound()).first?.reason == reason)
  }

  @Test("Credentials are counted before they are read") func tooMany() throws {
    let credential = try Form.document.credential(Fixture.content()).bytes
    let elements = JSON.array(.init(repeating: try JSON(parsing: credential), count: 17))
    let options = DataIntegrity.Options(purpose: .authentication, challenge: "c-1", domain: "https://shop.example")
    let document = try presentation().json.with("verifiableCredential", elements)
    let bytes = try Fixture.signed(document, by: Fixture.agent.signer, options: options)
    let inspection = CredentialInspection(of: bytes)
    #expect(inspection.refusals == [.tooMany("verifiableCredential", limit: 16)])
    #expect(inspection.dids == [Fixture.agent.did])
    #expect(inspection.statuses.isEmpty)
  }

  @Test("What is asked for is bounded by the limits of the parts") func bounded() throws {
    let credentials = try (0..<16).map { index in
      let statuses = (0..<8).map { Fixture.entry(.revocation, UInt64(index * 8 + $0)) }
      return try Form.token.credential(Fixture.content(statuses: statuses))
    }
    let bytes = try Form.document.presentation(Presentation(holder: Fixture.agent.did, credentials: credentials))
    let inspection = CredentialInspection(of: bytes)
    #expect(bytes.count < CredentialInspection.byteLimit)
    #expect(inspection.refusals.isEmpty)
    #expect(inspection.statuses.count == 128)
    #expect(inspection.dids.count == 2)
  }

  @Test("A presentation without a signature, or with a broken one, is refused") func unsigned() throws {
    let document = try presentation().json
    #expect(Fixture.refusals(try JCS.encode(document), policy: Self.bound()).first == .missingProof)
    let token = try Form.token.presentation(presentation())
    #expect(Fixture.refusals(Array(token.dropLast(4)), policy: Self.bound()) == [.malformedSignature])
    #expect(Fixture.refusals(try JCS.encode(document.with("holder", .number(1))), policy: Self.bound()).contains(.malformed("holder")))
    #expect(Fixture.refusals(try JCS.encode(document.with("type", nil)), policy: Self.bound()).contains(.malformed("type")))
    #expect(Fixture.refusals(try JCS.encode(document.with("@context", nil)), policy: Self.bound()).contains(.contextMismatch))
  }

  @Test("A presentation that has run out is refused, and so is one from the future", arguments: Form.allCases) func times(form: Form) throws
  {
    let bytes = try form.presentation(presentation())
    var policy = Self.bound()
    policy.now = Fixture.now.adding(milliseconds: -60_001)
    #expect(Fixture.refusals(bytes, policy: policy) == [.notYetValid(until: Fixture.now)])
    let end = Fixture.now.adding(milliseconds: 30_000)
    let short = try presentation().token(
      by: Fixture.agent.signer, issuedAt: Fixture.now, expires: end, nonce: "c-1", audience: "https://shop.example")
    policy.now = Fixture.now.adding(milliseconds: 90_000)
    #expect(Fixture.refusals(Array(short.utf8), policy: policy) == [.expired(at: end)])
  }

  @Test("An enveloped presentation is opened") func enveloped() throws {
    let token = text(try Form.token.presentation(presentation()))
    let envelope: JSON = .object([
      "@context": .string(CredentialTerms.context), "type": .string("EnvelopedVerifiablePresentation"),
      "id": .string("data:application/vp+jwt,\(token)"),
    ])
    #expect(Fixture.refusals(try JCS.encode(envelope), policy: Self.bound()).isEmpty)
  }
}
