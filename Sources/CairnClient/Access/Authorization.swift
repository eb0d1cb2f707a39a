public import CairnChain
public import CairnLedger

/// Whether an agent may do something, decided by the client itself from what a node has proven.
public struct Authorization: Sendable {
  public let request: AccessRequest
  public let decision: AccessDecision
  /// The state after this header decided; `nil` when nobody could prove a recent one, and the answer is no.
  public let header: CertifiedHeader?
  /// The `Proven` message: whoever holds a trust anchor can decide again. Empty without a header.
  public let proof: [UInt8]

  /// Rows of the state that were proven.
  public let rowCount: Int

  public var isAllowed: Bool { decision.isAllowed }
}
