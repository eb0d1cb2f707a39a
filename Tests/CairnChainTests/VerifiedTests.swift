import CairnChain
import CairnCrypto
import CairnMessages
import Foundation
import Synchronization
import Testing

/// Ed25519 that counts.
final class CountingScheme: SignatureScheme {
  private let checks = Mutex(0)

  var count: Int { checks.withLock(\.self) }

  func isValid(_ signature: Signature, by key: PublicKey, for message: [UInt8]) -> Bool {
    checks.withLock { $0 += 1 }
    return key.isValid(signature, for: message)
  }
}

@Suite struct VerifiedTests {
  private let statement = Statement.notarize(epoch: 2, view: 5, digest: testDigest("block"))

  @Test("Votes make a certificate from the quorum on, in any order", arguments: [1, 4, 7, 31]) func assembled(count: Int) throws {
    let committee = try Committee(count: count)
    let quorum = committee.set.quorum
    for signers in 0...count {
      let votes = (0..<signers).reversed().map { committee.vote(statement, by: $0) }
      let certificate = Verified.assembled(from: votes, quorum: quorum)
      #expect((certificate == nil) == (signers < quorum))
      guard let certificate else { continue }
      #expect(certificate.value.signers == Array(0..<signers))
      #expect(try committee.verifier(epoch: 2).verify(certificate.value) == certificate)
    }
  }

  @Test("A proposal is verified part by part") func proposal() throws {
    let fixture = try ProposalFixture()
    let proposal = try fixture.proposal()
    let verified = try fixture.committee.verifier(epoch: 2).verify(proposal)
    #expect(verified.value == proposal)
    #expect(verified.vote?.value == proposal.vote)
    #expect(verified.parent?.value == proposal.parent)
    #expect(verified.skips.map(\.value) == proposal.skips)
  }

  @Test("One bad part spoils a proposal") func badParts() throws {
    let fixture = try ProposalFixture()
    let verifier = fixture.committee.verifier(epoch: 2)
    let good = try fixture.proposal()
    let badVote = Vote(statement: fixture.vote.statement, validator: 1, signature: fixture.vote.signature)
    let bad = [
      Proposal(block: good.block, vote: badVote, parent: good.parent, skips: good.skips),
      Proposal(block: good.block, vote: good.vote, parent: try forged(fixture.parent), skips: good.skips),
      Proposal(block: good.block, vote: good.vote, parent: good.parent, skips: [good.skips[0], try forged(fixture.skips[1])]),
    ]
    for (proposal, validator) in zip(bad, [1, 2, 2]) {
      #expect(throws: CertificateError.badSignature(validator: validator)) { try verifier.verify(proposal) }
    }
    #expect(throws: CertificateError.wrongEpoch(2)) { try fixture.committee.verifier(epoch: 3).verify(good) }
  }

  @Test("Certificates of known statements are not checked again, and not believed either") func known() throws {
    let fixture = try ProposalFixture()
    let scheme = CountingScheme()
    let verifier = fixture.committee.verifier(epoch: 2, scheme: scheme)
    let good = try fixture.proposal()
    let mine = try #require(
      Verified.assembled(from: [1, 2, 3].map { fixture.committee.vote(fixture.parent, by: $0) }, quorum: fixture.committee.set.quorum))
    let received = Proposal(block: good.block, vote: good.vote, parent: try forged(fixture.parent), skips: good.skips)
    let verified = try verifier.verify(received) { $0 == fixture.parent ? mine : nil }
    // The vote and two skips of three signatures each.
    #expect(scheme.count == 1 + 2 * 3)
    #expect(verified.parent == mine)
    #expect(verified.value.parent == mine.value)
    #expect(verified.skips.map(\.value) == good.skips)
  }

  @Test("A scheme that refuses everything lets nothing through") func refusingScheme() throws {
    struct Refusing: SignatureScheme {
      func isValid(_ signature: Signature, by key: PublicKey, for message: [UInt8]) -> Bool { false }
    }
    let committee = try Committee(count: 4)
    let verifier = committee.verifier(epoch: 2, scheme: Refusing())
    #expect(throws: CertificateError.badSignature(validator: 0)) { try verifier.verify(committee.certificate(statement)) }
    #expect(throws: CertificateError.badSignature(validator: 1)) { try verifier.verify(committee.vote(statement, by: 1).value) }
  }

  private func forged(_ statement: Statement) throws -> Certificate {
    var message = try Committee(count: 4).message(statement)
    message.signatures[2 * 64] ^= 1
    return try Certificate(message, validatorCount: 4)
  }
}
