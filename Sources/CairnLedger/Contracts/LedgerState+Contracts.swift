import CairnCrypto

extension LedgerState {
  /// The contract at this version, `nil` when there is none.
  public func contract(_ id: ContractID) throws(LedgerFault) -> ContractRecord? {
    let key = id.stateKey
    guard let bytes = try record(forKey: key) else { return nil }
    guard let record = try? ContractRecord(decoding: bytes) else { throw .wrongRecord(key: key) }
    return record
  }

  /// A version of a contract, whether or not it is in force; `nil` when there is none of this number.
  public func contractVersion(_ version: UInt64, of id: ContractID) throws(LedgerFault) -> ContractVersion? {
    let key = id.versionKey(version)
    guard let bytes = try record(forKey: key) else { return nil }
    guard let contract = try? ContractVersion(decoding: bytes) else { throw .wrongRecord(key: key) }
    return contract
  }

  /// The version in force, ready to decide. Read once, and kept while it is in use.
  public func compiledContract(_ record: ContractRecord) throws(LedgerFault) -> CompiledContract {
    if let compiled = contracts.compiled(record.hash) { return compiled }
    guard let contract = try contractVersion(record.version, of: record.id), contract.hash == record.hash,
      let compiled = try? contracts.compiled(contract)
    else { throw .wrongRecord(key: record.id.versionKey(record.version)) }
    return compiled
  }
}
