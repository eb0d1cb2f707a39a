public import CairnIdentity

/// Why an operation is refused.
public enum OperationError: Error, Equatable, Sendable {
  /// The named field is absent or not what it must be.
  case malformed(String)
  /// A DID of another network.
  case foreignDID
  case control(ControlError)
  case document(DocumentError)
  /// The constitution does not let the submitter do this.
  case notPermitted(ConstitutionRefusal)
  case alreadyExists(CairnDID)
  case unknownDID(CairnDID)
  case deactivated(CairnDID)
  /// The operation does not follow the head: somebody was faster, or it is repeated.
  case stale(head: DIDHead)
  /// The operation follows a version that is not there yet.
  case futureSequence(head: DIDHead)
  case thresholdNotMet(Threshold)
  case unknownController(CairnDID)
  case controllerDeactivated(CairnDID)
  /// Guardians have isolated the DID whose update keys signed.
  case isolated(CairnDID)
  case controllerIsolated(CairnDID)
  /// A trustee cannot be isolated.
  case trusteeProtected(CairnDID)
  /// The end of an isolation is past, or too far ahead; Unix time in milliseconds.
  case isolationEnd(UInt64)
  /// `AUTHORITY_CONTROLLER` on a DID without one.
  case noController
  /// `AUTHORITY_RECOVERY` on a DID without recovery keys.
  case noRecovery
  /// Bits of a status list, or DIDs of a session batch, out of range.
  case listLength(UInt32)
  /// Indices of one update.
  case indexCount(Int)
  case listExists(StatusListID)
  case unknownList(StatusListID)
  /// Only the issuer makes a list and names its revokers.
  case notListIssuer(StatusListID)
  /// Only the issuer and the list's revokers update it.
  case notRevoker(StatusListID)
  /// A bit of this purpose is set for ever.
  case clearRefused(StatusListPurpose)
  case indexOutOfRange(UInt32, length: UInt32)
  /// Over already, or too far ahead; Unix time in milliseconds.
  case sessionExpiry(UInt64)
  case governance(GovernanceRefusal)
  /// Of a request of an agent.
  case access(AccessRefusal)
  /// The block has no room for more decisions, or for more contracts to check.
  case noRoom
  case evidence(EvidenceRefusal)
  /// No block has room for as many decisions, or contracts to check, as the transaction has up to here.
  case beyondBlock
  /// Of an operation on a contract.
  case contract(ContractRefusal)
  /// See ``TransactionError/unavailable(_:)``.
  case unavailable(LedgerFault)

  /// What the signatures had to reach.
  public enum Threshold: String, Hashable, Sendable, CaseIterable {
    /// Of the control state before the operation.
    case update
    case next
    case recovery
    /// `update` of the controller.
    case controller
    /// `update` of the control state that the operation sets.
    case newUpdate = "new_update"
  }

  /// Machine readable: a log field, a metric label and the reason in the answer to the client.
  public var reason: String {
    switch self {
    case .malformed: "malformed"
    case .foreignDID: "wrong_network"
    case .control(let error): error.reason
    case .document(let error): "document_\(error.reason)"
    case .notPermitted: "not_permitted"
    case .alreadyExists: "already_exists"
    case .unknownDID: "unknown_did"
    case .deactivated: "deactivated"
    case .stale: "stale"
    case .futureSequence: "future_sequence"
    case .thresholdNotMet(let threshold): "\(threshold.rawValue)_threshold_not_met"
    case .unknownController: "unknown_controller"
    case .controllerDeactivated: "controller_deactivated"
    case .isolated: "isolated"
    case .controllerIsolated: "controller_isolated"
    case .trusteeProtected: "trustee_protected"
    case .isolationEnd: "isolation_end"
    case .noController: "no_controller"
    case .noRecovery: "no_recovery"
    case .listLength: "list_length"
    case .indexCount: "index_count"
    case .listExists: "already_exists"
    case .unknownList: "unknown_status_list"
    case .notListIssuer: "not_list_issuer"
    case .notRevoker: "not_revoker"
    case .clearRefused: "clear_refused"
    case .indexOutOfRange: "index_out_of_range"
    case .sessionExpiry: "session_expiry"
    case .governance(let refusal): refusal.reason
    case .access(let refusal): refusal.reason
    case .evidence(let refusal): refusal.reason
    case .noRoom: "block_full"
    case .beyondBlock: "beyond_block"
    case .contract(let refusal): refusal.reason
    case .unavailable(let fault): fault.reason
    }
  }
}
