public import CairnChain
public import CairnIdentity
import CairnLedger
import CairnMessages

/// Where a verification of credentials has its facts from: the nodes of a network, or a bundle. Everything is proven.
protocol CredentialFactSource: Sendable {
  /// - Parameters:
  ///   - withRoles: whether to ask for the roles too; they are those of now, whatever the moment, and so is an isolation.
  ///   - moment: Unix time in milliseconds; `nil` for now.
  func document(of did: CairnDID, withRoles: Bool, at moment: UInt64?) async throws(CairnError) -> DocumentFact

  func status(_ index: UInt32, in list: StatusListID, at moment: UInt64?) async throws(CairnError) -> StatusFact
}

/// What the ledger says about a DID at a moment.
struct DocumentFact: Sendable {
  enum Outcome: Sendable {
    /// With the JSON of its document.
    case active([UInt8])
    case deactivated
    /// It is isolated now, whatever it was at that moment: who has its keys can sign for any moment.
    case isolated
    /// It did not exist.
    case unknown
  }

  let outcome: Outcome
  /// `nil` unless they were asked for.
  let roles: Roles?
  let evidence: CredentialEvidence
}

/// What the ledger says about a bit of a status list at a moment.
struct StatusFact: Sendable {
  enum Outcome: Sendable {
    case found(StatusListRecord, isSet: Bool)
    /// The list did not exist.
    case noList
  }

  let outcome: Outcome
  let evidence: CredentialEvidence
}

/// An answer that a verification relied on.
public struct CredentialEvidence: Sendable {
  public enum Subject: Hashable, Sendable {
    case document(CairnDID)
    case status(StatusPosition)
  }

  public let subject: Subject
  /// The answer is the state after this header.
  public let header: CertifiedHeader
  /// The request without what the client knew, and the answer.
  let answer: ProtoBundledAnswer
}

/// A read without an answer, for which a verification refuses.
public struct CredentialReadFailure: Sendable {
  public let subject: CredentialEvidence.Subject
  public let error: CairnError
}

extension CredentialEvidence.Subject: CustomStringConvertible {
  /// The DID, or the list with the index as its fragment.
  public var description: String {
    switch self {
    case .document(let did): did.description
    case .status(let position): "\(position.list)#\(position.index)"
    }
  }
}
