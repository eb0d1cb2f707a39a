extension Schema {
  /// Reads the JSON schema format and resolves every name.
  public init(json: CedarJSON, limits: PolicyLimits = .ledger) throws(SchemaReadingError) {
    let declarations: SchemaDeclarations
    do throws(CedarJSONError) {
      declarations = try SchemaDeclarations(json: json, limits: limits)
    } catch {
      throw .json(error)
    }
    do throws(SchemaError) {
      try self.init(declarations, limits: limits)
    } catch {
      throw .schema(error)
    }
  }
}

extension SchemaDeclarations {
  /// Reads the JSON schema format (Cedar documentation, "JSON schema grammar").
  public init(json: CedarJSON, limits: PolicyLimits = .ledger) throws(CedarJSONError) {
    guard let members = json.object else { throw CedarJSONError(.wrongType, "a schema is an object, not \(json.kindName)") }
    let reader = SchemaJSONReader(limits: limits)
    namespaces = []
    for member in members { namespaces.append(try reader.namespace(member, at: .root[member.key])) }
  }
}

private struct SchemaJSONReader {
  let limits: PolicyLimits

  func namespace(_ member: CedarJSON.Member, at path: JSONPath) throws(CedarJSONError) -> SchemaDeclarations.Namespace {
    let name = member.key.string.isEmpty ? nil : try self.name(member.key, at: path)
    let object = try JSONObjectReader(
      member.value, "a namespace", known: ["entityTypes", "actions", "commonTypes", "annotations"], at: path)
    _ = try (object.required("entityTypes"), object.required("actions"))
    var namespace = SchemaDeclarations.Namespace(name: name, annotations: try object.annotations())
    for member in try object.members("commonTypes") {
      let path = path["commonTypes"][member.key]
      namespace.commonTypes.append(
        SchemaDeclarations.CommonType(
          name: member.key.string, annotations: try annotations(member.value, at: path),
          type: try type(member.value, allowing: ["annotations"], at: path, level: 1)))
    }
    for member in try object.members("entityTypes") {
      namespace.entityTypes.append(try entityType(member, at: path["entityTypes"][member.key]))
    }
    for member in try object.members("actions") { namespace.actions.append(try action(member, at: path["actions"][member.key])) }
    return namespace
  }

  private func annotations(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> [Policy.Annotation] {
    guard let annotations = json["annotations"] else { return [] }
    let member = CedarJSON.object([CedarJSON.Member("annotations", annotations)])
    return try JSONObjectReader(member, "a declaration", known: ["annotations"], at: path).annotations()
  }

  /// A path whose identifiers may be reserved: it can name a built-in type.
  private func name(_ text: Text, at path: JSONPath) throws(CedarJSONError) -> String {
    guard Identifiers.components(of: text.string).allSatisfy({ Identifiers.isIdentifier($0) && !Identifiers.keywords.contains($0) }) else {
      throw CedarJSONError(.invalidName, "`\(text)` is no name", at: path)
    }
    return text.string
  }

  private func names(_ texts: [Text], at path: JSONPath) throws(CedarJSONError) -> [String] {
    var names: [String] = []
    for (index, text) in texts.enumerated() { names.append(try name(text, at: path[index])) }
    return names
  }

  private func entityType(_ member: CedarJSON.Member, at path: JSONPath) throws(CedarJSONError) -> SchemaDeclarations.EntityType {
    let object = try JSONObjectReader(
      member.value, "an entity type", known: ["memberOfTypes", "shape", "tags", "enum", "annotations"], at: path)
    let annotations = try object.annotations()
    if object["enum"] != nil {
      guard object["memberOfTypes"] == nil, object["shape"] == nil, object["tags"] == nil else {
        throw CedarJSONError(.unexpectedMember, "an enumerated type has nothing but `enum`", at: path)
      }
      return SchemaDeclarations.EntityType(
        name: member.key.string, annotations: annotations, kind: .enumerated(try object.strings("enum")))
    }
    var shape = TypeExpression.record([])
    if let json = object["shape"] { shape = try type(json, at: path["shape"], level: 1) }
    var tags: TypeExpression?
    if let json = object["tags"] { tags = try type(json, at: path["tags"], level: 1) }
    let memberOf = try names(object.strings("memberOfTypes"), at: path["memberOfTypes"])
    return SchemaDeclarations.EntityType(
      name: member.key.string, annotations: annotations, kind: .standard(memberOf: memberOf, shape: shape, tags: tags))
  }

  private func action(_ member: CedarJSON.Member, at path: JSONPath) throws(CedarJSONError) -> SchemaDeclarations.Action {
    let object = try JSONObjectReader(
      member.value, "an action", known: ["memberOf", "appliesTo", "attributes", "annotations"], at: path)
    guard object.nullable("attributes").map({ $0.object?.isEmpty == true }) ?? true else {
      throw CedarJSONError(.invalidValue, "actions have no attributes", at: path["attributes"])
    }
    var action = SchemaDeclarations.Action(name: member.key, annotations: try object.annotations())
    let parents = try object.nullable("memberOf").map { json throws(CedarJSONError) in
      try JSONObjectReader.elements(json, at: path["memberOf"])
    }
    for (index, element) in (parents ?? []).enumerated() {
      let parent = try JSONObjectReader(element, "a group of actions", known: ["id", "type"], at: path["memberOf"][index])
      let type = try parent.nullable("type").map { json throws(CedarJSONError) in
        try name(JSONObjectReader.string(json, at: parent.path["type"]), at: parent.path["type"])
      }
      action.memberOf.append(SchemaDeclarations.Action.Parent(type: type, name: try parent.string("id")))
    }
    if let json = object.nullable("appliesTo") { action.appliesTo = try appliesTo(json, at: path["appliesTo"]) }
    return action
  }

  private func appliesTo(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> SchemaDeclarations.Action.AppliesTo {
    let object = try JSONObjectReader(json, "`appliesTo`", known: ["principalTypes", "resourceTypes", "context"], at: path)
    _ = try (object.required("principalTypes"), object.required("resourceTypes"))
    var context = TypeExpression.record([])
    if let json = object["context"] { context = try type(json, at: path["context"], level: 1) }
    return SchemaDeclarations.Action.AppliesTo(
      principals: try names(object.strings("principalTypes"), at: path["principalTypes"]),
      resources: try names(object.strings("resourceTypes"), at: path["resourceTypes"]), context: context)
  }

  /// - Parameter extra: members that the type's object has for another purpose.
  private func type(
    _ json: CedarJSON, allowing extra: Set<Text> = [], at path: JSONPath, level: Int
  ) throws(CedarJSONError) -> TypeExpression {
    guard level <= limits.depth else { throw CedarJSONError(.tooDeep, "more than \(limits.depth) levels of nesting", at: path) }
    let object = try JSONObjectReader(
      json, "a type", known: extra.union(["type", "element", "attributes", "additionalAttributes", "name"]), at: path)
    let kind = try object.string("type")
    try checkMembers(object, of: kind, allowing: extra)
    switch kind {
    case "Boolean": return .bool
    case "Long": return .long
    case "String": return .string
    case "Set": return .set(try type(object.required("element"), at: path["element"], level: level + 1))
    case "Record": return .record(try attributes(object, level: level))
    case "Entity": return .entity(try name(object.string("name"), at: path["name"]))
    case "Extension": return .extension(try object.string("name").string)
    case "EntityOrCommon": return .named(try name(object.string("name"), at: path["name"]))
    default: return .common(try name(kind, at: path["type"]))
    }
  }

  private func checkMembers(_ object: JSONObjectReader, of kind: Text, allowing extra: Set<Text>) throws(CedarJSONError) {
    let allowed: Set<Text> =
      switch kind {
      case "Set": ["element"]
      case "Record": ["attributes", "additionalAttributes"]
      case "Entity", "Extension", "EntityOrCommon": ["name"]
      default: []
      }
    for member in object.json.object ?? [] where member.key != "type" && !allowed.contains(member.key) && !extra.contains(member.key) {
      throw CedarJSONError(.unexpectedMember, "a type `\(kind)` has no member `\(member.key)`", at: object.path)
    }
  }

  private func attributes(_ object: JSONObjectReader, level: Int) throws(CedarJSONError) -> [TypeExpression.Attribute] {
    if object["additionalAttributes"]?.bool == true {
      throw CedarJSONError(.invalidValue, "open records are not part of the language", at: object.path)
    }
    _ = try object.required("attributes")
    var attributes: [TypeExpression.Attribute] = []
    for member in try object.members("attributes") {
      let path = object.path["attributes"][member.key]
      let isRequired = member.value["required"].map { $0.bool }
      if case .some(nil) = isRequired { throw CedarJSONError(.wrongType, "`required` is a bool", at: path) }
      attributes.append(
        TypeExpression.Attribute(
          key: member.key, annotations: try annotations(member.value, at: path),
          type: try type(member.value, allowing: ["required", "annotations"], at: path, level: level + 1),
          isRequired: (isRequired ?? true) ?? true))
    }
    return attributes
  }
}
