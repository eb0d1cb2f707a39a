import CairnIdentity
public import CairnLedger

/// Why a session is refused.
public enum SessionRefusal: Error, Equatable, Sendable {
  /// It does not belong to the batch that it names.
  case invalid(SessionError)
  /// The ledger has, or had at that moment, no such batch.
  case unknownBatch
  /// The batch has fewer sessions.
  case indexOutOfRange
  /// What the ledger says about the batch or its bit is not to be had.
  case unavailableStatus
  /// At this Unix time.
  case expired(atMilliseconds: UInt64)
  case revoked
  case controllerDeactivated
  /// Guardians have isolated the controller.
  case controllerIsolated
  /// What the ledger says about the batch's controller is not to be had.
  case unavailableController

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .invalid(let error): error.reason
    case .unknownBatch: "unknown_session_batch"
    case .indexOutOfRange: "index_out_of_range"
    case .unavailableStatus: "unavailable_session_status"
    case .expired: "session_expired"
    case .revoked: "session_revoked"
    case .controllerDeactivated: "session_controller_deactivated"
    case .controllerIsolated: "session_controller_isolated"
    case .unavailableController: "unavailable_session_controller"
    }
  }
}

extension SessionRefusal: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .invalid(let error): "The session is not part of the batch that it names (\(error.reason))."
    case .unknownBatch: "The ledger has no such batch of sessions."
    case .indexOutOfRange: "The batch has no session at this index."
    case .unavailableStatus: "What the ledger says about the session's batch is not to be had."
    case .expired(let time): "The session expired at \(Timestamp(milliseconds: Int64(clamping: time)))."
    case .revoked: "The session is revoked."
    case .controllerDeactivated: "The session's controller is deactivated."
    case .controllerIsolated: "The session's controller is isolated by a guardian."
    case .unavailableController: "What the ledger says about the session's controller is not to be had."
    }
  }
}

/// The outcome for one session.
public struct SessionVerdict: Sendable {
  public let presentation: SessionPresentation
  /// Whose session it is, as far as the ledger anchors it; accepted only when ``refusals`` is empty.
  public let identity: SessionIdentity?
  /// Every reason; empty when accepted.
  public let refusals: [SessionRefusal]

  /// `nil` when refused.
  public var accepted: SessionIdentity? { refusals.isEmpty ? identity : nil }
}
