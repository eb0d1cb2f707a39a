public import CairnChain
public import CairnCrypto
public import CairnIdentity
public import CairnLedger
public import CairnNetwork

/// Why the client has no answer to give. It never has half of one.
public enum CairnError: Error, Equatable, Sendable {
  case unreadableAnchor(path: String, because: String)
  case invalidAnchor(ChainError)
  case invalidEndpoint(Endpoint, because: String)
  /// Not a DID of this method.
  case invalidDID(String, DIDError)
  /// A DID of another network than the trust anchor's.
  case foreignDID(CairnDID)
  /// The DID does not exist. Proven by the state after this header.
  case notFound(CairnDID, provenBy: CertifiedHeader)
  /// The DID was created after the time that was asked for. Proven by the state after this header.
  case notYetCreated(CairnDID, createdMilliseconds: UInt64, provenBy: CertifiedHeader)
  /// The DID exists no more: deactivation is for ever. Proven.
  case deactivated(ResolvedDID)
  /// A status list of another network than the trust anchor's.
  case foreignStatusList(StatusListID)
  /// There is no such status list. Proven by the state after this header.
  case unknownStatusList(StatusListID, provenBy: CertifiedHeader)
  /// The status list was made after the moment that was asked for. Proven by the state after this header.
  case statusListNotYetCreated(StatusListRecord, provenBy: CertifiedHeader)
  /// There is no such contract. Proven by the state after this header.
  case unknownContract(ContractID, provenBy: CertifiedHeader)
  /// The contract was deployed after the time that was asked for. Proven by the state after this header.
  case contractNotYetDeployed(ContractID, deployedMilliseconds: UInt64, provenBy: CertifiedHeader)
  /// A node that was asked refuses the request itself, so that no other was asked.
  case refused(Refusal)
  /// No endpoint gave an answer that could be believed: each one's reason, in the order in which they were asked.
  case noAnswer([EndpointFailure])
  /// Not known to be final in time. The transactions may become final all the same; submitting them again is harmless.
  case undecided(transactions: [Digest], [EndpointFailure])
  /// Events were asked for from before the trust anchor, by which nothing earlier can be checked.
  case beforeAnchor(height: UInt64)
  /// Two finalized blocks of one height: more than a third of the validators lie. The client answers nothing from then on.
  case fork(height: UInt64)
  /// The request of an agent is none, or is beyond a limit.
  case invalidAccessRequest(AccessRefusal)
  /// No block has decided the request of this id. Proven by the state after this header.
  case unrecordedAccess(Digest, provenBy: CertifiedHeader)
  /// The transaction that was to be made would be refused by every node.
  case invalidOperation(OperationError)
  case invalidTransaction(TransactionError)
  case cancelled
  /// The client was closed.
  case closed

  /// Machine readable; a log field and a metric label.
  public var reason: String {
    switch self {
    case .unreadableAnchor: "unreadable_anchor"
    case .invalidAnchor: "invalid_anchor"
    case .invalidEndpoint: "invalid_endpoint"
    case .invalidDID: "invalid_did"
    case .foreignDID: "wrong_network"
    case .notFound: "not_found"
    case .notYetCreated: "not_yet_created"
    case .deactivated: "deactivated"
    case .foreignStatusList: "wrong_network"
    case .unknownStatusList: "unknown_status_list"
    case .statusListNotYetCreated: "status_list_not_yet_created"
    case .unknownContract: "unknown_contract"
    case .contractNotYetDeployed: "contract_not_yet_deployed"
    case .refused(let refusal): refusal.reason
    case .noAnswer: "no_answer"
    case .undecided: "undecided"
    case .beforeAnchor: "before_anchor"
    case .fork: "fork"
    case .invalidAccessRequest(let refusal): refusal.reason
    case .unrecordedAccess: "unrecorded_access"
    case .invalidOperation(let error): error.reason
    case .invalidTransaction(let error): error.reason
    case .cancelled: "cancelled"
    case .closed: "closed"
    }
  }
}

extension CairnError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadableAnchor(let path, let because): "The trust anchor \(path) cannot be read: \(because)."
    case .invalidAnchor(let error): "The trust anchor is not one (\(error.reason)): get it again from whoever gave it to you."
    case .invalidEndpoint(let endpoint, let because): "The endpoint \(endpoint) cannot be used: \(because)."
    case .invalidDID(let text, let error): "\(text) is not a DID of this ledger (\(error))."
    case .foreignDID(let did): "\(did) belongs to another network than the trust anchor."
    case .notFound(let did, let header): "\(did) does not exist, as the state at height \(header.header.height) proves."
    case .notYetCreated(let did, let created, let header):
      "\(did) did not exist then: it was created at \(created) ms, as the state at height \(header.header.height) proves."
    case .foreignStatusList(let list): "\(list) belongs to another network than the trust anchor."
    case .unknownStatusList(let list, let header): "\(list) does not exist, as the state at height \(header.header.height) proves."
    case .statusListNotYetCreated(let record, let header):
      """
      \(record.list) did not exist then: it was made at height \(record.createdHeight), as the state at height \(header.header.height) \
      proves.
      """
    case .unknownContract(let id, let header): "The contract \(id) does not exist, as the state at height \(header.header.height) proves."
    case .contractNotYetDeployed(let id, let deployed, let header):
      "The contract \(id) did not exist then: it was deployed at \(deployed) ms, as the state at height \(header.header.height) proves."
    case .deactivated(let resolved): "\(resolved.did) was deactivated, as the state proves."
    case .refused(let refusal): refusal.message.isEmpty ? "The node refused: \(refusal.reason)." : refusal.message
    case .noAnswer(let failures): "No endpoint gave an answer that can be believed: \(Self.list(failures))."
    case .undecided(let transactions, let failures):
      "It is not known in time whether \(transactions.count) transactions are final; submit them again to find out: \(Self.list(failures))."
    case .beforeAnchor(let height):
      "Events begin after the trust anchor's height \(height) at the earliest: ask from there, or use an older anchor."
    case .fork(let height): "Two finalized blocks of height \(height) were seen: the validators cannot be trusted, and nothing is answered."
    case .invalidAccessRequest(let refusal): refusal.description
    case .unrecordedAccess(let id, let header):
      "No block has decided the request \(id), as the state at height \(header.header.height) proves."
    case .invalidOperation(let error): "The operation would be refused by every node: \(error.reason)."
    case .invalidTransaction(let error): "The transaction would be refused by every node: \(error.reason)."
    case .cancelled: "The call was cancelled."
    case .closed: "The client was closed."
    }
  }

  private static func list(_ failures: [EndpointFailure]) -> String {
    failures.isEmpty ? "none was asked" : failures.map(\.description).joined(separator: "; ")
  }
}

/// What was wrong with one endpoint when it was asked.
public struct EndpointFailure: Error, Equatable, Sendable, CustomStringConvertible {
  public let endpoint: Endpoint
  public let problem: EndpointProblem

  public init(endpoint: Endpoint, problem: EndpointProblem) {
    (self.endpoint, self.problem) = (endpoint, problem)
  }

  public var description: String { "\(endpoint): \(problem)" }
}

/// Why an endpoint has not answered, or why its answer was not believed.
public enum EndpointProblem: Error, Equatable, Sendable {
  /// No connection, or one that broke, or no answer in time.
  case connection(RPCError)
  /// A refusal that is about the node, such as being overloaded.
  case unavailable(Refusal)
  /// The answer is not a message of its method.
  case malformed
  /// The header or a proof was not believed.
  case unproven(LightClientError)
  /// The record or the document is not what the state commits to.
  case wrongRecord(ResolutionError)
  /// The operations are not the history of the DID.
  case wrongHistory(HistoryError)
  /// The status is not what the state commits to.
  case wrongStatus(StatusError)
  /// The contract is not what the state commits to.
  case wrongContract(ContractAnswerError)
  /// The decision is not what its own proofs lead to.
  case wrongDecision(AccessProofError)
  /// The blocks of a stream are not those of the log.
  case wrongEvents(EventError)
  /// Proven, but an answer to another question.
  case otherAnswer(String)

  /// Machine readable; a log field and a metric label.
  public var reason: String {
    switch self {
    case .connection(let error): error.reason
    case .unavailable(let refusal): refusal.reason
    case .malformed: "malformed_answer"
    case .unproven(let error): error.reason
    case .wrongRecord(let error): error.reason
    case .wrongHistory(let error): error.reason
    case .wrongStatus(let error): error.reason
    case .wrongContract(let error): error.reason
    case .wrongDecision(let error): error.reason
    case .wrongEvents(let error): error.reason
    case .otherAnswer: "other_answer"
    }
  }

  /// Whether an honest node would never have answered so. Being behind is not among it.
  public var isDishonest: Bool {
    switch self {
    case .connection, .unavailable, .unproven(.stale), .unproven(.wentBack), .wrongEvents(.unreadableTransaction): false
    case .malformed, .unproven, .wrongRecord, .wrongHistory, .wrongStatus, .wrongContract, .wrongDecision, .wrongEvents, .otherAnswer: true
    }
  }

  /// Whether the request may have reached the node.
  var mayHaveActed: Bool {
    switch self {
    case .connection(.cannotConnect), .connection(.helloRefused), .connection(.helloRejected), .connection(.helloTimedOut),
      .connection(.tooManyRequestsInFlight), .connection(.requestTooLarge), .connection(.congested):
      false
    default: true
    }
  }
}

extension EndpointProblem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .connection(.cannotConnect(let why)): "cannot connect (\(why))"
    case .connection(.helloRejected(let why)): "is not a node of this network (\(why))"
    case .connection(.connectionClosed(let why)): "connection lost (\(why))"
    case .connection(let error): error.reason
    case .unavailable(let refusal):
      // The reason ends a clause here, and not a sentence.
      "\(refusal.reason): \(refusal.message.hasSuffix(".") ? String(refusal.message.dropLast()) : refusal.message)"
    case .unproven(.stale(let age)): "stale by \(age / 1_000) s"
    case .unproven(.wentBack(let from, let to)): "at height \(to), behind the known \(from)"
    case .otherAnswer(let what): "answered something else (\(what))"
    default: reason
    }
  }
}
