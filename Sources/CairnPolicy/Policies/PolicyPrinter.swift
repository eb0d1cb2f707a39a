extension Policy {
  /// The policy in the language, in one layout whatever the source looked like; parses back to an equal policy of the same id.
  public var text: String { (annotations.map(\.text) + [statement]).joined(separator: "\n") }

  /// The text without annotations: what the policy says.
  var statement: String {
    let scope = ["principal\(principal.text(.principal))", "action\(action.text)", "resource\(resource.text(.resource))"]
    let conditions = conditions.map { "\n\($0.kind.rawValue) { \($0.body) }" }
    return "\(effect.rawValue) (\(scope.joined(separator: ", ")))\(conditions.joined());"
  }
}

extension PolicySet {
  /// Static policies and templates in their order. Linked policies are left out, as the language has no text for them: see ``json``.
  public var text: String { all.filter { $0.templateID == nil }.map { "\($0.text)\n" }.joined(separator: "\n") }
}

extension Policy.Annotation {
  var text: String { "@\(key)\(value.map { "(\(StringEscapes.quoted($0.string)))" } ?? "")" }
}

extension ScopeConstraint {
  fileprivate func text(_ slot: Slot) -> String {
    switch self {
    case .any: ""
    case .equal(let reference): " == \(reference.text(slot))"
    case .in(let reference): " in \(reference.text(slot))"
    case .isType(let type): " is \(type)"
    case .isTypeIn(let type, let reference): " is \(type) in \(reference.text(slot))"
    }
  }
}

extension ScopeConstraint.Reference {
  fileprivate func text(_ slot: Slot) -> String {
    switch self {
    case .entity(let uid): uid.description
    case .slot: slot.rawValue
    }
  }
}

extension ActionConstraint {
  fileprivate var text: String {
    switch self {
    case .any: ""
    case .equal(let uid): " == \(uid)"
    case .in(let uid): " in \(uid)"
    case .inAny(let uids): " in [\(uids.map(\.description).joined(separator: ", "))]"
    }
  }
}

extension Expression: CustomStringConvertible {
  /// The expression in the language, with as few parentheses as it takes.
  public var description: String {
    switch self {
    case .literal(.string(let text)): StringEscapes.quoted(text.string)
    case .literal(.bool(let bool)): String(bool)
    case .literal(.long(let long)): String(long)
    case .literal(.entity(let uid)): uid.description
    case .literal(let value): value.expression.description
    case .variable(let variable): variable.rawValue
    case .conditional(let condition, let then, let otherwise): "if \(condition) then \(then) else \(otherwise)"
    case .and(let operands): operands.map { $0.text(above: .and) }.joined(separator: " && ")
    case .or(let operands): operands.map { $0.text(above: .or) }.joined(separator: " || ")
    case .unary(.isEmpty, let operand): "\(operand.text(above: .unary)).isEmpty()"
    case .unary(let `operator`, let operand): unary(`operator`, operand)
    case .binary(let `operator`, let left, let right): Self.binary(`operator`, left, right)
    case .like(let operand, let pattern): "\(operand.text(above: .relation)) like \(StringEscapes.quoted(pattern))"
    case .isType(let operand, let type, let container):
      "\(operand.text(above: .relation)) is \(type)\(container.map { " in \($0.text(above: .relation))" } ?? "")"
    case .has(let operand, let path): "\(operand.text(above: .relation)) has \(Self.path(path))"
    case .attribute(let operand, let key):
      Identifiers.isName(key.string)
        ? "\(operand.text(above: .unary)).\(key)" : "\(operand.text(above: .unary))[\(StringEscapes.quoted(key.string))]"
    case .set(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
    case .record(let fields): "{\(fields.map { "\(Self.key($0.key)): \($0.value)" }.joined(separator: ", "))}"
    case .call(let function, let arguments): Self.call(function, arguments)
    }
  }

  /// How tightly an expression holds together.
  private enum Precedence: Int {
    case conditional, or, and, relation, sum, product, unary, member
  }

  private var precedence: Precedence {
    switch self {
    case .conditional: .conditional
    case .or: .or
    case .and: .and
    case .binary(.add, _, _), .binary(.subtract, _, _): .sum
    case .binary(.multiply, _, _): .product
    case .binary(let `operator`, _, _): Self.isMethod(`operator`) ? .member : .relation
    case .like, .isType, .has: .relation
    case .unary(.isEmpty, _): .member
    case .unary: .unary
    case .literal(.long(let long)): long < 0 ? .unary : .member
    case .literal, .variable, .attribute, .set, .record, .call: .member
    }
  }

  /// In parentheses unless it holds together more tightly than `level`.
  private func text(above level: Precedence) -> String { precedence.rawValue > level.rawValue ? description : "(\(description))" }

  private func text(notBelow level: Precedence) -> String { precedence.rawValue >= level.rawValue ? description : "(\(description))" }

  /// The language takes four operators in a row, and reads a minus before digits as part of the number.
  private func unary(_ operator: UnaryOperator, _ operand: Expression) -> String {
    "\(`operator`.rawValue)\(operand.operandText(of: `operator`))"
  }

  private func operandText(of operator: UnaryOperator) -> String {
    if `operator` == .negate, case .literal(.long) = self { return "(\(self))" }
    return text(above: .unary)
  }

  private static func isMethod(_ operator: BinaryOperator) -> Bool {
    switch `operator` {
    case .contains, .containsAll, .containsAny, .getTag, .hasTag: true
    default: false
    }
  }

  private static func binary(_ operator: BinaryOperator, _ left: Expression, _ right: Expression) -> String {
    switch `operator` {
    case _ where isMethod(`operator`): "\(left.text(above: .unary)).\(`operator`.rawValue)(\(right))"
    case .add, .subtract: "\(left.text(notBelow: .sum)) \(`operator`.rawValue) \(right.text(above: .sum))"
    case .multiply: "\(left.text(notBelow: .product)) * \(right.text(above: .product))"
    default: "\(left.text(above: .relation)) \(`operator`.rawValue) \(right.text(above: .relation))"
    }
  }

  private static func path(_ path: [Text]) -> String {
    path.count == 1 && !Identifiers.isName(path[0].string)
      ? StringEscapes.quoted(path[0].string) : path.map(\.string).joined(separator: ".")
  }

  private static func key(_ key: Text) -> String { Identifiers.isName(key.string) ? key.string : StringEscapes.quoted(key.string) }

  private static func call(_ function: ExtensionFunction, _ arguments: [Expression]) -> String {
    guard !function.isConstructor, let receiver = arguments.first else {
      return "\(function.rawValue)(\(arguments.map(\.description).joined(separator: ", ")))"
    }
    let others = arguments.dropFirst().map(\.description).joined(separator: ", ")
    return "\(receiver.text(above: .unary)).\(function.rawValue)(\(others))"
  }
}
