import CairnCrypto
import CairnIdentity

/// What recording a decision needs and does.
extension BlockExecution {
  /// A guard that refuses keeps the operation out of the log. What the contract's policies say, to allow or to deny, is recorded.
  mutating func record(
    _ operation: AccessRecordOperation, forKey key: Digest, submitter: CairnDID
  ) throws(OperationError) -> Permission {
    let request = operation.request
    try checkTime(of: request)
    guard try record(forKey: key) == nil else { throw .access(.replayed) }
    try spend(BlockSpending(requestBytes: request.bytes.count))
    // The signature was verified together with those of the transaction.
    var judge = AccessJudge(
      request, .verified(operation.signature.key), over: accessState, network: parent.network,
      at: BlockMoment(height: height, milliseconds: timeMilliseconds))
    let decision: AccessDecision
    do { decision = try judge.decide() } catch { throw .unavailable(error) }
    if let refusal = decision.refusals.first, !decision.isByPolicy { throw .access(refusal) }
    try spend(BlockSpending(decisionCost: decision.cost))
    let permission = try permit(
      .accessRecord, to: submitter, on: .contract(request.contract, version: decision.contract?.version ?? 0))
    let record = RecordedAccess(request, key: operation.signature.key, decision)
    set(RecordVersion(type: .access, record: record.bytes, changedAt: logIndex), forKey: key)
    return permission
  }

  private func checkTime(of request: AccessRequest) throws(OperationError) {
    guard let last = request.notAfterMilliseconds, timeMilliseconds <= last else { throw .access(.expired) }
    guard last - timeMilliseconds <= AccessRequest.horizonMilliseconds else { throw .access(.tooFarAhead) }
  }
}
