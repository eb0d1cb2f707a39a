import CairnChain
import CairnCrypto
public import CairnIdentity
public import CairnLedger

extension CairnClient {
  /// How old the state may be that decides, unless the caller says otherwise: two heartbeats of the default 5 s. A revocation is seen after
  /// this time at the latest, whatever the node that is asked may hold back.
  public static let standardDecisionAgeMilliseconds: UInt64 = 10_000

  /// Whether an agent may do something, as a policy contract of the ledger says.
  ///
  /// The node proves every row of the state that the decision looks at; this client verifies the proofs, and checks the guards and evaluates
  /// the policies itself. A node can refuse to answer. It cannot grant.
  ///
  /// - Parameters:
  ///   - action: of `Cairn::Action`.
  ///   - resource: of `Cairn::Resource`.
  ///   - credentials: credentials and presentations as they were received. Everyone must be good.
  ///   - asserted: what the agent, or the caller, merely claims: an object in JSON, as ``CairnLedger/AccessRequest/encode(_:)`` writes it.
  ///   - challenge: that presentations must answer.
  ///   - audience: whom presentations must be meant for.
  ///   - session: of an agent that is one of a batch of sessions.
  /// - Returns: the decision, to allow or to deny. Denied too when no node can prove a recent state.
  /// - Throws: when no node gives an answer that can be believed: no permission either.
  public func authorize(
    _ agent: CairnDID, _ action: String, on resource: String, contract: String, credentials: [[UInt8]] = [],
    asserted: [UInt8] = [], challenge: String? = nil, audience: String? = nil, session: SessionPresentation? = nil,
    maximumAgeMilliseconds: UInt64 = standardDecisionAgeMilliseconds
  ) async throws(CairnError) -> Authorization {
    let request: AccessRequest
    do {
      request = try AccessRequest(
        network: network, principal: agent, action: action, resource: resource, contract: contract,
        asserted: asserted, credentials: credentials, challenge: challenge, audience: audience, session: session)
    } catch {
      throw .invalidAccessRequest(error)
    }
    return try await authorize(request, maximumAgeMilliseconds: maximumAgeMilliseconds)
  }

  /// As ``authorize(_:_:on:contract:credentials:asserted:challenge:audience:session:maximumAgeMilliseconds:)``, for a request that is made already.
  ///
  /// - Parameter signature: of the agent, by a key of its document under `authentication`; `nil` when the caller knows who asks.
  public func authorize(
    _ request: AccessRequest, signature: KeySignature? = nil,
    maximumAgeMilliseconds: UInt64 = standardDecisionAgeMilliseconds
  ) async throws(CairnError) -> Authorization {
    try checkUsable()
    do {
      return try await ask(
        .authorize(request, signature, maximumAgeMilliseconds: maximumAgeMilliseconds, contracts: contracts))
    } catch {
      guard case .noAnswer(let failures) = error, let age = failures.leastStaleness else { throw error }
      let moment = BlockMoment(height: newest?.header.height ?? 0, milliseconds: newest?.header.timeMilliseconds ?? 0)
      let decision = AccessDecision.refused(.staleHeader(ageMilliseconds: age), at: moment)
      return Authorization(request: request, decision: decision, header: nil, proof: [], rowCount: 0)
    }
  }
}

extension [EndpointFailure] {
  /// The age of the newest state that anybody proved; `nil` unless age was all that was wrong with it.
  fileprivate var leastStaleness: UInt64? {
    compactMap { failure in
      if case .unproven(.stale(ageMilliseconds: let age)) = failure.problem { age } else { nil }
    }.min()
  }
}
