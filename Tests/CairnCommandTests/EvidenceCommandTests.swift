import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation
import Testing

@testable import CairnCommand

@Suite("Evidence files")
struct EvidenceCommandTests {
  private struct Shown: Decodable {
    let name: String
    let view: UInt64
    let statements: [String]
  }

  private let keys = (0..<4).map { _ in SigningKey.generate() }
  private let network = Digest.sha256([7])

  private func anchor(network: Digest) throws -> TrustAnchor {
    let validators = try ValidatorSet(
      keys.enumerated().map { index, key in
        Validator(
          name: "cloud-\(index)", consensusKey: key.publicKey, nodeKey: SigningKey.generate().publicKey,
          peerAddress: "127.0.0.1:\(9000 + index)", clientAddress: "127.0.0.1:\(9100 + index)")
      })
    return TrustAnchor(network: network, epoch: 0, height: 0, digest: .sha256([1]), validators: validators)
  }

  private func vote(_ statement: Statement, by key: SigningKey) -> Vote {
    Verified.signed(statement, network: network, validator: 2, key: key).value
  }

  private func write(_ key: SigningKey, to path: String, in workspace: Workspace) throws {
    let evidence = try #require(
      Evidence(
        vote(.nullify(epoch: 0, view: 12), by: key), vote(.finalize(epoch: 0, view: 12, digest: .sha256([3])), by: key)))
    let bytes = Armor.encode(EvidenceFile(network: network, evidence: [evidence]).bytes, as: .evidence, words: ["A fault."])
    try Data(bytes).write(to: workspace.directory.appendingPathComponent(path))
  }

  @Test("A proven fault is told with the validator's name and what it signed; a forged one is refused")
  func verify() async throws {
    let workspace = try Workspace()
    try Data(try anchor(network: network).fileBytes).write(to: workspace.directory.appendingPathComponent("anchor.json"))
    try Data(try anchor(network: .sha256([8])).fileBytes).write(to: workspace.directory.appendingPathComponent("other.json"))
    try write(keys[2], to: "fault", in: workspace)
    try write(keys[1], to: "forged", in: workspace)

    let proven = try await workspace.cairn("evidence", "verify", "fault", "--anchor", "anchor.json", "--json")
    #expect(proven.status == 0)
    let shown = try proven.json([Shown].self)
    #expect(shown.map(\.name) == ["cloud-2"] && shown.map(\.view) == [12])
    #expect(Set(shown.flatMap(\.statements)) == ["nullify", "finalize \(Digest.sha256([3]))"])

    for (file, anchor, reason) in [("forged", "anchor.json", "certificate_signature"), ("fault", "other.json", "wrong_network")] {
      let refused = try await workspace.cairn("evidence", "verify", file, "--anchor", anchor, "--json")
      #expect(refused.status == 1)
      #expect(try refused.failure().error == reason)
    }
    let none = try await workspace.cairn("evidence", "verify", "fault", "--json")
    #expect(none.status == 2)
    #expect(try none.failure().error == "no_anchor")
    let wrong = try await workspace.cairn("evidence", "verify", "anchor.json", "--anchor", "anchor.json", "--json")
    #expect(try wrong.failure().error == "malformed_file")
  }

  @Test("More faults than one transaction holds go into several, none left out and in order")
  func parts() throws {
    let faults = try (0..<UInt64(EvidenceSubmitCommand.faultsPerTransaction + 1)).map { view in
      try #require(
        Evidence(
          vote(.nullify(epoch: view, view: 1), by: keys[2]), vote(.finalize(epoch: view, view: 1, digest: .sha256([3])), by: keys[2])))
    }
    let parts = EvidenceSubmitCommand.parts(of: faults)
    #expect(parts.flatMap { $0 } == faults && parts.map(\.count) == [EvidenceSubmitCommand.faultsPerTransaction, 1])
    let operations = try parts[0].map { try LedgerOperation.submit($0, consensusKey: keys[2].publicKey, network: network) }
    let unsigned = UnsignedTransaction(
      network: network, submitter: CairnDID(network: network, create: .sha256([4])), notAfterHeight: 1,
      nonce: [UInt8](repeating: 0, count: Transaction.nonceByteCount), operations: operations)
    #expect(throws: Never.self) { try unsigned.signed(by: (0..<16).map { _ in SigningKey.generate() }) }
    #expect(EvidenceSubmitCommand.parts(of: []).isEmpty)
  }
}
