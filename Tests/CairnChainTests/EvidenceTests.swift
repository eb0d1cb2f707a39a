import CairnChain
import CairnCrypto
import Testing

@Suite("Evidence")
struct EvidenceTests {
  private let committee: Committee
  private let verifier: ConsensusVerifier
  private let notarize = Statement.notarize(epoch: 0, view: 7, digest: .sha256([1]))
  private let other = Statement.notarize(epoch: 0, view: 7, digest: .sha256([2]))

  init() throws {
    committee = try Committee(count: 4)
    verifier = ConsensusVerifier(network: testNetwork, epoch: 0, validators: committee.set)
  }

  private func vote(_ statement: Statement, by validator: Int, network: Digest = testNetwork) -> Vote {
    committee.vote(statement, by: validator, network: network).value
  }

  private func evidence(by validator: Int = 2) throws -> Evidence {
    try #require(Evidence(vote(notarize, by: validator), vote(other, by: validator)))
  }

  @Test("The same two votes are the same evidence in either order, and in one encoding")
  func order() throws {
    let evidence = try evidence()
    #expect(Evidence(evidence.second, evidence.first) == evidence)
    #expect(evidence.bytes.count == Evidence.byteCount)
    #expect(try Evidence(decoding: evidence.bytes) == evidence)
    #expect(throws: ChainError.encoding(.notCanonical)) { try Evidence(decoding: evidence.second.bytes + evidence.first.bytes) }
  }

  @Test("Votes that an honest validator may sign are no evidence")
  func harmless() throws {
    #expect(Evidence(vote(notarize, by: 2), vote(other, by: 1)) == nil)
    #expect(Evidence(vote(notarize, by: 2), vote(.nullify(epoch: 0, view: 7), by: 2)) == nil)
    let repeated = vote(notarize, by: 2)
    #expect(throws: ChainError.field("evidence")) { try Evidence(decoding: repeated.bytes + repeated.bytes) }
    for count in [0, Evidence.byteCount - 1, Evidence.byteCount + 1] {
      #expect(throws: ChainError.encoding(.malformed)) { try Evidence(decoding: [UInt8](repeating: 1, count: count)) }
    }
  }

  @Test("A file proves its evidence to whoever has the validators' keys")
  func file() throws {
    let file = EvidenceFile(network: testNetwork, evidence: try [evidence(by: 3), evidence(by: 2), evidence(by: 3)])
    #expect(file.evidence.count == 2)
    let read = try EvidenceFile(decoding: file.bytes)
    #expect(read == file)
    #expect(Set(try read.verify(with: verifier).map(\.value.validator)) == [2, 3])
  }

  @Test("A file about another network, epoch or key, or with a changed byte, proves nothing")
  func refused() throws {
    let good = try evidence()
    #expect(throws: ChainError.wrongNetwork) {
      try EvidenceFile(network: .sha256([9]), evidence: [good]).verify(with: verifier)
    }
    let foreign = try #require(Evidence(vote(notarize, by: 2, network: .sha256([9])), vote(other, by: 2, network: .sha256([9]))))
    #expect(throws: ChainError.certificate(.badSignature(validator: 2))) {
      try EvidenceFile(network: testNetwork, evidence: [foreign]).verify(with: verifier)
    }
    let file = EvidenceFile(network: testNetwork, evidence: [good])
    let later = ConsensusVerifier(network: testNetwork, epoch: 1, validators: committee.set)
    #expect(throws: ChainError.certificate(.wrongEpoch(0))) { try file.verify(with: later) }
    for index in file.bytes.indices {
      var changed = file.bytes
      changed[index] ^= 1
      #expect(throws: ChainError.self, "byte \(index)") { try EvidenceFile(decoding: changed).verify(with: verifier) }
    }
  }

  @Test("A file has one encoding and a bound")
  func bounds() throws {
    #expect(throws: ChainError.self) { try EvidenceFile(decoding: []) }
    #expect(throws: ChainError.field("evidence")) {
      try EvidenceFile(decoding: EvidenceFile(network: testNetwork, evidence: []).bytes)
    }
    #expect(throws: ChainError.self) { try EvidenceFile(decoding: [UInt8](repeating: 0, count: EvidenceFile.byteLimit + 1)) }
  }
}
