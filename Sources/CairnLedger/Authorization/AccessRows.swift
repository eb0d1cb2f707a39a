package import CairnCrypto
package import CairnIdentity

/// Rows of the state by their keys: of a version of the ledger, or proven by somebody else's answer.
package protocol AccessRows {
  associatedtype Failure: Error

  /// The record that a row commits to; `nil` when there is no such row. Asked for once for each key.
  mutating func record(forKey key: Digest, type: StateType) throws(Failure) -> [UInt8]?
  /// The version that a contract's record names.
  mutating func contract(_ record: ContractRecord) throws(Failure) -> CompiledContract
  /// What a record is that is none of its type.
  func unreadable(_ key: Digest) -> Failure
}

/// Reads rows for a decision, each once.
package struct AccessReader<Rows: AccessRows>: AccessState {
  package typealias Failure = Rows.Failure

  package private(set) var rows: Rows
  private var records: [Digest: [UInt8]?] = [:]

  package init(_ rows: Rows) { self.rows = rows }

  private mutating func read<Record>(
    _ key: Digest, _ type: StateType, _ decode: ([UInt8]) throws(RecordError) -> Record
  ) throws(Failure) -> Record? {
    let bytes: [UInt8]?
    if let known = records[key] {
      bytes = known
    } else {
      bytes = try rows.record(forKey: key, type: type)
      records.updateValue(bytes, forKey: key)
    }
    guard let bytes else { return nil }
    do { return try decode(bytes) } catch { throw rows.unreadable(key) }
  }

  package mutating func did(_ did: CairnDID) throws(Failure) -> DIDRecord? {
    let record = try read(did.stateKey, .did) { bytes throws(RecordError) in try DIDRecord(decoding: bytes) }
    guard record.map({ $0.did == did }) ?? true else { throw rows.unreadable(did.stateKey) }
    return record
  }

  package mutating func roles(of did: CairnDID) throws(Failure) -> Roles {
    try read(did.rolesKey, .roles) { bytes throws(RecordError) in try Roles(decoding: bytes) } ?? .none
  }

  package mutating func isIsolated(_ did: CairnDID, at moment: BlockMoment) throws(Failure) -> Bool {
    let record = try read(did.isolationKey, .isolation) { bytes throws(RecordError) in try IsolationRecord(decoding: bytes) }
    return record?.isInForce(atMilliseconds: moment.milliseconds) ?? false
  }

  package mutating func contract(_ id: ContractID, at moment: BlockMoment) throws(Failure) -> AccessContract? {
    let record = try read(id.stateKey, .contract) { bytes throws(RecordError) in try ContractRecord(decoding: bytes) }
    guard let record else { return nil }
    return AccessContract(record, try rows.contract(record), at: moment)
  }

  package mutating func statusList(_ list: StatusListID) throws(Failure) -> StatusListRecord? {
    try read(list.stateKey, .statusList) { bytes throws(RecordError) in try StatusListRecord(decoding: bytes) }
  }

  package mutating func chunk(_ chunk: UInt32, of list: StatusListID) throws(Failure) -> StatusChunk? {
    try read(list.chunkKey(chunk), .statusChunk) { bytes throws(RecordError) in try StatusChunk(decoding: bytes) }
  }
}
