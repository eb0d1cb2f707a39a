public import CairnCrypto
package import CairnMessages
import Foundation

/// Whether an agent may do what it asked for, why, and by which state of the ledger.
///
/// A function of the request and the state after one block: whoever has both comes to the same decision, byte for byte.
public struct AccessDecision: Equatable, Sendable {
  /// The contract that decided, as it was at the moment.
  public struct Contract: Hashable, Sendable {
    public let id: String
    public let version: UInt64
    /// H of what the version says.
    public let hash: Digest
    /// Whether an auditor's attestation is overdue. Denies nothing by itself; the contract's policies may.
    public let isOverdue: Bool

    public init(id: String, version: UInt64, hash: Digest, isOverdue: Bool) {
      (self.id, self.version, self.hash, self.isOverdue) = (id, version, hash, isOverdue)
    }
  }

  /// Every reason to deny; empty when it is allowed.
  public let refusals: [AccessRefusal]
  /// The policies that determined the decision, by their `@id` or else by their place (`policy0`): those that forbid, or else those that
  /// permit.
  public let policies: [String]
  /// The policies that have no value for the request, and were skipped.
  public let failedPolicies: [String]
  /// `nil` when there is none of that id, or a guard refused before it was looked for.
  public let contract: Contract?
  /// The block whose state decided; in the execution of a block, that block.
  public let moment: BlockMoment
  /// What the policies cost, in the unit of `EvaluationCost`.
  public let cost: Int

  public var isAllowed: Bool { refusals.isEmpty }

  /// Whether the policies were asked: no guard refused.
  public var isByPolicy: Bool { refusals.allSatisfy(\.isByPolicy) }

  init(
    refusals: [AccessRefusal], policies: [String] = [], failedPolicies: [String] = [], contract: Contract?, moment: BlockMoment,
    cost: Int = 0
  ) {
    (self.refusals, self.policies, self.failedPolicies) = (refusals, policies, failedPolicies)
    (self.contract, self.moment, self.cost) = (contract, moment, cost)
  }

  /// Without having asked the state.
  package static func refused(_ refusal: AccessRefusal, at moment: BlockMoment) -> AccessDecision {
    AccessDecision(refusals: [refusal], contract: nil, moment: moment)
  }

  /// What a node states, and a client compares with what it finds itself.
  package var message: ProtoAccessDecision {
    var message = ProtoAccessDecision()
    message.allowed = isAllowed
    message.reasons = refusals.map(\.reason)
    message.policies = policies
    message.failedPolicies = failedPolicies
    if let contract {
      message.contract = contract.id
      message.contractVersion = contract.version
      message.contractHash = Data(contract.hash.bytes)
      message.overdue = contract.isOverdue
    }
    message.height = moment.height
    message.timeMs = moment.milliseconds
    message.cost = UInt64(max(0, cost))
    return message
  }
}
