import CairnIdentity
import CairnLedger
import CairnNetwork

extension ServiceFailure {
  /// Why a submitted transaction is refused. `current` is left to whoever can prove it.
  init(_ error: TransactionError) {
    switch error {
    case .operation(let index, let error):
      self.init(error, operation: index)
    case .unavailable:
      self = .retryable(
        .unavailable, error.reason, "This node could not judge the transaction: submit it to another node, or again later.",
        after: Self.shortRetryMilliseconds)
    case .blockFull:
      self = .retryable(
        .resourceExhausted, error.reason, "The block has no room left: submit the transaction again.", after: Self.shortRetryMilliseconds)
    default:
      self.init(error.status, error.reason, error.sentence)
    }
  }

  private init(_ error: OperationError, operation index: Int) {
    self.init(error.status, error.reason, "Operation \(index) \(error.sentence)", metadata: [FailureKey.operation: "\(index)"])
    if let head = error.head {
      metadata[FailureKey.headSequence] = "\(head.sequence)"
      metadata[FailureKey.headHash] = "\(head.hash)"
    }
    if let didError = error.didError { metadata[FailureKey.didError] = didError.rawValue }
  }
}

extension TransactionError {
  fileprivate var status: RPCStatus {
    switch self {
    case .tooLarge, .malformed, .notCanonical, .wrongNetwork, .operationCount, .signatureCount, .signatureOrder: .invalidArgument
    case .badSignature, .unknownSubmitter, .submitterIsolated, .submitterThresholdNotMet: .permissionDenied
    case .expired, .tooFarAhead, .submitterDeactivated: .failedPrecondition
    case .duplicate: .alreadyExists
    case .operation(_, let error): error.status
    case .blockFull: .resourceExhausted
    case .unavailable: .unavailable
    }
  }

  fileprivate var sentence: String {
    switch self {
    case .tooLarge(let limit, let actual):
      "The transaction has \(actual) bytes where \(limit) are allowed: split its operations into several."
    case .malformed(let field): "The transaction cannot be read (\(field)): check how it was encoded."
    case .notCanonical:
      "The transaction is not in its canonical encoding: write fields in order, without defaults, unknown fields or padded integers."
    case .wrongNetwork: "The transaction is for another network: check the network digest and the submitter's DID."
    case .operationCount(let count): "The transaction has \(count) operations: it takes 1 to \(Transaction.operationLimit)."
    case .signatureCount(let count): "The transaction has \(count) signatures: it takes 1 to \(Transaction.signatureLimit)."
    case .signatureOrder: "The signatures are not in ascending order of their public keys, each key once: sort them."
    case .badSignature(let key): "The signature by key \(key) is wrong: sign the transaction's body again."
    case .expired(let notAfterHeight, let height):
      "The transaction was good until block \(notAfterHeight) and the chain is at \(height): sign it again with a later height."
    case .tooFarAhead(let notAfterHeight, let limit):
      "The transaction is good until block \(notAfterHeight), but at most \(limit) is allowed now: sign it with a lower height."
    case .duplicate: "The chain has this transaction already: ask for it by its id."
    case .blockFull: "The block has no room left: submit the transaction again."
    case .unknownSubmitter(let did): "The submitter \(did) does not exist: submit through a DID that is enrolled."
    case .submitterDeactivated(let did): "The submitter \(did) is deactivated: submit through another DID."
    case .submitterIsolated(let did): "The submitter \(did) is isolated: only guardians can release it."
    case .submitterThresholdNotMet: "The signatures do not reach the submitter's update threshold: add signatures by its update keys."
    case .operation(let index, let error): "Operation \(index) \(error.sentence)"
    case .unavailable: "This node could not judge the transaction: submit it to another node, or again later."
    }
  }
}

extension OperationError {
  fileprivate var status: RPCStatus {
    switch self {
    case .malformed, .foreignDID, .control, .document, .listLength, .indexCount: .invalidArgument
    case .notPermitted, .thresholdNotMet, .notListIssuer, .notRevoker, .isolated, .controllerIsolated: .permissionDenied
    case .alreadyExists, .listExists: .alreadyExists
    case .unknownDID, .unknownList: .notFound
    case .indexOutOfRange: .outOfRange
    case .stale, .futureSequence: .aborted
    case .deactivated, .unknownController, .controllerDeactivated, .noController, .noRecovery, .clearRefused, .sessionExpiry,
      .trusteeProtected, .isolationEnd:
      .failedPrecondition
    case .governance(let refusal): refusal.status
    case .contract(let refusal): refusal.status
    case .access(let refusal): refusal.status
    case .evidence(.badSignature): .invalidArgument
    case .evidence(.unknownSigner): .failedPrecondition
    case .noRoom: .resourceExhausted
    case .beyondBlock: .invalidArgument
    case .unavailable: .unavailable
    }
  }

  fileprivate var didError: DIDResolutionError? {
    switch self {
    case .unknownDID: .notFound
    case .document: .invalidDIDDocument
    default: nil
    }
  }

  /// Continues "Operation n".
  fileprivate var sentence: String {
    switch self {
    case .malformed(let field): "cannot be read (\(field)): check how it was encoded."
    case .foreignDID: "names a DID of another network: check the DID."
    case .control(let error): "has a control state that is refused (\(error.reason)): \(error.advice)."
    case .document(let error): "has a document that is refused (\(error.reason)): correct the document."
    case .notPermitted(let refusal): "is not permitted: \(refusal.sentence)"
    case .alreadyExists(let did): "creates \(did), which exists: create it with another salt."
    case .unknownDID(let did): "changes \(did), which does not exist: check the DID."
    case .deactivated(let did): "changes \(did), which is deactivated, and that is for ever."
    case .stale(let head): "does not follow the DID's head at sequence \(head.sequence): make it again on top of the current version."
    case .futureSequence(let head):
      "follows a version that is not there yet, as the DID's head is at sequence \(head.sequence): submit what comes between first."
    case .thresholdNotMet(let threshold): "is not signed by \(threshold.keys): add their signatures."
    case .unknownController(let did): "names the controller \(did), which does not exist: check the DID."
    case .controllerDeactivated(let did): "relies on the controller \(did), which is deactivated: use the DID's own keys."
    case .isolated(let did): "is signed by the update keys of \(did), which is isolated: its other keys or its controller can rotate it."
    case .controllerIsolated(let did): "relies on the controller \(did), which is isolated: use the DID's own keys."
    case .trusteeProtected(let did): "isolates \(did), which is a trustee: trustees are for the other trustees to judge."
    case .isolationEnd(let time):
      "isolates until \(time), which is past or more than 366 days ahead: choose a Unix time in milliseconds between, or no end."
    case .noController: "uses the authority of a controller, and the DID has none: use its own keys."
    case .noRecovery: "uses recovery keys, and the DID has none: use its next keys."
    case .listLength(let length):
      "is for \(length) entries: a status list has \(StatusList.lengths.lowerBound) to \(StatusList.lengths.upperBound), a session batch from 1."
    case .indexCount(let count): "changes \(count) statuses: it takes 1 to \(StatusList.updateLimit)."
    case .listExists(let list): "makes \(list), which exists: choose another name."
    case .unknownList(let list): "is about \(list), which does not exist: check the list."
    case .notListIssuer(let list): "is for the issuer \(list.issuer) alone: submit it through that DID."
    case .notRevoker(let list): "updates \(list), which only its issuer and revokers may: submit it through one of them."
    case .clearRefused(let purpose): "clears a status of \(purpose.name), which is for ever: issue a new credential instead."
    case .indexOutOfRange(let index, let length): "names index \(index) of a list of \(length): check the index."
    case .sessionExpiry(let time):
      "has the expiry \(time), which is past or more than 31 days ahead: choose a Unix time in milliseconds between."
    case .governance(let refusal): refusal.sentence
    case .access(let refusal): "is refused. \(refusal)"
    case .evidence(.badSignature): "accuses a validator with a signature that is not by its key: get the evidence again."
    case .evidence(.unknownSigner(let epoch, let validator)):
      "accuses validator \(validator) of epoch \(epoch), whose key is another or whom the network does not know."
    case .noRoom: "finds no room left in the block: submit it again."
    case .beyondBlock: "asks for more, with those before it, than a block may decide and check: submit them in several transactions."
    case .unavailable: "could not be judged by this node: submit it to another node, or again later."
    case .contract(let refusal): refusal.sentence
    }
  }
}

extension ConstitutionRefusal {
  fileprivate var sentence: String {
    let who = "the network's constitution \(policies.isEmpty ? "does not let" : "forbids")"
    let cause = policies.isEmpty ? "" : " (\(policies.joined(separator: ", ")))"
    return "\(who) \(submitter) \(policies.isEmpty ? "do" : "to do") \(action.name)\(cause); submit it through a DID that may."
  }
}

extension OperationError {
  /// What the operation should have followed.
  var head: DIDHead? {
    switch self {
    case .stale(let head), .futureSequence(let head): head
    default: nil
    }
  }
}

extension OperationError.Threshold {
  fileprivate var keys: String {
    switch self {
    case .update: "enough of the DID's update keys"
    case .next: "enough of the keys whose digests are the DID's next keys"
    case .recovery: "enough of the DID's recovery keys"
    case .controller: "enough of the controller's update keys"
    case .newUpdate: "enough of the update keys that it sets"
    }
  }
}

extension ControlError {
  fileprivate var advice: String {
    switch self {
    case .noKeys(let list): "it needs \(list.rawValue) keys"
    case .tooManyKeys(let list): "it takes at most \(Control.keyLimit) \(list.rawValue) keys"
    case .invalidKey(let list): "replace the \(list.rawValue) key that is not one"
    case .duplicateKey(let list): "name each \(list.rawValue) key once"
    case .zeroWeight(let list): "give every \(list.rawValue) key a weight above zero"
    case .unreachableThreshold(let list): "set the \(list.rawValue) threshold between one and the weight of all its keys"
    case .invalidController: "write the controller as a DID"
    case .foreignController: "name a controller of this network"
    case .ownController: "name another DID as the controller"
    }
  }
}
