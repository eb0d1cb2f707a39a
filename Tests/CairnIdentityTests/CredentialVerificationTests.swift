import CairnCrypto
import Testing

@testable import CairnIdentity

/// Either form of a credential.
enum Form: CaseIterable, Sendable {
  case document
  case token

  func credential(_ content: AgentCredential, by signer: CredentialSigner = Fixture.issuer.signer) throws -> SecuredCredential {
    switch self {
    case .document: try content.secured(by: signer)
    case .token: try content.token(by: signer)
    }
  }
}

@Suite struct CredentialVerificationTests {
  private func bytes(_ form: Form, lifetime: CredentialLifetime = .standard, _ statuses: [CredentialStatusEntry]? = nil) throws -> [UInt8] {
    try form.credential(Fixture.content(lifetime: lifetime, statuses: statuses ?? [Fixture.entry(.revocation)])).bytes
  }

  @Test("A good credential is accepted, and says what was issued", arguments: Form.allCases) func accepted(form: Form) throws {
    let accepted = try #require(Fixture.verdict(try bytes(form)).accepted)
    #expect(accepted.holder == nil)
    #expect(accepted.credentials.count == 1)
    let credential = accepted.credentials[0]
    #expect(credential.keyID.description == "\(Fixture.issuer.did)#key-1" + (form == .token ? "-jwk" : ""))
    let claims = credential.claims
    #expect(claims.id == "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33")
    #expect(claims.types == ["VerifiableCredential", "AgentCredential"])
    #expect(claims.issuer == Fixture.issuer.did)
    #expect(claims.subject == Fixture.agent.did.description)
    #expect(claims.role == "buyer")
    #expect(claims.permissions == ["order:create", "order:read"])
    #expect(claims.validFrom == Fixture.now.adding(milliseconds: -60_000))
    #expect(claims.validUntil == Fixture.now.adding(milliseconds: 3_540_000))
    #expect(claims.statuses == [Fixture.entry(.revocation)])
    #expect(claims.document["proof"] == nil)
  }

  @Test("An inspection says what must be found out, each once", arguments: Form.allCases) func inspection(form: Form) throws {
    let entries = [Fixture.entry(.revocation, 1), Fixture.entry(.suspension, 2), Fixture.entry(.revocation, 1)]
    let credential = try form.credential(Fixture.content(statuses: entries))
    let inspection = CredentialInspection(of: credential.bytes)
    #expect(inspection.refusals.isEmpty)
    #expect(!inspection.isPresentation)
    #expect(inspection.dids == [Fixture.issuer.did])
    #expect(inspection.keyIDs.map(\.fragment) == [form == .token ? "key-1-jwk" : "key-1"])
    #expect(inspection.statuses == [entries[0].position, entries[1].position])
    let presentation = try Presentation(holder: Fixture.agent.did, credentials: [credential, credential])
    let shown = try presentation.token(by: Fixture.agent.signer, issuedAt: Fixture.now, nonce: "n", audience: "a")
    let second = CredentialInspection(of: Array(shown.utf8))
    #expect(second.isPresentation)
    #expect(second.dids == [Fixture.issuer.did, Fixture.agent.did])
    #expect(second.keyIDs.count == 2)
    #expect(second.statuses == inspection.statuses)
  }

  @Test("Without facts nothing is accepted, and every missing fact is named", arguments: Form.allCases) func noFacts(form: Form) throws {
    #expect(
      Fixture.refusals(try bytes(form), facts: CredentialFacts()) == [.unavailableDocument(.issuer), .unavailableStatus(.revocation)])
  }

  @Test("The issuer must be known and active", arguments: Form.allCases) func issuer(form: Form) throws {
    func refusals(_ document: CredentialFacts.Document?) throws -> [CredentialRefusal] {
      var facts = Fixture.facts()
      facts.documents[Fixture.issuer.did] = document
      return Fixture.refusals(try bytes(form), facts: facts)
    }
    #expect(try refusals(.unknown) == [.unknownDID(.issuer)])
    #expect(try refusals(.deactivated) == [.deactivatedDID(.issuer)])
    #expect(try refusals(.unavailable) == [.unavailableDocument(.issuer)])
    #expect(try refusals(nil) == [.unavailableDocument(.issuer)])
    #expect(try refusals(.active([])) == [.invalidDocument(.issuer, .json(.unexpectedEnd))])
    #expect(try refusals(.active(Fixture.stranger.documentBytes)) == [.invalidDocument(.issuer, .wrongIdentifier)])
    let json = try JSON(parsing: Fixture.issuer.documentBytes)
    #expect(
      try refusals(.active(JCS.encode(json.with("assertionMethod", nil)))) == [.keyNotUnderRelationship(.issuer, .assertionMethod)])
    #expect(try refusals(.active(JCS.encode(json.with("verificationMethod", nil)))) == [.unknownKey(.issuer)])
    let method = DIDDocument.VerificationMethod(fragment: "key-1", multikey: Sample.ed25519(9), purposes: [.assertionMethod])
    let rotated = DIDDocument(verificationMethods: [method]).json(did: Fixture.issuer.cairnDID, controller: nil)
    #expect(try refusals(.active(rotated)) == [.badSignature(.issuer)])
  }

  @Test("A status list can refuse a credential in every way", arguments: Form.allCases) func statuses(form: Form) throws {
    let entries = StatusListPurpose.allCases.map { Fixture.entry($0) }
    let credential = try bytes(form, entries)
    #expect(Fixture.refusals(credential).isEmpty)
    func refusals(_ statuses: [CredentialFacts.Status?]) -> [CredentialRefusal] {
      var facts = Fixture.facts()
      for (entry, status) in zip(entries, statuses) { facts.statuses[entry.position] = status }
      return Fixture.refusals(credential, facts: facts)
    }
    #expect(
      refusals([.known(.revocation, isSet: true), .known(.suspension, isSet: true), .known(.refresh, isSet: true)])
        == [.revoked, .suspended, .refreshNeeded])
    #expect(
      refusals([nil, .unavailable, .unknownList])
        == [.unavailableStatus(.revocation), .unavailableStatus(.suspension), .unknownStatusList(.refresh)])
    #expect(
      refusals([.outOfRange, .known(.revocation, isSet: false), .known(.suspension, isSet: true)])
        == [
          .statusOutOfRange(.revocation), .wrongStatusPurpose(expected: .suspension, actual: .revocation),
          .wrongStatusPurpose(expected: .refresh, actual: .suspension),
        ])
  }

  @Test("The policy says which lists a credential must name", arguments: Form.allCases) func requiredStatuses(form: Form) throws {
    let bare = try bytes(form, [])
    #expect(Fixture.refusals(bare) == [.missingStatus(.revocation)])
    var policy = Fixture.policy()
    policy.requiredStatusPurposes = []
    #expect(Fixture.refusals(bare, policy: policy).isEmpty)
    policy.requiredStatusPurposes = Set(StatusListPurpose.allCases)
    #expect(Fixture.refusals(bare, policy: policy) == StatusListPurpose.allCases.map { .missingStatus($0) })
    #expect(Fixture.refusals(try bytes(form), policy: policy) == [.missingStatus(.suspension), .missingStatus(.refresh)])
  }

  @Test("A credential holds from its start to its end, give or take the clocks", arguments: Form.allCases) func times(form: Form) throws {
    let credential = try bytes(form)
    let (from, until) = (Fixture.now.adding(milliseconds: -60_000), Fixture.now.adding(milliseconds: 3_540_000))
    func refusals(at time: Timestamp, skew: Int64 = 0) -> [CredentialRefusal] {
      var policy = VerificationPolicy(now: time)
      policy.clockSkewMilliseconds = skew
      return Fixture.refusals(credential, policy: policy)
    }
    #expect(refusals(at: from).isEmpty)
    #expect(refusals(at: from.adding(milliseconds: -1)) == [.notYetValid(until: from)])
    #expect(refusals(at: from.adding(milliseconds: -1000), skew: 1000).isEmpty)
    #expect(refusals(at: from.adding(milliseconds: -1001), skew: 1000) == [.notYetValid(until: from)])
    #expect(refusals(at: until.adding(milliseconds: -1)).isEmpty)
    #expect(refusals(at: until) == [.expired(at: until)])
    #expect(refusals(at: until.adding(milliseconds: 999), skew: 1000).isEmpty)
    #expect(refusals(at: until.adding(milliseconds: 1000), skew: 1000) == [.expired(at: until)])
  }

  @Test("A credential that holds for too long is refused unless the policy admits it", arguments: Form.allCases)
  func lifetimes(form: Form) throws {
    let day = try bytes(form, lifetime: .long(milliseconds: 86_400_000))
    #expect(Fixture.refusals(day) == [.lifetimeTooLong(limit: 14_400_000, actual: 86_400_000)])
    #expect(Fixture.refusals(try bytes(form, lifetime: .milliseconds(14_400_000))).isEmpty)
    var policy = Fixture.policy()
    policy.maximumLifetimeMilliseconds = 86_400_000
    #expect(Fixture.refusals(day, policy: policy).isEmpty)
    policy.maximumLifetimeMilliseconds = nil
    #expect(Fixture.refusals(day, policy: policy).isEmpty)
  }

  @Test("Without a start or an end a credential holds for too long", arguments: ["validFrom", "validUntil"]) func openEnds(member: String)
    throws
  {
    let document = try Fixture.content().json().with(member, nil)
    for bytes in [try Fixture.signed(document), try Fixture.token(document)] {
      #expect(Fixture.refusals(bytes) == [.lifetimeTooLong(limit: 14_400_000, actual: nil)])
      var policy = Fixture.policy()
      policy.maximumLifetimeMilliseconds = nil
      #expect(Fixture.refusals(bytes, policy: policy).isEmpty)
    }
  }

  @Test("The times of the signature count as well") func signatureTimes() throws {
    let document = try Fixture.content().json()
    let (soon, before) = (Fixture.time("2026-03-01T12:10:00Z"), Fixture.time("2026-03-01T11:50:00Z"))
    #expect(Fixture.refusals(try Fixture.signed(document, options: .init(created: soon))) == [.notYetValid(until: soon)])
    #expect(Fixture.refusals(try Fixture.signed(document, options: .init(expires: before))) == [.expired(at: before)])
    #expect(Fixture.refusals(try Fixture.signed(document, options: .init())).isEmpty)
    for member in ["iat", "nbf"] {
      #expect(Fixture.refusals(try Fixture.token(document.with(member, .number(soon.numericDate)))) == [.notYetValid(until: soon)])
    }
    #expect(Fixture.refusals(try Fixture.token(document.with("exp", .number(before.numericDate)))) == [.expired(at: before)])
  }

  @Test("The issuer's role counts when the policy asks for it", arguments: Form.allCases) func issuerRole(form: Form) throws {
    var policy = Fixture.policy()
    policy.requiresIssuerRole = true
    var facts = Fixture.facts()
    facts.authorizedIssuers = [Fixture.agent.did]
    #expect(Fixture.refusals(try bytes(form), facts: facts, policy: policy) == [.issuerNotAuthorized])
    facts.authorizedIssuers = [Fixture.issuer.did]
    #expect(Fixture.refusals(try bytes(form), facts: facts, policy: policy).isEmpty)
  }

  @Test("Every reason is given, not the first alone", arguments: Form.allCases) func everyReason(form: Form) throws {
    let statuses = [Fixture.entry(.suspension)]
    let credential = try bytes(form, lifetime: .long(milliseconds: 86_400_000), statuses)
    var facts = Fixture.facts()
    facts.documents[Fixture.issuer.did] = .deactivated
    facts.statuses[statuses[0].position] = .known(.suspension, isSet: true)
    var policy = VerificationPolicy(now: Fixture.time("2026-04-01T00:00:00Z"))
    policy.requiresHolderBinding = true
    policy.requiresIssuerRole = true
    policy.challenge = "c"
    policy.audience = "a"
    #expect(
      Set(Fixture.refusals(credential, facts: facts, policy: policy).map(\.reason))
        == [
          "holder_not_bound", "wrong_challenge", "wrong_audience", "deactivated_issuer", "issuer_not_authorized", "expired",
          "lifetime_too_long", "missing_status", "suspended",
        ])
  }

  @Test("A changed byte is never accepted", arguments: Form.allCases) func mutations(form: Form) throws {
    let credential = try bytes(form)
    let facts = Fixture.facts()
    for index in stride(from: 0, to: credential.count, by: form == .token ? 7 : 11) {
      var changed = credential
      changed[index] ^= 1
      #expect(Fixture.verdict(changed, facts: facts).accepted == nil, "byte \(index)")
    }
    for count in stride(from: 0, to: credential.count, by: 37) {
      #expect(Fixture.verdict(Array(credential.prefix(count)), facts: facts).accepted == nil)
    }
  }

  @Test("White space around JSON, and another order of members, change nothing") func layout() throws {
    let json = try JSON(parsing: try bytes(.document))
    let reversed = JSON.object(try #require(json.object).reversed())
    func written(_ json: JSON) throws -> String {
      guard let members = json.object else { return text(try JCS.encode(json)) }
      return try "{ " + members.map { try text(JCS.encode(.string($0.key))) + " : " + written($0.value) }.joined(separator: " ,\n") + " }"
    }
    #expect(Fixture.refusals(Array(("\n\t " + (try written(reversed)) + "\r\n").utf8)).isEmpty)
  }

  @Test("An enveloped credential is opened") func enveloped() throws {
    let token = text(try bytes(.token))
    let envelope: JSON = .object([
      "@context": .string(CredentialTerms.context), "type": .array([.string("EnvelopedVerifiableCredential")]),
      "id": .string("data:application/vc+jwt,\(token)"),
    ])
    #expect(Fixture.refusals(try JCS.encode(envelope)).isEmpty)
    #expect(
      Fixture.refusals(try JCS.encode(envelope.with("id", .string("data:application/vc+sd-jwt,\(token)")))).map(\.reason) == ["unsupported"]
    )
    #expect(Fixture.refusals(try JCS.encode(envelope.with("id", nil))) == [.malformed("id")])
  }
}
