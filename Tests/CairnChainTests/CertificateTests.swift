import CairnChain
import CairnCrypto
import CairnMessages
import Foundation
import Testing

@Suite struct CertificateTests {
  private let statement = Statement.finalize(epoch: 2, view: 300, digest: testDigest("block"))

  @Test("A certificate's bytes are the golden ones") func golden() throws {
    let committee = try Committee(count: 4)
    let statement = Statement.finalize(epoch: 2, view: 300, digest: Header(try goldenFields()).digest)
    let votes = [3, 0, 2].map { committee.vote(statement, by: $0) }
    let certificate = try #require(Verified.assembled(from: votes, quorum: committee.set.quorum)).value
    #expect(Hex.encode(certificate.bytes(validatorCount: 4)) == Golden.certificate)
    let decoded = try Certificate(decoding: Hex.decode(Golden.certificate) ?? [], validatorCount: 4)
    #expect(decoded == certificate)
    #expect(decoded.signers == [0, 2, 3])
    #expect(try committee.verifier(epoch: 2).verify(decoded).value == certificate)
  }

  @Test("A certificate of every size comes back and verifies", arguments: [1, 2, 4, 7, 8, 9, 16, 17, 31]) func sizes(count: Int) throws {
    let committee = try Committee(count: count)
    for statement in [statement, .nullify(epoch: 2, view: 0), .notarize(epoch: 2, view: 1, digest: .zero)] {
      let certificate = try committee.certificate(statement)
      let decoded = try Certificate(decoding: certificate.bytes(validatorCount: count), validatorCount: count)
      #expect(decoded == certificate)
      #expect(decoded.statement == statement)
      #expect(decoded.signers == Array(0..<committee.set.quorum))
      #expect(try committee.verifier(epoch: 2).verify(decoded).value == certificate)
    }
  }

  @Test("31 signatures fit into 2 KiB for every epoch and view below 2^56") func largest() throws {
    let committee = try Committee(count: 31)
    let statement = Statement.finalize(epoch: 1 << 56 - 1, view: 1 << 56 - 1, digest: testDigest("block"))
    let message = committee.message(statement, signers: Array(0..<31))
    let bytes = try Certificate(message, validatorCount: 31).bytes(validatorCount: 31)
    #expect(bytes.count <= Certificate.byteLimit)
    #expect(try Certificate(decoding: bytes, validatorCount: 31).signers.count == 31)
    let long = [UInt8](repeating: 0, count: Certificate.byteLimit + 1)
    #expect(throws: ChainError.encoding(.tooLong(limit: 2048, actual: 2049))) { try Certificate(decoding: long, validatorCount: 31) }
  }

  @Test("The bitmap has a bit for each validator, rounded up to bytes") func bitmapLength() throws {
    let committee = try Committee(count: 9)
    for bitmap in [[], [0xff], [0xff, 0, 0]] as [[UInt8]] {
      try expect(.bitmapLength, of: committee) { $0.signers = Data(bitmap) }
    }
  }

  @Test("A bit beyond the validators is refused", arguments: [1, 4, 7, 9, 31]) func unknownSigner(count: Int) throws {
    let committee = try Committee(count: count)
    for bit in count..<(count + 7) / 8 * 8 {
      try expect(.unknownSigner, of: committee) { $0.signers[bit / 8] |= 1 << UInt8(bit % 8) }
    }
  }

  @Test("There is one signature for each bit") func signatureCount() throws {
    let committee = try Committee(count: 4)
    try expect(.signatureCount, of: committee) { $0.signatures.removeLast() }
    try expect(.signatureCount, of: committee) { $0.signatures.removeLast(64) }
    try expect(.signatureCount, of: committee) { $0.signatures.append(0) }
    try expect(.signatureCount, of: committee) { $0.signatures.removeAll() }
    try expect(.signatureCount, of: committee) { $0.signers[0] |= 0b1000 }
    // A signer cannot stand twice: its bit is one bit, and the second signature is one too many.
    try expect(.signatureCount, of: committee) { $0.signatures += $0.signatures.prefix(64) }
  }

  @Test("Fewer than a quorum are refused", arguments: [1, 4, 7, 31]) func belowQuorum(count: Int) throws {
    let committee = try Committee(count: count)
    let quorum = committee.set.quorum
    for signers in Set([0, quorum - 1]).sorted() {
      let message = committee.message(statement, signers: Array(0..<signers))
      #expect(throws: ChainError.certificate(.belowQuorum(signers: signers, quorum: quorum))) {
        try Certificate(message, validatorCount: count)
      }
    }
  }

  @Test("The kind decides whether there is a digest") func statements() throws {
    let committee = try Committee(count: 4)
    try expect(.statement, of: committee) { $0.kind = .nullify }
    try expect(.statement, of: committee) { $0.kind = .unspecified }
    try expect(.statement, of: committee) { $0.kind = .UNRECOGNIZED(4) }
    try expect(.statement, of: committee) { $0.kind = .UNRECOGNIZED(-1) }
    try expect(.statement, of: committee) { $0.kind = .UNRECOGNIZED(257) }
    try expect(.statement, of: committee) { $0.digest = Data() }
    try expect(.statement, of: committee) { $0.digest.removeLast() }
    try expect(.statement, of: committee) { $0.digest.append(0) }
  }

  @Test("Other bytes for the same certificate are refused") func canonical() throws {
    let bytes = try Committee(count: 4).certificate(statement).bytes(validatorCount: 4)
    for other in [bytes + [0x38, 1], bytes + [0x10, 2], [0x08, 0x83, 0x00] + bytes[2...]] {
      #expect(throws: ChainError.encoding(.notCanonical)) { try Certificate(decoding: other, validatorCount: 4) }
    }
    for other in [bytes + [0], Array(bytes.dropLast()), bytes + [0xff]] {
      #expect(throws: ChainError.encoding(.malformed)) { try Certificate(decoding: other, validatorCount: 4) }
    }
  }

  @Test("Every signature is checked") func badSignature() throws {
    let committee = try Committee(count: 4)
    for position in 0..<3 {
      var message = committee.message(statement)
      message.signatures[position * 64 + 10] ^= 1
      let certificate = try Certificate(message, validatorCount: 4)
      #expect(throws: CertificateError.badSignature(validator: position)) { try committee.verifier(epoch: 2).verify(certificate) }
    }
  }

  @Test("Signatures are of this statement, in this network, by these validators") func otherStatements() throws {
    let committee = try Committee(count: 4)
    let verifier = committee.verifier(epoch: 2)
    let bad = CertificateError.badSignature(validator: 0)
    for change in [
      { $0.view += 1 }, { $0.kind = .notarize }, { $0.digest = Data(testNetwork.bytes) }, { $0.signers = Data([0b1110]) },
    ] as [(inout ProtoCertificate) -> Void] {
      var message = committee.message(statement)
      change(&message)
      let certificate = try Certificate(message, validatorCount: 4)
      let first = certificate.signers[0]
      #expect(throws: CertificateError.badSignature(validator: first)) { try verifier.verify(certificate) }
    }
    let foreign = try Certificate(committee.message(statement, signers: [0, 1, 2], network: .zero), validatorCount: 4)
    #expect(throws: bad) { try verifier.verify(foreign) }
    #expect(throws: bad) { try verifier.verify(Committee(count: 4, offset: 40).certificate(statement)) }
    #expect(throws: CertificateError.wrongEpoch(2)) { try committee.verifier(epoch: 3).verify(committee.certificate(statement)) }
  }

  @Test("The verifier applies its own set's size") func otherSize() throws {
    let verifier = try Committee(count: 4).verifier(epoch: 2)
    #expect(throws: CertificateError.belowQuorum(signers: 1, quorum: 3)) {
      try verifier.verify(Committee(count: 1).certificate(statement))
    }
    #expect(throws: CertificateError.unknownSigner) { try verifier.verify(Committee(count: 7).certificate(statement)) }
  }

  private func expect(
    _ error: CertificateError, of committee: Committee, sourceLocation: SourceLocation = #_sourceLocation,
    when change: (inout ProtoCertificate) -> Void
  ) throws {
    var message = committee.message(statement)
    change(&message)
    #expect(throws: ChainError.certificate(error), sourceLocation: sourceLocation) {
      try Certificate(message, validatorCount: committee.set.count)
    }
  }
}
