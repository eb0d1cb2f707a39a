import CairnChain
import CairnCrypto
import Testing

@Suite struct StatementTests {
  private let epoch: UInt64 = 0x0102_0304_0506_0708
  private let view: UInt64 = 0x1112_1314_1516_1718

  @Test("What is signed is the golden bytes") func golden() {
    let block = testDigest("block")
    let signed = { (statement: Statement) in Hex.encode(statement.signedBytes(network: testNetwork)) }
    #expect(signed(.notarize(epoch: epoch, view: view, digest: block)) == Golden.notarizeSignedBytes)
    #expect(signed(.nullify(epoch: epoch, view: view)) == Golden.nullifySignedBytes)
    #expect(signed(.finalize(epoch: epoch, view: view, digest: block)) == Golden.finalizeSignedBytes)
  }

  @Test("No two statements have the same signed bytes") func distinct() {
    var seen: Set<[UInt8]> = []
    for network in [testNetwork, testDigest("other network")] {
      for (epoch, view) in [(1, 1), (1, 2), (2, 1)] as [(UInt64, UInt64)] {
        for statement in statements(epoch: epoch, view: view) {
          #expect(seen.insert(statement.signedBytes(network: network)).inserted)
        }
      }
    }
  }

  @Test("A statement has a digest unless it is Nullify") func digests() {
    for kind in Statement.Kind.allCases {
      for digest in [nil, testDigest("block")] {
        let statement = Statement(kind: kind, epoch: 3, view: 4, digest: digest)
        #expect((statement == nil) == ((kind == .nullify) != (digest == nil)))
        guard let statement else { continue }
        #expect(statement.kind == kind)
        #expect(statement.epoch == 3)
        #expect(statement.view == 4)
        #expect(statement.digest == digest)
      }
    }
  }

  @Test("Exactly the pairs that no honest validator signs conflict") func conflicts() {
    // Order: Notarize(a), Notarize(b), Nullify, Finalize(a), Finalize(b).
    let expected: [[Bool]] = [
      [false, true, false, false, true],
      [true, false, false, true, false],
      [false, false, false, true, true],
      [false, true, true, false, true],
      [true, false, true, true, false],
    ]
    let here = statements(epoch: 1, view: 7)
    #expect(here.map { left in here.map { left.conflicts(with: $0) } } == expected)
    for other in [statements(epoch: 1, view: 8), statements(epoch: 2, view: 7)] {
      #expect(here.allSatisfy { left in other.allSatisfy { !left.conflicts(with: $0) && !$0.conflicts(with: left) } })
    }
  }

  private func statements(epoch: UInt64, view: UInt64) -> [Statement] {
    let (a, b) = (testDigest("a"), testDigest("b"))
    return [
      .notarize(epoch: epoch, view: view, digest: a), .notarize(epoch: epoch, view: view, digest: b), .nullify(epoch: epoch, view: view),
      .finalize(epoch: epoch, view: view, digest: a), .finalize(epoch: epoch, view: view, digest: b),
    ]
  }
}

@Suite struct VoteTests {
  private let statement = Statement.notarize(epoch: 0x0102_0304_0506_0708, view: 0x1112_1314_1516_1718, digest: testDigest("block"))

  @Test("A vote's bytes are the golden ones") func golden() throws {
    let committee = try Committee(count: 4)
    let vote = committee.vote(statement, by: 2).value
    #expect(Hex.encode(vote.bytes) == Golden.vote)
    #expect(Hex.encode(committee.vote(.nullify(epoch: 2, view: 301), by: 2).value.bytes) == Golden.nullifyVote)
    let decoded = try Vote(decoding: Hex.decode(Golden.vote) ?? [])
    #expect(try committee.verifier(epoch: statement.epoch).verify(decoded).value == vote)
  }

  @Test("A vote has 115 bytes and comes back from them", arguments: Statement.Kind.allCases) func roundTrip(kind: Statement.Kind) throws {
    for validator in [0, 1, 255, 256, 65_535] {
      let digest = kind == .nullify ? nil : testDigest("block")
      let statement = try #require(Statement(kind: kind, epoch: .max, view: 0, digest: digest))
      let vote = Vote(statement: statement, validator: validator, signature: testSignature(9))
      #expect(vote.bytes.count == Vote.byteCount)
      #expect(try Vote(decoding: vote.bytes) == vote)
    }
  }

  @Test("Every byte counts") func everyByte() throws {
    let bytes = Vote(statement: statement, validator: 2, signature: testSignature(9)).bytes
    let vote = try Vote(decoding: bytes)
    for position in bytes.indices {
      var changed = bytes
      changed[position] ^= 0x80
      #expect((try? Vote(decoding: changed)) != vote)
      #expect((try? Vote(decoding: changed))?.bytes ?? changed == changed)
    }
  }

  @Test("Another length is malformed", arguments: [0, 1, 114, 116, 256]) func length(count: Int) {
    #expect(throws: ChainError.encoding(.malformed)) { try Vote(decoding: [UInt8](repeating: 1, count: count)) }
  }

  @Test("An unknown kind, or Nullify with a digest, is refused") func statementField() {
    var bytes = Vote(statement: statement, validator: 2, signature: testSignature(9)).bytes
    for kind: UInt8 in [0, 2, 4, 255] {
      bytes[0] = kind
      #expect(throws: ChainError.field("statement")) { try Vote(decoding: bytes) }
    }
  }

  @Test("A vote is verified against its epoch, its validator's key and its network") func verify() throws {
    let committee = try Committee(count: 4)
    let verifier = committee.verifier(epoch: statement.epoch)
    let vote = committee.vote(statement, by: 1).value
    #expect(try verifier.verify(vote).value == vote)
    #expect(throws: CertificateError.wrongEpoch(statement.epoch)) { try committee.verifier(epoch: 1).verify(vote) }
    for validator in [0, 2, 3] {
      #expect(throws: CertificateError.badSignature(validator: validator)) {
        try verifier.verify(Vote(statement: statement, validator: validator, signature: vote.signature))
      }
    }
    for validator in [-1, 4, 65_535] {
      #expect(throws: CertificateError.unknownSigner) {
        try verifier.verify(Vote(statement: statement, validator: validator, signature: vote.signature))
      }
    }
    let foreign = committee.vote(statement, by: 1, network: testDigest("other network")).value
    #expect(throws: CertificateError.badSignature(validator: 1)) { try verifier.verify(foreign) }
  }
}
