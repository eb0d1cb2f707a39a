import CairnCrypto
import CairnIdentity

/// What isolating and releasing an agent needs and does.
extension BlockExecution {
  /// A guardian stops an agent, or says anew why and for how long.
  ///
  /// Trustees are out of a guardian's reach: whoever could isolate them all would hold the ledger for ever, as only they can take a
  /// guardian's role away. They act together only, which is what guards the ledger against one of them.
  mutating func isolate(_ isolate: AgentIsolate, _ did: CairnDID, by guardian: CairnDID) throws(OperationError) -> Permission {
    guard try exists(did) else { throw .unknownDID(did) }
    guard try !hasRole(.trustee, did) else { throw .trusteeProtected(did) }
    if let until = isolate.untilMilliseconds {
      guard until > timeMilliseconds, until - timeMilliseconds <= AgentIsolate.durationLimitMilliseconds else {
        throw .isolationEnd(until)
      }
    }
    let permission = try permit(.agentIsolate, to: guardian, on: .agent(did))
    let key = did.isolationKey
    let current = try isolation(forKey: key).flatMap { $0.isInForce(atMilliseconds: timeMilliseconds) ? $0 : nil }
    if let current, current.untilMilliseconds == isolate.untilMilliseconds, current.reason.utf8.elementsEqual(isolate.reason.utf8) {
      return permission
    }
    let record = IsolationRecord(
      did: did, sinceMilliseconds: current?.sinceMilliseconds ?? timeMilliseconds, sinceHeight: current?.sinceHeight ?? height,
      untilMilliseconds: isolate.untilMilliseconds, by: guardian, reason: isolate.reason, release: nil)
    set(RecordVersion(type: .isolation, record: record.bytes, changedAt: logIndex), forKey: key)
    return permission
  }

  /// A guardian lets an agent go on. What is not isolated stays so.
  mutating func release(_ did: CairnDID, by guardian: CairnDID) throws(OperationError) -> Permission {
    guard try exists(did) else { throw .unknownDID(did) }
    let permission = try permit(.agentRelease, to: guardian, on: .agent(did))
    let key = did.isolationKey
    guard let current = try isolation(forKey: key), current.isInForce(atMilliseconds: timeMilliseconds) else {
      return permission
    }
    let record = IsolationRecord(
      did: did, sinceMilliseconds: current.sinceMilliseconds, sinceHeight: current.sinceHeight,
      untilMilliseconds: current.untilMilliseconds, by: current.by, reason: current.reason,
      release: .init(milliseconds: timeMilliseconds, by: guardian))
    set(RecordVersion(type: .isolation, record: record.bytes, changedAt: logIndex), forKey: key)
    return permission
  }

  /// Whether the DID is isolated at the block's time.
  ///
  /// - Parameter key: its ``CairnIdentity/CairnDID/isolationKey``.
  mutating func isIsolated(_ key: Digest) throws(OperationError) -> Bool {
    if PlantedBug.isolationIgnored.isPlanted { return false }
    return try isolation(forKey: key)?.isInForce(atMilliseconds: timeMilliseconds) ?? false
  }

  private mutating func isolation(forKey key: Digest) throws(OperationError) -> IsolationRecord? {
    guard let bytes = try record(forKey: key) else { return nil }
    guard let record = try? IsolationRecord(decoding: bytes) else { throw .unavailable(.wrongRecord(key: key)) }
    return record
  }

  private mutating func exists(_ did: CairnDID) throws(OperationError) -> Bool {
    do { return try version(forKey: did.stateKey) != nil } catch { throw .unavailable(error) }
  }

  private mutating func hasRole(_ role: Role, _ did: CairnDID) throws(OperationError) -> Bool {
    try roles(of: did).contains(role)
  }
}
