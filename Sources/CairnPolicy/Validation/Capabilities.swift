/// Knowledge from an earlier test: that an expression has an attribute or a tag (`Cedar.Validation.Capabilities`).
struct Capability: Hashable, Comparable {
  enum Kind: UInt8 {
    case attribute, tag
  }

  let kind: Kind
  /// The shapes of the expression and of the attribute or tag.
  let shape: [UInt8]

  static func attribute(_ key: Text, of expression: ExpressionShape) -> Capability {
    Capability(kind: .attribute, shape: expression.attribute(key).bytes)
  }

  static func tag(_ tag: ExpressionShape, of expression: ExpressionShape) -> Capability {
    Capability(kind: .tag, shape: expression.bytes + tag.bytes)
  }

  static func < (left: Capability, right: Capability) -> Bool {
    left.kind == right.kind ? left.shape.lexicographicallyPrecedes(right.shape) : left.kind.rawValue < right.kind.rawValue
  }
}

typealias Capabilities = Set<Capability>

/// An expression as bytes: two have the same exactly when they are the same expression, `a > b` and `!(a <= b)` included.
struct ExpressionShape: Hashable {
  private(set) var bytes: [UInt8] = []

  init(_ expression: Expression) { append(expression) }

  /// The shape of the access to an attribute.
  func attribute(_ key: Text) -> ExpressionShape {
    var shape = self
    shape.bytes.insert(Tag.attribute.rawValue, at: 0)
    shape.append(key)
    return shape
  }

  private enum Tag: UInt8 {
    case bool, long, string, entity, variable, conditional, and, or, not, negate, isEmpty, binary, like, isType, isTypeIn, has, attribute,
      set,
      record, call
  }

  private mutating func append(_ expression: Expression) {
    switch expression {
    case .literal(let value): append(value)
    case .variable(let variable): append(.variable, Text(variable.rawValue))
    case .conditional(let condition, let then, let otherwise): append(.conditional, [condition, then, otherwise])
    case .and(let operands): appendChain(.and, operands)
    case .or(let operands): appendChain(.or, operands)
    case .unary(.not, let operand): append(.not, [operand])
    case .unary(.negate, let operand): append(.negate, [operand])
    case .unary(.isEmpty, let operand): append(.isEmpty, [operand])
    case .binary(let `operator`, let left, let right): append(`operator`, left, right)
    case .like(let operand, let pattern):
      append(.like, [operand])
      append(count: pattern.pieces.count)
      for piece in pattern.pieces { append(piece) }
    case .isType(let operand, let type, let container):
      append(container == nil ? .isType : .isTypeIn, [operand])
      append(type.path)
      if let container { append(container) }
    case .has(let operand, let path):
      append(.has, [operand])
      append(count: path.count)
      for key in path { append(key) }
    case .attribute(let operand, let key):
      append(.attribute, [operand])
      append(key)
    case .set(let elements):
      bytes.append(Tag.set.rawValue)
      append(count: elements.count)
      for element in elements { append(element) }
    case .record(let fields):
      bytes.append(Tag.record.rawValue)
      append(count: fields.count)
      for field in fields {
        append(field.key)
        append(field.value)
      }
    case .call(let function, let arguments):
      append(.call, Text(function.rawValue))
      append(count: arguments.count)
      for argument in arguments { append(argument) }
    }
  }

  private mutating func append(_ operator: Expression.BinaryOperator, _ left: Expression, _ right: Expression) {
    let positive: [Expression.BinaryOperator: Expression.BinaryOperator] = [
      .notEqual: .equal, .greater: .lessOrEqual, .greaterOrEqual: .less,
    ]
    if positive[`operator`] != nil { bytes.append(Tag.not.rawValue) }
    append(.binary, Text((positive[`operator`] ?? `operator`).rawValue))
    append(left)
    append(right)
  }

  /// As if joined two by two from the left.
  private mutating func appendChain(_ tag: Tag, _ operands: [Expression]) {
    bytes.append(contentsOf: [UInt8](repeating: tag.rawValue, count: max(operands.count - 1, 0)))
    for operand in operands { append(operand) }
  }

  private mutating func append(_ value: CedarValue) {
    switch value {
    case .bool(let bool): bytes += [Tag.bool.rawValue, bool ? 1 : 0]
    case .long(let long): append(.long, Text(String(long)))
    case .string(let text): append(.string, text)
    case .entity(let uid):
      append(.entity, uid.type.path)
      append(uid.identifier)
    case .set, .record, .decimal, .ipAddress, .datetime, .duration: append(value.expression)
    }
  }

  private mutating func append(_ tag: Tag, _ operands: [Expression]) {
    bytes.append(tag.rawValue)
    for operand in operands { append(operand) }
  }

  private mutating func append(_ tag: Tag, _ text: Text) {
    bytes.append(tag.rawValue)
    append(text)
  }

  private mutating func append(_ text: Text) {
    append(count: text.byteCount)
    bytes.append(contentsOf: text.string.utf8)
  }

  private mutating func append(count: Int) {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: count).bigEndian) { bytes.append(contentsOf: $0) }
  }
}
