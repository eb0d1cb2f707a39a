import CairnPolicy

/// What the costly operations of a block take, together with what they may: so that no block takes any node long, whoever made it.
///
/// A leader's builder has its own bound in time besides, which is far below this one; but a faulty leader need not keep it.
struct BlockSpending {
  /// About a tenth of a second for signatures of credentials.
  static let requestByteLimit = 256 << 10
  /// As much for policies.
  static let decisionCostLimit = 4 * ContractLimits.cost
  /// Each as long as a contract at its limits takes to check.
  static let contractCheckLimit = ContractLimits.checksPerBlock

  /// Of requests whose decisions are recorded.
  private(set) var requestBytes = 0
  /// Of policies, in the unit of ``CairnPolicy/EvaluationCost``.
  private(set) var decisionCost = 0
  /// Contracts that are deployed or upgraded.
  private(set) var contractChecks = 0

  var isAffordable: Bool {
    requestBytes <= Self.requestByteLimit && decisionCost <= Self.decisionCostLimit && contractChecks <= Self.contractCheckLimit
  }

  static func + (left: BlockSpending, right: BlockSpending) -> BlockSpending {
    BlockSpending(
      requestBytes: left.requestBytes + right.requestBytes, decisionCost: left.decisionCost + right.decisionCost,
      contractChecks: left.contractChecks + right.contractChecks)
  }

  static func += (left: inout BlockSpending, right: BlockSpending) { left = left + right }
}
