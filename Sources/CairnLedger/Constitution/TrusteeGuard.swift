import CairnPolicy

/// That trustees can always replace the constitution, whatever the facts are.
///
/// Judged by scopes alone, which never fail to evaluate: a permit without conditions lets every trustee propose and approve an
/// amendment, and no forbid can reach those requests. A condition could turn out either way with time or height, or fail; so for
/// permits it does not count, and for forbids it does not excuse.
enum TrusteeGuard {
  private static let actions: [LedgerAction] = [.governancePropose, .governanceApprove]

  static func check(_ policies: PolicySet) throws(ConstitutionError) {
    for action in actions {
      let applicable = policies.policies.filter { $0.action.includes(action) }
      if let forbid = applicable.first(where: { $0.effect == .forbid && $0.resource.canBeAmendment }) {
        throw .forbidReachesTrustees(policy: forbid.name)
      }
      guard applicable.contains(where: { $0.effect == .permit && $0.permitsEveryTrustee }) else { throw .noPermitForTrustees(action) }
    }
  }
}

extension Policy {
  fileprivate var permitsEveryTrustee: Bool { conditions.isEmpty && principal.isEveryTrustee && resource.isEveryAmendment }
}

extension ScopeConstraint {
  fileprivate var isEveryTrustee: Bool {
    switch self {
    case .any: true
    case .isType(let type): type == ConstitutionSchema.agent
    case .in(.entity(let uid)): uid == Role.trustee.uid
    case .isTypeIn(let type, .entity(let uid)): type == ConstitutionSchema.agent && uid == Role.trustee.uid
    default: false
    }
  }

  fileprivate var isEveryAmendment: Bool {
    switch self {
    case .any: true
    case .isType(let type): type == ConstitutionSchema.amendment
    default: false
    }
  }

  /// Unless its type says otherwise. An amendment is in nothing.
  fileprivate var canBeAmendment: Bool {
    switch self {
    case .any: true
    case .isType(let type), .isTypeIn(let type, _): type == ConstitutionSchema.amendment
    case .equal(.entity(let uid)), .in(.entity(let uid)): uid.type == ConstitutionSchema.amendment
    default: true
    }
  }
}
