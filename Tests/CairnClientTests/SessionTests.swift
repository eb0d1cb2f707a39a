import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import SwiftProtobuf
import Testing

@Suite("Sessions", .timeLimit(.minutes(1)))
struct SessionTests {
  private static let hour: UInt64 = 3_600_000

  /// A batch of the registrar, anchored.
  private func anchored(_ world: CredentialWorld, _ client: CairnClient, count: Int = 5) async throws -> NewSessions {
    let sessions = try NewSessions(
      count: count, controller: world.issuer, expiresMilliseconds: UInt64(world.now.milliseconds) + Self.hour, network: client.network)
    _ = try await client.anchor(sessions, controller: world.test.shared.chain.registrar)
    world.test.clock.set(unixMilliseconds: world.test.shared.chain.newest.header.timeMilliseconds)
    return sessions
  }

  private func reasons(_ verdict: SessionVerdict) -> [String] { verdict.refusals.map(\.reason) }

  @Test("A session of an anchored batch is in force until it expires or is revoked")
  func life() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let sessions = try await anchored(world, client)
    let file = try SessionBatchFile(decoding: sessions.file.bytes)
    #expect(file.dids(network: client.network) == sessions.sessions.map(\.did))
    let first = try #require(file.presentation(at: 1))
    let verdict = try await client.verifySession(try SessionPresentation(decoding: first.bytes))
    #expect(verdict.accepted?.did == sessions.sessions[1].did)
    let before = world.now
    _ = try await client.revokeSessions([1], of: file.batch, by: world.test.shared.chain.registrar)
    world.test.clock.set(unixMilliseconds: world.test.shared.chain.newest.header.timeMilliseconds)
    #expect(reasons(try await client.verifySession(first)) == ["session_revoked"])
    #expect(try await client.verifySession(first, at: before).accepted != nil)
    let second = try #require(file.presentation(at: 2))
    #expect(try await client.verifySession(second).accepted != nil)
    #expect(file.presentation(at: 5) == nil)
    // An hour on, with a block that is recent then.
    try world.test.shared.change { try $0.append(laterMilliseconds: Self.hour) }
    world.test.clock.set(unixMilliseconds: world.test.shared.chain.newest.header.timeMilliseconds)
    #expect(reasons(try await client.verifySession(first)) == ["session_expired", "session_revoked"])
    #expect(reasons(try await client.verifySession(second)) == ["session_expired"])
    await world.test.stop(client)
  }

  @Test("A session that is not of its batch is refused")
  func foreign() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let sessions = try await anchored(world, client)
    let good = try #require(sessions.file.presentation(at: 0))
    func changed(_ change: (inout ProtoSessionPresentation) -> Void) throws -> SessionPresentation {
      var message = try ProtoSessionPresentation(serializedBytes: good.bytes)
      change(&message)
      return try SessionPresentation(decoding: try message.serializedBytes())
    }
    let stranger = try NewSessions(
      count: 5, controller: world.issuer, expiresMilliseconds: UInt64(world.now.milliseconds) + Self.hour, network: client.network)
    let notAnchored = try #require(stranger.file.presentation(at: 0))
    #expect(reasons(try await client.verifySession(notAnchored)) == ["unknown_session_batch"])
    #expect(reasons(try await client.verifySession(try changed { $0.index = 1 })) == ["not_in_batch"])
    #expect(reasons(try await client.verifySession(try changed { $0.create = Data(notAnchored.create) })) == ["not_in_batch"])
    #expect(reasons(try await client.verifySession(try changed { $0.path.removeLast() })) == ["not_in_batch"])
    #expect(!reasons(try await client.verifySession(try changed { $0.index = 5 })).isEmpty)
    #expect(throws: SessionError.malformed) { try changed { $0.batch = world.list.description } }
    world.test.node.behave(.refuse(.unavailable, reason: "catching_up"), on: .status)
    #expect(reasons(try await client.verifySession(good)) == ["unavailable_session_status"])
    await world.test.stop(client)
  }

  @Test("A session holds and issues credentials, when it comes with them")
  func credentials() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let sessions = try await anchored(world, client)
    let session = sessions.sessions[3]
    let shown = try #require(sessions.file.presentation(at: 3))
    let signer = try CredentialSigner(did: session.did, fragment: NewSessions.keyFragment, key: session.key)
    let bytes = SecuredCredential.document(
      try Presentation(holder: signer.did, credentials: [world.credential(subject: session.did)])
        .secured(by: signer, created: world.now, challenge: "once", domain: nil)
    ).bytes
    var policy = client.verificationPolicy
    (policy.challenge, policy.requiresHolderBinding) = ("once", true)
    #expect(try await client.verify(bytes, sessions: [shown], policy: policy).accepted != nil)
    let alone = try await client.verify(bytes, policy: policy)
    #expect(alone.verdict.refusals.map(\.reason) == ["unknown_holder"])
    let other = try #require(sessions.file.presentation(at: 2))
    #expect(try await client.verify(bytes, sessions: [other], policy: policy).verdict.refusals.map(\.reason) == ["unknown_holder"])
    _ = try await client.revokeSessions([3], of: sessions.file.batch, by: world.test.shared.chain.registrar)
    world.test.clock.set(unixMilliseconds: world.test.shared.chain.newest.header.timeMilliseconds)
    let revoked = try await client.verify(bytes, sessions: [shown], policy: policy)
    #expect(revoked.verdict.refusals.map(\.reason) == ["deactivated_holder"])
    #expect(revoked.sessions.flatMap(\.refusals) == [.revoked])
    let many = try await client.verify(bytes, sessions: Array(repeating: shown, count: 18), policy: policy)
    #expect(many.verdict.refusals.map(\.reason) == ["too_many"])
    await world.test.stop(client)
  }

  @Test("The isolation of its controller stops a session")
  func isolation() async throws {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let sessions = try await anchored(world, client)
    let shown = try #require(sessions.file.presentation(at: 3))
    let signer = try CredentialSigner(did: sessions.sessions[3].did, fragment: NewSessions.keyFragment, key: sessions.sessions[3].key)
    let bytes = SecuredCredential.document(
      try Presentation(holder: signer.did, credentials: [world.credential(subject: sessions.sessions[3].did)])
        .secured(by: signer, created: world.now, challenge: "once", domain: nil)
    ).bytes
    #expect(try await client.verify(bytes, sessions: [shown]).accepted != nil)
    try world.change { try $0.isolate(world.issuer) }
    #expect(reasons(try await client.verifySession(shown)) == ["session_controller_isolated"])
    let refused = try await client.verify(bytes, sessions: [shown])
    #expect(Set(refused.verdict.refusals.map(\.reason)) == ["isolated_issuer", "isolated_holder"])
    await world.test.stop(client)
  }

  @Test("A batch is of 1 to 65,536 sessions") func counts() throws {
    let chain = try TestChain()
    for count in [0, -1, NewSessions.countLimit + 1] {
      #expect(throws: OperationError.self) {
        try NewSessions(count: count, controller: chain.registrar.did, expiresMilliseconds: 1, network: chain.network)
      }
    }
    #expect(throws: SessionError.malformed) { try SessionBatchFile(decoding: [1, 2, 3]) }
  }
}
