extension PolicySet {
  /// The JSON format of policy sets: `staticPolicies`, `templates` and `templateLinks`.
  public var json: CedarJSON {
    func members(_ policies: [Policy]) -> CedarJSON { .object(policies.map { CedarJSON.Member($0.id, $0.json) }) }
    return .object([
      CedarJSON.Member("templates", members(templates)),
      CedarJSON.Member("staticPolicies", members(policies.filter { $0.templateID == nil })),
      CedarJSON.Member("templateLinks", .array(policies.compactMap(link))),
    ])
  }

  private func link(_ policy: Policy) -> CedarJSON? {
    guard let templateID = policy.templateID, let template = template(templateID) else { return nil }
    let values = template.slots.compactMap { slot in
      (slot == .principal ? policy.principal : policy.resource).entity.map { CedarJSON.Member(Text(slot.rawValue), $0.json) }
    }
    return .object([
      CedarJSON.Member("templateId", .string(templateID)), CedarJSON.Member("newId", .string(policy.id)),
      CedarJSON.Member("values", .object(values)),
    ])
  }
}

extension Policy {
  /// The JSON policy format.
  public var json: CedarJSON {
    .object(
      [
        CedarJSON.Member("effect", .string(Text(effect.rawValue))),
        CedarJSON.Member("principal", principal.json(.principal)),
        CedarJSON.Member("action", action.json),
        CedarJSON.Member("resource", resource.json(.resource)),
        CedarJSON.Member("conditions", .array(conditions.map(\.json))),
      ] + annotations.jsonMembers)
  }
}

extension Policy.Condition {
  fileprivate var json: CedarJSON {
    .object([CedarJSON.Member("kind", .string(Text(kind.rawValue))), CedarJSON.Member("body", body.json)])
  }
}

extension ScopeConstraint {
  fileprivate func json(_ slot: Slot) -> CedarJSON {
    switch self {
    case .any: .object([CedarJSON.Member("op", "All")])
    case .equal(let reference): .object([CedarJSON.Member("op", "=="), reference.json(slot)])
    case .in(let reference): .object([CedarJSON.Member("op", "in"), reference.json(slot)])
    case .isType(let type): .object([CedarJSON.Member("op", "is"), CedarJSON.Member("entity_type", .string(type.path))])
    case .isTypeIn(let type, let reference):
      .object([
        CedarJSON.Member("op", "is"), CedarJSON.Member("entity_type", .string(type.path)),
        CedarJSON.Member("in", .object([reference.json(slot)])),
      ])
    }
  }
}

extension ScopeConstraint.Reference {
  fileprivate func json(_ slot: Slot) -> CedarJSON.Member {
    switch self {
    case .entity(let uid): CedarJSON.Member("entity", uid.json)
    case .slot: CedarJSON.Member("slot", .string(Text(slot.rawValue)))
    }
  }
}

extension ActionConstraint {
  fileprivate var json: CedarJSON {
    switch self {
    case .any: .object([CedarJSON.Member("op", "All")])
    case .equal(let uid): .object([CedarJSON.Member("op", "=="), CedarJSON.Member("entity", uid.json)])
    case .in(let uid): .object([CedarJSON.Member("op", "in"), CedarJSON.Member("entity", uid.json)])
    case .inAny(let uids): .object([CedarJSON.Member("op", "in"), CedarJSON.Member("entities", .array(uids.map(\.json)))])
    }
  }
}

extension CedarJSON: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self = .string(Text(value)) }
}

extension Expression {
  /// An expression of the JSON policy format.
  var json: CedarJSON {
    switch self {
    case .literal(let value): Self.object("Value", value.json)
    case .variable(let variable): Self.object("Var", .string(Text(variable.rawValue)))
    case .conditional(let condition, let then, let otherwise):
      Self.object("if-then-else", ("if", condition.json), ("then", then.json), ("else", otherwise.json))
    case .and(let operands): Self.chain("&&", operands)
    case .or(let operands): Self.chain("||", operands)
    case .unary(.negate, let operand): Self.object("neg", ("arg", operand.json))
    case .unary(let `operator`, let operand): Self.object(Text(`operator`.rawValue), ("arg", operand.json))
    case .binary(let `operator`, let left, let right): Self.object(Text(`operator`.rawValue), ("left", left.json), ("right", right.json))
    case .like(let operand, let pattern): Self.object("like", ("left", operand.json), ("pattern", pattern.json))
    case .isType(let operand, let type, nil): Self.object("is", ("left", operand.json), ("entity_type", .string(type.path)))
    case .isType(let operand, let type, let container?):
      Self.object("is", ("left", operand.json), ("entity_type", .string(type.path)), ("in", container.json))
    case .has(let operand, let path):
      Self.object("has", ("left", operand.json), ("attr", path.count == 1 ? .string(path[0]) : .array(path.map { .string($0) })))
    case .attribute(let operand, let key): Self.object(".", ("left", operand.json), ("attr", .string(key)))
    case .set(let elements): Self.object("Set", .array(elements.map(\.json)))
    case .record(let fields): Self.object("Record", .object(fields.map { CedarJSON.Member($0.key, $0.value.json) }))
    case .call(let function, let arguments): Self.object(Text(function.rawValue), .array(arguments.map(\.json)))
    }
  }

  private static func object(_ key: Text, _ value: CedarJSON) -> CedarJSON { .object([CedarJSON.Member(key, value)]) }

  private static func object(_ key: Text, _ members: (Text, CedarJSON)...) -> CedarJSON {
    object(key, .object(members.map { CedarJSON.Member($0.0, $0.1) }))
  }

  /// Two by two from the left.
  private static func chain(_ key: Text, _ operands: [Expression]) -> CedarJSON {
    guard let first = operands.first else { return .null }
    return operands.dropFirst().reduce(first.json) { object(key, ("left", $0), ("right", $1.json)) }
  }
}

extension Pattern {
  fileprivate var json: CedarJSON {
    var elements: [CedarJSON] = []
    for (index, piece) in pieces.enumerated() {
      if index > 0 { elements.append("Wildcard") }
      if piece.byteCount > 0 { elements.append(.object([CedarJSON.Member("Literal", .string(piece))])) }
    }
    return .array(elements)
  }
}
