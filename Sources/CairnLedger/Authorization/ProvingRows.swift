package import CairnCrypto
package import CairnMerkle

/// Rows of a version of the ledger, with what proves each that was read: how a node answers.
package struct ProvingRows: AccessRows {
  let state: LedgerState
  /// Of every row that was read, in that order; of its absence too.
  package private(set) var proofs: [StateProof] = []
  /// The records of the same rows; empty where there is none.
  package private(set) var records: [[UInt8]] = []
  private var contract: ContractRecord?

  package init(_ state: LedgerState) { self.state = state }

  package mutating func record(forKey key: Digest, type: StateType) throws(LedgerFault) -> [UInt8]? {
    let proof = state.tree.proof(for: key)
    proofs.append(proof)
    guard proof.leaf?.key == key else {
      records.append([])
      return nil
    }
    guard let record = try state.record(forKey: key) else { throw .missingRecord(key: key) }
    records.append(record)
    return record
  }

  package mutating func contract(_ record: ContractRecord) throws(LedgerFault) -> CompiledContract {
    contract = record
    return try state.compiledContract(record)
  }

  /// The version of the contract that was read; empty when none was, or when the client has it.
  package func contract(unless known: Digest?) throws(LedgerFault) -> [UInt8] {
    guard let contract, contract.hash != known else { return [] }
    guard let version = try state.contractVersion(contract.version, of: contract.id), version.hash == contract.hash else {
      throw .wrongRecord(key: contract.id.versionKey(contract.version))
    }
    return version.bytes
  }

  package func unreadable(_ key: Digest) -> LedgerFault { .wrongRecord(key: key) }
}
