import CairnCrypto
import Testing

@testable import CairnIdentity

@Suite struct AgentCredentialTests {
  @Test("The document is, byte for byte, this one") func document() throws {
    let list = "https://node.example/status-lists/\(Fixture.issuer.did)/revocation"
    #expect(
      text(try JCS.encode(try Fixture.content().json()))
        == #"{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"],"#
        + #""credentialStatus":[{"id":"\#(list)#7","statusListCredential":"\#(list)","statusListIndex":"7","#
        + #""statusPurpose":"revocation","type":"BitstringStatusListEntry"}],"#
        + #""credentialSubject":{"id":"\#(Fixture.agent.did)","permissions":["order:create","order:read"],"role":"buyer"},"#
        + #""id":"urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33","issuer":"\#(Fixture.issuer.did)","#
        + #""type":["VerifiableCredential","AgentCredential"],"#
        + #""validFrom":"2026-03-01T11:59:00Z","validUntil":"2026-03-01T12:59:00Z"}"#)
  }

  @Test("A credential holds for an hour unless asked otherwise, and for more than four only when meant") func lifetimes() throws {
    let from = Fixture.now.adding(milliseconds: -60_000)
    func until(_ lifetime: CredentialLifetime) throws -> Int64 {
      try Fixture.content(lifetime: lifetime).validUntil.millisecondsSince(from)
    }
    #expect(try until(.standard) == 3_600_000)
    #expect(try until(.milliseconds(1)) == 1)
    #expect(try until(.milliseconds(14_400_000)) == 14_400_000)
    #expect(try until(.long(milliseconds: 14_400_001)) == 14_400_001)
    #expect(throws: CredentialIssuingError.lifetimeTooLong(limit: 14_400_000, actual: 14_400_001)) {
      try until(.milliseconds(14_400_001))
    }
    for lifetime in [CredentialLifetime.milliseconds(0), .milliseconds(-1), .long(milliseconds: 0), .long(milliseconds: .min)] {
      #expect(throws: CredentialIssuingError.zeroLifetime) { try until(lifetime) }
    }
  }

  @Test("What a verifier would not read is not issued") func limits() throws {
    var content = try Fixture.content()
    content.statuses = (0..<9).map { Fixture.entry(.revocation, $0) }
    #expect(throws: CredentialIssuingError.tooMany("credentialStatus", limit: 8)) { try content.json() }
    content.statuses.removeLast()
    content.permissions = (0..<257).map { "p\($0)" }
    #expect(throws: CredentialIssuingError.tooMany("permissions", limit: 256)) { try content.json() }
    content.permissions.removeLast()
    content.id = "not a URI"
    #expect(throws: CredentialIssuingError.invalidIdentifier("id")) { try content.json() }
    content.id = nil
    _ = try content.json()
  }

  @Test("Only the issuer signs, and only the holder presents") func signers() throws {
    let content = try Fixture.content()
    #expect(throws: CredentialIssuingError.wrongSigner) { try content.secured(by: Fixture.stranger.signer) }
    #expect(throws: CredentialIssuingError.wrongSigner) { try content.token(by: Fixture.stranger.signer) }
    let presentation = try Presentation(holder: Fixture.agent.did, credentials: [try content.secured(by: Fixture.issuer.signer)])
    #expect(throws: CredentialIssuingError.wrongSigner) {
      try presentation.secured(by: Fixture.stranger.signer, created: Fixture.now, challenge: nil, domain: nil)
    }
    #expect(throws: CredentialIssuingError.wrongSigner) {
      try presentation.token(by: Fixture.stranger.signer, issuedAt: Fixture.now, nonce: nil, audience: nil)
    }
    #expect(throws: CredentialIssuingError.noCredential) { try Presentation(holder: Fixture.agent.did, credentials: []) }
    #expect(throws: CredentialIssuingError.tooMany("verifiableCredential", limit: 16)) {
      try Presentation(holder: Fixture.agent.did, credentials: .init(repeating: presentation.credentials[0], count: 17))
    }
  }

  @Test("A token names its key and its type, and its payload is the credential") func token() throws {
    let parts = text(try Fixture.content().token(by: Fixture.issuer.signer).bytes).split(separator: ".")
    let header = try JSON(parsing: try Base64URL.decode(parts[0]))
    #expect(
      header
        == .object([
          JSON.Member("alg", .string("EdDSA")), JSON.Member("kid", .string("\(Fixture.issuer.did)#key-1-jwk")),
          JSON.Member("typ", .string("vc+jwt")),
        ]))
    let payload = try JSON(parsing: try Base64URL.decode(parts[1]))
    #expect(payload["iss"]?.string == Fixture.issuer.did.description)
    #expect(payload["iat"]?.number == 1_772_366_340)
    #expect(payload["exp"]?.number == 1_772_369_940)
    let document = payload.without("iss").without("iat").without("exp")
    #expect(try JCS.encode(document) == JCS.encode(try Fixture.content().json()))
  }

  @Test("Issuing is deterministic") func deterministic() throws {
    let signer = Fixture.issuer.signer
    #expect(try Fixture.content().secured(by: signer).bytes == Fixture.content().secured(by: signer).bytes)
    #expect(try Fixture.content().token(by: signer).bytes == Fixture.content().token(by: signer).bytes)
  }

  @Test("A status entry may name its list by DID URL") func statusEntry() throws {
    let list = StatusListID(issuer: Fixture.issuer.cairnDID, sessions: .sha256([1]))
    let entry = CredentialStatusEntry(purpose: .suspension, list: list, index: .max)
    #expect(entry.json["statusListCredential"]?.string == list.description)
    #expect(entry.json["statusListIndex"]?.string == "18446744073709551615")
    #expect(try CredentialStatusEntry(parsing: entry.json) == entry)
  }
}
