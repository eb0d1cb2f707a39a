/// An expression (`Cedar.Spec.Expr`), close to its source: `>`, `!=`, `is … in` and `has a.b` are kept, though they are defined by others.
public indirect enum Expression: Hashable, Sendable {
  /// A bool, a long, a string or an entity.
  case literal(CedarValue)
  case variable(Variable)
  /// `if … then … else …`
  case conditional(Expression, then: Expression, else: Expression)
  /// Two operands or more, joined by `&&` from the left.
  case and([Expression])
  /// Two operands or more, joined by `||` from the left.
  case or([Expression])
  case unary(UnaryOperator, Expression)
  case binary(BinaryOperator, Expression, Expression)
  case like(Expression, Pattern)
  /// `e is T`, or `e is T in g`.
  case isType(Expression, EntityTypeName, in: Expression?)
  /// `e has a.b.c`: one name or more.
  case has(Expression, [Text])
  case attribute(Expression, Text)
  case set([Expression])
  /// Sorted by name, no name twice.
  case record([RecordField])
  case call(ExtensionFunction, [Expression])

  public enum Variable: String, CaseIterable, Hashable, Sendable {
    case principal, action, resource, context
  }

  public enum UnaryOperator: String, Hashable, Sendable {
    case not = "!"
    case negate = "-"
    case isEmpty
  }

  public enum BinaryOperator: String, CaseIterable, Hashable, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case `in`
    case contains, containsAll, containsAny, getTag, hasTag
  }

  public struct RecordField: Hashable, Sendable {
    public let key: Text
    public let value: Expression
  }
}

extension Expression {
  enum Connective {
    case and, or
  }

  /// Operands joined from the left: `(a && b) && c` is `a && b && c`.
  static func joined(_ connective: Connective, _ operands: [Expression]) -> Expression {
    switch (connective, operands.first) {
    case (.and, .and(let first)?): .and(first + operands.dropFirst())
    case (.or, .or(let first)?): .or(first + operands.dropFirst())
    case (.and, _): .and(operands)
    case (.or, _): .or(operands)
    }
  }

  /// Children, left to right.
  var children: [Expression] {
    switch self {
    case .literal, .variable: []
    case .conditional(let condition, let then, let otherwise): [condition, then, otherwise]
    case .and(let operands), .or(let operands), .set(let operands), .call(_, let operands): operands
    case .unary(_, let operand), .like(let operand, _), .has(let operand, _), .attribute(let operand, _): [operand]
    case .binary(_, let left, let right): [left, right]
    case .isType(let operand, _, let container): container.map { [operand, $0] } ?? [operand]
    case .record(let fields): fields.map(\.value)
    }
  }

  /// This expression and all below it, parents first.
  func forEach(_ body: (Expression) -> Void) {
    body(self)
    for child in children { child.forEach(body) }
  }
}
