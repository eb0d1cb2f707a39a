import CairnCrypto
public import CairnIdentity
import CairnLedger

/// The outcome of a verification against the ledger, and what it stands on.
public struct CredentialVerification: Sendable {
  public let verdict: CredentialVerdict
  /// Of each session that came with the credential, in the order given.
  public let sessions: [SessionVerdict]
  /// The answers that the verdict relied on.
  public let evidence: [CredentialEvidence]
  /// Reads without an answer, each the reason of a refusal.
  public let failures: [CredentialReadFailure]
  /// For which moment it was verified; `nil` for now.
  public let moment: Timestamp?
  /// What was verified.
  public let document: [UInt8]

  public var accepted: AcceptedCredentials? { verdict.accepted }
}

/// Reads what the ledger says about all names in a credential, all at once, and judges.
struct CredentialJudgement<Source: CredentialFactSource>: Sendable {
  /// A holder's and its credentials' issuers: a session more would be of no use.
  static var sessionLimit: Int { Presentation.credentialLimit + 1 }

  let source: Source
  let network: Digest
  /// With the moment as its time.
  let policy: VerificationPolicy
  /// Unix time in milliseconds; `nil` for now.
  let moment: UInt64?
  /// A moment in the future: what will be then, nobody can prove.
  private let isInFuture: Bool

  /// - Parameters:
  ///   - policy: its time is the present.
  ///   - moment: at which the credential must have been good.
  init(_ source: Source, network: Digest, policy: VerificationPolicy, moment: Timestamp?) {
    (self.source, self.network) = (source, network)
    var policy = policy
    isInFuture = moment.map { $0 > policy.now.adding(milliseconds: policy.clockSkewMilliseconds) } ?? false
    if let moment { policy.now = moment }
    self.policy = policy
    self.moment = moment.map { UInt64(max(0, $0.milliseconds)) }
  }

  func verify(_ document: [UInt8], sessions: [SessionPresentation]) async throws(CairnError) -> CredentialVerification {
    let inspection = CredentialInspection(of: document)
    var refusals = inspection.refusals
    if sessions.count > Self.sessionLimit { refusals.append(.tooMany("sessions", limit: Self.sessionLimit)) }
    if isInFuture { refusals.append(.unsupported("A moment in the future")) }
    // With any of these there is no need to ask anybody.
    guard refusals.isEmpty else { return verification(.refused(refusals), document, ReadAnswers(), []) }
    var wanted = CredentialReads(sessions: sessions)
    wanted.insert(inspection, withRoles: policy.requiresIssuerRole, network: network)
    let reads = try await wanted.answers(from: source, at: moment)
    let verdicts = sessions.map { verdict(on: $0, reads) }
    return verification(inspection.verify(with: facts(inspection, reads, verdicts), under: policy), document, reads, verdicts)
  }

  func verify(_ session: SessionPresentation) async throws(CairnError) -> SessionVerdict {
    guard !isInFuture else { return SessionVerdict(presentation: session, identity: nil, refusals: [.unavailableStatus]) }
    return verdict(on: session, try await CredentialReads(sessions: [session]).answers(from: source, at: moment))
  }

  private func verification(
    _ verdict: CredentialVerdict, _ document: [UInt8], _ reads: ReadAnswers, _ sessions: [SessionVerdict]
  ) -> CredentialVerification {
    CredentialVerification(
      verdict: verdict, sessions: sessions, evidence: reads.evidence, failures: reads.failures,
      moment: moment.map { Timestamp(milliseconds: Int64(clamping: $0)) }, document: document)
  }
}

extension CredentialJudgement {
  private func facts(_ inspection: CredentialInspection, _ reads: ReadAnswers, _ sessions: [SessionVerdict]) -> CredentialFacts {
    var facts = CredentialFacts()
    for did in inspection.dids {
      guard let own = CredentialReads.own(did, network), let fact = reads.documents[own] else { continue }
      facts.documents[did] = document(of: own, fact, sessions)
      if fact.roles?.contains(.issuer) == true { facts.authorizedIssuers.insert(did) }
    }
    for position in inspection.statuses { facts.statuses[position] = status(at: position, reads) }
    return facts
  }

  /// What the ledger itself knows about a DID counts before any session of it.
  private func document(of did: CairnDID, _ fact: DocumentFact, _ sessions: [SessionVerdict]) -> CredentialFacts.Document {
    switch fact.outcome {
    case .isolated: return .isolated
    case .active(let document): return .active(document)
    case .deactivated: return .deactivated
    case .unknown:
      guard let session = sessions.first(where: { $0.did(network: network) == did }) else { return .unknown }
      if let identity = session.accepted { return .active(identity.document) }
      guard session.hasEnded else { return .unavailable }
      return session.refusals.contains(.controllerIsolated) ? .isolated : .deactivated
    }
  }

  private func status(at position: StatusPosition, _ reads: ReadAnswers) -> CredentialFacts.Status {
    guard UInt32(exactly: position.index) != nil else { return .outOfRange }
    guard let fact = reads.statuses[position] else { return reads.isOutOfRange(position) ? .outOfRange : .unavailable }
    switch fact.outcome {
    case .found(let record, let isSet): return .known(record.purpose, isSet: isSet)
    case .noList: return .unknownList
    }
  }

  private func verdict(on session: SessionPresentation, _ reads: ReadAnswers) -> SessionVerdict {
    var refusals: [SessionRefusal] = []
    var identity: SessionIdentity?
    let position = StatusPosition(list: session.batch, index: UInt64(session.index))
    switch reads.statuses[position]?.outcome {
    case nil: refusals.append(reads.isOutOfRange(position) ? .indexOutOfRange : .unavailableStatus)
    case .noList: refusals.append(.unknownBatch)
    case .found(let record, let isSet):
      do throws(SessionError) {
        let found = try session.verify(against: record, network: network)
        identity = found
        if Timestamp(milliseconds: Int64(clamping: found.expiresMilliseconds)) <= policy.now {
          refusals.append(.expired(atMilliseconds: found.expiresMilliseconds))
        }
        if isSet { refusals.append(.revoked) }
      } catch {
        refusals.append(.invalid(error))
      }
    }
    switch reads.documents[session.batch.issuer]?.outcome {
    case .active: break
    case .deactivated: refusals.append(.controllerDeactivated)
    case .isolated: refusals.append(.controllerIsolated)
    case .unknown, nil: refusals.append(.unavailableController)
    }
    return SessionVerdict(presentation: session, identity: identity, refusals: refusals)
  }
}

extension SessionVerdict {
  /// Which DID it is about, whatever the verdict.
  fileprivate func did(network: Digest) -> CairnDID { CairnDID(network: network, create: .sha256(presentation.create)) }

  /// Whether it was a session, and is none any more.
  fileprivate var hasEnded: Bool {
    identity != nil
      && refusals.allSatisfy { refusal in
        switch refusal {
        case .expired, .revoked, .controllerDeactivated, .controllerIsolated: true
        case .invalid, .unknownBatch, .indexOutOfRange, .unavailableStatus, .unavailableController: false
        }
      }
  }
}
