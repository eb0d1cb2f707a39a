extension Schema {
  /// Validates policies and templates (`Cedar.Validation.Validator`).
  ///
  /// - Parameter level: entity dereferences in a row that a policy may need (RFC 76); `nil` for any number. Only checked where there
  ///   are no errors.
  /// - Returns: what is wrong, policy by policy: first the policies of the set, then its templates.
  public func validate(_ policies: PolicySet, _ mode: ValidationMode = .strict, level: Int? = nil) -> ValidationResult {
    var result = ValidationResult()
    for policy in policies.policies {
      result.add(policy.templateID == nil ? validate(policy, mode, level: level) : Validator(self, policy).linkResult())
    }
    for template in policies.templates { result.add(validate(template, mode, level: level)) }
    return result
  }

  /// Validates a policy or a template.
  public func validate(_ policy: Policy, _ mode: ValidationMode = .strict, level: Int? = nil) -> ValidationResult {
    Validator(self, policy).result(mode, level: level)
  }
}

public struct ValidationResult: Hashable, Sendable {
  public private(set) var errors: [ValidationError] = []
  public private(set) var warnings: [ValidationError] = []

  public var isValid: Bool { errors.isEmpty }

  init() {}

  mutating func add(_ other: ValidationResult) {
    errors += other.errors
    warnings += other.warnings
  }

  mutating func addError(_ error: ValidationError) { if !errors.contains(error) { errors.append(error) } }

  mutating func addWarning(_ warning: ValidationError) { warnings.append(warning) }
}

/// Validates one policy.
private struct Validator {
  let schema: Schema
  let policy: Policy
  /// Errors in all environments of one policy, repetitions included: then no further environment is looked at.
  private static let errorLimit = 64
  /// Unknown names that are reported: each is compared with many known ones for a hint.
  private static let nameErrorLimit = 16

  init(_ schema: Schema, _ policy: Policy) {
    self.schema = schema
    self.policy = policy
  }

  func result(_ mode: ValidationMode, level: Int?) -> ValidationResult {
    var result = ValidationResult()
    checkNames(into: &result)
    checkApplication(into: &result)
    var isPossible = false
    var isWithinLevel = true
    var found = 0
    for environment in schema.environments where found < Self.errorLimit {
      var checker = Typechecker(schema: schema, mode: mode, environment: environment)
      let (type, parts) = checker.check(policy)
      if type != .bool(.false) { isPossible = true }
      found += checker.errors.count
      for error in checker.errors { result.addError(self.error(error.reason, error.message)) }
      if let level, isWithinLevel { isWithinLevel = self.isWithinLevel(level, parts, environment) }
    }
    if !isPossible, found < Self.errorLimit { result.addWarning(error(.impossible, "no request can satisfy the policy")) }
    if let level, result.isValid, !isWithinLevel {
      result.addError(error(.tooManyDereferences, "more than \(level) entity dereferences in a row, or one of a literal"))
    }
    return result
  }

  private func error(_ reason: ValidationError.Reason, _ message: String) -> ValidationError {
    ValidationError(policy: policy.id, reason: reason, message: message)
  }

  private func isWithinLevel(_ level: Int, _ parts: [TypedExpression], _ environment: Schema.RequestEnvironment) -> Bool {
    // What `in` with a slot reads is read by no expression.
    let readsForSlot = [policy.principal, policy.resource].contains { $0.isMembership && $0.reference == .slot }
    let checker = LevelChecker(action: environment.action, limit: level)
    return parts.allSatisfy(checker.isWithinLimit) && (level > 0 || !readsForSlot)
  }
}

// MARK: - Names

extension Validator {
  /// Every entity type, action and member of an enumeration that the policy names is declared (`checkEntities`).
  private func checkNames(into result: inout ValidationResult) {
    var (types, uids) = policy.names
    types += uids.map(\.type)
    for type in Set(types).sorted().lazy.filter({ !$0.isAction && schema.entityType($0) == nil }).prefix(Self.nameErrorLimit) {
      let hint = NearestName.nearest(to: type.description, in: schema.entityTypes.map(\.name.description))
      result.addError(
        error(.unknownEntityType, "the schema has no entity type `\(type)`\(hint.map { "; did you mean `\($0)`?" } ?? "")"))
    }
    for uid in Set(uids).sorted() where result.errors.count < Self.nameErrorLimit {
      if uid.type.isAction, schema.action(uid) == nil {
        let hint = NearestName.nearest(to: uid.identifier.string, in: schema.actions.map(\.uid.identifier.string))
        result.addError(error(.unknownAction, "the schema has no action `\(uid)`\(hint.map { "; did you mean `\($0)`?" } ?? "")"))
      } else if let type = schema.entityType(uid.type), !type.isValid(uid.identifier) {
        result.addError(error(.notEnumerated, "`\(uid)` is not among the members of its enumerated type"))
      }
    }
  }
}

extension Policy {
  /// Entity types after `is`, and entities.
  fileprivate var names: (types: [EntityTypeName], uids: [EntityUID]) {
    var types = [principal, resource].compactMap(\.entityType)
    var uids = [principal, resource].compactMap(\.entity) + action.entities
    for condition in conditions {
      condition.body.forEach { expression in
        switch expression {
        case .literal(.entity(let uid)): uids.append(uid)
        case .isType(_, let type, _): types.append(type)
        default: break
        }
      }
    }
    return (types, uids)
  }
}

// MARK: - Scope

extension Validator {
  /// A linked policy: its template is validated on its own, so what is left is what the link filled in.
  func linkResult() -> ValidationResult {
    var result = ValidationResult()
    for type in Set([policy.principal, policy.resource].compactMap(\.entity?.type)).sorted()
    where !type.isAction && schema.entityType(type) == nil {
      result.addError(error(.unknownEntityType, "the schema has no entity type `\(type)`"))
    }
    checkApplication(into: &result)
    return result
  }

  /// Some action that the scope admits applies to a principal and a resource that it admits.
  private func checkApplication(into result: inout ValidationResult) {
    let principals = Set(types(satisfying: policy.principal))
    let resources = Set(types(satisfying: policy.resource))
    let isApplicable = actions.contains { action in
      action.principals.contains(where: principals.contains) && action.resources.contains(where: resources.contains)
    }
    if !isApplicable { result.addError(error(.noApplicableAction, "no action applies to what the scope asks for")) }
  }

  private var actions: [Schema.Action] {
    switch policy.action {
    case .any: return schema.actions
    case .equal(let uid): return schema.action(uid).map { [$0] } ?? []
    case .in, .inAny:
      let groups = policy.action.entities
      guard groups.allSatisfy({ schema.action($0) != nil }) else { return [] }
      return schema.actions.filter { action in groups.contains { $0 == action.uid || action.isIn($0) } }
    }
  }

  private func types(satisfying constraint: ScopeConstraint) -> [EntityTypeName] {
    switch constraint {
    case .any, .equal(.slot), .in(.slot): schema.entityTypes.map(\.name)
    case .equal(.entity(let uid)): [uid.type]
    case .in(.entity(let uid)): schema.types(in: uid.type)
    case .isType(let type), .isTypeIn(let type, .slot): schema.entityType(type) == nil && !type.isAction ? [] : [type]
    case .isTypeIn(let type, .entity(let uid)): uid.type == type || schema.types(in: uid.type).contains(type) ? [type] : []
    }
  }
}

extension Typechecker {
  /// The policy's type, and its parts as far as they were looked at.
  mutating func check(_ policy: Policy) -> (type: CedarType?, parts: [TypedExpression]) {
    var type: CedarType? = .bool(.true)
    var capabilities: Capabilities = []
    var parts: [TypedExpression] = []
    for constraint in [scope(policy.principal, .principal), scope(policy.action), scope(policy.resource, .resource)] {
      switch constraint {
      case .type(let constraint): type = Self.and(type, constraint)
      case .expression(let expression):
        let typing = expect([.bool(.any)], expression, capabilities)
        type = Self.and(type, typing.type)
        parts.append(typing.typed)
      }
      if type == .bool(.false) { return (type, parts) }
    }
    for condition in policy.conditions {
      let typing = expect([.bool(.any)], condition.body, capabilities)
      type = Self.and(type, condition.kind == .when ? typing.type : Self.not(typing.type))
      parts.append(typing.typed)
      if type == .bool(.false) { break }
      if condition.kind == .when { capabilities.formUnion(typing.capabilities) }
    }
    return (type, parts)
  }

  private enum Scope {
    case type(CedarType)
    case expression(Expression)
  }

  /// A slot can be filled so that the constraint holds, and so that it does not.
  private func scope(_ constraint: ScopeConstraint, _ variable: Expression.Variable) -> Scope {
    switch constraint {
    case .any: .type(.bool(.true))
    case .equal(.slot), .in(.slot): .type(.bool(.any))
    case .equal(.entity(let uid)): .expression(.binary(.equal, .variable(variable), .literal(.entity(uid))))
    case .in(.entity(let uid)): .expression(.binary(.in, .variable(variable), .literal(.entity(uid))))
    case .isType(let type): .expression(.isType(.variable(variable), type, in: nil))
    case .isTypeIn(let type, .slot):
      .type((variable == .principal ? environment.principal : environment.resource) == type ? .bool(.any) : .bool(.false))
    case .isTypeIn(let type, .entity(let uid)): .expression(.isType(.variable(variable), type, in: .literal(.entity(uid))))
    }
  }

  private func scope(_ constraint: ActionConstraint) -> Scope {
    switch constraint {
    case .any: .type(.bool(.true))
    case .equal(let uid): .expression(.binary(.equal, .variable(.action), .literal(.entity(uid))))
    case .in(let uid): .expression(.binary(.in, .variable(.action), .literal(.entity(uid))))
    case .inAny(let uids):
      // An empty set, which strict mode would not type, holds no action.
      uids.isEmpty ? .type(.bool(.false)) : .expression(.binary(.in, .variable(.action), .set(uids.map { .literal(.entity($0)) })))
    }
  }
}
