import CairnCrypto
import CairnIdentity

/// What each operation on a status list needs and does.
extension BlockExecution {
  /// An issuer makes a list of its own.
  mutating func create(_ create: StatusListCreate, _ list: StatusListID, submitter: CairnDID) throws(OperationError) -> Permission {
    guard submitter == list.issuer else { throw .notListIssuer(list) }
    try requireAbsence(of: list)
    let record = StatusListRecord(
      list, purpose: create.purpose, length: create.length, revokers: create.revokers, createdMilliseconds: timeMilliseconds,
      createdHeight: height)
    let permission = try permit(.statusListCreate, to: submitter, on: .statusList(record))
    insert(record)
    return permission
  }

  /// The controller of sessions has them anchored, and signs.
  mutating func create(
    _ create: SessionBatchCreate, _ list: StatusListID, submitter: CairnDID, _ signers: Signers
  ) throws(OperationError) -> Permission {
    try requireSignatures(of: create.controller, signers)
    guard create.expiresMilliseconds > timeMilliseconds,
      create.expiresMilliseconds - timeMilliseconds <= SessionBatchCreate.lifetimeLimitMilliseconds
    else { throw .sessionExpiry(create.expiresMilliseconds) }
    try requireAbsence(of: list)
    let record = StatusListRecord(
      list, purpose: .revocation, length: create.count, revokers: create.revokers, createdMilliseconds: timeMilliseconds,
      createdHeight: height, sessions: .init(root: create.root, expiresMilliseconds: create.expiresMilliseconds))
    let permission = try permit(
      .sessionBatchCreate, to: submitter, on: .statusList(record), [OperationFact("expiresAt", milliseconds: create.expiresMilliseconds)])
    insert(record)
    return permission
  }

  /// The issuer or a revoker sets bits, and clears them where the purpose allows it. A revocation is for ever.
  mutating func update(_ update: StatusListUpdate, _ list: StatusListID, submitter: CairnDID) throws(OperationError) -> Permission {
    let record = try statusList(list)
    guard record.isUpdatable(by: submitter) || PlantedBug.revokerIgnored.isPlanted else { throw .notRevoker(list) }
    guard update.clear.isEmpty || record.purpose.isReversible || PlantedBug.revocationCleared.isPlanted else {
      throw .clearRefused(record.purpose)
    }
    for index in [update.set.last, update.clear.last].compactMap(\.self) where index >= record.length {
      throw .indexOutOfRange(index, length: record.length)
    }
    let permission = try permit(
      .statusListUpdate, to: submitter, on: .statusList(record),
      [OperationFact("set", update.set.count), OperationFact("clear", update.clear.count)])
    let key = list.stateKey
    for change in update.changes { try apply(change, toChunksOf: key) }
    return permission
  }

  mutating func delegate(_ delegate: StatusListDelegate, _ list: StatusListID, submitter: CairnDID) throws(OperationError) -> Permission {
    var record = try statusList(list)
    guard submitter == list.issuer else { throw .notListIssuer(list) }
    let permission = try permit(
      .statusListDelegate, to: submitter, on: .statusList(record), [OperationFact("revokers", delegate.revokers.count)])
    record.revokers = delegate.revokers
    set(RecordVersion(type: .statusList, record: record.bytes, changedAt: logIndex), forKey: list.stateKey)
    return permission
  }

  private mutating func requireAbsence(of list: StatusListID) throws(OperationError) {
    guard try record(forKey: list.stateKey) == nil else { throw .listExists(list) }
  }

  private mutating func insert(_ record: StatusListRecord) {
    set(RecordVersion(type: .statusList, record: record.bytes, changedAt: logIndex), forKey: record.list.stateKey)
  }

  private mutating func statusList(_ list: StatusListID) throws(OperationError) -> StatusListRecord {
    guard let record = try statusList(forKey: list.stateKey) else { throw .unknownList(list) }
    return record
  }

  /// What changes nothing leaves no version. What one block changes is one version, however many operations it takes.
  private mutating func apply(_ change: StatusListUpdate.ChunkChange, toChunksOf list: Digest) throws(OperationError) {
    let key = StatusChunk.stateKey(list: list, chunk: change.chunk)
    let bytes = try record(forKey: key)
    var chunk = StatusChunk(updatedMilliseconds: timeMilliseconds, updatedHeight: height)
    if let bytes {
      guard let known = try? StatusChunk(decoding: bytes) else { throw .unavailable(.wrongRecord(key: key)) }
      chunk = known
    }
    guard chunk.apply(change) else { return }
    if let bytes, chunk.updatedHeight != height {
      supersede(SupersededRecord(key: key, version: chunk.version, record: bytes))
      chunk.supersede(bytes, updatedMilliseconds: timeMilliseconds, updatedHeight: height)
    }
    set(RecordVersion(type: .statusChunk, record: chunk.bytes, changedAt: logIndex), forKey: key)
  }
}
