import CairnLedger
import CairnNetwork

extension ContractRefusal {
  var status: RPCStatus {
    switch self {
    case .tooLarge, .fault: .invalidArgument
    case .exists: .alreadyExists
    case .unknown: .notFound
    case .retired, .frozen, .notFrozen, .unknownOwner: .failedPrecondition
    case .stale, .staleRecord: .aborted
    case .ownersNotMet, .newOwnersNotMet, .guardianNeeded, .notGuardian, .guardianNotMet, .sameGuardian, .sharedKey: .permissionDenied
    }
  }

  /// Continues "Operation n".
  var sentence: String {
    switch self {
    case .tooLarge(let count):
      "has a contract of \(count) bytes where \(ContractVersion.byteLimit) are allowed: split it into several contracts."
    case .exists(let id): "deploys the contract \(id), which exists: choose another name, or upgrade it."
    case .unknown(let id): "is about the contract \(id), which does not exist: check the name."
    case .retired(let id): "is about the contract \(id), which is retired, and that is for ever."
    case .frozen(let id): "freezes the contract \(id), which is frozen."
    case .notFrozen(let id): "unfreezes the contract \(id), which is not frozen."
    case .fault(let fault): "has a contract that is refused, as \(fault.description)."
    case .unknownOwner(let did): "names the owner \(did), which does not exist or is deactivated: check the DID."
    case .ownersNotMet(let approvals, let threshold):
      "is signed by \(approvals) of the contract's owners where it needs \(threshold): add their signatures."
    case .newOwnersNotMet(let approvals, let threshold):
      "is signed by \(approvals) of the owners that it names where it needs \(threshold): add their signatures."
    case .stale(let version, let hash):
      "is not about the version in force, which is \(version) with the hash \(hash): look at that one and make it again."
    case .staleRecord(let sequence):
      "was made for another state of the contract, whose record is at \(sequence): look at the contract and make it again."
    case .guardianNeeded(.dropped(let statement)): "drops or changes \(statement): name a guardian, who signs too, or keep the policy."
    case .guardianNeeded(.schema(let loss)):
      "changes what its forbid policies see, as \(loss): name a guardian, who signs too, or keep the schema."
    case .notGuardian(let did): "names \(did) as a guardian, which it is not: name an active DID with that role."
    case .guardianNotMet(let did): "is not signed by the guardian \(did): add its signature."
    case .sharedKey(let guardian): "is signed for \(guardian) with the submitter's own key: each guardian has to sign with another key."
    case .sameGuardian: "names the submitter as the second guardian: name another one."
    }
  }
}

extension ServiceFailure {
  static let invalidContract = ServiceFailure(
    .invalidArgument, "invalid_contract",
    "The text is not the name of a contract (1 to \(ContractID.byteLimit) of a-z, 0-9 and -): check it.")
}
