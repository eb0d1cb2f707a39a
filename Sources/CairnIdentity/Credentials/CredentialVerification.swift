import CairnCrypto

extension CredentialInspection {
  /// The second step of a verification: every check, in the light of the facts. A fact that is missing is a refusal.
  public func verify(with facts: CredentialFacts, under policy: VerificationPolicy) -> CredentialVerdict {
    var verification = CredentialVerification(facts: facts, policy: policy)
    var refusals = self.refusals + (presentation.map { verification.objections(to: $0) } ?? [])
    if presentation == nil { refusals += credentials.flatMap { verification.objections(toUnpresented: $0) } }
    for (index, credential) in credentials.enumerated() {
      refusals += verification.objections(to: credential, holder: presentation?.holder).map { located($0, at: index) }
    }
    let verified = credentials.compactMap { credential in
      credential.claims.flatMap { claims in credential.securing.keyID.map { VerifiedCredential(claims: claims, keyID: $0) } }
    }
    // What could not be read has been refused, so that the count only differs together with a refusal.
    if refusals.isEmpty, verified.isEmpty || verified.count != credentials.count { refusals = [.malformed("document")] }
    guard refusals.isEmpty else { return .refused(refusals.withoutRepetitions) }
    return .accepted(AcceptedCredentials(credentials: verified, holder: presentation?.holder))
  }
}

/// The checks of one verification.
private struct CredentialVerification {
  let facts: CredentialFacts
  let policy: VerificationPolicy
  /// Documents parsed so far: a presentation's credentials often share an issuer.
  private var parsed: [DID: Result<ControlledDocument, ControlledDocumentError>] = [:]

  init(facts: CredentialFacts, policy: VerificationPolicy) { (self.facts, self.policy) = (facts, policy) }

  mutating func objections(to presentation: InspectedPresentation) -> [CredentialRefusal] {
    var refusals: [CredentialRefusal] = []
    if let holder = presentation.holder {
      refusals += signatureObjections(presentation.securing, by: holder, as: .holder, under: .authentication)
    }
    refusals += policy.objections(from: presentation.securing.starts, until: presentation.securing.ends)
    if let challenge = policy.challenge, presentation.securing.challenge.map({ $0.utf8.elementsEqual(challenge.utf8) }) != true {
      refusals.append(.wrongChallenge)
    }
    if !presentation.securing.admits(policy.audience) { refusals.append(.wrongAudience) }
    return refusals
  }

  /// A credential that came alone is bound to no one, and answers nothing.
  func objections(toUnpresented credential: InspectedCredential) -> [CredentialRefusal] {
    var refusals: [CredentialRefusal] = []
    if policy.requiresHolderBinding { refusals.append(.holderNotBound) }
    if policy.challenge != nil { refusals.append(.wrongChallenge) }
    if !credential.securing.admits(policy.audience) { refusals.append(.wrongAudience) }
    return refusals
  }

  /// - Parameter holder: who presents it; `nil` when it came alone.
  mutating func objections(to credential: InspectedCredential, holder: DID?) -> [CredentialRefusal] {
    guard let claims = credential.claims else { return [] }
    var refusals = signatureObjections(credential.securing, by: claims.issuer, as: .issuer, under: .assertionMethod)
    if policy.requiresIssuerRole, !facts.authorizedIssuers.contains(claims.issuer) { refusals.append(.issuerNotAuthorized) }
    refusals += policy.objections(
      from: credential.securing.starts + [claims.validFrom].compactMap { $0 },
      until: credential.securing.ends + [claims.validUntil].compactMap { $0 })
    if let refusal = policy.lifetimeObjection(claims) { refusals.append(refusal) }
    refusals += statusObjections(claims)
    if let holder { refusals += holderObjections(credential, claims, holder) }
    return refusals
  }

  private func holderObjections(
    _ credential: InspectedCredential, _ claims: CredentialClaims, _ holder: DID
  ) -> [CredentialRefusal] {
    var refusals: [CredentialRefusal] = []
    if policy.requiresHolderBinding, claims.subject.map({ $0.utf8.elementsEqual(holder.description.utf8) }) != true {
      refusals.append(.holderNotBound)
    }
    // Within a presentation the audience of a credential is the issuer's choice; none means anybody.
    if !credential.securing.audiences.isEmpty, !credential.securing.admits(policy.audience) { refusals.append(.wrongAudience) }
    return refusals
  }

  private func statusObjections(_ claims: CredentialClaims) -> [CredentialRefusal] {
    let missing = policy.requiredStatusPurposes.subtracting(claims.statuses.map(\.purpose)).sorted()
    return missing.map { .missingStatus($0) } + claims.statuses.compactMap(objection)
  }

  private func objection(to entry: CredentialStatusEntry) -> CredentialRefusal? {
    switch facts.statuses[entry.position] ?? .unavailable {
    case .unavailable: .unavailableStatus(entry.purpose)
    case .unknownList: .unknownStatusList(entry.purpose)
    case .outOfRange: .statusOutOfRange(entry.purpose)
    case .known(let purpose, _) where purpose != entry.purpose: .wrongStatusPurpose(expected: entry.purpose, actual: purpose)
    case .known(_, isSet: false): nil
    case .known(.revocation, isSet: true): .revoked
    case .known(.suspension, isSet: true): .suspended
    case .known(.refresh, isSet: true): .refreshNeeded
    }
  }

  private mutating func signatureObjections(
    _ securing: Securing, by did: DID, as signer: CredentialRefusal.Signer, under purpose: VerificationPurpose
  ) -> [CredentialRefusal] {
    var refusals: [CredentialRefusal] = []
    let isClaimed = securing.claimedSigners.allSatisfy { $0.utf8.elementsEqual(did.description.utf8) }
    if !isClaimed || securing.keyID.map({ $0.did != did }) == true { refusals.append(.signerMismatch(signer)) }
    do {
      let document = try document(of: did, as: signer)
      guard let keyID = securing.keyID, keyID.did == did else { return refusals }
      let key = try document.key(keyID, under: purpose, at: policy.now, of: signer)
      if let signature = securing.signature, !key.isValid(signature, for: securing.message) { refusals.append(.badSignature(signer)) }
    } catch {
      refusals.append(error)
    }
    return refusals
  }

  private mutating func document(
    of did: DID, as signer: CredentialRefusal.Signer
  ) throws(CredentialRefusal) -> ControlledDocument {
    let bytes: [UInt8]
    switch facts.documents[did] ?? .unavailable {
    case .active(let document): bytes = document
    case .deactivated: throw .deactivatedDID(signer)
    case .isolated: throw .isolatedDID(signer)
    case .unknown: throw .unknownDID(signer)
    case .unavailable: throw .unavailableDocument(signer)
    }
    let result =
      parsed[did] ?? Result { () throws(ControlledDocumentError) in try Self.document(of: did, bytes) }
    parsed[did] = result
    do { return try result.get() } catch { throw .invalidDocument(signer, error) }
  }

  private static func document(of did: DID, _ bytes: [UInt8]) throws(ControlledDocumentError) -> ControlledDocument {
    let document = try ControlledDocument(parsing: bytes)
    guard document.id.utf8.elementsEqual(did.description.utf8) else { throw .wrongIdentifier }
    return document
  }
}
