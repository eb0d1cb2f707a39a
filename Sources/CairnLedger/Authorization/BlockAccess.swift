import CairnCrypto
import CairnIdentity

extension BlockExecution {
  /// What a decision in this block reads: what earlier transactions of the block did, and earlier operations of this one, is in force.
  var accessState: BlockAccessState {
    BlockAccessState(parent: parent, pending: pending, versions: versions, pendingRecords: pendingRecords, records: records)
  }
}

/// A look at a block in execution, which changes nothing in it.
struct BlockAccessState: AccessState {
  let parent: LedgerState
  let pending: [Digest: DIDVersion]
  let versions: [Digest: DIDVersion]
  let pendingRecords: [Digest: RecordVersion]
  let records: [Digest: RecordVersion]

  func did(_ did: CairnDID) throws(LedgerFault) -> DIDRecord? {
    let key = did.stateKey
    if let version = pending[key] ?? versions[key] { return version.record }
    return try parent.version(forKey: key)?.record
  }

  func roles(of did: CairnDID) throws(LedgerFault) -> Roles {
    try read(did.rolesKey) { bytes throws(RecordError) in try Roles(decoding: bytes) } ?? .none
  }

  func isIsolated(_ did: CairnDID, at moment: BlockMoment) throws(LedgerFault) -> Bool {
    let record = try read(did.isolationKey) { bytes throws(RecordError) in try IsolationRecord(decoding: bytes) }
    return record?.isInForce(atMilliseconds: moment.milliseconds) ?? false
  }

  func contract(_ id: ContractID, at moment: BlockMoment) throws(LedgerFault) -> AccessContract? {
    guard let record = try read(id.stateKey, { bytes throws(RecordError) in try ContractRecord(decoding: bytes) }) else { return nil }
    return AccessContract(record, try compiled(record), at: moment)
  }

  private func compiled(_ record: ContractRecord) throws(LedgerFault) -> CompiledContract {
    if let compiled = parent.contracts.compiled(record.hash) { return compiled }
    let key = record.id.versionKey(record.version)
    let contract = try read(key) { bytes throws(RecordError) in try ContractVersion(decoding: bytes) }
    guard let contract, contract.hash == record.hash, let compiled = try? parent.contracts.compiled(contract) else {
      throw .wrongRecord(key: key)
    }
    return compiled
  }

  func statusList(_ list: StatusListID) throws(LedgerFault) -> StatusListRecord? {
    try read(list.stateKey) { bytes throws(RecordError) in try StatusListRecord(decoding: bytes) }
  }

  func chunk(_ chunk: UInt32, of list: StatusListID) throws(LedgerFault) -> StatusChunk? {
    try read(list.chunkKey(chunk)) { bytes throws(RecordError) in try StatusChunk(decoding: bytes) }
  }

  private func read<Record>(
    _ key: Digest, _ decode: ([UInt8]) throws(RecordError) -> Record
  ) throws(LedgerFault) -> Record? {
    var bytes = (pendingRecords[key] ?? records[key])?.record
    if bytes == nil { bytes = try parent.record(forKey: key) }
    guard let bytes else { return nil }
    do { return try decode(bytes) } catch { throw .wrongRecord(key: key) }
  }
}
