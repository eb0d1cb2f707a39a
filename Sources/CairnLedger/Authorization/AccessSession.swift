import CairnIdentity

// An agent that has no row of its own, because it is one of a batch of sessions.
extension AccessJudge {
  /// The session as a DID that was enrolled with its batch and never changed.
  ///
  /// - Parameter enrolled: what the ledger has of the DID itself. Then that counts, of which the batch knows nothing: other keys, or its end.
  mutating func principal(of session: SessionPresentation, enrolled: DIDRecord?) throws(Halt) -> DIDRecord {
    guard enrolled == nil else { throw refuse(.session(.enrolled)) }
    guard session.batch.issuer.isOf(network: network),
      let batch = try reading({ state throws(State.Failure) in try state.statusList(session.batch) })
    else { throw refuse(.session(.unknownBatch)) }
    let identity: SessionIdentity
    do throws(SessionError) { identity = try session.verify(against: batch, network: network) } catch {
      throw refuse(.session(.invalid(error)))
    }
    guard identity.did == request.principal else { throw refuse(.session(.otherSession)) }
    guard moment.milliseconds < identity.expiresMilliseconds else { throw refuse(.session(.expired)) }
    let chunk = try reading { state throws(State.Failure) in
      try state.chunk(StatusChunk.chunk(of: session.index), of: session.batch)
    }
    guard chunk?[StatusChunk.position(of: session.index)] != true else { throw refuse(.session(.revoked)) }
    try checkController(session.batch.issuer)
    return identity.record
  }

  private mutating func checkController(_ did: CairnDID) throws(Halt) {
    let record = try reading { state throws(State.Failure) in try state.did(did) }
    guard let record, !record.isDeactivated else { throw refuse(.session(.controllerDeactivated)) }
    guard try !isIsolated(did) else { throw refuse(.session(.controllerIsolated)) }
  }
}

/// Why a request of a session is denied.
public enum AccessSessionRefusal: Error, Equatable, Sendable {
  /// The DID is enrolled itself: it asks without its batch.
  case enrolled
  case unknownBatch
  /// What is shown is not of the batch that it names.
  indirect case invalid(SessionError)
  /// What is shown is another session than the agent.
  case otherSession
  case expired
  case revoked
  case controllerDeactivated
  /// By a guardian.
  case controllerIsolated

  public var reason: String {
    switch self {
    case .enrolled: "session_enrolled"
    case .unknownBatch: "unknown_session_batch"
    case .invalid(let error): "session_\(error.reason)"
    case .otherSession: "other_session"
    case .expired: "session_expired"
    case .revoked: "session_revoked"
    case .controllerDeactivated: "session_controller_deactivated"
    case .controllerIsolated: "session_controller_isolated"
    }
  }
}

extension AccessSessionRefusal: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .enrolled: "The agent is enrolled, and is no session: ask without its session file."
    case .unknownBatch: "The ledger has no such batch of sessions."
    case .invalid(let error): "The session is not part of the batch that it names (\(error.reason))."
    case .otherSession: "The session that is shown is not the agent's."
    case .expired: "The session has expired."
    case .revoked: "The session is revoked."
    case .controllerDeactivated: "The session's controller is deactivated."
    case .controllerIsolated: "The session's controller is isolated by a guardian."
    }
  }
}
