import CairnIdentity

// What the agent shows. Every document is checked as any verifier checks it, with facts from the state.
extension AccessJudge {
  /// - Throws: every reason to refuse any of the documents.
  mutating func verifiedCredentials() throws(Halt) -> [VerifiedCredential] {
    let inspections = request.credentials.map(CredentialInspection.init(of:))
    guard inspections.reduce(0, { $0 + $1.credentialCount }) <= AccessRequest.credentialLimit else { throw refuse(.tooManyCredentials) }
    // What is wrong whatever the state says needs no reads.
    try refuse(inspections.map(\.refusals))
    var refusals: [[CredentialRefusal]] = []
    var verified: [VerifiedCredential] = []
    for inspection in inspections {
      let facts = try facts(for: inspection)
      let verdict = inspection.verify(with: facts, under: policy(for: inspection))
      let accepted = verdict.accepted?.credentials ?? []
      let isBound = verdict.accepted.map(isBound) ?? true
      refusals.append(verdict.refusals + (isBound ? [] : [.holderNotBound]))
      verified += accepted
    }
    try refuse(refusals)
    return verified
  }

  /// - Parameter refusals: of each document.
  private func refuse(_ refusals: [[CredentialRefusal]]) throws(Halt) {
    let located = refusals.enumerated().flatMap { index, refusals in refusals.map { AccessRefusal.credential(at: index, $0) } }
    guard located.isEmpty else { throw .refused(located) }
  }

  private func policy(for inspection: CredentialInspection) -> VerificationPolicy {
    var policy = VerificationPolicy(now: now)
    policy.requiresIssuerRole = true
    policy.audience = request.audience
    policy.requiresHolderBinding = inspection.isPresentation
    // The agent's signature over the request covers the challenge as well as any presentation would.
    if inspection.isPresentation || !isSigned { policy.challenge = request.challenge }
    return policy
  }

  private var isSigned: Bool {
    if case .none = signer { false } else { true }
  }

  /// Whether all of it was issued to the agent, and, if it was presented, by the agent.
  private func isBound(_ accepted: AcceptedCredentials) -> Bool {
    let agent = request.principal.description
    let isHolder = accepted.holder.map { $0.description.utf8.elementsEqual(agent.utf8) } ?? true
    return isHolder && accepted.credentials.allSatisfy { $0.claims.subject.map { $0.utf8.elementsEqual(agent.utf8) } ?? false }
  }

  private mutating func facts(for inspection: CredentialInspection) throws(Halt) -> CredentialFacts {
    var facts = CredentialFacts()
    for did in inspection.dids {
      guard let own = try? CairnDID(parsing: did.description), own.isOf(network: network) else {
        facts.documents[did] = .unknown
        continue
      }
      facts.documents[did] = try document(of: own)
      if try roles(of: own).contains(.issuer) { facts.authorizedIssuers.insert(did) }
    }
    for position in inspection.statuses { facts.statuses[position] = try status(at: position) }
    return facts
  }

  private mutating func document(of did: CairnDID) throws(Halt) -> CredentialFacts.Document {
    if let session, session.did == did { return .active(session.documentJSON) }
    guard let record = try reading({ state throws(State.Failure) in try state.did(did) }) else { return .unknown }
    guard !record.isDeactivated else { return .deactivated }
    return try isIsolated(did) ? .isolated : .active(record.documentJSON)
  }

  mutating func roles(of did: CairnDID) throws(Halt) -> Roles {
    try reading { state throws(State.Failure) in try state.roles(of: did) }
  }

  private mutating func status(at position: StatusPosition) throws(Halt) -> CredentialFacts.Status {
    guard position.list.issuer.isOf(network: network),
      let record = try reading({ state throws(State.Failure) in try state.statusList(position.list) })
    else { return .unknownList }
    guard let index = UInt32(exactly: position.index), index < record.length else { return .outOfRange }
    let chunk = try reading { state throws(State.Failure) in
      try state.chunk(StatusChunk.chunk(of: index), of: position.list)
    }
    return .known(record.purpose, isSet: chunk?[StatusChunk.position(of: index)] ?? false)
  }
}
