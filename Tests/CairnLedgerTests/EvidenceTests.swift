import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import Testing

@testable import CairnLedger

/// Consensus keys of the genesis: 101 for alpha (index 0), 111 for beta (1), 401 for gamma (2), 421 for omega (3).
@Suite struct EvidenceTests {
  private var world = World()

  private func vote(_ statement: Statement, validator: Int = 2, by number: Int = 401) -> Vote {
    Verified.signed(statement, network: world.network, validator: validator, key: key(number)).value
  }

  private func evidence(view: UInt64 = 12, epoch: UInt64 = 0, validator: Int = 2, by number: Int = 401) throws -> Evidence {
    try #require(
      Evidence(
        vote(.nullify(epoch: epoch, view: view), validator: validator, by: number),
        vote(.finalize(epoch: epoch, view: view, digest: .sha256([3])), validator: validator, by: number)))
  }

  private func submit(_ evidence: Evidence, key number: Int = 401) throws -> LedgerOperation {
    try .submit(evidence, consensusKey: key(number).publicKey, network: world.network)
  }

  private func record(of evidence: Evidence) throws -> EvidenceRecord? {
    try world.state.record(forKey: evidence.stateKey).map { try EvidenceRecord(decoding: $0) }
  }

  private func refusal(_ operation: LedgerOperation, by submitter: CairnDID = World.registrar, signer: Int = 1) -> TransactionError? {
    do throws(TransactionError) {
      var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
      let unsigned = UnsignedTransaction(
        network: world.network, submitter: submitter, notAfterHeight: world.height + 5, nonce: sixteen(1), operations: [operation])
      let transaction = try TransactionVerifier(network: world.network).verify(try unsigned.signed(by: [key(signer)]).bytes)
      try execution.apply(transaction)
      return nil
    } catch { return error }
  }

  @Test("The first fault of a validator and epoch is put on record, another one changes nothing") mutating func record() throws {
    let fault = try evidence()
    try world.commit(world.transaction([submit(fault)], by: World.trustee, signers: [11]))
    let record = try #require(try record(of: fault))
    #expect(record.evidence == fault && record.validator == "gamma" && record.by == World.trustee)
    #expect(record.consensusKey == key(401).publicKey && record.submittedMilliseconds == world.state.timeMilliseconds)
    #expect(try EvidenceRecord(decoding: record.bytes) == record)
    let value = try StateValue(decoding: try #require(world.state.tree[fault.stateKey]))
    #expect(value.type == .evidence)
    let again = try world.commit(world.transaction([submit(evidence(view: 13))], signers: [1], nonce: 1))
    #expect(again.rows.isEmpty)
    // Of another validator.
    let other = try evidence(validator: 1, by: 111)
    try world.commit(world.transaction([submit(other, key: 111)], signers: [1], nonce: 2))
    #expect(try self.record(of: other)?.validator == "beta")
    #expect(
      fault.stateKey == .sha256(Array("cairn/state/v1".utf8) + [0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]))
  }

  @Test("Who did not sign is not accused") func accusations() throws {
    // Signed by a key that is not the one that it comes with.
    #expect(refusal(try submit(evidence(by: 402))) == .operation(0, .evidence(.badSignature)))
    // Whose key it is says the state.
    let unknown = { (epoch: UInt64, validator: Int) in
      TransactionError.operation(0, .evidence(.unknownSigner(epoch: epoch, validator: validator)))
    }
    #expect(refusal(try submit(evidence(by: 402), key: 402)) == unknown(0, 2))
    #expect(refusal(try submit(evidence(validator: 1, by: 401))) == unknown(0, 1))
    #expect(refusal(try submit(evidence(validator: 4, by: 401))) == unknown(0, 4))
    #expect(refusal(try submit(evidence(epoch: 1))) == unknown(1, 2))
    #expect(refusal(try submit(evidence())) == nil)
  }

  @Test("Only operators submit it") func permission() throws {
    let refused = ConstitutionRefusal(action: .evidenceSubmit, submitter: World.guardian, policies: [])
    #expect(refusal(try submit(evidence()), by: World.guardian, signer: 301) == .operation(0, .notPermitted(refused)))
  }

  @Test("Votes that do not exclude each other, and other bytes, are no evidence", arguments: [0, 1, 114, 115, 229])
  func malformed(position: Int) throws {
    var message = try submit(evidence()).message
    #expect(message.evidenceSubmit.evidence.count == Evidence.byteCount)
    var cut = message
    cut.evidenceSubmit.evidence.removeLast()
    #expect(throws: OperationError.malformed("evidence")) { try LedgerOperation(cut, network: world.network) }
    var short = message
    short.evidenceSubmit.consensusKey.removeLast()
    #expect(throws: OperationError.malformed("consensus_key")) { try LedgerOperation(short, network: world.network) }
    // Every flipped bit leaves no evidence, or none that the key has signed.
    message.evidenceSubmit.evidence[position] ^= 1
    let changed = try? LedgerOperation(message, network: world.network)
    #expect(changed.map { refusal($0) != nil } ?? true)
  }

  @Test("A transaction with it is found under the validator's row, and followed by its kind") func lookUp() throws {
    let fault = try evidence()
    let transaction = try world.transaction([submit(fault)]).value
    #expect(Transaction.lookUpKeys(ofFinalized: transaction.bytes, network: world.network) == [transaction.id, fault.stateKey])
    let subjects = Transaction.subjects(ofFinalized: transaction.bytes, network: world.network)
    #expect(subjects.map(\.kind) == ["evidence_submit"])
  }
}
