/// Evaluates expressions over one request (`Cedar.Spec.Evaluator`).
///
/// Recursion is as deep as the expression, which the parser bounds. Every step is counted in ``cost``.
struct Evaluator<Store: EntityStore> {
  let request: AuthorizationRequest
  let store: Store
  /// So far, in the unit of ``EvaluationCost``.
  private(set) var cost = 0

  init(request: AuthorizationRequest, store: Store) {
    self.request = request
    self.store = store
  }

  mutating func evaluate(_ expression: Expression) throws(EvaluationError) -> CedarValue {
    cost &+= EvaluationCost.step
    switch expression {
    case .literal(let value): return value
    case .variable(.principal): return .entity(request.principal)
    case .variable(.action): return .entity(request.action)
    case .variable(.resource): return .entity(request.resource)
    case .variable(.context): return .record(request.context)
    case .conditional(let condition, let then, let otherwise):
      return try bool(condition, "if") ? try evaluate(then) : try evaluate(otherwise)
    case .and(let operands):
      for operand in operands where !(try bool(operand, "&&")) { return .bool(false) }
      return .bool(true)
    case .or(let operands):
      for operand in operands where try bool(operand, "||") { return .bool(true) }
      return .bool(false)
    case .unary(let `operator`, let operand): return try apply(`operator`, try evaluate(operand))
    case .binary(let `operator`, let left, let right): return try apply(`operator`, try evaluate(left), try evaluate(right))
    case .like(let operand, let pattern): return .bool(try matches(pattern, try evaluate(operand)))
    case .isType(let operand, let type, let container): return .bool(try isType(try evaluate(operand), type, in: container))
    case .has(let operand, let path): return .bool(try has(try evaluate(operand), path))
    case .attribute(let operand, let key): return try attribute(key, of: try evaluate(operand))
    case .set(let elements): return .set(try set(elements))
    case .record(let fields): return .record(try record(fields))
    case .call(let function, let arguments): return try call(function, arguments)
    }
  }

  /// The value of an expression that has to be a bool.
  mutating func bool(_ expression: Expression, _ place: String) throws(EvaluationError) -> Bool {
    let value = try evaluate(expression)
    guard case .bool(let bool) = value else { throw .wrongType(in: place, actual: value.kind) }
    return bool
  }

  private func apply(_ operator: Expression.UnaryOperator, _ value: CedarValue) throws(EvaluationError) -> CedarValue {
    switch (`operator`, value) {
    case (.not, .bool(let bool)): return .bool(!bool)
    case (.negate, .long(let long)): return .long(try checked(Int64(0).subtractingReportingOverflow(long)))
    case (.isEmpty, .set(let set)): return .bool(set.isEmpty)
    default: throw .wrongType(in: `operator`.rawValue, actual: value.kind)
    }
  }

  private func checked(_ result: (partialValue: Int64, overflow: Bool)) throws(EvaluationError) -> Int64 {
    guard !result.overflow else { throw .arithmeticOverflow }
    return result.partialValue
  }

  private mutating func matches(_ pattern: Pattern, _ value: CedarValue) throws(EvaluationError) -> Bool {
    guard case .string(let text) = value else { throw .wrongType(in: "like", actual: value.kind) }
    cost &+= EvaluationCost.ofBytes(text.byteCount &+ pattern.byteCount)
    return pattern.matches(text)
  }

  private mutating func set(_ elements: [Expression]) throws(EvaluationError) -> CedarSet {
    var values: [CedarValue] = []
    values.reserveCapacity(elements.count)
    for element in elements { values.append(try evaluate(element)) }
    cost &+= EvaluationCost.ofSorting(count: values.count, weight: values.reduce(0) { $0 &+ $1.weight })
    return CedarSet(values)
  }

  private mutating func record(_ fields: [Expression.RecordField]) throws(EvaluationError) -> CedarRecord {
    var values: [CedarRecord.Field] = []
    values.reserveCapacity(fields.count)
    for field in fields { values.append(CedarRecord.Field(field.key, try evaluate(field.value))) }
    return CedarRecord(sorted: values)
  }

  private mutating func call(_ function: ExtensionFunction, _ arguments: [Expression]) throws(EvaluationError) -> CedarValue {
    var values: [CedarValue] = []
    values.reserveCapacity(arguments.count)
    for argument in arguments { values.append(try evaluate(argument)) }
    if function.isConstructor { cost &+= values.reduce(0) { $0 &+ $1.weight } }
    return try function(values)
  }
}

// MARK: - Binary operators

extension Evaluator {
  private mutating func apply(
    _ operator: Expression.BinaryOperator, _ left: CedarValue, _ right: CedarValue
  ) throws(EvaluationError) -> CedarValue {
    switch `operator` {
    case .equal: return .bool(equal(left, right))
    case .notEqual: return .bool(!equal(left, right))
    case .less: return .bool(try precedes(left, right, `operator`))
    case .lessOrEqual: return .bool(!(try precedes(right, left, `operator`)))
    case .greater: return .bool(try precedes(right, left, `operator`))
    case .greaterOrEqual: return .bool(!(try precedes(left, right, `operator`)))
    case .add, .subtract, .multiply: return .long(try arithmetic(`operator`, left, right))
    case .in: return .bool(try isIn(left, right))
    case .contains, .containsAll, .containsAny: return .bool(try contains(`operator`, left, right))
    case .hasTag, .getTag: return try tag(`operator`, left, right)
    }
  }

  private mutating func equal(_ left: CedarValue, _ right: CedarValue) -> Bool {
    cost &+= left.weight
    return left == right
  }

  private func precedes(
    _ left: CedarValue, _ right: CedarValue, _ operator: Expression.BinaryOperator
  ) throws(EvaluationError) -> Bool {
    switch (left, right) {
    case (.long(let left), .long(let right)): return left < right
    case (.datetime(let left), .datetime(let right)): return left < right
    case (.duration(let left), .duration(let right)): return left < right
    case (.long, _), (.datetime, _), (.duration, _): throw .wrongType(in: `operator`.rawValue, actual: right.kind)
    default: throw .wrongType(in: `operator`.rawValue, actual: left.kind)
    }
  }

  private func arithmetic(
    _ operator: Expression.BinaryOperator, _ left: CedarValue, _ right: CedarValue
  ) throws(EvaluationError) -> Int64 {
    guard case .long(let first) = left else { throw .wrongType(in: `operator`.rawValue, actual: left.kind) }
    guard case .long(let second) = right else { throw .wrongType(in: `operator`.rawValue, actual: right.kind) }
    switch `operator` {
    case .add: return try checked(first.addingReportingOverflow(second))
    case .subtract: return try checked(first.subtractingReportingOverflow(second))
    default: return try checked(first.multipliedReportingOverflow(by: second))
    }
  }

  private mutating func contains(
    _ operator: Expression.BinaryOperator, _ left: CedarValue, _ right: CedarValue
  ) throws(EvaluationError) -> Bool {
    guard case .set(let set) = left else { throw .wrongType(in: `operator`.rawValue, actual: left.kind) }
    if `operator` == .contains {
      cost &+= EvaluationCost.ofSearch(in: set.elements.count, weight: right.weight)
      return set.contains(right)
    }
    guard case .set(let other) = right else { throw .wrongType(in: `operator`.rawValue, actual: right.kind) }
    cost &+= left.weight &+ right.weight
    return `operator` == .containsAll ? other.isSubset(of: set) : set.intersects(other)
  }
}

// MARK: - Entities

extension Evaluator {
  private mutating func find(_ uid: EntityUID) -> Entity? {
    cost &+= EvaluationCost.entity &+ uid.weight
    return store.entity(uid)
  }

  private mutating func field(_ key: Text, of record: CedarRecord) -> CedarValue? {
    cost &+= EvaluationCost.ofSearch(in: record.fields.count, weight: EvaluationCost.ofBytes(key.byteCount))
    return record[key]
  }

  /// `inₑ` and `inₛ` of the specification.
  private mutating func isIn(_ left: CedarValue, _ right: CedarValue) throws(EvaluationError) -> Bool {
    guard case .entity(let uid) = left else { throw .wrongType(in: "in", actual: left.kind) }
    switch right {
    case .entity(let container): return isIn(uid, container)
    case .set(let set):
      var containers: [EntityUID] = []
      containers.reserveCapacity(set.elements.count)
      for element in set.elements {
        guard case .entity(let container) = element else { throw .wrongType(in: "in", actual: element.kind) }
        containers.append(container)
      }
      return isIn(uid, any: containers)
    default: throw .wrongType(in: "in", actual: right.kind)
    }
  }

  mutating func isIn(_ uid: EntityUID, _ container: EntityUID) -> Bool {
    cost &+= container.weight
    if uid == container { return true }
    guard let entity = find(uid) else { return false }
    cost &+= EvaluationCost.ofSearch(in: entity.ancestors.count, weight: container.weight)
    return entity.isDescendant(of: container)
  }

  mutating func isIn(_ uid: EntityUID, any containers: [EntityUID]) -> Bool {
    let weight = containers.reduce(0) { $0 &+ $1.weight }
    cost &+= weight
    if containers.contains(uid) { return true }
    guard let entity = find(uid), !entity.ancestors.isEmpty else { return false }
    cost &+= EvaluationCost.ofSearch(in: entity.ancestors.count, weight: weight)
    return containers.contains { entity.isDescendant(of: $0) }
  }

  private mutating func isType(_ value: CedarValue, _ type: EntityTypeName, in container: Expression?) throws(EvaluationError) -> Bool {
    guard case .entity(let uid) = value else { throw .wrongType(in: "is", actual: value.kind) }
    guard uid.type == type else { return false }
    guard let container else { return true }
    return try isIn(value, try evaluate(container))
  }

  /// Attribute by attribute: the last name needs to exist, and each before it to have a value that can have the next.
  private mutating func has(_ value: CedarValue, _ path: [Text]) throws(EvaluationError) -> Bool {
    var value = value
    for key in path {
      let next: CedarValue?
      switch value {
      case .record(let record): next = field(key, of: record)
      case .entity(let uid): next = find(uid).flatMap { field(key, of: $0.attributes) }
      default: throw .wrongType(in: "has", actual: value.kind)
      }
      guard let next else { return false }
      value = next
    }
    return true
  }

  private mutating func attribute(_ key: Text, of value: CedarValue) throws(EvaluationError) -> CedarValue {
    let attributes: CedarRecord
    switch value {
    case .record(let record): attributes = record
    case .entity(let uid):
      guard let entity = find(uid) else { throw .noSuchEntity(uid) }
      attributes = entity.attributes
    default: throw .wrongType(in: ".", actual: value.kind)
    }
    guard let attribute = field(key, of: attributes) else { throw .noSuchAttribute(key) }
    return attribute
  }

  private mutating func tag(
    _ operator: Expression.BinaryOperator, _ left: CedarValue, _ right: CedarValue
  ) throws(EvaluationError) -> CedarValue {
    guard case .entity(let uid) = left else { throw .wrongType(in: `operator`.rawValue, actual: left.kind) }
    guard case .string(let key) = right else { throw .wrongType(in: `operator`.rawValue, actual: right.kind) }
    guard let entity = find(uid) else {
      if `operator` == .hasTag { return .bool(false) }
      throw .noSuchEntity(uid)
    }
    let tag = field(key, of: entity.tags)
    if `operator` == .hasTag { return .bool(tag != nil) }
    guard let tag else { throw .noSuchTag(key) }
    return tag
  }
}
