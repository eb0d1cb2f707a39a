/// The answer to a request (`Cedar.Spec.Response`).
public struct AuthorizationResponse: Hashable, Sendable {
  public enum Decision: String, Hashable, Sendable {
    case allow, deny
  }

  public struct PolicyFailure: Hashable, Sendable {
    public let id: Text
    public let effect: Policy.Effect
    public let error: EvaluationError
  }

  public let decision: Decision
  /// The policies that determined the decision, in the order of the policy set: the satisfied forbids, or else the satisfied permits.
  public let reasons: [Text]
  /// The policies that were skipped because they have no value, in the order of the policy set.
  public let failures: [PolicyFailure]
  /// In the unit of ``EvaluationCost``.
  public let cost: Int

  /// Whether a `forbid` was skipped: a caller that must not fail open denies then.
  public var hasFailedForbid: Bool { failures.contains { $0.effect == .forbid } }
}

extension PolicySet {
  /// Allows iff a `permit` is satisfied and no `forbid` is (`Cedar.Spec.Authorizer`); what no policy permits is denied.
  public func isAuthorized(_ request: AuthorizationRequest, entities: some EntityStore) -> AuthorizationResponse {
    var evaluator = Evaluator(request: request, store: entities)
    var permits: [Text] = []
    var forbids: [Text] = []
    var failures: [AuthorizationResponse.PolicyFailure] = []
    for policy in policies {
      do throws(EvaluationError) {
        guard try evaluator.isSatisfied(policy) else { continue }
        if policy.effect == .permit { permits.append(policy.id) } else { forbids.append(policy.id) }
      } catch {
        failures.append(AuthorizationResponse.PolicyFailure(id: policy.id, effect: policy.effect, error: error))
      }
    }
    let isAllowed = forbids.isEmpty && !permits.isEmpty
    return AuthorizationResponse(
      decision: isAllowed ? .allow : .deny, reasons: isAllowed ? permits : forbids, failures: failures, cost: evaluator.cost)
  }
}

extension Evaluator {
  /// Whether scope and conditions all hold; a condition after one that does not is not looked at.
  mutating func isSatisfied(_ policy: Policy) throws(EvaluationError) -> Bool {
    guard isMet(policy.principal, by: request.principal), isMet(policy.action), isMet(policy.resource, by: request.resource) else {
      return false
    }
    for condition in policy.conditions {
      guard try bool(condition.body, condition.kind.rawValue) == (condition.kind == .when) else { return false }
    }
    return true
  }

  private mutating func isMet(_ constraint: ScopeConstraint, by uid: EntityUID) -> Bool {
    if let type = constraint.entityType, type != uid.type { return false }
    switch constraint {
    case .any, .isType: return true
    case .equal(let reference):
      guard case .entity(let entity) = reference else { return false }
      return uid == entity
    case .in(let reference), .isTypeIn(_, let reference):
      guard case .entity(let entity) = reference else { return false }
      return isIn(uid, entity)
    }
  }

  private mutating func isMet(_ constraint: ActionConstraint) -> Bool {
    switch constraint {
    case .any: true
    case .equal(let uid): request.action == uid
    case .in(let uid): isIn(request.action, uid)
    case .inAny(let uids): isIn(request.action, any: uids)
    }
  }
}

extension Expression {
  /// Evaluates an expression on its own.
  public func evaluate(_ request: AuthorizationRequest, entities: some EntityStore) throws(EvaluationError) -> CedarValue {
    var evaluator = Evaluator(request: request, store: entities)
    return try evaluator.evaluate(self)
  }
}
