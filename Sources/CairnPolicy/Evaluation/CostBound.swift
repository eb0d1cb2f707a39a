extension PolicySet {
  /// What deciding the most expensive request within the limits costs at most, in the unit of ``EvaluationCost``: never less than
  /// ``AuthorizationResponse/cost`` of any request and entities that ``PolicyLimits/excess(in:)-(AuthorizationRequest)`` and
  /// ``PolicyLimits/excess(in:)-(Entity)`` accept.
  public func costBound(_ limits: PolicyLimits) -> Int { policies.reduce(0) { saturating($0, plus: $1.costBound(limits)) } }
}

extension Policy {
  /// See ``PolicySet/costBound(_:)``.
  public func costBound(_ limits: PolicyLimits) -> Int {
    let bound = CostBound(limits: limits)
    return conditions.reduce(scopeBound(limits)) { saturating($0, plus: bound.bound($1.body).cost) }
  }

  fileprivate func scopeBound(_ limits: PolicyLimits) -> Int {
    let bound = CostBound(limits: limits)
    return [principal.entity.map { [$0] } ?? [], resource.entity.map { [$0] } ?? [], action.entities]
      .reduce(0) { saturating($0, plus: bound.membership($1)) }
  }
}

extension Schema {
  /// As ``PolicySet/costBound(_:)``, for requests and entities that conform to the schema: what is known to be a number or a bool is cheap
  /// to compare, and what a type rules out costs nothing.
  ///
  /// - Parameter policies: valid ones; for others the bound holds too, but is wide.
  public func costBound(of policies: PolicySet, _ limits: PolicyLimits) -> Int {
    let bound = CostBound(limits: limits)
    var worst = 0
    for environment in environments {
      var total = 0
      for policy in policies.policies {
        var checker = Typechecker(schema: self, mode: .permissive, environment: environment)
        let parts = checker.check(policy).parts
        total = parts.reduce(saturating(total, plus: policy.scopeBound(limits))) { saturating($0, plus: bound.bound($1).cost) }
      }
      worst = max(worst, total)
    }
    return worst
  }
}

/// Adds up the worst cases, in step with ``Evaluator``.
private struct CostBound {
  let limits: PolicyLimits

  struct Bound {
    var cost: Int
    /// Of the value, see ``CedarValue/weight``.
    var weight: Int
  }

  /// A value's weight is at most a quarter of what it counts for against the limits.
  private var dataWeight: Int { max(limits.entityBytes, limits.contextBytes) / 4 }
  private var uidWeight: Int { EvaluationCost.ofBytes(saturating(limits.stringBytes, times: 2)) }
  /// Every field counts for 8 at least.
  private var fieldLevels: Int { EvaluationCost.levels(max(limits.entityBytes, limits.contextBytes) / 8) }
  private var entity: Int { saturating(EvaluationCost.entity, plus: uidWeight) }

  func membership(_ containers: [EntityUID]) -> Int {
    guard !containers.isEmpty else { return 0 }
    return membership(weight: containers.reduce(0) { saturating($0, plus: $1.weight) })
  }

  private func membership(weight: Int) -> Int {
    let search = saturating(weight, times: EvaluationCost.levels(limits.ancestors))
    return saturating(saturating(weight, plus: entity), plus: search)
  }

  private func field(_ key: Text) -> Int { saturating(fieldLevels, times: EvaluationCost.ofBytes(key.byteCount)) }

  func bound(_ expression: Expression) -> Bound {
    let children = expression.children.map(bound)
    let below = children.reduce(EvaluationCost.step) { saturating($0, plus: $1.cost) }
    let weights = children.reduce(0) { saturating($0, plus: $1.weight) }
    let own = own(expression, children, weights)
    return Bound(cost: saturating(below, plus: own.cost), weight: own.weight)
  }

  /// The same with types: a value weighs no more than its type allows.
  func bound(_ typed: TypedExpression) -> Bound {
    let children = typed.children.map(bound)
    let below = children.reduce(EvaluationCost.step) { saturating($0, plus: $1.cost) }
    let own = own(typed.expression, children, children.reduce(0) { saturating($0, plus: $1.weight) })
    return Bound(cost: saturating(below, plus: own.cost), weight: typed.type.map { weight(of: $0, atMost: own.weight) } ?? own.weight)
  }

  /// Looks at no more of a type than the limit takes.
  private func weight(of type: CedarType, atMost limit: Int) -> Int {
    switch type {
    case .never, .bool, .long, .extension: return min(1, limit)
    case .string, .set, .anySet: return limit
    case .entity, .anyEntity: return min(uidWeight, limit)
    case .record(let record) where record.isOpen: return limit
    case .record(let record):
      var sum = 1
      for attribute in record.attributes {
        guard sum < limit else { return limit }
        sum = saturating(sum, plus: EvaluationCost.ofBytes(attribute.key.byteCount))
        sum = saturating(sum, plus: weight(of: attribute.type, atMost: max(0, limit - sum)))
      }
      return min(sum, limit)
    }
  }

  /// Without the children.
  private func own(_ expression: Expression, _ children: [Bound], _ weights: Int) -> Bound {
    switch expression {
    case .literal(let value): return Bound(cost: 0, weight: value.weight)
    case .variable(let variable): return Bound(cost: 0, weight: variable == .context ? dataWeight : uidWeight)
    case .conditional: return Bound(cost: 0, weight: children.dropFirst().map(\.weight).max() ?? 1)
    case .and, .or, .unary: return Bound(cost: 0, weight: 1)
    case .binary(let `operator`, _, _): return binary(`operator`, children, weights)
    // A weight counts each sixteen bytes, and so it does not fall short of the text.
    case .like(_, let pattern): return Bound(cost: saturating(weights, plus: EvaluationCost.ofBytes(pattern.byteCount) + 1), weight: 1)
    case .isType(_, _, let container): return Bound(cost: container == nil ? 0 : membership(weight: children.last?.weight ?? 0), weight: 1)
    case .has(_, let path):
      return Bound(cost: path.reduce(0) { saturating($0, plus: saturating(field($1), plus: entity)) }, weight: 1)
    case .attribute(_, let key): return Bound(cost: saturating(field(key), plus: entity), weight: dataWeight)
    case .set(let elements):
      return Bound(cost: saturating(weights, times: EvaluationCost.levels(elements.count)), weight: saturating(weights, plus: 1))
    case .record(let fields):
      return Bound(cost: 0, weight: fields.reduce(saturating(weights, plus: 1)) { $0 + EvaluationCost.ofBytes($1.key.byteCount) })
    case .call(let function, _): return Bound(cost: function.isConstructor ? weights : 0, weight: 1)
    }
  }

  private func binary(_ operator: Expression.BinaryOperator, _ children: [Bound], _ weights: Int) -> Bound {
    switch `operator` {
    case .equal, .notEqual, .containsAll, .containsAny: Bound(cost: weights, weight: 1)
    // A set of that weight has no more elements.
    case .contains:
      Bound(cost: saturating(children.last?.weight ?? 1, times: EvaluationCost.levels(children.first?.weight ?? 1)), weight: 1)
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .add, .subtract, .multiply: Bound(cost: 0, weight: 1)
    case .in: Bound(cost: membership(weight: children.last?.weight ?? 0), weight: 1)
    case .hasTag: Bound(cost: saturating(entity, plus: saturating(fieldLevels, times: weights)), weight: 1)
    case .getTag: Bound(cost: saturating(entity, plus: saturating(fieldLevels, times: weights)), weight: dataWeight)
    }
  }
}

private func saturating(_ left: Int, plus right: Int) -> Int {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return overflow ? .max : sum
}

/// - Parameters: not negative.
private func saturating(_ left: Int, times right: Int) -> Int {
  let (product, overflow) = left.multipliedReportingOverflow(by: right)
  return overflow ? .max : product
}
