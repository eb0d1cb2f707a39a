import CairnCrypto
import CairnIdentity
import CairnMerkle

/// What each operation needs and does. Every rule is a guard with a reason of its own; the first that fails decides. The constitution is
/// asked last, when all hard guards have passed and nothing has changed.
extension BlockExecution {
  mutating func execute(
    _ operation: LedgerOperation, documentHash: Digest?, of transaction: Authorized<Transaction>
  ) throws(OperationError) {
    let (signers, submitter) = (transaction.signers, transaction.value.submitter)
    let _: Permission =
      switch operation.kind {
      case .didCreate(let create):
        try self.create(create, operation, documentHash, submitter: submitter, signers)
      case .didUpdate(let update):
        try self.update(update, operation, documentHash, submitter: submitter, signers)
      case .didRotate(let rotate):
        try self.rotate(rotate, operation, documentHash, submitter: submitter, signers)
      case .didDeactivate(let deactivate):
        try self.deactivate(deactivate, operation, submitter: submitter, signers)
      case .statusListCreate(let create, let list):
        try self.create(create, list, submitter: submitter)
      case .statusListUpdate(let update, let list):
        try self.update(update, list, submitter: submitter)
      case .statusListDelegate(let delegate, let list):
        try self.delegate(delegate, list, submitter: submitter)
      case .sessionBatchCreate(let create, let list):
        try self.create(create, list, submitter: submitter, signers)
      case .agentIsolate(let isolate):
        try self.isolate(isolate, try did(of: operation), by: submitter)
      case .agentRelease:
        try release(try did(of: operation), by: submitter)
      case .contractDeploy(let version):
        try deploy(version, submitter: submitter, signers)
      case .contractUpgrade(let upgrade):
        try self.upgrade(upgrade, submitter: submitter, signers)
      case .contractFreeze(let id):
        try freeze(id, submitter: submitter)
      case .contractUnfreeze(let unfreeze):
        try self.unfreeze(unfreeze, submitter: submitter, signers)
      case .contractAttest(let attest):
        try self.attest(attest, submitter: submitter)
      case .contractRetire(let id):
        try retire(id, submitter: submitter, signers)
      case .governancePropose(let propose, let id):
        try self.propose(propose, id, by: submitter, signers)
      case .governanceApprove(let id):
        try approve(id, by: submitter, signers)
      case .governanceWithdraw(let id):
        try withdraw(id, by: submitter)
      case .accessRecord(let access):
        try record(access, forKey: operation.stateKey, submitter: submitter)
      case .evidenceSubmit(let submit):
        try record(submit, forKey: operation.stateKey, submitter: submitter)
      }
  }

  /// A DID that controls itself shows that it has its keys; one with a controller is the controller's to make, who signs instead.
  private mutating func create(
    _ create: DIDCreate, _ operation: LedgerOperation, _ documentHash: Digest?, submitter: CairnDID, _ signers: Signers
  ) throws(OperationError) -> Permission {
    let did = try did(of: operation)
    guard try find(operation.stateKey) == nil else { throw .alreadyExists(did) }
    if let controller = create.control.controller {
      try requireSignatures(of: controller, signers)
    } else {
      guard signers.meetUpdateThreshold(of: create.control) else { throw .thresholdNotMet(.newUpdate) }
    }
    let permission = try permit(.didCreate, to: submitter, on: .newAgent(did, controller: create.control.controller))
    let record = DIDRecord(
      creating: did, hash: operation.hash, control: create.control, document: create.document,
      documentHash: documentHash ?? Self.hash(of: create.document, did: did, controller: create.control.controller),
      timeMilliseconds: timeMilliseconds)
    pending[operation.stateKey] = DIDVersion(record: record, changedAt: logIndex)
    return permission
  }

  private mutating func update(
    _ update: DIDUpdate, _ operation: LedgerOperation, _ documentHash: Digest?, submitter: CairnDID, _ signers: Signers
  ) throws(OperationError) -> Permission {
    var subject = try subject(of: operation, update.succession)
    let replaced = subject
    guard signers.meetUpdateThreshold(of: subject.record.control) || PlantedBug.updateKeyIgnored.isPlanted else {
      throw .thresholdNotMet(.update)
    }
    // Whoever else may rotate or end the DID still can.
    let did = subject.record.did
    guard try !isIsolated(did.isolationKey) else { throw .isolated(did) }
    let permission = try permit(.didUpdate, to: submitter, on: .agent(did))
    let controller = subject.record.control.controller
    subject.record.document = update.document
    // The verifier does not know the controller, so that its hash is that of a document without.
    if controller == nil, let documentHash {
      subject.record.documentHash = documentHash
    } else {
      subject.record.documentHash = Self.hash(of: update.document, did: subject.record.did, controller: controller)
    }
    supersede(replaced, with: subject, by: operation)
    return permission
  }

  /// Besides its authority a rotation needs the signatures of the new update keys, so that nobody locks a DID by mistake. Not
  /// so under the controller's authority: a fleet's controller rotates keys that only its agents hold, and can do so again.
  private mutating func rotate(
    _ rotate: DIDRotate, _ operation: LedgerOperation, _ documentHash: Digest?, submitter: CairnDID, _ signers: Signers
  ) throws(OperationError) -> Permission {
    var subject = try subject(of: operation, rotate.succession)
    let old = subject.record.control
    let replaced = subject
    switch rotate.authority {
    case .next:
      guard signers.meetNextThreshold(of: old) || PlantedBug.nextKeyIgnored.isPlanted else { throw .thresholdNotMet(.next) }
    case .recovery:
      try requireRecovery(of: old, signers)
    case .controller:
      try requireController(of: old, signers)
    }
    if rotate.authority != .controller, !signers.meetUpdateThreshold(of: rotate.control) { throw .thresholdNotMet(.newUpdate) }
    if let controller = rotate.control.controller { _ = try activeController(controller) }
    let permission = try permit(
      .didRotate, to: submitter, on: .agent(subject.record.did), [OperationFact("authority", rotate.authority.name)])
    subject.record.control = rotate.control
    if rotate.control.update != old.update { subject.record.keysChangedMilliseconds = timeMilliseconds }
    if let document = rotate.document {
      subject.record.document = document
      subject.record.documentHash = documentHash ?? Self.hash(of: document, did: subject.record.did, controller: rotate.control.controller)
    } else if rotate.control.controller != old.controller {
      // The JSON document names the controller.
      subject.record.documentHash = Self.hash(
        of: subject.record.document, did: subject.record.did, controller: rotate.control.controller)
    }
    supersede(replaced, with: subject, by: operation)
    return permission
  }

  private mutating func deactivate(
    _ deactivate: DIDDeactivate, _ operation: LedgerOperation, submitter: CairnDID, _ signers: Signers
  ) throws(OperationError) -> Permission {
    let replaced = try subject(of: operation, deactivate.succession)
    let control = replaced.record.control
    switch deactivate.authority {
    case .next:
      guard signers.meetUpdateThreshold(of: control) else { throw .thresholdNotMet(.update) }
    case .recovery:
      try requireRecovery(of: control, signers)
    case .controller:
      try requireController(of: control, signers)
    }
    try requireTrustees(without: replaced.record.did)
    let permission = try permit(
      .didDeactivate, to: submitter, on: .agent(replaced.record.did), [OperationFact("authority", deactivate.authority.name)])
    var subject = replaced
    subject.record.isDeactivated = true
    supersede(replaced, with: subject, by: operation)
    return permission
  }
}

extension BlockExecution {
  /// The DID that an operation changes: it exists, is active, and the operation follows its head.
  private mutating func subject(of operation: LedgerOperation, _ succession: Succession) throws(OperationError) -> DIDVersion {
    let did = try did(of: operation)
    guard let subject = try find(operation.stateKey) else { throw .unknownDID(did) }
    guard !subject.record.isDeactivated || PlantedBug.deactivationIgnored.isPlanted else { throw .deactivated(did) }
    if PlantedBug.sequenceIgnored.isPlanted { return subject }
    let head = subject.record.head
    let (next, overflows) = head.sequence.addingReportingOverflow(1)
    guard !overflows, succession.sequence <= next else { throw .futureSequence(head: head) }
    guard succession.sequence == next, succession.previous == head.hash else { throw .stale(head: head) }
    return subject
  }

  /// Puts a changed record in the place of the version that it was made from, and keeps that one.
  private mutating func supersede(_ replaced: DIDVersion, with changed: DIDVersion, by operation: LedgerOperation) {
    let bytes = replaced.record.bytes
    supersede(SupersededRecord(key: operation.stateKey, version: replaced.record.head.sequence, record: bytes))
    var version = changed
    version.record.earlier.append(LogTree.leafHash(bytes))
    version.record.head = operation.head
    version.record.previousChange = changed.changedAt
    version.record.updatedMilliseconds = timeMilliseconds
    version.changedAt = logIndex
    pending[operation.stateKey] = version
  }

  private func requireRecovery(of control: Control, _ signers: Signers) throws(OperationError) {
    guard !control.recovery.isEmpty else { throw .noRecovery }
    guard signers.meetRecoveryThreshold(of: control) else { throw .thresholdNotMet(.recovery) }
  }

  private mutating func requireController(of control: Control, _ signers: Signers) throws(OperationError) {
    guard let controller = control.controller else { throw .noController }
    try requireSignatures(of: controller, signers)
  }

  /// The controller's own update keys signed. Its controller, if it has one, is not asked: one level is all there is.
  mutating func requireSignatures(of controller: CairnDID, _ signers: Signers) throws(OperationError) {
    guard signers.meetUpdateThreshold(of: try activeController(controller).control) else { throw .thresholdNotMet(.controller) }
  }

  private mutating func activeController(_ did: CairnDID) throws(OperationError) -> DIDRecord {
    guard let record = try find(did.stateKey)?.record else { throw .unknownController(did) }
    guard !record.isDeactivated else { throw .controllerDeactivated(did) }
    guard try !isIsolated(did.isolationKey) else { throw .controllerIsolated(did) }
    return record
  }

  mutating func find(_ key: Digest) throws(OperationError) -> DIDVersion? {
    do { return try version(forKey: key) } catch { throw .unavailable(error) }
  }

  private func did(of operation: LedgerOperation) throws(OperationError) -> CairnDID {
    guard let did = operation.did else { throw .malformed("did") }
    return did
  }

  private static func hash(of document: EncodedDocument, did: CairnDID, controller: CairnDID?) -> Digest {
    .sha256(document.document.json(did: did, controller: controller))
  }
}
