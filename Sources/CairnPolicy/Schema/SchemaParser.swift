extension Schema {
  /// Parses the human-readable syntax and resolves every name.
  public init(parsing text: some StringProtocol, limits: PolicyLimits = .ledger) throws(SchemaReadingError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  /// - Parameter source: UTF-8.
  public init(parsing source: [UInt8], limits: PolicyLimits = .ledger) throws(SchemaReadingError) {
    let declarations: SchemaDeclarations
    do throws(PolicySyntaxError) {
      declarations = try SchemaDeclarations(parsing: source, limits: limits)
    } catch {
      throw .syntax(error)
    }
    do throws(SchemaError) {
      try self.init(declarations, limits: limits)
    } catch {
      throw .schema(error)
    }
  }
}

/// Why a text is no schema.
public enum SchemaReadingError: Error, Equatable, Sendable, CustomStringConvertible {
  case syntax(PolicySyntaxError)
  case json(CedarJSONError)
  case schema(SchemaError)

  public var reason: String {
    switch self {
    case .syntax(let error): error.reason.rawValue
    case .json(let error): error.reason.rawValue
    case .schema(let error): error.reason
    }
  }

  public var description: String {
    switch self {
    case .syntax(let error): error.description
    case .json(let error): error.description
    case .schema(let error): error.description
    }
  }
}

extension SchemaDeclarations {
  /// Parses the human-readable syntax (schema grammar, `Schema`).
  ///
  /// - Parameter source: UTF-8.
  public init(parsing source: [UInt8], limits: PolicyLimits = .ledger) throws(PolicySyntaxError) {
    guard source.count <= limits.schemaBytes else {
      throw PolicySyntaxError(.textTooLong, "the schema is longer than \(limits.schemaBytes) bytes", at: 0, in: [])
    }
    var parser = SchemaParser(reader: try TokenReader(source), limits: limits)
    self = try parser.schema()
  }
}

private struct SchemaParser {
  var reader: TokenReader
  let limits: PolicyLimits

  /// `Schema := {Namespace}`
  mutating func schema() throws(PolicySyntaxError) -> SchemaDeclarations {
    var named: [SchemaDeclarations.Namespace] = []
    var unnamed = SchemaDeclarations.Namespace(name: nil)
    while !reader.isAtEnd {
      let annotations = try annotations()
      if reader.take(keyword: "namespace") {
        var namespace = SchemaDeclarations.Namespace(name: try path(), annotations: annotations)
        try reader.expect(.openBrace, "after the namespace")
        while !reader.take(.closeBrace) { try declaration(annotations: try self.annotations(), into: &namespace) }
        named.append(namespace)
      } else {
        try declaration(annotations: annotations, into: &unnamed)
      }
    }
    let isEmpty = unnamed.commonTypes.isEmpty && unnamed.entityTypes.isEmpty && unnamed.actions.isEmpty
    return SchemaDeclarations(namespaces: isEmpty ? named : [unnamed] + named)
  }

  private mutating func annotations() throws(PolicySyntaxError) -> [Policy.Annotation] {
    try reader.annotations(stringBytes: limits.stringBytes).map { Policy.Annotation($0.key, $0.value) }
  }

  /// `Decl := Entity | Action | TypeDecl`
  private mutating func declaration(
    annotations: [Policy.Annotation], into namespace: inout SchemaDeclarations.Namespace
  ) throws(PolicySyntaxError) {
    if reader.take(keyword: "entity") {
      namespace.entityTypes += try entity(annotations: annotations)
    } else if reader.take(keyword: "action") {
      namespace.actions += try action(annotations: annotations)
    } else if reader.take(keyword: "type") {
      let name = try reader.name("a type's name")
      try reader.expect(.assign, "after the type's name")
      namespace.commonTypes.append(
        SchemaDeclarations.CommonType(name: name, annotations: annotations, type: try type(level: 1)))
      try reader.expect(.semicolon, "after the type")
    } else {
      throw reader.unexpected("`entity`, `action`, `type` or `namespace`", known: ["entity", "action", "type", "namespace"])
    }
  }

  /// `Entity`, of which the keyword has been taken.
  private mutating func entity(annotations: [Policy.Annotation]) throws(PolicySyntaxError) -> [SchemaDeclarations.EntityType] {
    var names = [try reader.name("an entity type's name")]
    while reader.take(.comma) { names.append(try reader.name("an entity type's name")) }
    let kind = reader.take(keyword: "enum") ? try enumeration() : try standard()
    try reader.expect(.semicolon, "after the entity type")
    return names.map { SchemaDeclarations.EntityType(name: $0, annotations: annotations, kind: kind) }
  }

  private mutating func enumeration() throws(PolicySyntaxError) -> SchemaDeclarations.EntityType.Kind {
    try reader.expect(.openBracket, "before the identifiers")
    var identifiers = [try string("an identifier in quotes")]
    while reader.take(.comma) { identifiers.append(try string("an identifier in quotes")) }
    try reader.expect(.closeBracket, "after the identifiers")
    return .enumerated(identifiers)
  }

  private mutating func standard() throws(PolicySyntaxError) -> SchemaDeclarations.EntityType.Kind {
    let memberOf = reader.take(keyword: "in") ? try entityTypes() : []
    var shape = TypeExpression.record([])
    if reader.take(.assign) || reader.isAt(.openBrace) { shape = try record(level: 1) }
    let tags = reader.take(keyword: "tags") ? try type(level: 1) : nil
    return .standard(memberOf: memberOf, shape: shape, tags: tags)
  }

  /// `Action`, of which the keyword has been taken.
  private mutating func action(annotations: [Policy.Annotation]) throws(PolicySyntaxError) -> [SchemaDeclarations.Action] {
    var names = [try name("an action's name")]
    while reader.take(.comma) { names.append(try name("an action's name")) }
    let memberOf = reader.take(keyword: "in") ? try parents() : []
    let appliesTo = reader.take(keyword: "appliesTo") ? try appliesTo() : nil
    if reader.take(keyword: "attributes") {
      try reader.expect(.openBrace, "before the attributes")
      try reader.expect(.closeBrace, "as actions have no attributes")
    }
    try reader.expect(.semicolon, "after the action")
    return names.map { SchemaDeclarations.Action(name: $0, annotations: annotations, memberOf: memberOf, appliesTo: appliesTo) }
  }

  /// `RefOrRefs`
  private mutating func parents() throws(PolicySyntaxError) -> [SchemaDeclarations.Action.Parent] {
    guard reader.take(.openBracket) else { return [try parent()] }
    var parents = [try parent()]
    while reader.take(.comma) { parents.append(try parent()) }
    try reader.expect(.closeBracket, "after the actions")
    return parents
  }

  /// `Ref := Path '::' STR | Name`
  private mutating func parent() throws(PolicySyntaxError) -> SchemaDeclarations.Action.Parent {
    if reader.current.kind == .string { return SchemaDeclarations.Action.Parent(type: nil, name: try string("an action")) }
    let path = try path()
    if reader.take(.pathSeparator) { return SchemaDeclarations.Action.Parent(type: path, name: try string("an action in quotes")) }
    guard Identifiers.isIdentifier(path) else { throw reader.unexpected("`::` and the action in quotes") }
    return SchemaDeclarations.Action.Parent(type: nil, name: Text(path))
  }

  /// `AppliesTo`, of which the keyword has been taken.
  private mutating func appliesTo() throws(PolicySyntaxError) -> SchemaDeclarations.Action.AppliesTo {
    let start = reader.offset
    try reader.expect(.openBrace, "after `appliesTo`")
    var principals: [String]?
    var resources: [String]?
    var context: TypeExpression?
    while !reader.take(.closeBrace) {
      let part = reader.current
      if principals == nil, reader.take(keyword: "principal") {
        principals = try appliedTypes(part)
      } else if resources == nil, reader.take(keyword: "resource") {
        resources = try appliedTypes(part)
      } else if context == nil, reader.take(keyword: "context") {
        try reader.expect(.colon, "after `context`")
        context = reader.isAt(.openBrace) ? try record(level: 1) : .common(try path())
      } else {
        throw reader.unexpected("each once: `principal`, `resource`, `context`", known: ["principal", "resource", "context"])
      }
      guard reader.take(.comma) else {
        try reader.expect(.closeBrace, "or `,`")
        break
      }
    }
    guard let principals, let resources else {
      throw PolicySyntaxError(
        .unexpectedToken, "`appliesTo` needs `principal` and `resource`", at: start, in: reader.source)
    }
    return SchemaDeclarations.Action.AppliesTo(principals: principals, resources: resources, context: context ?? .record([]))
  }

  private mutating func appliedTypes(_ part: Token) throws(PolicySyntaxError) -> [String] {
    try reader.expect(.colon, "after `\(reader.text(of: part))`")
    let types = try entityTypes()
    guard !types.isEmpty else {
      throw PolicySyntaxError(
        .unexpectedToken, "`\(reader.text(of: part))` needs an entity type; leave out `appliesTo` for a group of actions",
        at: part.range.lowerBound, in: reader.source)
    }
    return types
  }

  /// `EntOrTyps`
  private mutating func entityTypes() throws(PolicySyntaxError) -> [String] {
    guard reader.take(.openBracket) else { return [try path()] }
    guard !reader.take(.closeBracket) else { return [] }
    var types = [try path()]
    while reader.take(.comma) { types.append(try path()) }
    try reader.expect(.closeBracket, "after the entity types")
    return types
  }

  /// `Type := Path | SetType | RecType`
  private mutating func type(level: Int) throws(PolicySyntaxError) -> TypeExpression {
    guard level <= limits.depth else { throw reader.failure(.tooDeep, "more than \(limits.depth) levels of nesting") }
    if reader.isAt(.openBrace) { return try record(level: level) }
    if reader.isAt(keyword: "Set"), reader.following.kind == .symbol(.less) {
      reader.advance()
      reader.advance()
      let element = try type(level: level + 1)
      try reader.expect(.greater, "after the elements' type")
      return .set(element)
    }
    return .named(try path())
  }

  /// `RecType`
  private mutating func record(level: Int) throws(PolicySyntaxError) -> TypeExpression {
    guard level <= limits.depth else { throw reader.failure(.tooDeep, "more than \(limits.depth) levels of nesting") }
    try reader.expect(.openBrace, "before the attributes")
    var attributes: [TypeExpression.Attribute] = []
    var keys: Set<Text> = []
    while !reader.take(.closeBrace) {
      let annotations = try annotations()
      let start = reader.offset
      let key = try name("an attribute or `}`")
      guard keys.insert(key).inserted else {
        throw PolicySyntaxError(.duplicateKey, "the attribute `\(key)` occurs twice", at: start, in: reader.source)
      }
      let isRequired = !reader.take(.question)
      try reader.expect(.colon, "after the attribute")
      attributes.append(
        TypeExpression.Attribute(key: key, annotations: annotations, type: try type(level: level + 1), isRequired: isRequired))
      guard reader.take(.comma) else {
        try reader.expect(.closeBrace, "or `,` after the attribute's type")
        break
      }
    }
    return .record(attributes)
  }

  /// `Name := IDENT | STR`
  private mutating func name(_ purpose: String) throws(PolicySyntaxError) -> Text {
    if reader.current.kind == .string { return try string(purpose) }
    let name = try reader.anyIdentifier(purpose)
    guard !Identifiers.keywords.contains(name) else {
      throw reader.failure(.reservedIdentifier, "`\(name)` is reserved; write it in quotes")
    }
    return Text(name)
  }

  private mutating func string(_ purpose: String) throws(PolicySyntaxError) -> Text {
    try reader.string(purpose, byteLimit: limits.stringBytes)
  }

  /// `Path`; the namespace `__cedar` of the built-in types is allowed, where it cannot be declared.
  private mutating func path() throws(PolicySyntaxError) -> String {
    var path = try component()
    while reader.isAt(.pathSeparator), reader.following.kind == .identifier {
      reader.advance()
      path += "::\(try component())"
    }
    return path
  }

  private mutating func component() throws(PolicySyntaxError) -> String {
    let name = try reader.anyIdentifier("a name")
    guard !Identifiers.keywords.contains(name) else { throw reader.failure(.reservedIdentifier, "`\(name)` is reserved") }
    return name
  }
}
