extension PolicySet {
  /// Reads the JSON format of policy sets.
  public init(json: CedarJSON, limits: PolicyLimits = .ledger) throws(CedarJSONError) {
    let object = try JSONObjectReader(json, "a policy set", known: ["staticPolicies", "templates", "templateLinks"], at: .root)
    self = .empty
    _ = try (object.required("staticPolicies"), object.required("templates"), object.required("templateLinks"))
    for key in ["staticPolicies", "templates"] as [Text] {
      for member in try object.members(key) {
        let policy = try Policy(json: member.value, id: member.key, limits: limits, at: .root[key][member.key])
        guard policy.isTemplate == (key == "templates") else {
          throw CedarJSONError(.invalidValue, policy.isTemplate ? "a template" : "no template: it has no slot", at: .root[key][member.key])
        }
        try add(policy, limits: limits, at: .root[key][member.key])
      }
    }
    for (index, element) in try object.elements("templateLinks").enumerated() {
      try link(element, limits: limits, at: .root["templateLinks"][index])
    }
  }

  private mutating func add(_ policy: Policy, limits: PolicyLimits, at path: JSONPath) throws(CedarJSONError) {
    try checkCount(limits, at: path)
    do throws(PolicySetError) {
      try add(policy)
    } catch {
      throw CedarJSONError(.duplicateKey, "the id `\(policy.id)` occurs twice", at: path)
    }
  }

  private func checkCount(_ limits: PolicyLimits, at path: JSONPath) throws(CedarJSONError) {
    guard policies.count + templates.count < limits.policies else {
      throw CedarJSONError(.limitExceeded, "more than \(limits.policies) policies", at: path)
    }
  }

  private mutating func link(_ json: CedarJSON, limits: PolicyLimits, at path: JSONPath) throws(CedarJSONError) {
    try checkCount(limits, at: path)
    let object = try JSONObjectReader(json, "a link", known: ["templateId", "newId", "values"], at: path)
    var values: [Slot: EntityUID] = [:]
    for member in try object.members("values") {
      guard let slot = Slot(rawValue: member.key.string) else {
        throw CedarJSONError(.invalidName, "no slot is called `\(member.key)`", at: path["values"])
      }
      values[slot] = try ValueJSONReader(limits: limits).entityUID(member.value, at: path["values"][member.key])
    }
    let template = try object.string("templateId")
    let id = try object.string("newId")
    do throws(PolicySetError) {
      try link(template: template, as: id, values: values)
    } catch {
      throw CedarJSONError(.invalidValue, "`\(template)` cannot be linked as `\(id)`: \(error.reason)", at: path)
    }
  }
}

extension Policy {
  /// Reads the JSON policy format.
  public init(json: CedarJSON, id: Text, limits: PolicyLimits = .ledger) throws(CedarJSONError) {
    try self.init(json: json, id: id, limits: limits, at: .root)
  }

  fileprivate init(json: CedarJSON, id: Text, limits: PolicyLimits, at path: JSONPath) throws(CedarJSONError) {
    let object = try JSONObjectReader(
      json, "a policy", known: ["effect", "principal", "action", "resource", "conditions", "annotations"], at: path)
    guard let effect = Effect(rawValue: try object.string("effect").string) else {
      throw CedarJSONError(.invalidValue, "the effect is `permit` or `forbid`", at: path["effect"])
    }
    let scope = ScopeJSONReader(limits: limits)
    var conditions: [Condition] = []
    var size = ExpressionSize()
    for (index, element) in try JSONObjectReader.elements(object.required("conditions"), at: path["conditions"]).enumerated() {
      let path = path["conditions"][index]
      let condition = try JSONObjectReader(element, "a condition", known: ["kind", "body"], at: path)
      guard let kind = Condition.Kind(rawValue: try condition.string("kind").string) else {
        throw CedarJSONError(.invalidValue, "a condition is `when` or `unless`", at: path["kind"])
      }
      let body = try ExpressionJSONReader(limits: limits).expression(condition.required("body"), at: path["body"])
      size.add(body)
      conditions.append(Condition(kind: kind, body: body))
    }
    if let excess = size.excess(over: limits) { throw CedarJSONError(.limitExceeded, excess, at: path) }
    self.init(
      id: id, annotations: try object.annotations(), effect: effect,
      principal: try scope.constraint(object.required("principal"), .principal, at: path["principal"]),
      action: try scope.action(object.required("action"), at: path["action"]),
      resource: try scope.constraint(object.required("resource"), .resource, at: path["resource"]), conditions: conditions)
  }
}

private struct ScopeJSONReader {
  let values: ValueJSONReader

  init(limits: PolicyLimits) { values = ValueJSONReader(limits: limits) }

  func constraint(_ json: CedarJSON, _ slot: Slot, at path: JSONPath) throws(CedarJSONError) -> ScopeConstraint {
    switch try `operator`(of: json, at: path) {
    case "All", "all":
      _ = try scope(json, known: [], at: path)
      return .any
    case "==": return .equal(try reference(scope(json, known: ["entity", "slot"], at: path), slot))
    case "in": return .in(try reference(scope(json, known: ["entity", "slot"], at: path), slot))
    case "is":
      let object = try scope(json, known: ["entity_type", "in"], at: path)
      let type = try entityTypeName(object.string("entity_type"), at: path["entity_type"])
      guard let container = object.nullable("in") else { return .isType(type) }
      return .isTypeIn(type, try reference(JSONObjectReader(container, "`in`", known: ["entity", "slot"], at: path["in"]), slot))
    default: throw CedarJSONError(.unknownOperator, "the operator is `All`, `==`, `in` or `is`", at: path["op"])
    }
  }

  private func `operator`(of json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Text {
    guard let name = json["op"]?.string else { throw CedarJSONError(.missingMember, "a scope has an `op`, a string", at: path) }
    return name
  }

  private func scope(_ json: CedarJSON, known: Set<Text>, at path: JSONPath) throws(CedarJSONError) -> JSONObjectReader {
    try JSONObjectReader(json, "a scope of this operator", known: known.union(["op"]), at: path)
  }

  private func reference(_ object: JSONObjectReader, _ slot: Slot) throws(CedarJSONError) -> ScopeConstraint.Reference {
    if let written = object["slot"] {
      guard written.string == Text(slot.rawValue), object["entity"] == nil else {
        throw CedarJSONError(.invalidValue, "only the slot `\(slot.rawValue)` can stand here, and no entity with it", at: object.path)
      }
      return .slot
    }
    return .entity(try values.entityUID(object.required("entity"), at: object.path["entity"]))
  }

  func action(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> ActionConstraint {
    switch try `operator`(of: json, at: path) {
    case "All", "all":
      _ = try scope(json, known: [], at: path)
      return .any
    case "==": return .equal(try action(scope(json, known: ["entity"], at: path).required("entity"), path: path["entity"]))
    case "in" where json["entities"] == nil:
      return .in(try action(scope(json, known: ["entity"], at: path).required("entity"), path: path["entity"]))
    case "in": return .inAny(try actions(scope(json, known: ["entities"], at: path)))
    default: throw CedarJSONError(.unknownOperator, "the operator is `All`, `==` or `in`", at: path["op"])
    }
  }

  private func actions(_ object: JSONObjectReader) throws(CedarJSONError) -> [EntityUID] {
    let path = object.path["entities"]
    let elements = try object.elements("entities")
    guard elements.count <= values.limits.setElements else {
      throw CedarJSONError(.limitExceeded, "more than \(values.limits.setElements) actions", at: path)
    }
    var uids: [EntityUID] = []
    for (index, element) in elements.enumerated() { uids.append(try action(element, path: path[index])) }
    return uids
  }

  private func action(_ json: CedarJSON, path: JSONPath) throws(CedarJSONError) -> EntityUID {
    let uid = try values.entityUID(json, at: path)
    guard uid.type.isAction else { throw CedarJSONError(.invalidValue, "an action's entity type ends with `Action`", at: path) }
    return uid
  }
}

/// An entity type's name, strictly.
private func entityTypeName(_ text: Text, at path: JSONPath) throws(CedarJSONError) -> EntityTypeName {
  guard let name = EntityTypeName(parsing: text.string) else { throw CedarJSONError(.invalidName, "`\(text)` is no entity type", at: path) }
  return name
}

/// Reads expressions of the JSON policy format. Recursion is as deep as the JSON, which its parser bounds.
private struct ExpressionJSONReader {
  let limits: PolicyLimits

  func expression(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    guard let members = json.object, members.count == 1, let member = members.first else {
      throw CedarJSONError(.wrongType, "an expression is an object of one member", at: path)
    }
    let key = member.key
    let path = path[key]
    switch key {
    case "Value": return try ValueJSONLiteral(limits: limits).expression(member.value, at: path)
    case "Var":
      guard let variable = member.value.string.flatMap({ Expression.Variable(rawValue: $0.string) }) else {
        throw CedarJSONError(.invalidValue, "no such variable", at: path)
      }
      return .variable(variable)
    case "Slot", "Unknown": throw CedarJSONError(.invalidValue, "slots stand in the scope only", at: path)
    case "!": return .unary(.not, try argument(member.value, at: path))
    case "neg": return .unary(.negate, try argument(member.value, at: path))
    case "isEmpty": return .unary(.isEmpty, try argument(member.value, at: path))
    case "&&", "||": return try chain(json, key, at: path)
    case ".", "has": return try attribute(member.value, isTest: key == "has", at: path)
    case "like": return try like(member.value, at: path)
    case "is": return try isType(member.value, at: path)
    case "if-then-else": return try conditional(member.value, at: path)
    case "Set": return .set(try expressions(member.value, at: path))
    case "Record": return try record(member.value, at: path)
    default: return try operation(key, member.value, at: path)
    }
  }

  private func operation(_ key: Text, _ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    if let binary = Expression.BinaryOperator(rawValue: key.string) {
      let object = try JSONObjectReader(json, "an operation", known: ["left", "right"], at: path)
      return .binary(
        binary, try expression(object.required("left"), at: path["left"]), try expression(object.required("right"), at: path["right"]))
    }
    guard let function = ExtensionFunction(rawValue: key.string) else {
      let known = Expression.BinaryOperator.allCases.map(\.rawValue) + ExtensionFunction.allCases.map(\.rawValue)
      let hint = NearestName.nearest(to: key.string, in: known).map { "; did you mean `\($0)`?" } ?? ""
      throw CedarJSONError(.unknownOperator, "no operator or function is called `\(key)`\(hint)", at: path)
    }
    let arguments = try expressions(json, at: path)
    guard function.isConstructor || !arguments.isEmpty else { throw CedarJSONError(.invalidValue, "a method has a receiver", at: path) }
    return .call(function, arguments)
  }

  private func argument(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    try expression(JSONObjectReader(json, "an operation", known: ["arg"], at: path).required("arg"), at: path["arg"])
  }

  /// Follows the left operands in a loop, so that a long chain is one expression of many operands.
  private func chain(_ json: CedarJSON, _ key: Text, at path: JSONPath) throws(CedarJSONError) -> Expression {
    var operands: [Expression] = []
    var left = json
    while let operation = left[key], left.object?.count == 1 {
      let object = try JSONObjectReader(operation, "an operation", known: ["left", "right"], at: path)
      operands.append(try expression(object.required("right"), at: path["right"]))
      left = try object.required("left")
    }
    operands.append(try expression(left, at: path["left"]))
    return key == "&&" ? .and(operands.reversed()) : .or(operands.reversed())
  }

  private func attribute(_ json: CedarJSON, isTest: Bool, at path: JSONPath) throws(CedarJSONError) -> Expression {
    let object = try JSONObjectReader(json, "an attribute", known: ["left", "attr"], at: path)
    let left = try expression(object.required("left"), at: path["left"])
    guard isTest, object["attr"]?.array != nil else {
      let key = try object.string("attr")
      return isTest ? .has(left, [key]) : .attribute(left, key)
    }
    let names = try object.strings("attr")
    guard let first = names.first else { throw CedarJSONError(.invalidValue, "an attribute at least", at: path["attr"]) }
    if names.count == 1 || names.allSatisfy({ Identifiers.isName($0.string) }) { return .has(left, names) }
    // The language has no `has` of several names that are no identifiers.
    var tests: [Expression] = [.has(left, [first])]
    var owner = left
    for (name, next) in zip(names, names.dropFirst()) {
      owner = .attribute(owner, name)
      tests.append(.has(owner, [next]))
    }
    return .and(tests)
  }

  private func like(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    let object = try JSONObjectReader(json, "`like`", known: ["left", "pattern"], at: path)
    var pieces: [String] = [""]
    for (index, element) in try JSONObjectReader.elements(object.required("pattern"), at: path["pattern"]).enumerated() {
      if element.string == "Wildcard" {
        pieces.append("")
      } else if let literal = element["Literal"]?.string, element.object?.count == 1 {
        pieces[pieces.count - 1] += literal.string
      } else {
        throw CedarJSONError(.invalidValue, "`\"Wildcard\"` or `{\"Literal\": …}`", at: path["pattern"][index])
      }
    }
    return .like(try expression(object.required("left"), at: path["left"]), Pattern(pieces: pieces.map { Text($0) }))
  }

  private func isType(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    let object = try JSONObjectReader(json, "`is`", known: ["left", "entity_type", "in"], at: path)
    let type = try entityTypeName(object.string("entity_type"), at: path["entity_type"])
    let container = try object.nullable("in").map { json throws(CedarJSONError) in try expression(json, at: path["in"]) }
    return .isType(try expression(object.required("left"), at: path["left"]), type, in: container)
  }

  private func conditional(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    let object = try JSONObjectReader(json, "`if-then-else`", known: ["if", "then", "else"], at: path)
    return .conditional(
      try expression(object.required("if"), at: path["if"]), then: try expression(object.required("then"), at: path["then"]),
      else: try expression(object.required("else"), at: path["else"]))
  }

  private func expressions(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> [Expression] {
    var expressions: [Expression] = []
    for (index, element) in try JSONObjectReader.elements(json, at: path).enumerated() {
      expressions.append(try expression(element, at: path[index]))
    }
    return expressions
  }

  private func record(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    guard let members = json.object else { throw CedarJSONError(.wrongType, "a record is an object", at: path) }
    var fields: [Expression.RecordField] = []
    for member in members {
      fields.append(Expression.RecordField(key: member.key, value: try expression(member.value, at: path[member.key])))
    }
    return .record(fields.sorted { $0.key < $1.key })
  }
}

/// Reads a value as the expression that gives it: sets and records become literals of such, extension values calls.
private struct ValueJSONLiteral {
  let limits: PolicyLimits

  func expression(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    switch json {
    case .bool(let value): return .literal(.bool(value))
    case .integer(let value): return .literal(.long(value))
    case .string(let value): return .literal(.string(value))
    case .array(let elements): return .set(try expressions(elements, at: path))
    case .object(let members):
      if members.count == 1, members[0].key == "__entity" {
        return .literal(.entity(try ValueJSONReader(limits: limits).entityUID(json, at: path)))
      }
      if members.count == 1, members[0].key == "__extn" { return try call(members[0].value, at: path["__extn"]) }
      var fields: [Expression.RecordField] = []
      for member in members {
        fields.append(Expression.RecordField(key: member.key, value: try expression(member.value, at: path[member.key])))
      }
      return .record(fields.sorted { $0.key < $1.key })
    case .null, .otherNumber: throw CedarJSONError(.wrongType, "\(json.kindName) is no value of the language", at: path)
    }
  }

  private func expressions(_ elements: [CedarJSON], at path: JSONPath) throws(CedarJSONError) -> [Expression] {
    var expressions: [Expression] = []
    for (index, element) in elements.enumerated() { expressions.append(try expression(element, at: path[index])) }
    return expressions
  }

  private func call(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Expression {
    guard let function = json["fn"]?.string.flatMap({ ExtensionFunction(rawValue: $0.string) }),
      let arguments = json["args"]?.array ?? json["arg"].map({ [$0] }), !arguments.isEmpty
    else { throw CedarJSONError(.unknownOperator, "`fn` has to name a function, and `arg` or `args` its arguments", at: path) }
    return .call(function, try expressions(arguments, at: path))
  }
}
