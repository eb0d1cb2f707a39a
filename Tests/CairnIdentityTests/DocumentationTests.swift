import CairnCrypto
import CairnIdentity
import Testing

/// What the module's documentation shows.
@Suite struct DocumentationTests {
  @Test("The way from issuing to the verdict is as documented") func credentials() throws {
    let now = Fixture.now
    let (issuer, agent, challenge) = (Fixture.issuer.cairnDID, Fixture.agent.did, "c-1")
    let list = try StatusListID(issuer: issuer, name: "agents")

    let signer = try CredentialSigner(did: issuer, fragment: "key-1", key: Fixture.issuer.key)
    let credential = try AgentCredential(
      issuer: signer.did, subject: agent, role: "buyer", permissions: ["order:create"], validFrom: now,
      statuses: [CredentialStatusEntry(purpose: .revocation, list: list, index: 94_567, base: "https://node.example")])
    let document = try credential.secured(by: signer)
    let token = try credential.token(by: signer)

    let holder = Fixture.agent.signer
    let presentation = try Presentation(holder: agent, credentials: [document, token])
    let proof = try presentation.secured(by: holder, created: now, challenge: challenge, domain: "https://shop.example")
    let answer = try presentation.token(by: holder, issuedAt: now, nonce: challenge, audience: "https://shop.example")

    var policy = VerificationPolicy(now: now)
    policy.audience = "https://shop.example"
    policy.challenge = challenge
    policy.requiresHolderBinding = true
    for bytes in [try JCS.encode(proof), Array(answer.utf8)] {
      let inspection = CredentialInspection(of: bytes)
      var facts = Fixture.facts()
      for position in inspection.statuses { facts.statuses[position] = .known(.revocation, isSet: false) }
      #expect(inspection.verify(with: facts, under: policy).accepted?.credentials.count == 2)
      facts.statuses[StatusPosition(list: list, index: 94_567)] = .known(.revocation, isSet: true)
      #expect(
        inspection.verify(with: facts, under: policy).refusals == [.credential(at: 0, .revoked), .credential(at: 1, .revoked)])
    }
  }
}
