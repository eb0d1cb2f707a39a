public import CairnCrypto
import CairnPolicy
import Synchronization

/// Who may do what on the ledger, ready to be asked: policies that are valid, cheap enough, pass their own tests, and leave the trustees
/// the way to replace them.
///
/// Compiled once: the policies that can apply to an action are sorted out, and where they look at nothing but roles, they are masks of
/// roles. What comes out is what evaluating all policies says.
public struct Constitution: Sendable {
  /// Facts are small, and attributes of what an attribute names are not to be had: principal and resource are all that is loaded.
  static let limits: PolicyLimits = {
    var limits = PolicyLimits.ledger
    limits.entityBytes = 1 << 10
    limits.contextBytes = 1 << 10
    limits.ancestors = 16
    limits.stringBytes = 256
    limits.level = 1
    return limits
  }()
  /// Steps of the most expensive request: about a millisecond, where no block has more than some thousand operations.
  public static let costLimit = 1 << 15

  public let source: ConstitutionSource
  /// What ``costLimit`` is about.
  public let costBound: Int
  public let policyCount: Int
  private let rules: [LedgerAction: ActionRules]

  public var hash: Digest { source.hash }

  /// Everything that has to be so is checked here, whether the text comes from a genesis or from a proposal.
  public init(_ source: ConstitutionSource) throws(ConstitutionError) {
    if let known = Self.compiled.withLock({ $0[source.hash] }) {
      self = known
      return
    }
    try self.init(compiling: source)
    let new = self
    Self.compiled.withLock { compiled in
      if compiled.count >= Self.compiledLimit { compiled.removeAll() }
      compiled[source.hash] = new
    }
  }

  private init(compiling source: ConstitutionSource) throws(ConstitutionError) {
    guard source.policies.utf8.count <= ConstitutionSource.policyByteLimit else {
      throw .tooLong(limit: ConstitutionSource.policyByteLimit)
    }
    guard source.tests.utf8.count <= ConstitutionSource.testByteLimit else { throw .tooLong(limit: ConstitutionSource.testByteLimit) }
    let policies: PolicySet
    do { policies = try PolicySet(parsing: source.policies, limits: Self.limits) } catch { throw .syntax("\(error)") }
    let schema = ConstitutionSchema.schema
    guard policies.templates.isEmpty else { throw .invalid(["a constitution has no templates, which nothing would link"]) }
    let result = schema.validate(policies, .strict, level: Self.limits.level)
    guard result.isValid else { throw .invalid(result.errors.map(\.description)) }
    costBound = schema.costBound(of: policies, Self.limits)
    guard costBound <= Self.costLimit else { throw .cost(costBound, limit: Self.costLimit) }
    try TrusteeGuard.check(policies)
    self.source = source
    policyCount = policies.policies.count
    rules = Dictionary(uniqueKeysWithValues: LedgerAction.allCases.map { ($0, ActionRules(for: $0, of: policies)) })
    try ConstitutionTest.runAll(source.tests, of: self)
  }

  func rules(for action: LedgerAction) -> ActionRules {
    guard let rules = rules[action] else { preconditionFailure("every action has its rules") }
    return rules
  }

  /// Constitutions that were compiled lately, by hash: a memory of a pure function. Governance changes one a few times a year.
  private static let compiled = Mutex<[Digest: Constitution]>([:])
  private static let compiledLimit = 16
}

extension Constitution: Hashable {
  public static func == (left: Constitution, right: Constitution) -> Bool { left.source == right.source }
  public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

/// The policies that can apply to one action.
struct ActionRules: Sendable {
  let action: LedgerAction
  let policies: PolicySet
  /// The same as masks of roles; `nil` when one of them looks at more than roles.
  let byRole: [RoleRule]?

  init(for action: LedgerAction, of all: PolicySet) {
    self.action = action
    var policies = PolicySet.empty
    for policy in all.policies where policy.action.includes(action) {
      do { try policies.add(policy) } catch { preconditionFailure("policies of one set have different ids") }
    }
    self.policies = policies
    let masks = policies.policies.compactMap(RoleRule.init)
    byRole = masks.count == policies.policies.count ? masks : nil
  }

  /// What roles alone decide; `nil` when they do not.
  func verdict(of roles: Roles) -> ConstitutionVerdict? {
    guard let byRole else { return nil }
    let mask = roles.mask
    var isPermitted = false
    for rule in byRole where rule.isSatisfied(by: mask) {
      if rule.effect == .forbid {
        let forbids = byRole.filter { $0.effect == .forbid && $0.isSatisfied(by: mask) }
        return ConstitutionVerdict(isAllowed: false, policies: forbids.map(\.policy))
      }
      isPermitted = true
    }
    return ConstitutionVerdict(isAllowed: isPermitted, policies: [])
  }

  /// What evaluation decides. A `forbid` that has no value refuses: to skip it would be to fail open.
  func verdict(of request: AuthorizationRequest, _ entities: Entities) -> ConstitutionVerdict {
    assert(ConstitutionSchema.schema.fault(in: request) == nil, "the facts of an operation are those of the schema")
    assert(entities.sorted.allSatisfy { ConstitutionSchema.schema.fault(in: $0) == nil }, "and the entities too")
    let response = policies.isAuthorized(request, entities: entities)
    let failed = response.failures.filter { $0.effect == .forbid }.map(\.id)
    guard response.decision == .deny || !failed.isEmpty else { return ConstitutionVerdict(isAllowed: true, policies: []) }
    let determining = (response.decision == .deny ? response.reasons : []) + failed
    return ConstitutionVerdict(isAllowed: false, policies: determining.compactMap { policies.policy($0)?.name })
  }
}

/// A policy of which only the submitter's roles decide whether it applies.
struct RoleRule: Sendable {
  let policy: String
  let effect: Policy.Effect
  /// One of these; `nil` for everybody.
  let roles: UInt8?

  init?(_ policy: Policy) {
    guard policy.conditions.isEmpty, case .any = policy.resource else { return nil }
    switch policy.principal {
    case .any, .isType: roles = nil
    case .in(.entity(let uid)), .isTypeIn(_, .entity(let uid)):
      guard let role = Role(uid) else { return nil }
      roles = Roles([role]).mask
    default: return nil
    }
    self.policy = policy.name
    effect = policy.effect
  }

  func isSatisfied(by mask: UInt8) -> Bool { roles.map { $0 & mask != 0 } ?? true }
}

struct ConstitutionVerdict: Hashable, Sendable {
  let isAllowed: Bool
  /// Of a refusal: the forbids that determined it; empty when nothing permits.
  let policies: [String]
}

extension Policy {
  /// The `@id` that its author gave it, or its place in the text.
  var name: String { (self[annotation: "id"] ?? id).string }
}

extension ActionConstraint {
  /// Whether a request for the action can meet the constraint.
  func includes(_ action: LedgerAction) -> Bool {
    let uid = action.uid
    let ancestors = ConstitutionSchema.schema.action(uid)?.ancestors ?? []
    return switch self {
    case .any: true
    case .equal(let other): other == uid
    case .in(let other): other == uid || ancestors.contains(other)
    case .inAny(let others): others.contains { $0 == uid || ancestors.contains($0) }
    }
  }
}

extension Role {
  init?(_ uid: EntityUID) {
    guard uid.type == ConstitutionSchema.role else { return nil }
    self.init(name: uid.identifier.string)
  }
}

extension Roles {
  /// Bit `rawValue` of each.
  var mask: UInt8 { roles.reduce(0) { $0 | 1 << $1.rawValue } }
}
