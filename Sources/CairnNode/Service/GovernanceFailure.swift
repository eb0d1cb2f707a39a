import CairnChain
import CairnLedger
import CairnNetwork

extension GovernanceRefusal {
  var status: RPCStatus {
    switch self {
    case .proposalExists, .alreadyApproved, .keyAlreadyApproved: .alreadyExists
    case .unknownProposal, .unknownContract, .unknownValidator: .notFound
    case .proposalExpiry, .parameterOutOfRange: .outOfRange
    case .constitution: .invalidArgument
    case .notTrustee, .notApproved: .permissionDenied
    case .tooManyProposals: .resourceExhausted
    case .proposalClosed, .proposalExpired, .roleUnchanged, .tooManyTrustees, .tooFewTrustees, .constitutionUnchanged,
      .validatorUnchanged, .validators:
      .failedPrecondition
    }
  }

  /// Continues "Operation n".
  var sentence: String {
    switch self {
    case .proposalExists(let id): "makes the proposal \(id), which exists: make it with another salt."
    case .unknownProposal(let id): "is about the proposal \(id), which does not exist: check its id."
    case .proposalClosed(let id): "is about the proposal \(id), which took effect or was withdrawn: propose it anew if need be."
    case .proposalExpired(let id): "is about the proposal \(id), which has expired: propose it anew."
    case .proposalExpiry(let time):
      "has the expiry \(time), which is past or more than 90 days ahead: choose a Unix time in milliseconds between."
    case .tooManyProposals(let limit): "is one proposal too many, as \(limit) are open: withdraw one, or wait for one to be decided."
    case .notTrustee(let did): "approves through \(did), which is no trustee: submit it through one."
    case .alreadyApproved: "approves what this trustee has approved already: other trustees have to."
    case .keyAlreadyApproved: "approves with a key that has signed another trustee's approval: sign with another key of this trustee."
    case .notApproved: "withdraws what this DID neither proposed nor approved: submit it through one that did."
    case .roleUnchanged(let role, let did): "changes nothing about the role of \(role.name) of \(did): look at its roles."
    case .tooManyTrustees(let limit): "makes more than \(limit) trustees: revoke the role of another one first."
    case .tooFewTrustees(let threshold):
      "leaves fewer trustees than the \(threshold) that must agree: grant the role to another DID, or lower the threshold, first."
    case .parameterOutOfRange(let name): "leads to a \(name) that is out of its range: choose another value."
    case .constitution(let error): "has a constitution that \(error.sentence): correct it."
    case .constitutionUnchanged: "has the constitution that is in force: propose another one."
    case .unknownContract(let contract): "is about the contract \(contract), which does not exist: check its name."
    case .unknownValidator(let name): "is about the validator \(name), which is not one of the set: check its name."
    case .validatorUnchanged(let name): "replaces the validator \(name) by itself: change a key, an address or the name."
    case .validators(let error): "leads to a set of validators that cannot be: \(Self.sentence(error))."
    }
  }

  private static func sentence(_ error: ValidatorSetError) -> String {
    switch error {
    case .count(let count): "it has \(count), where 1 to \(ValidatorSet.countLimit) are possible"
    case .name(let name): "\(name) cannot be a validator's name"
    case .duplicateName(let name): "two are called \(name)"
    case .key(let validator): "a key of \(validator) is not an Ed25519 key, or is both of its keys"
    case .duplicateKey(let validator): "a key of \(validator) is another validator's too"
    case .address(let validator): "an address of \(validator) is not host:port"
    case .duplicateAddress(let validator): "an address of \(validator) is another validator's too"
    }
  }
}
