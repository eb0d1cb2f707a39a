public import CairnCrypto
import CairnIdentity
public import CairnLedger

extension CairnClient {
  /// A contract, at the version in force, at another version, or as it was at an earlier time.
  ///
  /// - Parameter version: one that the caller has, so that the node need not send it again.
  /// - Throws: ``CairnError/unknownContract(_:provenBy:)`` and ``CairnError/contractNotYetDeployed(_:deployedMilliseconds:provenBy:)`` with their
  ///   proof; that there is no version of a number is the node's word (``CairnError/refused(_:)``).
  public func contract(
    _ id: ContractID, at selector: ContractSelector = .inForce, having version: ContractVersion? = nil
  ) async throws(CairnError) -> ContractResolution {
    try await ask(.contract(id, at: selector, having: version)).resolution(of: id).get()
  }

  /// Deploys the first version of a contract.
  ///
  /// - Parameters:
  ///   - keys: update keys of as many owners as the version asks for, beside the author's.
  ///   - author: who may deploy contracts.
  public func deploy(_ version: ContractVersion, keys: [SigningKey] = [], by author: Signatory) async throws(CairnError) -> Receipt {
    try await perform(keys: keys, by: author) { network throws(OperationError) in try .deploy(version, network: network) }
  }

  /// Puts the next version of a contract into force. A frozen contract stays frozen.
  ///
  /// - Parameters:
  ///   - guardian: needed when a `forbid` goes.
  ///   - keys: update keys of the owners, of the version in force and of the next.
  ///   - author: who may upgrade contracts.
  public func upgrade(
    to version: ContractVersion, guardian: Signatory? = nil, keys: [SigningKey] = [], by author: Signatory
  ) async throws(CairnError) -> Receipt {
    try await perform(keys: keys + (guardian?.keys ?? []), by: author) { network throws(OperationError) in
      try .upgrade(to: version, guardian: guardian?.did, network: network)
    }
  }

  /// Stops a contract at once: every request is denied.
  public func freeze(_ id: ContractID, by guardian: Signatory) async throws(CairnError) -> Receipt {
    try await perform(keys: [], by: guardian) { network throws(OperationError) in try .freeze(id, network: network) }
  }

  /// Lets a frozen contract decide again.
  ///
  /// - Parameters:
  ///   - record: the contract as both guardians have looked at it.
  ///   - second: another guardian.
  public func unfreeze(
    _ record: ContractRecord, with second: Signatory, by first: Signatory
  ) async throws(CairnError) -> Receipt {
    try await perform(keys: second.keys, by: first) { network throws(OperationError) in
      try .unfreeze(record, guardian: second.did, network: network)
    }
  }

  /// Vouches for the version in force, for 30 days.
  ///
  /// - Parameter hash: of the version that the auditor has looked at.
  public func attest(
    _ id: ContractID, hash: Digest, statement: String = "", by auditor: Signatory
  ) async throws(CairnError) -> Receipt {
    try await perform(keys: [], by: auditor) { network throws(OperationError) in
      try .attest(id, hash: hash, statement: statement, network: network)
    }
  }

  /// Ends a contract for ever.
  ///
  /// - Parameter keys: update keys of as many owners as the version in force asks for, beside the submitter's.
  public func retire(_ id: ContractID, keys: [SigningKey] = [], by submitter: Signatory) async throws(CairnError) -> Receipt {
    try await perform(keys: keys, by: submitter) { network throws(OperationError) in try .retire(id, network: network) }
  }

  private func perform(
    keys: [SigningKey], by submitter: Signatory, _ operation: (Digest) throws(OperationError) -> LedgerOperation
  ) async throws(CairnError) -> Receipt {
    let made: LedgerOperation
    do { made = try operation(network) } catch { throw .invalidOperation(error) }
    return try await perform([made], keys: keys, by: submitter)
  }
}
