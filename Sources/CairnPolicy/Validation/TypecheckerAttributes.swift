extension Typechecker {
  private static let attributed: [CedarType] = [.anyEntity, anyRecord]

  /// `typeOfGetAttr`: the attribute is required, or known to be there.
  mutating func attribute(_ expression: Expression, _ operand: Expression, _ key: Text, _ known: Capabilities) -> Typing {
    let owner = expect(Self.attributed, operand, known).typed
    guard let ownerType = owner.type else { return Typing(typed: TypedExpression(expression, nil, [owner])) }
    let type = attribute(key, of: ownerType, isKnown: { known.contains(.attribute(key, of: ExpressionShape(operand))) })
    return Typing(typed: TypedExpression(expression, type, [owner]))
  }

  private mutating func attribute(_ key: Text, of type: CedarType, isKnown: () -> Bool) -> CedarType? {
    guard let attribute = lookUp(key, in: type) else {
      if isReporting {
        let message = unknownAttribute(key, of: type)
        report(.unknownAttribute, message)
      }
      return nil
    }
    if !attribute.isRequired, !isKnown() {
      report(.unguardedAttribute, "the optional attribute `\(key)` of \(type) is read without `has` before")
    }
    return attribute.type
  }

  private func unknownAttribute(_ key: Text, of type: CedarType) -> String {
    let known = attributes(of: type).map(\.key.string)
    return "\(type) has no attribute `\(key)`\(NearestName.nearest(to: key.string, in: known).map { "; did you mean `\($0)`?" } ?? "")"
  }

  /// `typeOfHasAttr`, name by name: `e has a.b` is `e has a && e.a has b` without looking at `e` twice.
  mutating func has(_ expression: Expression, _ operand: Expression, _ path: [Text], _ known: Capabilities) -> Typing {
    let owner = expect(Self.attributed, operand, known).typed
    var prefixes: [CedarType] = []
    var result: CedarType? = .bool(.true)
    var capabilities: Capabilities = []
    var shape = ExpressionShape(operand)
    var type = owner.type
    for (index, key) in path.enumerated() {
      guard let current = type else { break }
      prefixes.append(current)
      let capability = Capability.attribute(key, of: shape)
      let attribute = lookUp(key, in: current)
      result = Self.and(result, typeOfHas(attribute, key, in: current, isKnown: known.contains(capability)))
      if result == .bool(.false) {
        return Typing(typed: TypedExpression(expression, result, [owner], prefixTypes: prefixes))
      }
      if attribute != nil { capabilities.insert(capability) }
      guard index < path.count - 1 else { break }
      type = self.attribute(key, of: current, isKnown: { true })
      shape = shape.attribute(key)
      if let next = type, !Self.attributed.contains(where: { next.isSubtype(of: $0, .permissive) }) {
        report(.unexpectedType, "`has` does not take \(next)")
        type = nil
      }
    }
    return Typing(typed: TypedExpression(expression, result, [owner], prefixTypes: prefixes), capabilities: capabilities)
  }

  /// A required attribute of an entity may be missing with its entity; one of a record is there.
  private func typeOfHas(_ attribute: RecordType.Attribute?, _ key: Text, in type: CedarType, isKnown: Bool) -> CedarType {
    guard let attribute else { return .bool(mayHave(key, in: type) ? .any : .false) }
    if isKnown { return .bool(.true) }
    if case .record = type, attribute.isRequired { return .bool(.true) }
    return .bool(.any)
  }

  private func lookUp(_ key: Text, in type: CedarType) -> RecordType.Attribute? {
    switch type {
    case .record(let record): return record[key]
    case .entity(let names):
      guard names.count > 1 else { return names.first.flatMap { schema.entityType($0)?.attributes[key] } }
      return attributes(of: type).first { $0.key == key }
    default: return nil
    }
  }

  /// Those that all the types have.
  private func attributes(of type: CedarType) -> [RecordType.Attribute] {
    switch type {
    case .record(let record): return record.attributes
    case .entity(let names):
      let records = names.map { schema.entityType($0)?.attributes ?? .empty }
      guard let first = records.first else { return [] }
      return records.dropFirst().reduce(first) { $0.permissiveLeastUpperBound($1) }.attributes
    default: return []
    }
  }

  private func mayHave(_ key: Text, in type: CedarType) -> Bool {
    switch type {
    case .never, .anyEntity: true
    case .record(let record): record.isOpen || record[key] != nil
    case .entity(let names): names.contains { schema.entityType($0)?.attributes[key] != nil }
    default: false
    }
  }
}
