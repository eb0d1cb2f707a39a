import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnPolicy

/// What each operation on a contract needs and does.
extension BlockExecution {
  /// An author deploys what its owners approve.
  mutating func deploy(_ contract: ContractVersion, submitter: CairnDID, _ signers: Signers) throws(OperationError) -> Permission {
    guard try contractRecord(contract.id) == nil else { throw .contract(.exists(contract.id)) }
    try requireNewOwners(of: contract, signers)
    let permission = try permit(.contractDeploy, to: submitter, on: .contract(contract.id, version: 0))
    _ = try checked(contract)
    put(contract)
    put(ContractRecord(deploying: contract, timeMilliseconds: timeMilliseconds))
    return permission
  }

  /// An author puts a new version into force that the owners approve, those of the old version and those of the new. Who lets a `forbid` go
  /// needs a guardian too. A frozen contract stays frozen: so it can be mended before it decides again, and nobody lifts a freeze by an
  /// upgrade.
  mutating func upgrade(_ upgrade: ContractUpgrade, submitter: CairnDID, _ signers: Signers) throws(OperationError) -> Permission {
    let contract = upgrade.version
    var record = try livingContract(contract.id)
    let (next, overflows) = record.version.addingReportingOverflow(1)
    guard !overflows, contract.version == next, contract.previous == record.hash else {
      throw .contract(.stale(version: record.version, hash: record.hash))
    }
    try requireOwners(of: record, signers)
    try requireNewOwners(of: contract, signers)
    if let guardian = upgrade.guardian { try requireGuardian(guardian, signers) }
    let permission = try permit(.contractUpgrade, to: submitter, on: .contract(record.id, version: record.version))
    let new = try checked(contract)
    let old = try compiledContract(record)
    if let weakened = WeakenedForbid(from: old, to: new), upgrade.guardian == nil { throw .contract(.guardianNeeded(weakened)) }
    put(contract)
    let replaced = record
    record.upgrade(to: contract, timeMilliseconds: timeMilliseconds)
    supersede(replaced, with: record)
    return permission
  }

  /// One guardian is enough to stop a contract.
  mutating func freeze(_ id: ContractID, submitter: CairnDID) throws(OperationError) -> Permission {
    var record = try livingContract(id)
    guard !record.isFrozen else { throw .contract(.frozen(id)) }
    let permission = try permit(.contractFreeze, to: submitter, on: .contract(record.id, version: record.version))
    let replaced = record
    record.isFrozen = true
    supersede(replaced, with: record)
    return permission
  }

  /// Two guardians let the contract decide again, exactly as they have seen it.
  mutating func unfreeze(_ unfreeze: ContractUnfreeze, submitter: CairnDID, _ signers: Signers) throws(OperationError) -> Permission {
    guard unfreeze.guardian != submitter else { throw .contract(.sameGuardian) }
    try requireGuardian(unfreeze.guardian, signers)
    guard try approvals(by: [submitter, unfreeze.guardian], signers) == 2 else { throw .contract(.sharedKey(unfreeze.guardian)) }
    var record = try livingContract(unfreeze.id)
    guard record.isFrozen else { throw .contract(.notFrozen(unfreeze.id)) }
    guard unfreeze.hash == record.hash else { throw .contract(.stale(version: record.version, hash: record.hash)) }
    guard unfreeze.sequence == record.sequence else { throw .contract(.staleRecord(sequence: record.sequence)) }
    let permission = try permit(.contractUnfreeze, to: submitter, on: .contract(record.id, version: record.version))
    let replaced = record
    record.isFrozen = false
    supersede(replaced, with: record)
    return permission
  }

  /// The trustees' decision, who need no guardian.
  mutating func setFrozen(_ isFrozen: Bool, _ name: String) throws(OperationError) {
    guard let id = ContractID(name), var record = try contractRecord(id) else { throw .governance(.unknownContract(name)) }
    guard !record.isRetired else { throw .contract(.retired(id)) }
    guard record.isFrozen != isFrozen else { throw .contract(isFrozen ? .frozen(id) : .notFrozen(id)) }
    let replaced = record
    record.isFrozen = isFrozen
    supersede(replaced, with: record)
  }

  /// An auditor vouches for the version in force, frozen or not, and for no other.
  mutating func attest(_ attest: ContractAttest, submitter: CairnDID) throws(OperationError) -> Permission {
    var record = try livingContract(attest.id)
    guard attest.hash == record.hash else { throw .contract(.stale(version: record.version, hash: record.hash)) }
    let permission = try permit(.contractAttest, to: submitter, on: .contract(record.id, version: record.version))
    let replaced = record
    record.attest(by: submitter, timeMilliseconds: timeMilliseconds)
    supersede(replaced, with: record)
    return permission
  }

  /// The owners end the contract for ever, frozen or not.
  mutating func retire(_ id: ContractID, submitter: CairnDID, _ signers: Signers) throws(OperationError) -> Permission {
    var record = try livingContract(id)
    try requireOwners(of: record, signers)
    let permission = try permit(.contractRetire, to: submitter, on: .contract(record.id, version: record.version))
    let replaced = record
    record.isRetired = true
    supersede(replaced, with: record)
    return permission
  }
}

extension BlockExecution {
  /// The contract as this transaction, this block, or the parent left it.
  mutating func contractRecord(_ id: ContractID) throws(OperationError) -> ContractRecord? {
    let key = id.stateKey
    guard let bytes = try record(forKey: key) else { return nil }
    guard let record = try? ContractRecord(decoding: bytes) else { throw .unavailable(.wrongRecord(key: key)) }
    return record
  }

  /// The version in force, compiled.
  mutating func compiledContract(_ record: ContractRecord) throws(OperationError) -> CompiledContract {
    if let compiled = parent.contracts.compiled(record.hash) { return compiled }
    let key = record.id.versionKey(record.version)
    guard let bytes = try self.record(forKey: key), let contract = try? ContractVersion(decoding: bytes), contract.hash == record.hash,
      let compiled = try? parent.contracts.compiled(contract)
    else { throw .unavailable(.wrongRecord(key: key)) }
    return compiled
  }

  /// A contract that exists and is not retired.
  private mutating func livingContract(_ id: ContractID) throws(OperationError) -> ContractRecord {
    guard let record = try contractRecord(id) else { throw .contract(.unknown(id)) }
    guard !record.isRetired else { throw .contract(.retired(id)) }
    return record
  }

  private mutating func checked(_ contract: ContractVersion) throws(OperationError) -> CompiledContract {
    try spend(BlockSpending(contractChecks: 1))
    do { return try parent.contracts.checked(contract) } catch { throw .contract(.fault(error)) }
  }

  /// As many owners signed as the version in force asks for. Those that are deactivated or isolated by now do not count.
  private mutating func requireOwners(of record: ContractRecord, _ signers: Signers) throws(OperationError) {
    let approvals = try approvals(by: record.owners, signers)
    guard approvals >= Int(record.threshold) else { throw .contract(.ownersNotMet(approvals: approvals, threshold: record.threshold)) }
  }

  /// Every owner exists, and as many signed as the version asks for: so nobody loses a contract by mistake, or gives it to who does not
  /// want it.
  private mutating func requireNewOwners(of contract: ContractVersion, _ signers: Signers) throws(OperationError) {
    for owner in contract.owners {
      guard let record = try find(owner.stateKey)?.record, !record.isDeactivated else { throw .contract(.unknownOwner(owner)) }
    }
    let approvals = try approvals(by: contract.owners, signers)
    guard approvals >= Int(contract.threshold) else {
      throw .contract(.newOwnersNotMet(approvals: approvals, threshold: contract.threshold))
    }
  }

  /// A key that several of them share counts for one.
  private mutating func approvals(by owners: [CairnDID], _ signers: Signers) throws(OperationError) -> Int {
    var controls: [Control] = []
    for owner in owners {
      guard let record = try find(owner.stateKey)?.record, !record.isDeactivated, try !isIsolated(owner.isolationKey) else { continue }
      controls.append(record.control)
    }
    return signers.approvalCount(of: controls)
  }

  /// A guardian beside the submitter, who signed.
  private mutating func requireGuardian(_ guardian: CairnDID, _ signers: Signers) throws(OperationError) {
    guard let record = try find(guardian.stateKey)?.record, !record.isDeactivated else { throw .contract(.notGuardian(guardian)) }
    guard try roles(of: guardian).contains(.guardian), try !isIsolated(guardian.isolationKey) else {
      throw .contract(.notGuardian(guardian))
    }
    guard signers.meetUpdateThreshold(of: record.control) else { throw .contract(.guardianNotMet(guardian)) }
  }

  private mutating func put(_ contract: ContractVersion) {
    set(
      RecordVersion(type: .contractVersion, record: contract.bytes, changedAt: logIndex), forKey: contract.id.versionKey(contract.version))
  }

  private mutating func put(_ record: ContractRecord) {
    set(RecordVersion(type: .contract, record: record.bytes, changedAt: logIndex), forKey: record.id.stateKey)
  }

  /// Puts a changed record in the place of the one that it was made from, and keeps that one.
  private mutating func supersede(_ replaced: ContractRecord, with changed: ContractRecord) {
    let bytes = replaced.bytes
    supersede(SupersededRecord(key: replaced.id.stateKey, version: replaced.sequence, record: bytes))
    var record = changed
    record.supersede(bytes, timeMilliseconds: timeMilliseconds)
    put(record)
  }
}
