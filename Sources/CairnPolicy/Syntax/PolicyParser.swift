extension PolicySet {
  /// Parses policies and templates (policy grammar, `Policy`). Their ids are `policy0`, `policy1`, and so on in the order of the text.
  public init(parsing text: some StringProtocol, limits: PolicyLimits = .ledger) throws(PolicySyntaxError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  /// - Parameter source: UTF-8.
  public init(parsing source: [UInt8], limits: PolicyLimits = .ledger) throws(PolicySyntaxError) {
    let (byteLimit, overflow) = limits.policyBytes.multipliedReportingOverflow(by: limits.policies)
    guard overflow || source.count <= byteLimit else {
      throw PolicySyntaxError(.textTooLong, "the text is longer than \(byteLimit) bytes", at: 0, in: [])
    }
    var parser = PolicyParser(reader: try TokenReader(source), limits: limits)
    self.init(parsed: try parser.policies())
  }
}

extension Policy {
  /// Parses one policy or template.
  public init(parsing text: some StringProtocol, id: Text, limits: PolicyLimits = .ledger) throws(PolicySyntaxError) {
    let source = Array(text.utf8)
    guard source.count <= limits.policyBytes else {
      throw PolicySyntaxError(.textTooLong, "the policy is longer than \(limits.policyBytes) bytes", at: 0, in: [])
    }
    var parser = PolicyParser(reader: try TokenReader(source), limits: limits)
    let policy = try parser.policy(id: id)
    guard parser.reader.isAtEnd else { throw parser.reader.unexpected("the end of the text after one policy") }
    self = policy
  }
}

extension Expression {
  /// Parses a single expression.
  public init(parsing text: some StringProtocol, limits: PolicyLimits = .ledger) throws(PolicySyntaxError) {
    let source = Array(text.utf8)
    guard source.count <= limits.policyBytes else {
      throw PolicySyntaxError(.textTooLong, "the expression is longer than \(limits.policyBytes) bytes", at: 0, in: [])
    }
    var parser = PolicyParser(reader: try TokenReader(source), limits: limits)
    let expression = try parser.expression().expression
    guard parser.reader.isAtEnd else { throw parser.reader.unexpected("the end of the text after one expression") }
    self = expression
  }
}

extension EntityUID {
  /// Parses an entity as it is written in a policy, for example `User::"alice"`.
  public init(parsing text: some StringProtocol, limits: PolicyLimits = .ledger) throws(PolicySyntaxError) {
    guard case .literal(.entity(let uid)) = try Expression(parsing: text, limits: limits) else {
      throw PolicySyntaxError(.unexpectedToken, "expected an entity, such as `User::\"alice\"`", at: 0, in: Array(text.utf8))
    }
    self = uid
  }
}

/// Recursive descent over the policy grammar; expressions are in `ExpressionParser.swift`, the scope in `ScopeParser.swift`.
struct PolicyParser {
  var reader: TokenReader
  let limits: PolicyLimits
  /// Expressions of the current policy so far.
  var nodes = 0
  /// Nested expressions around the current token.
  var nesting = 0

  init(reader: TokenReader, limits: PolicyLimits) {
    self.reader = reader
    self.limits = limits
  }

  /// `Policies ::= {Policy}`
  mutating func policies() throws(PolicySyntaxError) -> [Policy] {
    var policies: [Policy] = []
    while !reader.isAtEnd {
      guard policies.count < limits.policies else { throw reader.failure(.tooManyPolicies, "more than \(limits.policies) policies") }
      policies.append(try policy(id: Text("policy\(policies.count)")))
    }
    return policies
  }

  /// `Policy ::= {Annotation} Effect '(' Scope ')' {Conditions} ';'`
  mutating func policy(id: Text) throws(PolicySyntaxError) -> Policy {
    let start = reader.offset
    nodes = 0
    let annotations = try annotations()
    let effect = try effect()
    try reader.expect(.openParenthesis, "after the effect")
    let principal = try principal()
    try reader.expect(.comma, "before `action`")
    let action = try action()
    try reader.expect(.comma, "before `resource`")
    let resource = try resource()
    _ = reader.take(.comma)
    try reader.expect(.closeParenthesis, "after the scope")
    var conditions: [Policy.Condition] = []
    while !reader.take(.semicolon) { conditions.append(try condition()) }
    guard reader.previousEnd - start <= limits.policyBytes else {
      throw PolicySyntaxError(.textTooLong, "the policy is longer than \(limits.policyBytes) bytes", at: start, in: reader.source)
    }
    return Policy(
      id: id, annotations: annotations, effect: effect, principal: principal, action: action, resource: resource,
      conditions: conditions)
  }

  /// `Annotation ::= '@' ANYIDENT ( '(' STR ')' )?`
  private mutating func annotations() throws(PolicySyntaxError) -> [Policy.Annotation] {
    try reader.annotations(stringBytes: limits.stringBytes).map { Policy.Annotation($0.key, $0.value) }
  }

  /// `Effect ::= 'permit' | 'forbid'`
  private mutating func effect() throws(PolicySyntaxError) -> Policy.Effect {
    if reader.take(keyword: "permit") { return .permit }
    if reader.take(keyword: "forbid") { return .forbid }
    throw reader.unexpected("`permit` or `forbid`", known: ["permit", "forbid"])
  }

  /// `Condition ::= ('when' | 'unless') '{' Expr '}'`
  private mutating func condition() throws(PolicySyntaxError) -> Policy.Condition {
    let kind: Policy.Condition.Kind
    if reader.take(keyword: "when") {
      kind = .when
    } else if reader.take(keyword: "unless") {
      kind = .unless
    } else {
      throw reader.unexpected("`when`, `unless` or `;`", known: ["when", "unless"])
    }
    try reader.expect(.openBrace, "before the condition")
    guard !reader.isAt(.closeBrace) else { throw reader.failure(.emptyCondition, "the condition is empty") }
    let body = try expression().expression
    try reader.expect(.closeBrace, "after the condition")
    return Policy.Condition(kind: kind, body: body)
  }
}

extension TokenReader {
  /// Keys with their strings; no key twice.
  mutating func annotations(stringBytes: Int) throws(PolicySyntaxError) -> [(key: Text, value: Text?)] {
    var annotations: [(key: Text, value: Text?)] = []
    var keys: Set<Text> = []
    while take(.at) {
      let start = offset
      let key = Text(try anyIdentifier("the key of an annotation"))
      var value: Text?
      if take(.openParenthesis) {
        value = try string("a string, the annotation's value", byteLimit: stringBytes)
        try expect(.closeParenthesis, "after the annotation's value")
      }
      guard keys.insert(key).inserted else {
        throw PolicySyntaxError(.duplicateAnnotation, "the annotation `\(key)` occurs twice", at: start, in: source)
      }
      annotations.append((key, value))
    }
    return annotations
  }
}
