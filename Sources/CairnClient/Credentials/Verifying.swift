import CairnChain
public import CairnIdentity
public import CairnLedger

extension CairnClient {
  /// The default demands of a verifier, at the present time: loosen by name what you mean to.
  public var verificationPolicy: VerificationPolicy {
    VerificationPolicy(now: Timestamp(milliseconds: Int64(clamping: options.clock.unixMilliseconds())))
  }

  /// Verifies a credential or presentation against the ledger.
  ///
  /// The documents of all issuers and of the holder, their roles where the policy asks for them, and every status are read with
  /// proof, at the same time. What cannot be read is a refusal.
  ///
  /// - Parameters:
  ///   - document: a credential or presentation in any of its forms, as it was received.
  ///   - sessions: of the holder, or of issuers, that are not on the ledger themselves.
  ///   - policy: what is demanded; ``verificationPolicy`` when `nil`.
  ///   - moment: at which the credential must have been good: by the documents and statuses of then. Roles are those of now. `nil`
  ///     for the policy's time.
  ///   - keepsProofs: whether ``CredentialBundle/init(_:)`` shall be able to make a bundle of the result: then the answers explain
  ///     themselves from the trust anchor on, which makes them longer once the validators have changed.
  /// - Throws: only what makes every answer impossible: ``CairnError/fork(height:)``, ``CairnError/closed``,
  ///   ``CairnError/cancelled``.
  public func verify(
    _ document: [UInt8], sessions: [SessionPresentation] = [], policy: VerificationPolicy? = nil, at moment: Timestamp? = nil,
    keepsProofs: Bool = false
  ) async throws(CairnError) -> CredentialVerification {
    try checkUsable()
    let source = LedgerFacts(client: self, explainsFrom: keepsProofs ? anchor.epoch : nil)
    return try await CredentialJudgement(source, network: network, policy: policy ?? verificationPolicy, moment: moment)
      .verify(document, sessions: sessions)
  }

  /// Verifies that a DID is one of a batch of sessions, at present or at a moment: anchored, neither expired nor revoked, and its
  /// controller active.
  public func verifySession(
    _ session: SessionPresentation, at moment: Timestamp? = nil
  ) async throws(CairnError) -> SessionVerdict {
    try checkUsable()
    let source = LedgerFacts(client: self, explainsFrom: nil)
    return try await CredentialJudgement(source, network: network, policy: verificationPolicy, moment: moment).verify(session)
  }
}

/// What the nodes of a network say, with proof.
struct LedgerFacts: CredentialFactSource {
  let client: CairnClient
  /// The epoch from which on answers explain themselves; `nil` for what the client knows.
  let explainsFrom: UInt64?

  func document(of did: CairnDID, withRoles: Bool, at moment: UInt64?) async throws(CairnError) -> DocumentFact {
    try await client.ask(.document(of: did, withRoles: withRoles, at: moment, explainingFrom: explainsFrom))
  }

  func status(_ index: UInt32, in list: StatusListID, at moment: UInt64?) async throws(CairnError) -> StatusFact {
    try await client.ask(.fact(index, in: list, at: moment, explainingFrom: explainsFrom))
  }
}
