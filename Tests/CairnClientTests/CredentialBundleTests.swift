import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@Suite("Bundles", .timeLimit(.minutes(2)))
struct CredentialBundleTests {
  private struct Made {
    let bytes: [UInt8]
    let policy: VerificationPolicy
    let anchor: TrustAnchor
  }

  /// Of a presentation by a session, with two credentials.
  private func made(at moment: Timestamp? = nil, revoking: Bool = false) async throws -> Made {
    let world = try await CredentialWorld.start()
    let client = try world.test.client()
    let sessions = try NewSessions(
      count: 4, controller: world.issuer, expiresMilliseconds: UInt64(world.now.milliseconds) + 3_600_000, network: client.network)
    _ = try await client.anchor(sessions, controller: world.test.shared.chain.registrar)
    world.test.clock.set(unixMilliseconds: world.test.shared.chain.newest.header.timeMilliseconds)
    let session = sessions.sessions[0]
    let signer = try CredentialSigner(did: session.did, fragment: NewSessions.keyFragment, key: session.key)
    let credentials = try [world.credential(subject: session.did), world.credential(index: 9, subject: session.did, asToken: true)]
    let token = try Presentation(holder: signer.did, credentials: credentials)
      .token(by: signer, issuedAt: world.now, nonce: "once", audience: nil)
    if revoking { try world.change { try $0.update("cards", set: [9]) } }
    var policy = client.verificationPolicy
    (policy.challenge, policy.requiresIssuerRole, policy.requiresHolderBinding) = ("once", true, true)
    let shown = try #require(sessions.file.presentation(at: 0))
    let verification = try await client.verify(
      Array(token.utf8), sessions: [shown], policy: policy, at: moment, keepsProofs: true)
    #expect((verification.accepted == nil) == revoking)
    await world.test.stop(client)
    return Made(bytes: CredentialBundle(verification).bytes, policy: policy, anchor: world.test.shared.chain.anchor)
  }

  @Test("A bundle proves offline what was proven online, and says what was refused")
  func offline() async throws {
    let good = try await made()
    let verification = try await CredentialBundle(decoding: good.bytes).verify(anchor: good.anchor, policy: good.policy)
    #expect(verification.accepted?.credentials.count == 2, "\(verification.verdict.refusals)")
    #expect(verification.failures.isEmpty)
    #expect(good.bytes.count < 12_000)
    let revoked = try await made(revoking: true)
    let refused = try await CredentialBundle(decoding: revoked.bytes).verify(anchor: revoked.anchor, policy: revoked.policy)
    #expect(refused.verdict.refusals == [.credential(at: 1, .revoked)])
  }

  @Test("A bundle is about one moment, and only so old")
  func moments() async throws {
    let good = try await made()
    let bundle = try CredentialBundle(decoding: good.bytes)
    let otherMoment = try await bundle.verify(anchor: good.anchor, policy: good.policy, at: good.policy.now)
    #expect(otherMoment.verdict.refusals.allSatisfy { $0.reason.hasPrefix("unavailable_") || $0.reason == "issuer_not_authorized" })
    #expect(otherMoment.accepted == nil)
    var later = good.policy
    later.now = later.now.adding(milliseconds: 60_001)
    await #expect(throws: BundleError.answer(0, .unproven(.stale(ageMilliseconds: 60_001)))) {
      try await bundle.verify(anchor: good.anchor, policy: later, maximumAgeMilliseconds: 60_000)
    }
    later.challenge = nil
    #expect(try await bundle.verify(anchor: good.anchor, policy: later).accepted != nil)
    let other = try TestChain(name: "other").anchor
    await #expect(throws: BundleError.self) { try await bundle.verify(anchor: other, policy: good.policy) }
  }

  @Test("Not a byte of a bundle can be changed")
  func tampered() async throws {
    let good = try await made()
    var survived: [Int] = []
    // Coprime to the bits of a byte, so that all regions and bits have their turn; other tests wait for the same two cores.
    for (count, offset) in stride(from: 0, to: good.bytes.count, by: 11).enumerated() {
      await Task.yield()
      var bytes = good.bytes
      bytes[offset] ^= 1 << UInt8(count % 8)
      do throws(BundleError) {
        let verification = try await CredentialBundle(decoding: bytes).verify(anchor: good.anchor, policy: good.policy)
        if verification.accepted != nil { survived.append(offset) }
      } catch {
        #expect(!error.reason.isEmpty)
      }
    }
    #expect(survived.isEmpty)
    for length in stride(from: 0, to: good.bytes.count, by: 97) {
      #expect(throws: BundleError.self) { try CredentialBundle(decoding: Array(good.bytes.prefix(length)) + [0xff]) }
    }
    #expect(throws: BundleError.malformed) { try CredentialBundle(decoding: good.bytes + [0]) }
  }

  @Test("Nothing may be missing from a bundle, nor be in it without need")
  func economy() async throws {
    let good = try await made()
    func outcome(_ change: (inout ProtoCredentialBundle) throws -> Void) async throws -> String {
      var message = try ProtoCredentialBundle(serializedBytes: good.bytes)
      try change(&message)
      do throws(BundleError) {
        let bundle = try CredentialBundle(decoding: try! message.serializedBytes())
        let verification = try await bundle.verify(anchor: good.anchor, policy: good.policy)
        return verification.verdict.refusals.first?.reason ?? "accepted"
      } catch {
        return error.reason
      }
    }
    #expect(try await outcome { _ in } == "accepted")
    #expect(try await outcome { $0.version = 2 } == "unknown_bundle_version")
    #expect(try await outcome { $0.answers.removeLast() }.hasPrefix("unavailable_"))
    #expect(try await outcome { $0.answers.append($0.answers[1]) } == "other_answer")
    #expect(try await outcome { $0.answers[1].proven.certificate = $0.answers[0].proven.certificate } == "superfluous_in_bundle")
    #expect(try await outcome { $0.answers[0].proven.epochs = [ProtoEpochChange()] } != "accepted")
    #expect(try await outcome { $0.answers[0].proven.log = [ProtoLogProof()] } == "superfluous_in_bundle")
    #expect(try await outcome { $0.answers[0].proven.consistency.oldSize = 1 } == "superfluous_in_bundle")
    #expect(try await outcome { $0.answers[0].request = nil } == "malformed_bundle_request")
    #expect(try await outcome { $0.sessions = [] } == "unneeded_bundle_answer")
    #expect(
      try await outcome { message in message.answers = (0..<300).map { _ in message.answers[0] } } == "too_many")
  }
}
