import CairnChain
import CairnCrypto
import CairnIdentity

/// What a proposal that has passed does, and what stands against it. Roles hold at once, for what follows in the same block; parameters
/// and constitution from the next block on, as the whole block is judged by those of its parent; validators too, with which a new epoch
/// begins.
extension BlockExecution {
  /// Whether the action could take effect now; nothing changes.
  mutating func checkEffect(of action: GovernanceAction) throws(OperationError) {
    var trial = self
    try trial.enact(action)
  }

  mutating func enact(_ action: GovernanceAction) throws(OperationError) {
    switch action {
    case .grantRole(let role, let did): try grant(role, to: did)
    case .revokeRole(let role, let did): try revoke(role, of: did)
    case .setParameter(let name, let value): try set(name, to: value)
    case .replaceConstitution(let source): try replaceConstitution(by: source)
    case .freezeContract(let contract): try setFrozen(true, contract)
    case .unfreezeContract(let contract): try setFrozen(false, contract)
    case .changeValidators(let change): try changeValidators(change)
    }
  }

  private mutating func grant(_ role: Role, to did: CairnDID) throws(OperationError) {
    guard let record = try find(did.stateKey)?.record else { throw .unknownDID(did) }
    guard !record.isDeactivated else { throw .deactivated(did) }
    let roles = try roles(of: did)
    guard !roles.contains(role) else { throw .governance(.roleUnchanged(role, did)) }
    if role == .trustee {
      var index = try governance()
      guard index.trustees.count < GovernanceRecord.trusteeLimit else {
        throw .governance(.tooManyTrustees(limit: GovernanceRecord.trusteeLimit))
      }
      index.insert(did)
      set(index)
    }
    set(Roles(roles.roles + [role]), of: did)
  }

  private mutating func revoke(_ role: Role, of did: CairnDID) throws(OperationError) {
    let roles = try roles(of: did)
    guard roles.contains(role) else { throw .governance(.roleUnchanged(role, did)) }
    try requireTrustees(without: did, losing: role)
    if role == .trustee {
      var index = try governance()
      index.remove(did)
      set(index)
    }
    set(Roles(roles.roles.filter { $0 != role }), of: did)
  }

  /// Whoever stops being a trustee, by losing the role or by ending the DID, leaves as many active trustees as must agree: with fewer
  /// nobody could change anything any more.
  mutating func requireTrustees(without did: CairnDID, losing role: Role = .trustee) throws(OperationError) {
    guard role == .trustee, try roles(of: did).contains(.trustee) else { return }
    var others = try governance()
    others.remove(did)
    let threshold = Int(try newestParameters().trusteeThreshold)
    guard try activeTrusteeCount(of: others) >= threshold else { throw .governance(.tooFewTrustees(threshold: threshold)) }
  }

  private mutating func set(_ name: ParameterName, to value: UInt32) throws(OperationError) {
    var parameters = try newestParameters()
    parameters[keyPath: name.field] = value
    if let invalid = parameters.firstInvalid(trustees: try activeTrusteeCount(of: governance())) {
      throw .governance(.parameterOutOfRange(invalid))
    }
    set(RecordVersion(type: .parameters, record: parameters.bytes, changedAt: logIndex), forKey: Parameters.stateKey)
  }

  private mutating func replaceConstitution(by source: ConstitutionSource) throws(OperationError) {
    let key = ConstitutionRecord.stateKey
    guard let bytes = try record(forKey: key), let current = try? ConstitutionRecord(decoding: bytes) else {
      throw .unavailable(.wrongRecord(key: key))
    }
    guard current.source != source else { throw .governance(.constitutionUnchanged) }
    do { _ = try Constitution(source) } catch { throw .governance(.constitution(error)) }
    supersede(SupersededRecord(key: key, version: current.version, record: bytes))
    let record = current.replaced(by: source, changedMilliseconds: timeMilliseconds, changedHeight: height)
    set(RecordVersion(type: .constitution, record: record.bytes, changedAt: logIndex), forKey: key)
  }

  /// The next epoch's validators; what else this block changes in them comes on top.
  private mutating func changeValidators(_ change: GovernanceAction.ValidatorChange) throws(OperationError) {
    let key = ValidatorSet.stateKey(epoch: parent.epoch + 1)
    var validators = parent.validators
    if let bytes = try record(forKey: key) {
      guard let changed = try? ValidatorSet(decoding: bytes) else { throw .unavailable(.wrongRecord(key: key)) }
      validators = changed
    }
    do throws(GovernanceRefusal) { validators = try validators.changed(by: change) } catch { throw .governance(error) }
    set(RecordVersion(type: .validators, record: validators.bytes, changedAt: logIndex), forKey: key)
  }

  private mutating func set(_ roles: Roles, of did: CairnDID) {
    setPendingRoles(roles, of: did)
    set(RecordVersion(type: .roles, record: roles.bytes, changedAt: logIndex), forKey: did.rolesKey)
  }

  private mutating func activeTrusteeCount(of index: GovernanceRecord) throws(OperationError) -> Int {
    var count = 0
    for trustee in index.trustees {
      if let record = try find(trustee.stateKey)?.record, !record.isDeactivated { count += 1 }
    }
    return count
  }

  /// As this block has left them so far; it is judged by those of its parent.
  mutating func newestParameters() throws(OperationError) -> Parameters {
    guard let bytes = try record(forKey: Parameters.stateKey), let parameters = try? Parameters(decoding: bytes) else {
      throw .unavailable(.wrongRecord(key: Parameters.stateKey))
    }
    return parameters
  }
}
