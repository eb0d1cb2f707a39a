extension PolicyParser {
  /// `Principal ::= 'principal' [(['is' PATH] ['in' (Entity | '?principal')]) | ('==' (Entity | '?principal'))]`
  mutating func principal() throws(PolicySyntaxError) -> ScopeConstraint {
    try variable("principal")
    return try constraint(slot: .principal)
  }

  /// `Resource`, likewise.
  mutating func resource() throws(PolicySyntaxError) -> ScopeConstraint {
    try variable("resource")
    return try constraint(slot: .resource)
  }

  /// `Action ::= 'action' [( '==' Entity | 'in' ('[' EntList ']' | Entity) )]`
  mutating func action() throws(PolicySyntaxError) -> ActionConstraint {
    try variable("action")
    if reader.take(.equal) { return .equal(try actionEntity()) }
    guard reader.take(keyword: "in") else {
      if reader.isAt(keyword: "is") { throw reader.failure(.invalidScope, "the scope does not take `is` for the action") }
      try rejectOtherOperator()
      return .any
    }
    return try parenthesized { parser throws(PolicySyntaxError) in
      parser.reader.take(.openBracket) ? .inAny(try parser.actions()) : .in(try parser.actionEntity())
    }
  }

  /// `EntList`, of which the opening bracket has been taken.
  private mutating func actions() throws(PolicySyntaxError) -> [EntityUID] {
    var entities: [EntityUID] = []
    while !reader.take(.closeBracket) {
      guard entities.count < limits.setElements else { throw reader.failure(.setTooLarge, "more than \(limits.setElements) actions") }
      entities.append(try actionEntity())
      guard reader.take(.comma) else {
        try reader.expect(.closeBracket, "after the actions")
        break
      }
    }
    return entities
  }

  private mutating func variable(_ name: String) throws(PolicySyntaxError) {
    guard reader.take(keyword: name) else {
      throw reader.unexpected("`\(name)`", known: [name])
    }
    if reader.isAt(.colon) { throw reader.failure(.invalidScope, "type annotations are not part of the language", suggestion: "is") }
  }

  private mutating func constraint(slot: Slot) throws(PolicySyntaxError) -> ScopeConstraint {
    if reader.take(.equal) { return .equal(try reference(slot: slot)) }
    if reader.take(keyword: "in") {
      let reference = try reference(slot: slot)
      if reader.isAt(keyword: "is") { throw reader.failure(.invalidScope, "`is` comes before `in`") }
      return .in(reference)
    }
    guard reader.take(keyword: "is") else {
      try rejectOtherOperator()
      return .any
    }
    let type = try entityTypeName()
    if reader.isAt(.equal) { throw reader.failure(.invalidScope, "`is` does not go with `==`") }
    return reader.take(keyword: "in") ? .isTypeIn(type, try reference(slot: slot)) : .isType(type)
  }

  private func rejectOtherOperator() throws(PolicySyntaxError) {
    switch reader.current.kind {
    case .symbol(.comma), .symbol(.closeParenthesis): return
    case .symbol(.assign): throw reader.failure(.invalidScope, "`=` is no operator", suggestion: "==")
    default: throw reader.unexpected("`==`, `in`, `is` or `,`; other conditions go into `when { … }`")
    }
  }

  private mutating func reference(slot: Slot) throws(PolicySyntaxError) -> ScopeConstraint.Reference {
    try parenthesized { parser throws(PolicySyntaxError) in
      if parser.reader.current.kind == .slot { return try parser.take(slot) }
      return .entity(try parser.entityLiteral("an entity, such as `User::\"alice\"`, or `\(slot.rawValue)`"))
    }
  }

  private mutating func take(_ slot: Slot) throws(PolicySyntaxError) -> ScopeConstraint.Reference {
    let written = reader.text(of: reader.current)
    guard written == slot.rawValue else {
      throw reader.failure(.invalidSlot, "`\(written)` cannot stand here", suggestion: slot.rawValue)
    }
    reader.advance()
    return .slot
  }

  private mutating func actionEntity() throws(PolicySyntaxError) -> EntityUID {
    let start = reader.offset
    let uid = try parenthesized { parser throws(PolicySyntaxError) in
      try parser.entityLiteral("an action, such as `Action::\"view\"`")
    }
    guard uid.type.isAction else {
      throw PolicySyntaxError(
        .invalidActionType, "an action's entity type ends with `Action`, not `\(uid.type)`", at: start, in: reader.source)
    }
    return uid
  }

  /// What may stand in any number of parentheses.
  private mutating func parenthesized<Part>(
    _ part: (inout PolicyParser) throws(PolicySyntaxError) -> Part
  ) throws(PolicySyntaxError) -> Part {
    var count = 0
    while reader.isAt(.openParenthesis) {
      guard count < limits.depth else { throw reader.failure(.tooDeep, "more than \(limits.depth) levels of nesting") }
      reader.advance()
      count += 1
    }
    let part = try part(&self)
    for _ in 0..<count { try reader.expect(.closeParenthesis, "after the entity") }
    return part
  }

  private mutating func entityLiteral(_ purpose: String) throws(PolicySyntaxError) -> EntityUID {
    guard reader.current.kind == .identifier else { throw reader.unexpected(purpose) }
    let path = try path()
    guard reader.take(.pathSeparator) else { throw reader.unexpected("`::` and the entity's id in quotes") }
    return EntityUID(
      EntityTypeName(unchecked: path), try reader.string("the entity's id in quotes", byteLimit: limits.stringBytes))
  }

  /// `Path`, as an entity type.
  mutating func entityTypeName() throws(PolicySyntaxError) -> EntityTypeName {
    let name = EntityTypeName(unchecked: try path())
    if reader.isAt(.pathSeparator) { throw reader.failure(.unexpectedToken, "expected an entity type, found an entity") }
    return name
  }

  /// `Path ::= IDENT {'::' IDENT}`; stops before a `::` that no identifier follows.
  mutating func path() throws(PolicySyntaxError) -> String {
    var path = try reader.name("an identifier")
    while reader.isAt(.pathSeparator), reader.following.kind == .identifier {
      reader.advance()
      path += "::\(try reader.name("an identifier"))"
    }
    return path
  }
}
