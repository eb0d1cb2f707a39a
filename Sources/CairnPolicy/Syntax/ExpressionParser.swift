extension PolicyParser {
  /// An expression and how deep it is; a leaf is 1 deep.
  struct Parsed {
    let expression: Expression
    let depth: Int
  }

  /// Counts a node and checks its depth.
  private mutating func node(
    _ expression: Expression, over children: [Parsed] = [], at offset: Int, counting count: Int = 1
  ) throws(PolicySyntaxError) -> Parsed {
    nodes += count
    guard nodes <= limits.nodesPerPolicy else {
      throw PolicySyntaxError(.tooManyNodes, "more than \(limits.nodesPerPolicy) expressions in one policy", at: offset, in: reader.source)
    }
    let depth = (children.map(\.depth).max() ?? 0) + 1
    guard depth <= limits.depth else { throw tooDeep(at: offset) }
    return Parsed(expression: expression, depth: depth)
  }

  private func tooDeep(at offset: Int) -> PolicySyntaxError {
    PolicySyntaxError(.tooDeep, "more than \(limits.depth) levels of nesting", at: offset, in: reader.source)
  }

  /// `Expr ::= Or | 'if' Expr 'then' Expr 'else' Expr`
  mutating func expression() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    guard nesting < limits.depth else { throw tooDeep(at: start) }
    nesting += 1
    defer { nesting -= 1 }
    guard reader.take(keyword: "if") else { return try or() }
    let condition = try expression()
    guard reader.take(keyword: "then") else { throw reader.unexpected("`then`", known: ["then"]) }
    let then = try expression()
    guard reader.take(keyword: "else") else { throw reader.unexpected("`else`", known: ["else"]) }
    let otherwise = try expression()
    return try node(
      .conditional(condition.expression, then: then.expression, else: otherwise.expression), over: [condition, then, otherwise], at: start)
  }

  /// `Or ::= And {'||' And}`
  private mutating func or() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    var operands = [try and()]
    while reader.take(.or) { operands.append(try and()) }
    guard operands.count > 1 else { return operands[0] }
    return try node(.joined(.or, operands.map(\.expression)), over: operands, at: start, counting: operands.count - 1)
  }

  /// `And ::= Relation {'&&' Relation}`
  private mutating func and() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    var operands = [try relation()]
    while reader.take(.and) { operands.append(try relation()) }
    guard operands.count > 1 else { return operands[0] }
    return try node(.joined(.and, operands.map(\.expression)), over: operands, at: start, counting: operands.count - 1)
  }

  /// `Relation ::= Add [RELOP Add] | Add 'has' (IDENT | STR) | Add 'like' PAT | Add 'is' Path ('in' Add)?`
  private mutating func relation() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    let left = try sum()
    let relation = try relation(of: left, at: start)
    if let relation {
      if relationOperator() != nil { throw reader.failure(.ambiguousOperators, "relations do not chain; put one into parentheses") }
      return relation
    }
    if reader.isAt(.assign) { throw reader.failure(.unsupportedOperator, "`=` is no operator", suggestion: "==") }
    return left
  }

  private mutating func relation(of left: Parsed, at start: Int) throws(PolicySyntaxError) -> Parsed? {
    if let `operator` = relationOperator() {
      reader.advance()
      let right = try sum()
      return try node(.binary(`operator`, left.expression, right.expression), over: [left, right], at: start)
    }
    if reader.take(keyword: "has") { return try has(left, at: start) }
    if reader.take(keyword: "like") {
      let pattern = try reader.pattern("a pattern in quotes", byteLimit: limits.stringBytes)
      return try node(.like(left.expression, pattern), over: [left], at: start)
    }
    guard reader.take(keyword: "is") else { return nil }
    let type = try entityTypeName()
    guard reader.take(keyword: "in") else { return try node(.isType(left.expression, type, in: nil), over: [left], at: start) }
    let container = try sum()
    return try node(.isType(left.expression, type, in: container.expression), over: [left, container], at: start)
  }

  private func relationOperator() -> Expression.BinaryOperator? {
    switch reader.current.kind {
    case .symbol(.equal): .equal
    case .symbol(.notEqual): .notEqual
    case .symbol(.less): .less
    case .symbol(.lessOrEqual): .lessOrEqual
    case .symbol(.greater): .greater
    case .symbol(.greaterOrEqual): .greaterOrEqual
    case .identifier where reader.isAt(keyword: "in"): .in
    default: nil
    }
  }

  /// One string, or identifiers joined by dots (RFC 62).
  private mutating func has(_ left: Parsed, at start: Int) throws(PolicySyntaxError) -> Parsed {
    if reader.current.kind == .string {
      let attribute = try reader.string("an attribute", byteLimit: limits.stringBytes)
      return try node(.has(left.expression, [attribute]), over: [left], at: start)
    }
    var path = [Text(try reader.name("an attribute"))]
    while reader.take(.dot) { path.append(Text(try reader.name("an attribute"))) }
    // As deep as the accesses that it stands for.
    let depth = left.depth + path.count - 1
    return try node(
      .has(left.expression, path), over: [Parsed(expression: left.expression, depth: depth)], at: start, counting: path.count)
  }

  /// `Add ::= Mult {('+' | '-') Mult}`
  private mutating func sum() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    var left = try product()
    while true {
      let isAddition = reader.isAt(.plus)
      guard isAddition || reader.isAt(.minus) else { return left }
      reader.advance()
      let right = try product()
      left = try node(.binary(isAddition ? .add : .subtract, left.expression, right.expression), over: [left, right], at: start)
    }
  }

  /// `Mult ::= Unary { '*' Unary}`
  private mutating func product() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    var left = try unary()
    while reader.take(.times) {
      let right = try unary()
      left = try node(.binary(.multiply, left.expression, right.expression), over: [left, right], at: start)
    }
    if reader.isAt(.divide) { throw reader.failure(.unsupportedOperator, "there is no division") }
    if reader.isAt(.modulo) { throw reader.failure(.unsupportedOperator, "there is no remainder") }
    return left
  }

  /// In a row; the grammar's limit.
  private static let unaryLimit = 4

  /// `Unary ::= ['!' | '-']x4 Member`
  private mutating func unary() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    let symbol: Token.Symbol = reader.isAt(.minus) ? .minus : .not
    var count = 0
    while reader.take(symbol) { count += 1 }
    guard count <= Self.unaryLimit else {
      throw PolicySyntaxError(
        .tooManyUnaryOperators, "more than \(Self.unaryLimit) times `\(symbol.rawValue)`", at: start, in: reader.source)
    }
    var operand: Parsed
    if symbol == .minus, count > 0, reader.current.kind == .number, !isAccess(reader.following) {
      operand = try node(.literal(.long(try integer(isNegative: true))), at: start)
      count -= 1
    } else {
      operand = try member()
    }
    for _ in 0..<count {
      operand = try node(.unary(symbol == .minus ? .negate : .not, operand.expression), over: [operand], at: start)
    }
    return operand
  }

  private func isAccess(_ token: Token) -> Bool {
    token.kind == .symbol(.dot) || token.kind == .symbol(.openBracket) || token.kind == .symbol(.openParenthesis)
  }

  private mutating func integer(isNegative: Bool) throws(PolicySyntaxError) -> Int64 {
    guard let value = Digits.int64(reader.source[reader.current.range], isNegative: isNegative) else {
      throw reader.failure(.integerTooLarge, "the number is beyond 64 bits")
    }
    reader.advance()
    return value
  }

  /// `Member ::= Primary {Access}`
  private mutating func member() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    var receiver = try primary()
    while true {
      if reader.take(.dot) {
        let nameStart = reader.offset
        let name = try reader.name("an attribute or a method")
        receiver =
          reader.take(.openParenthesis)
          ? try method(name, of: receiver, at: nameStart)
          : try node(.attribute(receiver.expression, Text(name)), over: [receiver], at: start)
      } else if reader.take(.openBracket) {
        let attribute = try reader.string("an attribute's name in quotes", byteLimit: limits.stringBytes)
        try reader.expect(.closeBracket, "after the attribute")
        receiver = try node(.attribute(receiver.expression, attribute), over: [receiver], at: start)
      } else if reader.isAt(.openParenthesis) {
        throw reader.failure(.unexpectedToken, "only functions and methods can be called")
      } else {
        return receiver
      }
    }
  }

  /// A method, of which the name and the opening parenthesis have been taken.
  private mutating func method(_ name: String, of receiver: Parsed, at start: Int) throws(PolicySyntaxError) -> Parsed {
    let arguments = try list(until: .closeParenthesis)
    if let binary = Self.binaryMethods[name] {
      guard arguments.count == 1 else { throw wrongCount(name, expected: 1, actual: arguments.count, at: start) }
      return try node(.binary(binary, receiver.expression, arguments[0].expression), over: [receiver] + arguments, at: start)
    }
    if name == Expression.UnaryOperator.isEmpty.rawValue {
      guard arguments.isEmpty else { throw wrongCount(name, expected: 0, actual: arguments.count, at: start) }
      return try node(.unary(.isEmpty, receiver.expression), over: [receiver], at: start)
    }
    guard let function = ExtensionFunction(rawValue: name) else {
      let suggestion = NearestName.nearest(to: name, in: Self.methodNames)
      throw PolicySyntaxError(.unknownMethod, "no method is called `\(name)`", at: start, in: reader.source, suggestion: suggestion)
    }
    guard !function.isConstructor else {
      throw PolicySyntaxError(.unknownMethod, "`\(name)` is a function: `\(name)(…)`", at: start, in: reader.source)
    }
    let all = [receiver] + arguments
    return try node(.call(function, all.map(\.expression)), over: all, at: start)
  }

  private static let binaryMethods: [String: Expression.BinaryOperator] = [
    "contains": .contains, "containsAll": .containsAll, "containsAny": .containsAny, "getTag": .getTag, "hasTag": .hasTag,
  ]

  private static let methodNames =
    ["contains", "containsAll", "containsAny", "getTag", "hasTag", "isEmpty"]
    + ExtensionFunction.allCases.filter { !$0.isConstructor }.map(\.rawValue)

  private func wrongCount(_ name: String, expected: Int, actual: Int, at start: Int) -> PolicySyntaxError {
    PolicySyntaxError(
      .wrongArgumentCount, "`\(name)` takes \(expected) argument\(expected == 1 ? "" : "s"), not \(actual)", at: start, in: reader.source)
  }

  /// Expressions separated by commas, one more comma allowed, up to the closing symbol, which is taken.
  private mutating func list(until close: Token.Symbol) throws(PolicySyntaxError) -> [Parsed] {
    var elements: [Parsed] = []
    while !reader.take(close) {
      guard elements.count < limits.setElements else { throw reader.failure(.setTooLarge, "more than \(limits.setElements) elements") }
      elements.append(try expression())
      guard reader.take(.comma) else {
        try reader.expect(close, "or `,` after the expression")
        break
      }
    }
    return elements
  }
}

extension PolicyParser {
  /// `Primary ::= LITERAL | VAR | Entity | ExtFun '(' [ExprList] ')' | '(' Expr ')' | '[' [ExprList] ']' | '{' [RecInits] '}'`
  private mutating func primary() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    switch reader.current.kind {
    case .number: return try node(.literal(.long(try integer(isNegative: false))), at: start)
    case .string: return try node(.literal(.string(try reader.string("a string", byteLimit: limits.stringBytes))), at: start)
    case .identifier: return try identifier()
    case .slot: throw reader.failure(.invalidSlot, "slots stand in the scope only")
    case .symbol(.openParenthesis):
      reader.advance()
      let inner = try expression()
      try reader.expect(.closeParenthesis, "after the expression")
      return inner
    case .symbol(.openBracket):
      reader.advance()
      let elements = try list(until: .closeBracket)
      return try node(.set(elements.map(\.expression)), over: elements, at: start)
    case .symbol(.openBrace):
      reader.advance()
      return try record(at: start)
    default: throw reader.unexpected("an expression")
    }
  }

  /// A literal, a variable, an entity or a function call.
  private mutating func identifier() throws(PolicySyntaxError) -> Parsed {
    let start = reader.offset
    if reader.following.kind != .symbol(.pathSeparator) {
      if reader.take(keyword: "true") { return try node(.literal(.bool(true)), at: start) }
      if reader.take(keyword: "false") { return try node(.literal(.bool(false)), at: start) }
    }
    let path = try path()
    if reader.take(.pathSeparator) {
      let identifier = try reader.string("the entity's id in quotes", byteLimit: limits.stringBytes)
      return try node(.literal(.entity(EntityUID(EntityTypeName(unchecked: path), identifier))), at: start)
    }
    if let variable = Expression.Variable(rawValue: path) {
      if reader.isAt(.openParenthesis) { throw reader.failure(.unexpectedToken, "`\(path)` is a variable and cannot be called") }
      return try node(.variable(variable), at: start)
    }
    guard reader.take(.openParenthesis) else {
      let known = Expression.Variable.allCases.map(\.rawValue) + ["true", "false"]
      throw PolicySyntaxError(
        .unknownIdentifier, "`\(path)` is no variable", at: start, in: reader.source, suggestion: NearestName.nearest(to: path, in: known))
    }
    guard let function = ExtensionFunction(rawValue: path) else { throw unknownFunction(path, at: start) }
    guard function.isConstructor else {
      throw PolicySyntaxError(.unknownFunction, "`\(path)` is a method: `….\(path)(…)`", at: start, in: reader.source)
    }
    let arguments = try list(until: .closeParenthesis)
    return try node(.call(function, arguments.map(\.expression)), over: arguments, at: start)
  }

  private func unknownFunction(_ name: String, at start: Int) -> PolicySyntaxError {
    if Self.methodNames.contains(name) {
      return PolicySyntaxError(.unknownFunction, "`\(name)` is a method: `….\(name)(…)`", at: start, in: reader.source)
    }
    let known = ExtensionFunction.allCases.filter(\.isConstructor).map(\.rawValue)
    return PolicySyntaxError(
      .unknownFunction, "no function is called `\(name)`", at: start, in: reader.source,
      suggestion: NearestName.nearest(to: name, in: known))
  }

  /// `RecInits`, of which the opening brace has been taken.
  private mutating func record(at start: Int) throws(PolicySyntaxError) -> Parsed {
    var fields: [Expression.RecordField] = []
    var values: [Parsed] = []
    var keys: Set<Text> = []
    while !reader.take(.closeBrace) {
      guard fields.count < limits.setElements else { throw reader.failure(.setTooLarge, "more than \(limits.setElements) attributes") }
      let keyStart = reader.offset
      let isString = reader.current.kind == .string
      let key = isString ? try reader.string("an attribute", byteLimit: limits.stringBytes) : Text(try reader.name("an attribute or `}`"))
      guard keys.insert(key).inserted else {
        throw PolicySyntaxError(.duplicateKey, "the attribute `\(key)` occurs twice", at: keyStart, in: reader.source)
      }
      try reader.expect(.colon, "after the attribute")
      let value = try expression()
      fields.append(Expression.RecordField(key: key, value: value.expression))
      values.append(value)
      guard reader.take(.comma) else {
        try reader.expect(.closeBrace, "or `,` after the attribute")
        break
      }
    }
    return try node(.record(fields.sorted { $0.key < $1.key }), over: values, at: start)
  }
}
