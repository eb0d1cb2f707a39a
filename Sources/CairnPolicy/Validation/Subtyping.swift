/// How a policy is validated.
public enum ValidationMode: String, CaseIterable, Hashable, Sendable {
  /// The language's own: what is compared is of one type, sets are of one type and not empty, extension values are written as literals.
  case strict
  /// Sound too, but with unions of entity types and records of unequal width.
  case permissive
}

extension CedarType {
  /// Whether every value of this type is one of the other. In strict mode attribute by attribute, in permissive mode also with more
  /// attributes than an open record lists.
  func isSubtype(of other: CedarType, _ mode: ValidationMode) -> Bool {
    switch (self, other) {
    case (.never, _): true
    case (.bool(let left), .bool(let right)): left == right || right == .any
    case (.long, .long), (.string, .string), (.anySet, .anySet), (.set, .anySet), (.anyEntity, .anyEntity): true
    case (.set(let left), .set(let right)): left.isSubtype(of: right, mode)
    case (.entity(let left), .entity(let right)): mode == .strict ? left == right : left.allSatisfy(right.contains)
    case (.entity, .anyEntity): mode == .permissive
    case (.extension(let left), .extension(let right)): left == right
    case (.record(let left), .record(let right)): left.isSubtype(of: right, mode)
    default: false
    }
  }

  /// The least type that has the values of both; `nil` when there is none.
  func leastUpperBound(_ other: CedarType, _ mode: ValidationMode) -> CedarType? {
    if isSubtype(of: other, mode) { return other }
    if other.isSubtype(of: self, mode) { return self }
    switch (self, other) {
    case (.bool, .bool): return .bool(.any)
    case (.set(let left), .set(let right)): return left.leastUpperBound(right, mode).map { .set($0) }
    case (.record(let left), .record(let right)): return left.leastUpperBound(right, mode).map { .record($0) }
    case (.entity(let left), .entity(let right)) where mode == .permissive: return .entity(Set(left + right).sorted())
    default: return nil
    }
  }

  static func leastUpperBound(of types: some Sequence<CedarType>, _ mode: ValidationMode) -> CedarType? {
    var bound = CedarType.never
    for type in types {
      guard let next = bound.leastUpperBound(type, mode) else { return nil }
      bound = next
    }
    return bound
  }
}

extension RecordType {
  func isSubtype(of other: RecordType, _ mode: ValidationMode) -> Bool {
    guard !isOpen || other.isOpen else { return false }
    guard hasSameKeys(as: other) || (other.isOpen && mode == .permissive) else { return false }
    return other.attributes.allSatisfy { attribute in
      guard let own = self[attribute.key] else { return false }
      let qualifies = mode == .strict ? own.isRequired == attribute.isRequired : own.isRequired || !attribute.isRequired
      return qualifies && own.type.isSubtype(of: attribute.type, mode)
    }
  }

  func leastUpperBound(_ other: RecordType, _ mode: ValidationMode) -> RecordType? {
    guard mode == .strict else { return permissiveLeastUpperBound(other) }
    guard hasSameKeys(as: other) else { return nil }
    var bound: [Attribute] = []
    for (left, right) in zip(attributes, other.attributes) {
      guard left.isRequired == right.isRequired, let type = left.type.leastUpperBound(right.type, mode) else { return nil }
      bound.append(Attribute(left.key, type, isRequired: left.isRequired))
    }
    return RecordType(sorted: bound, isOpen: isOpen || other.isOpen)
  }

  /// The attributes that both have, as far as their types have a bound; open when that leaves some out.
  func permissiveLeastUpperBound(_ other: RecordType) -> RecordType {
    let bound = attributes.compactMap { left in
      other[left.key].flatMap { right in
        left.type.leastUpperBound(right.type, .permissive).map {
          Attribute(left.key, $0, isRequired: left.isRequired && right.isRequired)
        }
      }
    }
    let hasAll = bound.count == attributes.count && bound.count == other.attributes.count
    return RecordType(sorted: bound, isOpen: isOpen || other.isOpen || !hasAll)
  }
}
