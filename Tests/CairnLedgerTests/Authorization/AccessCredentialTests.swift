import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnPolicy
import Testing

/// What an agent shows counts only when every check of it passes.
@Suite struct AccessCredentialTests {
  private static let hour: Int64 = 3_600_000

  @Test func deniesAnExpiredCredential() throws {
    let world = try AccessWorld()
    let credential = try world.credential(from: world.now.adding(milliseconds: -Self.hour - 61_000))
    #expect(try world.reasons(world.request(credentials: [credential])) == ["credential_expired"])
  }

  @Test func deniesACredentialThatIsNotYetValid() throws {
    let world = try AccessWorld()
    let credential = try world.credential(from: world.now.adding(milliseconds: 61_000))
    #expect(try world.reasons(world.request(credentials: [credential])) == ["credential_not_yet_valid"])
  }

  @Test func deniesACredentialThatLivesTooLong() throws {
    let world = try AccessWorld()
    let credential = try world.credential(lifetime: .long(milliseconds: 4 * Self.hour + 1_000))
    #expect(try world.reasons(world.request(credentials: [credential])) == ["credential_lifetime_too_long"])
    #expect(try world.decide(world.request(credentials: [world.credential(lifetime: .milliseconds(4 * Self.hour))])).isAllowed)
  }

  @Test func deniesARevokedCredential() throws {
    var world = try AccessWorld()
    let request = try world.request(credentials: [world.credential()])
    #expect(try world.decide(request).isAllowed)
    try world.world.commitUpdate(AccessWorld.list, set: [5])
    #expect(try world.reasons(request) == ["credential_revoked"])
  }

  @Test func deniesASuspendedCredential() throws {
    var world = try AccessWorld()
    let pauses = World.list("pauses")
    let credential = try world.credential(statuses: [
      CredentialStatusEntry(purpose: .revocation, list: AccessWorld.list, index: 5),
      CredentialStatusEntry(purpose: .suspension, list: pauses, index: 9),
    ])
    let request = try world.request(credentials: [credential])
    #expect(try world.decide(request).isAllowed)
    try world.world.commitUpdate(pauses, set: [9])
    #expect(try world.reasons(request) == ["credential_suspended"])
    try world.world.commitUpdate(pauses, clear: [9])
    #expect(try world.decide(request).isAllowed)
  }

  @Test func deniesACredentialWithoutAStatusOrWithOneOfNoList() throws {
    let world = try AccessWorld()
    let none = try world.credential(statuses: [])
    #expect(try world.reasons(world.request(credentials: [none])) == ["credential_missing_status"])
    let unknown = try world.credential(statuses: [CredentialStatusEntry(purpose: .revocation, list: World.list("no"), index: 5)])
    #expect(try world.reasons(world.request(credentials: [unknown])) == ["credential_unknown_status_list"])
    let beyond = try world.credential(statuses: [CredentialStatusEntry(purpose: .revocation, list: AccessWorld.list, index: 1 << 40)])
    #expect(try world.reasons(world.request(credentials: [beyond])) == ["credential_status_out_of_range"])
  }

  @Test func deniesAnIssuerWithoutTheRole() throws {
    let world = try AccessWorld()
    let credential = try world.credential(issuer: (World.trustee, 11))
    #expect(try world.reasons(world.request(credentials: [credential])) == ["credential_issuer_not_authorized"])
  }

  @Test func deniesAnIssuerThatIsUnknownIsolatedOrOfAnotherNetwork() throws {
    var world = try AccessWorld()
    let stranger = CairnDID(network: world.world.network, create: .sha256([1]))
    let unknown = try world.credential(issuer: (stranger, 1))
    #expect(try world.reasons(world.request(credentials: [unknown])).contains("credential_unknown_issuer"))
    let foreign = try world.credential(issuer: (CairnDID(network: .sha256([2]), create: .sha256([1])), 1))
    #expect(try world.reasons(world.request(credentials: [foreign])).contains("credential_unknown_issuer"))
    world.isolated = [World.registrar]
    #expect(try world.reasons(world.request(credentials: [world.credential()])) == ["credential_isolated_issuer"])
  }

  @Test func deniesACredentialOfAnotherAgent() throws {
    let world = try AccessWorld()
    let credential = try world.credential(subject: World.trustee)
    #expect(try world.reasons(world.request(credentials: [credential])) == ["credential_holder_not_bound"])
  }

  @Test func deniesACredentialThatSomebodyElseSigned() throws {
    let world = try AccessWorld()
    let forged = try world.unsigned().secured(
      by: CredentialSigner(did: World.registrar, fragment: "key-1", key: key(99))
    ).bytes
    #expect(try world.reasons(world.request(credentials: [forged])) == ["credential_bad_issuer_signature"])
  }

  @Test func oneBadCredentialAmongGoodOnesDenies() throws {
    let world = try AccessWorld()
    let expired = try world.credential(from: world.now.adding(milliseconds: -Self.hour - 61_000))
    let decision = try world.decide(world.request(credentials: [world.credential(), expired]))
    #expect(decision.refusals.map(\.reason) == ["credential_expired"])
    guard case .credential(at: 1, _) = decision.refusals.first else {
      Issue.record("the second is the bad one")
      return
    }
  }

  @Test func deniesTooManyCredentialsInPresentations() throws {
    let world = try AccessWorld()
    let card = try world.unsigned().secured(by: world.signer(World.registrar, 1))
    let shown = try presentation(of: [SecuredCredential](repeating: card, count: 5), in: world)
    #expect(try world.decide(world.request(credentials: [shown])).isAllowed)
    #expect(try world.reasons(world.request(credentials: [shown, shown])) == ["too_many_credentials"])
  }

  @Test func aPresentationAnswersTheChallengeForTheAudience() throws {
    let world = try AccessWorld()
    let card = try world.unsigned().token(by: world.signer(World.registrar, 1))
    let shown = try presentation(of: [card], challenge: "once", audience: "gate", in: world)
    #expect(try world.decide(world.request(credentials: [shown], challenge: "once", audience: "gate")).isAllowed)
    #expect(
      try world.reasons(world.request(credentials: [shown], challenge: "twice", audience: "gate")) == ["credential_wrong_challenge"])
    #expect(
      try world.reasons(world.request(credentials: [shown], challenge: "once", audience: "door")) == ["credential_wrong_audience"])
    #expect(try world.reasons(world.request(credentials: [shown], challenge: "once")) == ["credential_wrong_audience"])
  }

  @Test func aCredentialAloneAnswersNoChallengeUnlessTheRequestIsSigned() throws {
    let world = try AccessWorld()
    let request = try world.request(credentials: [world.credential()], challenge: "once")
    #expect(try world.reasons(request) == ["credential_wrong_challenge"])
    #expect(try world.decide(request, signer: .claimed(request.signature(by: key(21)))).isAllowed)
  }

  @Test func deniesAPresentationBySomebodyElse() throws {
    let world = try AccessWorld()
    let card = try world.unsigned().secured(by: world.signer(World.registrar, 1))
    let shown = try presentation(of: [card], holder: (World.trustee, 11), in: world)
    #expect(try world.reasons(world.request(credentials: [shown])) == ["credential_holder_not_bound"])
    // The trustee's own credential, shown by the trustee, does not help the agent.
    let own = try world.unsigned(subject: World.trustee).secured(by: world.signer(World.registrar, 1))
    let other = try presentation(of: [own], holder: (World.trustee, 11), in: world)
    #expect(try world.reasons(world.request(credentials: [other])) == ["credential_holder_not_bound"])
  }

  @Test func whatIsMalformedIsRefusedWithoutAskingTheState() throws {
    let world = try AccessWorld()
    var judge = AccessJudge(
      try world.request(credentials: [Array("{}".utf8)]), .none, over: try world.state(), network: world.world.network, at: world.moment)
    #expect(try judge.decide().refusals.map(\.reason).contains("credential_missing_proof"))
    #expect(judge.state.reads == ["did \(world.agent)", "isolation \(world.agent)", "contract tools"])
  }

  private func presentation(
    of credentials: [SecuredCredential], challenge: String? = nil, audience: String? = nil, holder: (did: CairnDID, key: Int)? = nil,
    in world: AccessWorld
  ) throws -> [UInt8] {
    let holder = holder ?? (world.agent, 21)
    let presentation = try Presentation(holder: DID(parsing: holder.did.description), credentials: credentials)
    return try JCS.encode(
      presentation.secured(by: world.signer(holder.did, holder.key), created: world.now, challenge: challenge, domain: audience))
  }
}
