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
    try spend(AccessSpending(bytes: request.bytes.count))
    // The signature was verified together with those of the transaction.
    var judge = AccessJudge(
      request, .verified(operation.signature.key), over: accessState, network: parent.network,
      at: BlockMoment(height: height, milliseconds: timeMilliseconds))
    let decision: AccessDecision
    do { decision = try judge.decide() } catch { throw .unavailable(error) }
    if let refusal = decision.refusals.first, !decision.isByPolicy { throw .access(refusal) }
    try spend(AccessSpending(cost: decision.cost))
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

/// What recorded decisions take of a block, together with what they may: so that no block takes long.
struct AccessSpending {
  /// About a tenth of a second for signatures of credentials.
  private static let byteLimit = 256 << 10
  /// As much for policies.
  private static let costLimit = 4 * ContractLimits.cost

  /// Of requests.
  private(set) var bytes = 0
  /// Of policies, in the unit of `EvaluationCost`.
  private(set) var cost = 0

  var isAffordable: Bool { bytes <= Self.byteLimit && cost <= Self.costLimit }

  static func + (left: AccessSpending, right: AccessSpending) -> AccessSpending {
    AccessSpending(bytes: left.bytes + right.bytes, cost: left.cost + right.cost)
  }

  static func += (left: inout AccessSpending, right: AccessSpending) { left = left + right }
}
