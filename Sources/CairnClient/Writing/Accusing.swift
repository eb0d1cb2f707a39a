public import CairnChain
import CairnLedger

extension CairnClient {
  /// Puts faults of validators on record, for ever. The ledger keeps the first of each validator and epoch; what it has already is no
  /// error. What follows from them is for the trustees to decide.
  ///
  /// - Parameters:
  ///   - evidence: as many as fit into a transaction.
  ///   - operator: a DID with that role.
  /// - Throws: ``CairnError/invalidOperation(_:)`` when a vote is not by the validator whom the evidence names.
  public func submit(_ evidence: [Evidence], by operator: Signatory) async throws(CairnError) -> Receipt {
    // The epochs that this client knows are those that led to the newest header.
    _ = try await checkpoint()
    var operations: [LedgerOperation] = []
    for evidence in evidence {
      do throws(OperationError) { operations.append(try operation(evidence)) } catch { throw .invalidOperation(error) }
    }
    return try await perform(operations, keys: [], by: `operator`)
  }

  private func operation(_ evidence: Evidence) throws(OperationError) -> LedgerOperation {
    guard let validators = trust.validators(ofEpoch: evidence.epoch), let validator = validators[evidence.validator] else {
      throw .evidence(.unknownSigner(epoch: evidence.epoch, validator: evidence.validator))
    }
    let verifier = ConsensusVerifier(network: network, epoch: evidence.epoch, validators: validators)
    guard (try? verifier.verify(evidence)) != nil else { throw .evidence(.badSignature) }
    return try .submit(evidence, consensusKey: validator.consensusKey, network: network)
  }
}
