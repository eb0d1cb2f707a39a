import CairnChain
import CairnCrypto
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

/// Hostile bytes: whatever they are, nothing traps, and nothing that the validators did not sign is believed.
@Suite struct MutationTests {
  private static let rounds = 2000

  @Test("A changed header is another header, or none") func headers() throws {
    let original = Header(try goldenFields())
    var decoded = 0
    forEachMutation(of: original.bytes, seed: 1) { bytes in
      guard let header = try? Header(decoding: bytes) else { return }
      decoded += 1
      #expect(header.bytes == bytes)
      #expect(header.digest != original.digest)
      #expect(Header(header.fields).bytes == bytes)
    }
    #expect(decoded > 0)
  }

  @Test("A changed log entry decodes to what encodes to it") func entries() {
    forEachMutation(of: LogEntry.transaction(Array(0..<200)).bytes, seed: 2) { bytes in
      guard let entry = try? LogEntry(decoding: bytes) else { return }
      #expect(entry.bytes == bytes)
    }
  }

  @Test("A changed validator set is another set, or none") func validatorSets() throws {
    let original = try Committee(count: 4).set
    forEachMutation(of: original.bytes, seed: 3) { bytes in
      guard let set = try? ValidatorSet(decoding: bytes) else { return }
      #expect(set.bytes == bytes)
      #expect(set != original)
    }
  }

  @Test("A changed vote never verifies") func votes() throws {
    let committee = try Committee(count: 4)
    let verifier = committee.verifier(epoch: 2)
    let original = committee.vote(.notarize(epoch: 2, view: 300, digest: testDigest("block")), by: 2).value
    var decoded = 0
    forEachMutation(of: original.bytes, seed: 4) { bytes in
      guard let vote = try? Vote(decoding: bytes) else { return }
      decoded += 1
      #expect(vote.bytes == bytes)
      #expect(throws: CertificateError.self) { try verifier.verify(vote) }
    }
    #expect(decoded > 0)
  }

  @Test("A changed certificate never verifies") func certificates() throws {
    let committee = try Committee(count: 4)
    let verifier = committee.verifier(epoch: 2)
    let original = try committee.certificate(.finalize(epoch: 2, view: 300, digest: testDigest("block")))
    var decoded = 0
    forEachMutation(of: original.bytes(validatorCount: 4), seed: 5) { bytes in
      guard let certificate = try? Certificate(decoding: bytes, validatorCount: 4) else { return }
      decoded += 1
      #expect(certificate.bytes(validatorCount: 4) == bytes)
      #expect(throws: CertificateError.self) { try verifier.verify(certificate) }
    }
    #expect(decoded > 0)
  }

  @Test("Of a changed proposal only what was signed verifies") func proposals() throws {
    let fixture = try ProposalFixture()
    let verifier = fixture.committee.verifier(epoch: 2)
    let original = try fixture.proposal()
    var decoded = 0
    forEachMutation(of: try original.message(validatorCount: 4).serializedBytes(), seed: 6) { bytes in
      guard let message = try? ProtoProposal(serializedBytes: bytes), let proposal = try? Proposal(message, validatorCount: 4) else {
        return
      }
      decoded += 1
      guard let verified = try? verifier.verify(proposal).value else { return }
      #expect(verified.vote == nil || verified.vote == original.vote && verified.block.header == original.block.header)
      #expect(verified.parent == nil || verified.parent == original.parent)
      #expect(verified.skips.allSatisfy(original.skips.contains))
    }
    #expect(decoded > 0)
  }

  @Test("A changed answer proves what the original proved, or nothing") func answers() throws {
    let key = testDigest("key")
    var chain = try TestChain()
    chain.seal(transactions: [[1], [2]], rows: [(key, [1, 2, 3]), (testDigest("a"), [4]), (testDigest("b"), [5])])
    chain.seal(next: try Committee(count: 4, offset: 8))
    chain.seal()
    let header = chain.newest
    var original = try chain.answer(header, since: chain.genesis, changes: chain.changes)
    original.state = [chain.stateProof(of: key, in: header)]
    original.log = [try chain.logProof(of: 2, in: header)]
    var started = LightClient(anchor: chain.anchor())
    let genesis = try started.verify(chain.answer(chain.genesis))
    var believed = 0
    forEachMutation(of: try original.serializedBytes(), seed: 7) { bytes in
      guard let answer = try? ProtoProven(serializedBytes: bytes) else { return }
      var client = started
      guard let certified = try? client.verify(answer, since: genesis) else { return }
      believed += 1
      #expect([chain.genesis, header].contains(certified.header))
      for proof in answer.state {
        // An absence counts as believed, too.
        guard case .success(let value) = Result(catching: { try certified.value(of: key, proof: proof) }) else { continue }
        #expect(value == [1, 2, 3])
      }
      for proof in answer.log {
        guard let (index, entry) = try? certified.entry(proof) else { continue }
        #expect(index == 2 && entry == chain.entry(at: 2))
      }
    }
    #expect(believed > 0)
  }

  @Test("Noise is refused") func noise() throws {
    var generator = SeededGenerator(state: 8)
    let verifier = try Committee(count: 4).verifier(epoch: 0)
    for _ in 0..<Self.rounds {
      let bytes = (0..<Int.random(in: 0...400, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(throws: ChainError.self) { try Header(decoding: bytes) }
      #expect(throws: ChainError.self) { try ValidatorSet(decoding: bytes) }
      #expect(throws: ChainError.self) { try Certificate(decoding: bytes, validatorCount: 4) }
      #expect(throws: ChainError.self) { try TrustAnchor(decoding: bytes) }
      if let vote = try? Vote(decoding: bytes) { #expect(throws: CertificateError.self) { try verifier.verify(vote) } }
    }
  }

  /// Up to three changes each, of the kinds that decoders get wrong.
  private func forEachMutation(of original: [UInt8], seed: UInt64, _ body: ([UInt8]) -> Void) {
    var generator = SeededGenerator(state: seed)
    for _ in 0..<Self.rounds {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &generator) { mutate(&bytes, using: &generator) }
      if bytes != original { body(bytes) }
    }
  }

  private func mutate(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
    guard let position = bytes.indices.randomElement(using: &generator) else { return bytes.append(0) }
    let end = min(bytes.count, position + Int.random(in: 1...40, using: &generator))
    switch Int.random(in: 0..<8, using: &generator) {
    case 0, 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 2: bytes[position] = UInt8.random(in: 0...255, using: &generator)
    case 3: bytes[position] = [0x00, 0x01, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
    case 4: bytes.removeSubrange(position..<end)
    case 5: bytes.insert(contentsOf: bytes[position..<end], at: position)
    case 6: bytes.removeSubrange(position...)
    default: bytes.insert(contentsOf: [UInt8](repeating: 0xff, count: 9) + [0x01], at: position)
    }
  }
}
