extension SchemaDeclarations {
  /// The JSON schema format.
  public var json: CedarJSON {
    .object(namespaces.map { CedarJSON.Member(Text($0.name ?? ""), $0.json) })
  }
}

extension SchemaDeclarations.Namespace {
  fileprivate var json: CedarJSON {
    let types = commonTypes.map { CedarJSON.Member(Text($0.name), .object($0.type.jsonMembers + $0.annotations.jsonMembers)) }
    return .object(
      (types.isEmpty ? [] : [CedarJSON.Member("commonTypes", .object(types))])
        + [
          CedarJSON.Member("entityTypes", .object(entityTypes.map { CedarJSON.Member(Text($0.name), $0.json) })),
          CedarJSON.Member("actions", .object(actions.map { CedarJSON.Member($0.name, $0.json) })),
        ] + annotations.jsonMembers)
  }
}

extension SchemaDeclarations.EntityType {
  fileprivate var json: CedarJSON {
    switch kind {
    case .enumerated(let identifiers):
      return .object([CedarJSON.Member("enum", .array(identifiers.map { .string($0) }))] + annotations.jsonMembers)
    case .standard(let memberOf, let shape, let tags):
      var members: [CedarJSON.Member] = []
      if !memberOf.isEmpty { members.append(CedarJSON.Member("memberOfTypes", .array(memberOf.map { .string(Text($0)) }))) }
      if shape != .record([]) { members.append(CedarJSON.Member("shape", shape.json)) }
      if let tags { members.append(CedarJSON.Member("tags", tags.json)) }
      return .object(members + annotations.jsonMembers)
    }
  }
}

extension SchemaDeclarations.Action {
  fileprivate var json: CedarJSON {
    var members: [CedarJSON.Member] = []
    if let appliesTo { members.append(CedarJSON.Member("appliesTo", appliesTo.json)) }
    if !memberOf.isEmpty { members.append(CedarJSON.Member("memberOf", .array(memberOf.map(\.json)))) }
    return .object(members + annotations.jsonMembers)
  }
}

extension SchemaDeclarations.Action.Parent {
  fileprivate var json: CedarJSON {
    .object([CedarJSON.Member("id", .string(name))] + (type.map { [CedarJSON.Member("type", .string(Text($0)))] } ?? []))
  }
}

extension SchemaDeclarations.Action.AppliesTo {
  fileprivate var json: CedarJSON {
    .object(
      [
        CedarJSON.Member("principalTypes", .array(principals.map { .string(Text($0)) })),
        CedarJSON.Member("resourceTypes", .array(resources.map { .string(Text($0)) })),
      ] + (context == .record([]) ? [] : [CedarJSON.Member("context", context.json)]))
  }
}

extension TypeExpression {
  fileprivate var json: CedarJSON { .object(jsonMembers) }

  fileprivate var jsonMembers: [CedarJSON.Member] {
    switch self {
    case .bool: Self.members("Boolean")
    case .long: Self.members("Long")
    case .string: Self.members("String")
    case .set(let element): Self.members("Set") + [CedarJSON.Member("element", element.json)]
    case .record(let attributes):
      Self.members("Record")
        + [CedarJSON.Member("attributes", .object(attributes.map { CedarJSON.Member($0.key, .object($0.jsonMembers)) }))]
    case .entity(let name): Self.members("Entity", name)
    case .extension(let name): Self.members("Extension", name)
    case .common(let name): Self.members(Text(name))
    case .named(let name): Self.members("EntityOrCommon", name)
    }
  }

  private static func members(_ type: Text, _ name: String? = nil) -> [CedarJSON.Member] {
    [CedarJSON.Member("type", .string(type))] + (name.map { [CedarJSON.Member("name", .string(Text($0)))] } ?? [])
  }
}

extension TypeExpression.Attribute {
  fileprivate var jsonMembers: [CedarJSON.Member] {
    type.jsonMembers + (isRequired ? [] : [CedarJSON.Member("required", .bool(false))]) + annotations.jsonMembers
  }
}
