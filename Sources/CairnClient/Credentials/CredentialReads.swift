import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnNetwork

/// What a verification has to read, each once.
struct CredentialReads: Sendable {
  /// With whether the roles are wanted.
  private var documents: [CairnDID: Bool] = [:]
  private var statuses: Set<StatusPosition> = []
  /// What cannot be asked here.
  private var failures: [CredentialReadFailure] = []

  /// The batches of sessions, and their controllers.
  init(sessions: [SessionPresentation]) {
    for session in sessions {
      documents[session.batch.issuer] = false
      statuses.insert(StatusPosition(list: session.batch, index: UInt64(session.index)))
    }
  }

  /// The issuers and the holder, and all statuses. DIDs and lists of elsewhere stay facts that nobody has.
  mutating func insert(_ inspection: CredentialInspection, withRoles: Bool, network: Digest) {
    for did in inspection.dids {
      guard let own = try? CairnDID(parsing: did.description) else { continue }
      if own.isOf(network: network) {
        documents[own] = withRoles
      } else {
        failures.append(CredentialReadFailure(subject: .document(own), error: .foreignDID(own)))
      }
    }
    for position in inspection.statuses where UInt32(exactly: position.index) != nil {
      if position.list.issuer.isOf(network: network) {
        statuses.insert(position)
      } else {
        failures.append(CredentialReadFailure(subject: .status(position), error: .foreignDID(position.list.issuer)))
      }
    }
  }

  /// A DID of this network.
  static func own(_ did: DID, _ network: Digest) -> CairnDID? {
    guard let own = try? CairnDID(parsing: did.description), own.isOf(network: network) else { return nil }
    return own
  }

  /// Asks for everything at once, so that a verification takes one round trip. Their number is bounded by the limits of a
  /// presentation and its sessions.
  ///
  /// - Throws: what makes all further reads pointless. A read that fails otherwise is among the answers.
  func answers<Source: CredentialFactSource>(from source: Source, at moment: UInt64?) async throws(CairnError) -> ReadAnswers {
    var answers = ReadAnswers(failures: failures)
    await withTaskGroup(of: ReadOutcome.self) { group in
      for (did, withRoles) in documents {
        group.addTask {
          do throws(CairnError) {
            return .document(did, try await source.document(of: did, withRoles: withRoles, at: moment))
          } catch {
            return .failure(CredentialReadFailure(subject: .document(did), error: error))
          }
        }
      }
      for position in statuses {
        group.addTask {
          do throws(CairnError) {
            return .status(position, try await source.status(UInt32(clamping: position.index), in: position.list, at: moment))
          } catch {
            return .failure(CredentialReadFailure(subject: .status(position), error: error))
          }
        }
      }
      for await outcome in group { answers.insert(outcome) }
    }
    for failure in answers.failures {
      switch failure.error {
      case .fork, .closed, .cancelled: throw failure.error
      default: continue
      }
    }
    return answers
  }
}

enum ReadOutcome: Sendable {
  case document(CairnDID, DocumentFact)
  case status(StatusPosition, StatusFact)
  case failure(CredentialReadFailure)
}

/// The answers to the reads of one verification.
struct ReadAnswers: Sendable {
  private(set) var documents: [CairnDID: DocumentFact] = [:]
  private(set) var statuses: [StatusPosition: StatusFact] = [:]
  private(set) var failures: [CredentialReadFailure] = []

  init(failures: [CredentialReadFailure] = []) { self.failures = failures }

  mutating func insert(_ outcome: ReadOutcome) {
    switch outcome {
    case .document(let did, let fact): documents[did] = fact
    case .status(let position, let fact): statuses[position] = fact
    case .failure(let failure): failures.append(failure)
    }
  }

  /// Whether a node said that the list is shorter. Its word, which makes a refusal no less of one.
  func isOutOfRange(_ position: StatusPosition) -> Bool {
    failures.contains { failure in
      guard failure.subject == .status(position), case .refused(let refusal) = failure.error else { return false }
      return refusal.status == .outOfRange
    }
  }

  /// In an order that does not depend on when the answers came.
  var evidence: [CredentialEvidence] {
    let all = documents.values.map(\.evidence) + statuses.values.map(\.evidence)
    return all.map { ($0.subject.description, $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
