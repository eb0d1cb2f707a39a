extension Typechecker {
  /// `typeOfIf`: a condition that is always true or always false leaves one branch unchecked.
  mutating func conditional(
    _ expression: Expression, _ condition: Expression, _ then: Expression, _ otherwise: Expression, _ known: Capabilities
  ) -> Typing {
    let test = expect([.bool(.any)], condition, known)
    switch test.type {
    case .bool(.true):
      let branch = check(then, known.union(test.capabilities))
      return Typing(
        typed: TypedExpression(expression, branch.type, [test.typed, branch.typed]),
        capabilities: branch.capabilities.union(test.capabilities))
    case .bool(.false):
      let branch = check(otherwise, known)
      return Typing(
        typed: TypedExpression(expression, branch.type, [test.typed, branch.typed]), capabilities: branch.capabilities)
    default:
      let first = check(then, known.union(test.capabilities))
      let second = check(otherwise, known)
      let type = bound(of: first.type, second.type, "the branches")
      return Typing(
        typed: TypedExpression(expression, type, [test.typed, first.typed, second.typed]),
        capabilities: first.capabilities.union(test.capabilities).intersection(second.capabilities))
    }
  }

  private mutating func bound(of left: CedarType?, _ right: CedarType?, _ what: String) -> CedarType? {
    guard let left, let right else { return nil }
    if let bound = left.leastUpperBound(right, mode) { return bound }
    report(.incompatibleTypes, "\(what) are of different types: \(left) and \(right)")
    return nil
  }

  /// `typeOfAnd`, operand by operand: what follows one that is always false is not checked.
  mutating func and(_ expression: Expression, _ operands: [Expression], _ known: Capabilities) -> Typing {
    var type: CedarType? = .bool(.true)
    var capabilities: Capabilities = []
    var known = known
    var children: [TypedExpression] = []
    for operand in operands {
      let right = expect([.bool(.any)], operand, known)
      children.append(right.typed)
      type = Self.and(type, right.type)
      if type == .bool(.false) { return Typing(typed: TypedExpression(expression, type, children)) }
      capabilities.formUnion(right.capabilities)
      known.formUnion(right.capabilities)
    }
    return Typing(typed: TypedExpression(expression, type, children), capabilities: capabilities)
  }

  static func and(_ left: CedarType?, _ right: CedarType?) -> CedarType? {
    switch (left, right) {
    case (.bool(.false), _), (_, .bool(.false)): .bool(.false)
    case (.bool(.true), let right): right
    case (let left, .bool(.true)): left
    case (nil, _), (_, nil): nil
    default: .bool(.any)
    }
  }

  /// `typeOfOr`, operand by operand: what follows one that is always true is not checked, and only what all operands tell is known.
  mutating func or(_ expression: Expression, _ operands: [Expression], _ known: Capabilities) -> Typing {
    var children: [TypedExpression] = []
    var left: Typing?
    for operand in operands {
      let right = expect([.bool(.any)], operand, known)
      children.append(right.typed)
      left = left.map { Self.or(expression, $0, right) } ?? right
      if left?.type == .bool(.true) { break }
    }
    let type = left?.type
    return Typing(typed: TypedExpression(expression, type, children), capabilities: left?.capabilities ?? [])
  }

  private static func or(_ expression: Expression, _ left: Typing, _ right: Typing) -> Typing {
    switch (left.type, right.type) {
    case (_, .bool(.true)): return right
    case (_, .bool(.false)): return left
    case (.bool(.false), _): return right
    case (let leftType, let rightType):
      let type: CedarType? = leftType == nil || rightType == nil ? nil : .bool(.any)
      return Typing(
        typed: TypedExpression(expression, type), capabilities: left.capabilities.intersection(right.capabilities))
    }
  }

  /// `typeOfUnaryApp`
  mutating func unary(
    _ expression: Expression, _ operator: Expression.UnaryOperator, _ operand: Expression, _ known: Capabilities
  ) -> Typing {
    switch `operator` {
    case .not:
      let operand = expect([.bool(.any)], operand, known).typed
      return Typing(typed: TypedExpression(expression, Self.not(operand.type), [operand]))
    case .negate:
      let operand = expect([.long], operand, known).typed
      return Typing(typed: TypedExpression(expression, .long, [operand]))
    case .isEmpty:
      let operand = expect([.anySet], operand, known).typed
      return Typing(typed: TypedExpression(expression, .bool(.any), [operand]))
    }
  }

  static func not(_ type: CedarType?) -> CedarType? {
    switch type {
    case .bool(.true): .bool(.false)
    case .bool(.false): .bool(.true)
    default: type
    }
  }
}
