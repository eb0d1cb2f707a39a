extension Typechecker {
  /// `typeOfBinaryApp`
  mutating func binary(
    _ expression: Expression, _ operator: Expression.BinaryOperator, _ left: Expression, _ right: Expression, _ known: Capabilities
  ) -> Typing {
    switch `operator` {
    case .equal, .notEqual: return equality(expression, left, right, isNegated: `operator` == .notEqual, known)
    case .less, .lessOrEqual, .greater, .greaterOrEqual: return comparison(expression, left, right, known)
    case .add, .subtract, .multiply:
      let children = [expect([.long], left, known).typed, expect([.long], right, known).typed]
      return Typing(typed: TypedExpression(expression, .long, children))
    case .in: return isIn(expression, left, right, known)
    case .contains: return contains(expression, left, right, known)
    case .containsAll, .containsAny:
      let children = [expect([.anySet], left, known).typed, expect([.anySet], right, known).typed]
      requireComparable(children[0].type, children[1].type)
      return Typing(typed: TypedExpression(expression, .bool(.any), children))
    case .hasTag, .getTag: return tag(expression, left, right, isTest: `operator` == .hasTag, known)
    }
  }

  /// In strict mode, two types that are compared need a common bound.
  private mutating func requireComparable(_ left: CedarType?, _ right: CedarType?) {
    guard mode == .strict, let left, let right, left.leastUpperBound(right, mode) == nil else { return }
    report(.incompatibleTypes, "types that have no value in common are compared: \(left) and \(right)")
  }

  /// `typeOfEq`: two literals are compared at once, and entities of different types are never equal.
  private mutating func equality(
    _ expression: Expression, _ left: Expression, _ right: Expression, isNegated: Bool, _ known: Capabilities
  ) -> Typing {
    let children = [check(left, known).typed, check(right, known).typed]
    var type = CedarType.bool(.any)
    if case (.entity(let first)?, .entity(let second)?) = (children[0].type, children[1].type), first.allSatisfy({ !second.contains($0) }) {
      type = .bool(.false)
    } else if let first = literal(left), let second = literal(right) {
      type = .bool(first == second ? .true : .false)
    } else {
      requireComparable(children[0].type, children[1].type)
    }
    return Typing(typed: TypedExpression(expression, isNegated ? Self.not(type) : type, children))
  }

  /// Longs, datetimes and durations have an order, each with their like.
  private mutating func comparison(_ expression: Expression, _ left: Expression, _ right: Expression, _ known: Capabilities) -> Typing {
    let ordered: [CedarType] = [.long, .extension(.datetime), .extension(.duration)]
    let first = check(left, known).typed
    let second = check(right, known).typed
    if let left = first.type, let right = second.type, !ordered.contains(left) || left != right {
      report(.unexpectedType, "expected two of Long, datetime or duration, found \(left) and \(right)")
    }
    return Typing(typed: TypedExpression(expression, .bool(.any), [first, second]))
  }

  private mutating func contains(_ expression: Expression, _ left: Expression, _ right: Expression, _ known: Capabilities) -> Typing {
    let children = [expect([.anySet], left, known).typed, check(right, known).typed]
    if case .set(let element)? = children[0].type { requireComparable(element, children[1].type) }
    return Typing(typed: TypedExpression(expression, .bool(.any), children))
  }
}

// MARK: - Entities

extension Typechecker {
  /// `typeOfInₑ` and `typeOfInₛ`: always true or false between actions, always false where the schema has no such membership.
  private mutating func isIn(_ expression: Expression, _ left: Expression, _ right: Expression, _ known: Capabilities) -> Typing {
    let member = expect([.anyEntity], left, known).typed
    let container = expect([.set(.anyEntity), .anyEntity], right, known).typed
    let type = typeOfIn(member.type, container.type, literal(left), containers(right))
    return Typing(typed: TypedExpression(expression, type, [member, container]))
  }

  private func typeOfIn(
    _ member: CedarType?, _ container: CedarType?, _ literal: CedarValue?, _ containers: [EntityUID]?
  ) -> CedarType? {
    guard member != nil, container != nil else { return nil }
    if case .entity(let uid)? = literal, uid.type.isAction, let containers {
      return typeOfAction(uid, in: containers.filter(\.type.isAction))
    }
    guard case .entity(let members)? = member, let types = container?.entityTypes else { return .bool(.any) }
    let isPossible = members.contains { member in types.contains { schema.canBe(member, in: $0) } }
    return isPossible ? .bool(.any) : .bool(.false)
  }

  private func typeOfAction(_ uid: EntityUID, in actions: [EntityUID]) -> CedarType? {
    var isMember = false
    for action in actions {
      guard schema.action(action) != nil else { return nil }
      if uid == action || schema.action(uid)?.isIn(action) == true { isMember = true }
    }
    return .bool(isMember ? .true : .false)
  }

  /// The entities when they are all literals.
  private func containers(_ expression: Expression) -> [EntityUID]? {
    if case .entity(let uid)? = literal(expression) { return [uid] }
    guard case .set(let elements) = expression else { return nil }
    var uids: [EntityUID] = []
    for element in elements {
      guard case .entity(let uid)? = literal(element) else { return nil }
      uids.append(uid)
    }
    return uids
  }

  /// `e is T`, and `e is T in g` as `e is T && e in g` without looking at `e` twice.
  mutating func isType(
    _ expression: Expression, _ operand: Expression, _ type: EntityTypeName, _ container: Expression?, _ known: Capabilities
  ) -> Typing {
    let member = expect([.anyEntity], operand, known).typed
    var result = CedarType.bool(.any)
    if case .entity(let names)? = member.type {
      result = .bool(names.contains(type) ? (names.count == 1 ? .true : .any) : .false)
    }
    guard let container, result != .bool(.false) else { return Typing(typed: TypedExpression(expression, result, [member])) }
    let group = expect([.set(.anyEntity), .anyEntity], container, known).typed
    let membership = typeOfIn(member.type, group.type, literal(operand), containers(container))
    return Typing(typed: TypedExpression(expression, Self.and(result, membership), [member, group]))
  }

  /// `typeOfHasTag` and `typeOfGetTag`
  private mutating func tag(
    _ expression: Expression, _ left: Expression, _ right: Expression, isTest: Bool, _ known: Capabilities
  ) -> Typing {
    let entity = expect([.anyEntity], left, known).typed
    let key = expect([.string], right, known).typed
    let capability = Capability.tag(ExpressionShape(right), of: ExpressionShape(left))
    guard let entityType = entity.type else {
      return Typing(typed: TypedExpression(expression, isTest ? .bool(.any) : nil, [entity, key]))
    }
    let types = tagTypes(entityType)
    if isTest {
      let type: CedarType = .bool(types.isEmpty ? .false : known.contains(capability) ? .true : .any)
      return Typing(typed: TypedExpression(expression, type, [entity, key]), capabilities: [capability])
    }
    return Typing(typed: TypedExpression(expression, tag(types, of: entityType, isGuarded: known.contains(capability)), [entity, key]))
  }

  private mutating func tag(_ types: [CedarType], of entityType: CedarType, isGuarded: Bool) -> CedarType? {
    guard isGuarded else {
      report(.unguardedTag, "a tag of \(entityType) is read without `hasTag` before")
      return nil
    }
    guard !types.isEmpty else {
      report(.noTags, "\(entityType) has no tags")
      return nil
    }
    guard let bound = CedarType.leastUpperBound(of: types, mode) else {
      report(.incompatibleTypes, "the tags of \(entityType) are of different types")
      return nil
    }
    return bound
  }

  private func tagTypes(_ type: CedarType) -> [CedarType] {
    guard case .entity(let names) = type else { return schema.entityTypes.compactMap(\.tags) }
    return names.compactMap { schema.entityType($0)?.tags }
  }
}

extension CedarType {
  /// Of an entity, or of a set of entities.
  fileprivate var entityTypes: [EntityTypeName]? {
    switch self {
    case .entity(let names), .set(.entity(let names)): names
    default: nil
    }
  }
}
