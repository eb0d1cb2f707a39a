public import CairnChain
public import CairnIdentity

/// Why an operation of governance is refused.
public enum GovernanceRefusal: Error, Equatable, Sendable {
  case proposalExists(ProposalID)
  case unknownProposal(ProposalID)
  /// It took effect already, or was withdrawn.
  case proposalClosed(ProposalID)
  case proposalExpired(ProposalID)
  /// Past, or too far ahead; Unix time in milliseconds.
  case proposalExpiry(UInt64)
  /// The proposer, or all together, have as many open proposals as may be.
  case tooManyProposals(limit: Int)
  /// Only trustees approve.
  case notTrustee(CairnDID)
  case alreadyApproved
  /// Of the keys that signed, one has signed the approval of another trustee.
  case keyAlreadyApproved
  /// The submitter neither proposed nor approved.
  case notApproved
  /// The DID has the role that it should get, or lacks the one that it should lose.
  case roleUnchanged(Role, CairnDID)
  case tooManyTrustees(limit: Int)
  /// Fewer active trustees would be left than must agree.
  case tooFewTrustees(threshold: Int)
  /// The named parameter would be out of its range.
  case parameterOutOfRange(String)
  case constitution(ConstitutionError)
  case constitutionUnchanged
  case unknownContract(String)
  /// No validator of the set has this name.
  case unknownValidator(String)
  /// The validator is already what it should become.
  case validatorUnchanged(String)
  /// What the set would become is none.
  case validators(ValidatorSetError)

  public var reason: String {
    switch self {
    case .proposalExists: "already_exists"
    case .unknownProposal: "unknown_proposal"
    case .proposalClosed: "proposal_closed"
    case .proposalExpired: "proposal_expired"
    case .proposalExpiry: "proposal_expiry"
    case .tooManyProposals: "too_many_proposals"
    case .notTrustee: "not_trustee"
    case .alreadyApproved: "already_approved"
    case .keyAlreadyApproved: "key_already_approved"
    case .notApproved: "not_approved"
    case .roleUnchanged: "role_unchanged"
    case .tooManyTrustees: "too_many_trustees"
    case .tooFewTrustees: "too_few_trustees"
    case .parameterOutOfRange: "parameter_out_of_range"
    case .constitution(let error): error.reason
    case .constitutionUnchanged: "constitution_unchanged"
    case .unknownContract: "unknown_contract"
    case .unknownValidator: "unknown_validator"
    case .validatorUnchanged: "validator_unchanged"
    case .validators(let error): error.reason
    }
  }
}
