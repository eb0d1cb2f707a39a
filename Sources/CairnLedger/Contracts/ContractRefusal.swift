public import CairnCrypto
public import CairnIdentity

/// Why an operation on a contract is refused.
public enum ContractRefusal: Error, Equatable, Sendable {
  /// Bytes of one version.
  case tooLarge(Int)
  /// The name is taken, perhaps by a contract that is retired.
  case exists(ContractID)
  case unknown(ContractID)
  case retired(ContractID)
  case frozen(ContractID)
  case notFrozen(ContractID)
  /// What is wrong with what the contract says.
  case fault(ContractFault)
  /// An owner of the version that does not exist, or is deactivated.
  case unknownOwner(CairnDID)
  /// Too few owners of the version in force signed.
  case ownersNotMet(approvals: Int, threshold: UInt32)
  /// Too few owners of the version that the operation brings signed.
  case newOwnersNotMet(approvals: Int, threshold: UInt32)
  /// The operation does not follow, or is not about, the version in force.
  case stale(version: UInt64, hash: Digest)
  /// The record is another than the guardians have seen.
  case staleRecord(sequence: UInt64)
  /// The upgrade lets a `forbid` go, and names no guardian.
  case guardianNeeded(WeakenedForbid)
  /// The DID is no guardian, or deactivated, or isolated.
  case notGuardian(CairnDID)
  /// The guardian that the operation names did not sign.
  case guardianNotMet(CairnDID)
  /// The second guardian is the first one.
  case sameGuardian
  /// The two guardians have signed with one and the same key.
  case sharedKey(CairnDID)

  public var reason: String {
    switch self {
    case .tooLarge: "contract_too_large"
    case .exists: "contract_exists"
    case .unknown: "unknown_contract"
    case .retired: "contract_retired"
    case .frozen: "contract_frozen"
    case .notFrozen: "contract_not_frozen"
    case .fault(let fault): fault.reason
    case .unknownOwner: "unknown_owner"
    case .ownersNotMet: "owners_threshold_not_met"
    case .newOwnersNotMet: "new_owners_threshold_not_met"
    case .stale: "contract_stale"
    case .staleRecord: "contract_record_stale"
    case .guardianNeeded: "guardian_needed"
    case .notGuardian: "not_guardian"
    case .guardianNotMet: "guardian_threshold_not_met"
    case .sameGuardian: "same_guardian"
    case .sharedKey: "guardians_share_key"
    }
  }
}
