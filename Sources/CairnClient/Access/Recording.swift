import CairnChain
public import CairnCrypto
public import CairnIdentity
public import CairnLedger

extension CairnClient {
  /// For how long a request that the client makes may be recorded: until then a node may hold it back.
  private static let recordingMilliseconds: UInt64 = 60_000
  private static let nonceByteCount = AccessRequest.nonceByteCount

  /// A request that a block can decide, as ``record(_:signature:by:)`` needs it.
  ///
  /// - Parameter asserted: what is merely claimed, an object in JSON, as ``CairnLedger/AccessRequest/encode(_:)`` writes it.
  public func recordableRequest(
    _ agent: CairnDID, _ action: String, on resource: String, contract: String, credentials: [[UInt8]] = [],
    asserted: [UInt8] = [], validityMilliseconds: UInt32? = nil, session: SessionPresentation? = nil
  ) throws(CairnError) -> AccessRequest {
    do {
      return try AccessRequest(
        network: network, principal: agent, action: action, resource: resource, contract: contract,
        asserted: asserted, credentials: credentials, nonce: randomBytes(Self.nonceByteCount),
        notAfterMilliseconds: options.clock.unixMilliseconds() &+ Self.recordingMilliseconds, validityMilliseconds: validityMilliseconds,
        session: session)
    } catch {
      throw .invalidAccessRequest(error)
    }
  }

  /// Has a block decide a request of an agent, and keep the decision.
  ///
  /// - Parameters:
  ///   - request: with a nonce and a last time, as ``recordableRequest(_:_:on:contract:credentials:asserted:validityMilliseconds:session:)``
  ///     makes it. The same request is recorded once.
  ///   - signature: of the agent, by a key of its document under `authentication`.
  ///   - submitter: who answers for the transaction; it need not be the agent.
  /// - Returns: the receipt, whether the policies allowed or denied.
  /// - Throws: ``CairnError/refused(_:)`` with the reason of the guard that kept the request out of the log.
  public func record(
    _ request: AccessRequest, signature: KeySignature, by submitter: Signatory
  ) async throws(CairnError) -> AccessReceipt {
    let operation: LedgerOperation
    do { operation = try .recordAccess(request, signature: signature, network: network) } catch { throw .invalidOperation(error) }
    _ = try await perform([operation], keys: [], by: submitter)
    return try await receipt(of: request.id)
  }

  /// What a block decided about a request.
  ///
  /// - Throws: ``CairnError/unrecordedAccess(_:provenBy:)`` when the state proves that none did.
  public func receipt(of request: Digest) async throws(CairnError) -> AccessReceipt {
    try checkUsable()
    let answer = try await ask(.recordedAccess(request, explainingFrom: anchor.epoch))
    guard let record = answer.record else { throw .unrecordedAccess(request, provenBy: answer.header) }
    return AccessReceipt(record, answer.proven)
  }
}
