/// An expression with its type, as far as the typechecker looked: a branch that cannot be reached is left out.
struct TypedExpression {
  let expression: Expression
  /// `nil` when it could not be determined; then an error has been reported.
  let type: CedarType?
  let children: [TypedExpression]
  /// For `has a.b.c`: the types of the operand, of `operand.a` and of `operand.a.b`, as far as the typechecker looked.
  var prefixTypes: [CedarType] = []

  init(_ expression: Expression, _ type: CedarType?, _ children: [TypedExpression] = [], prefixTypes: [CedarType] = []) {
    self.expression = expression
    self.type = type
    self.children = children
    self.prefixTypes = prefixTypes
  }
}

/// What checking an expression gives: its type, and what is known when it is true.
struct Typing {
  var typed: TypedExpression
  var capabilities: Capabilities = []

  var type: CedarType? { typed.type }
}
