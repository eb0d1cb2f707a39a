import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@Suite("Verifying credentials against the ledger", .timeLimit(.minutes(1)))
struct CredentialVerificationTests {
  private func reasons(_ verification: CredentialVerification) -> [String] { verification.verdict.refusals.map(\.reason) }

  @Test("A good credential is accepted in either form, with one read of each fact", arguments: [false, true])
  func accepted(asToken: Bool) async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    var policy = client.verificationPolicy
    policy.requiresIssuerRole = true
    let verification = try await client.verify(try world.credential(asToken: asToken).bytes, policy: policy)
    let accepted = try #require(verification.accepted, "\(verification.verdict.refusals)")
    #expect(accepted.credentials.map(\.claims.role) == ["deployer"])
    #expect(verification.failures.isEmpty)
    #expect(Set(verification.evidence.map(\.subject)) == [.document(world.issuer), .status(StatusPosition(list: world.list, index: 7))])
    #expect(world.test.node.count(.resolve) == 1)
    #expect(world.test.node.count(.status) == 1)
    await world.test.stop(client)
  }

  @Test("A revoked credential is refused from its block on, and was good before")
  func revoked() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let credential = try world.credential().bytes
    let before = world.now
    try world.change { try $0.update("cards", set: [7]) }
    let after = world.now
    #expect(reasons(try await client.verify(credential)) == ["revoked"])
    #expect(reasons(try await client.verify(credential, at: after)) == ["revoked"])
    #expect(try await client.verify(credential, at: before).accepted != nil)
    #expect(try await client.verify(credential, at: after.adding(milliseconds: -1)).accepted != nil)
    // Another credential is not concerned.
    #expect(try await client.verify(try world.credential(index: 8).bytes).accepted != nil)
    await world.test.stop(client)
  }

  @Test("A suspended credential is good again when it is reinstated, and was not in between")
  func suspended() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    try world.change { try $0.createList("pauses", purpose: .suspension) }
    let pauses = TestChain.list(of: world.issuer, "pauses")
    let credential = try world.credential(list: pauses, purpose: .suspension).bytes
    var policy = client.verificationPolicy
    policy.requiredStatusPurposes = []
    try world.change { try $0.update("pauses", set: [7]) }
    let during = world.now
    policy.now = during
    #expect(reasons(try await client.verify(credential, policy: policy)) == ["suspended"])
    try world.change { try $0.update("pauses", clear: [7]) }
    policy.now = world.now
    #expect(try await client.verify(credential, policy: policy).accepted != nil)
    #expect(reasons(try await client.verify(credential, policy: policy, at: during)) == ["suspended"])
    await world.test.stop(client)
  }

  @Test("The issuer's document counts as it was at the moment that is asked about")
  func issuerOfThen() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let credential = try world.credential().bytes
    let before = world.now
    try world.change { try $0.setDocument(of: world.issuer, keyName: "another key") }
    #expect(reasons(try await client.verify(credential)) == ["bad_issuer_signature"])
    #expect(try await client.verify(credential, at: before).accepted != nil)
    // Before the issuer had any key, before the list, and before the credential.
    let start = Timestamp(milliseconds: Int64(TestChain.startMilliseconds))
    let early = reasons(try await client.verify(credential, at: start))
    #expect(early.contains("unknown_issuer_key") && early.contains("unknown_status_list"), "\(early)")
    let future = try await client.verify(credential, at: world.now.adding(milliseconds: 120_000))
    #expect(reasons(future) == ["unsupported"])
    await world.test.stop(client)
  }

  @Test("What the ledger says is missing is a refusal: no DID, no role, no list, no such bit, another purpose")
  func missing() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let ghost = try world.test.shared.chain.creation("ghost").subject
    var policy = client.verificationPolicy
    #expect(reasons(try await client.verify(world.credential(issuer: ghost, keyName: "ghost").bytes)) == ["unknown_issuer"])
    policy.requiresIssuerRole = true
    let roleless = try await client.verify(world.credential(issuer: world.agent, keyName: "agent document").bytes, policy: policy)
    #expect(reasons(roleless) == ["issuer_not_authorized"])
    let noList = try world.credential(list: TestChain.list(of: world.issuer, "none"))
    #expect(reasons(try await client.verify(noList.bytes)) == ["unknown_status_list"])
    #expect(reasons(try await client.verify(world.credential(purpose: .suspension).bytes)).contains("wrong_status_purpose"))
    #expect(reasons(try await client.verify(world.credential(index: 1 << 40).bytes)) == ["status_out_of_range"])
    let foreign = try TestChain(name: "other")
    let elsewhere = try await client.verify(world.credential(list: TestChain.list(of: foreign.registrar.did, "cards")).bytes)
    #expect(reasons(elsewhere) == ["unavailable_status"])
    #expect(elsewhere.failures.map(\.error.reason) == ["wrong_network"])
    await world.test.stop(client)
  }

  @Test("A deactivated issuer or holder is refused")
  func deactivated() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let other = try world.test.shared.change { try $0.enrolSigner("other") }
    let credential = try world.credential(issuer: other, keyName: "other document")
    let presentation = try Presentation(holder: DID(parsing: world.agent.description), credentials: [credential])
      .token(by: world.signer(world.agent, "agent document"), issuedAt: world.now, nonce: nil, audience: nil)
    #expect(try await client.verify(Array(presentation.utf8)).accepted != nil)
    try world.change { try $0.deactivate(other, of: "other") }
    #expect(reasons(try await client.verify(Array(presentation.utf8))) == ["deactivated_issuer"])
    try world.change { try $0.deactivate(world.agent, of: "agent") }
    #expect(Set(reasons(try await client.verify(Array(presentation.utf8)))) == ["deactivated_issuer", "deactivated_holder"])
    await world.test.stop(client)
  }

  @Test("An isolated issuer or holder is refused, for every moment, until it is released")
  func isolated() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let presentation = try Presentation(holder: DID(parsing: world.agent.description), credentials: [world.credential()])
      .token(by: world.signer(world.agent, "agent document"), issuedAt: world.now, nonce: nil, audience: nil)
    let before = world.now
    #expect(try await client.verify(Array(presentation.utf8)).accepted != nil)
    try world.change { try $0.isolate(world.issuer) }
    #expect(reasons(try await client.verify(Array(presentation.utf8))) == ["isolated_issuer"])
    #expect(reasons(try await client.verify(Array(presentation.utf8), at: before)) == ["isolated_issuer"])
    try world.change { try $0.isolate(world.agent) }
    let refused = try await client.verify(Array(presentation.utf8), policy: client.verificationPolicy, keepsProofs: true)
    #expect(Set(reasons(refused)) == ["isolated_issuer", "isolated_holder"])
    let bundle = try CredentialBundle(decoding: CredentialBundle(refused).bytes)
    let checked = try await bundle.verify(anchor: world.test.shared.chain.anchor, policy: client.verificationPolicy)
    #expect(Set(reasons(checked)) == ["isolated_issuer", "isolated_holder"])
    try world.change { try $0.release(world.agent) }
    try world.change { try $0.release(world.issuer) }
    #expect(try await client.verify(Array(presentation.utf8)).accepted != nil)
    await world.test.stop(client)
  }

  @Test("A presentation answers the challenge, is meant for the verifier, and comes from the subject")
  func presented() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let presentation = try Presentation(
      holder: DID(parsing: world.agent.description), credentials: [world.credential(), world.credential(index: 9, asToken: true)]
    )
    .secured(by: world.signer(world.agent, "agent document"), created: world.now, challenge: "once", domain: "gate")
    let bytes = SecuredCredential.document(presentation).bytes
    var policy = client.verificationPolicy
    (policy.challenge, policy.audience, policy.requiresHolderBinding) = ("once", "gate", true)
    let verification = try await client.verify(bytes, policy: policy)
    #expect(verification.accepted?.holder?.description == world.agent.description)
    #expect(verification.accepted?.credentials.count == 2)
    policy.challenge = "twice"
    policy.audience = "other"
    #expect(Set(reasons(try await client.verify(bytes, policy: policy))) == ["wrong_challenge", "wrong_audience"])
    await world.test.stop(client)
  }

  @Test("What is malformed is refused without asking anybody") func malformed() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    for bytes in [[], Array("{}".utf8), Array("a.b.c".utf8), [UInt8](repeating: 0x7b, count: 1 << 20)] {
      let verification = try await client.verify(bytes)
      #expect(!verification.verdict.refusals.isEmpty)
      #expect(verification.evidence.isEmpty)
    }
    #expect(world.test.node.count(.resolve) + world.test.node.count(.status) == 0)
    await world.test.stop(client)
  }
}

@Suite("Nodes that lie to verifiers", .timeLimit(.minutes(1)))
struct CredentialLyingNodeTests {
  private static let unavailable: Set<String> = ["unavailable_issuer", "unavailable_status"]

  @Test("No answer is a refusal, and says why", arguments: [CairnMethod.resolve, .status])
  func refusing(method: CairnMethod) async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let credential = try world.credential().bytes
    let expected = method == .resolve ? "unavailable_issuer" : "unavailable_status"
    for behaviour in [Behaviour.refuse(.unavailable, reason: "catching_up"), .bytes([0xff])] {
      world.test.node.behave(behaviour, on: method)
      let verification = try await client.verify(credential)
      #expect(verification.verdict.refusals.map(\.reason) == [expected])
      #expect(verification.failures.count == 1)
    }
    // The other read, on the same connection, may or may not have its answer by then.
    world.test.node.behave(.breakConnection, on: method)
    let reasons = try await client.verify(credential).verdict.refusals.map(\.reason)
    #expect(reasons.contains(expected) && Self.unavailable.isSuperset(of: reasons))
    await world.test.stop(client)
  }

  @Test("A revocation cannot be hidden, nor one made up")
  func lies() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let good = try world.credential(index: 8).bytes
    let credential = try world.credential().bytes
    let before = world.test.shared.chain
    try world.change { try $0.update("cards", set: [7]) }
    let lies: [@Sendable (inout ProtoProven) throws -> Void] = [
      // Not set: in the payload alone, by the proof of another chunk, and by the state of before.
      { proven in
        var answer = try ProtoStatusAnswer(serializedBytes: proven.payload)
        answer.chunk = ProtoChunkAnswer()
        proven.payload = try answer.serializedData()
      },
      { proven in
        var answer = try ProtoStatusAnswer(serializedBytes: proven.payload)
        var chunk = try ProtoStatusChunk(serializedBytes: answer.chunk.record)
        chunk.bits = Data(count: chunk.bits.count)
        answer.chunk.record = try chunk.serializedData()
        proven.payload = try answer.serializedData()
      },
      { proven in
        var request = ProtoStatusRequest()
        (request.list, request.index) = (world.list.description, 7)
        let old = try before.status(request)
        (proven.state, proven.payload) = (old.state, old.payload)
      },
      { $0.state.removeLast() },
      { $0.payload = Data() },
    ]
    for lie in lies {
      world.test.node.behave(.lie(lie), on: .status)
      for bytes in [credential, good] {
        let refusals = try await client.verify(bytes).verdict.refusals.map(\.reason)
        #expect(refusals == ["unavailable_status"])
      }
    }
    world.test.node.behave { _ in .honest }
    #expect(try await client.verify(good).accepted != nil)
    await world.test.stop(client)
  }

  @Test("Roles cannot be made up, nor another document")
  func documents() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let credential = try world.credential(issuer: world.agent, keyName: "agent document").bytes
    var policy = client.verificationPolicy
    policy.requiresIssuerRole = true
    let lies: [@Sendable (inout ProtoProven) throws -> Void] = [
      { proven in
        var resolution = try ProtoResolution(serializedBytes: proven.payload)
        resolution.roles = Data(Roles([.issuer]).bytes)
        proven.payload = try resolution.serializedData()
      },
      { proven in
        // One that does not happen to prove the absence of the roles that were asked for.
        let chain = world.test.shared.chain
        let other = try #require(chain.genesis.dids.first { Data($0.rolesKey.bytes) != proven.state[1].key })
        proven.state[1] = try chain.version(ProtoResolveRequest.with { ($0.did, $0.withRoles) = (other.description, true) }).state[1]
      },
      { $0.state.removeLast() },
      { proven in
        var resolution = try ProtoResolution(serializedBytes: proven.payload)
        resolution.document.append(0x20)
        proven.payload = try resolution.serializedData()
      },
    ]
    for lie in lies {
      world.test.node.behave(.lie(lie), on: .resolve)
      let refusals = try await client.verify(credential, policy: policy).verdict.refusals.map(\.reason)
      #expect(Set(refusals) == ["unavailable_issuer", "issuer_not_authorized"])
    }
    await world.test.stop(client)
  }

  @Test("An honest second node makes up for a lying first one") func failover() async throws {
    let world = try await CredentialWorld.start(nodes: 2)
    let client = try world.test.client()
    world.test.node.behave { method in method == .status || method == .resolve ? .bytes([0xff]) : .honest }
    #expect(try await client.verify(try world.credential().bytes).accepted != nil)
    #expect(world.test.problems.reasons.contains("malformed_answer"))
    await world.test.stop(client)
  }
}
