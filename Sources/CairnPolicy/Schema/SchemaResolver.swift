extension Schema {
  /// Resolves every name (RFC 24, RFC 70): in its own namespace first, then outside any, then among the built-in types; a common type
  /// before an entity type.
  public init(_ declarations: SchemaDeclarations, limits: PolicyLimits = .ledger) throws(SchemaError) {
    var resolver = try SchemaResolver(declarations, limits: limits)
    self = try resolver.schema()
  }
}

/// Names of the built-in types, which are also found in the namespace `__cedar`.
enum BuiltinTypes {
  static let primitives: [String: TypeExpression] = ["Bool": .bool, "Long": .long, "String": .string]
  /// Names that no common type may have (schema grammar, `RESERVED`).
  static let reserved: Set<String> = ["Bool", "Boolean", "Entity", "Extension", "Long", "Record", "Set", "String"]

  static func type(_ name: String) -> CedarType? {
    switch name {
    case "Bool": .bool(.any)
    case "Long": .long
    case "String": .string
    default: CedarType.Extension(rawValue: name).map { .extension($0) }
    }
  }
}

private struct SchemaResolver {
  private let namespaces: [SchemaDeclarations.Namespace]
  private let limits: PolicyLimits
  /// By full name.
  private var commonTypes: [String: (namespace: String?, type: TypeExpression)] = [:]
  private var entityNames: Set<String> = []
  private var actionUIDs: Set<EntityUID> = []
  /// Common types that are resolved, with the count of their nodes and their depth.
  private var resolved: [String: Resolved] = [:]
  /// Common types being resolved.
  private var open: Set<String> = []
  /// Nodes of all types so far: one declaration can name another many times over.
  private var nodes = 0

  private struct Resolved {
    let type: CedarType
    let nodes: Int
    let depth: Int
  }

  init(_ declarations: SchemaDeclarations, limits: PolicyLimits) throws(SchemaError) {
    namespaces = declarations.namespaces
    self.limits = limits
    try collect()
    try checkShadowing()
  }

  /// Declared names, each once.
  private mutating func collect() throws(SchemaError) {
    var names: Set<String?> = []
    for namespace in namespaces {
      guard names.insert(namespace.name).inserted else { throw .duplicateNamespace(namespace.name ?? "") }
      if let name = namespace.name, !Identifiers.isPath(name) { throw .reservedName(name) }
      for common in namespace.commonTypes {
        guard Identifiers.isName(common.name), !BuiltinTypes.reserved.contains(common.name) else { throw .reservedName(common.name) }
        let name = qualified(common.name, in: namespace.name)
        guard commonTypes.updateValue((namespace.name, common.type), forKey: name) == nil else { throw .duplicateDeclaration(name) }
      }
      for entityType in namespace.entityTypes {
        guard Identifiers.isName(entityType.name) else { throw .reservedName(entityType.name) }
        let name = qualified(entityType.name, in: namespace.name)
        guard entityType.name != "Action" else { throw .declaredActionType(name) }
        guard entityNames.insert(name).inserted else { throw .duplicateDeclaration(name) }
      }
      for action in namespace.actions {
        let uid = uid(of: action, in: namespace.name)
        guard actionUIDs.insert(uid).inserted else { throw .duplicateDeclaration(uid.description) }
      }
    }
  }

  /// RFC 70: nothing in a namespace has the name of something outside any.
  private func checkShadowing() throws(SchemaError) {
    let outside = Set((Array(commonTypes.keys) + entityNames).filter { !$0.utf8.contains(UInt8(ascii: ":")) })
    for namespace in namespaces where namespace.name != nil {
      for name in namespace.commonTypes.map(\.name) + namespace.entityTypes.map(\.name) where outside.contains(name) {
        throw .shadowedDeclaration(qualified(name, in: namespace.name))
      }
      for action in namespace.actions where actionUIDs.contains(uid(of: action, in: nil)) {
        throw .shadowedDeclaration(uid(of: action, in: namespace.name).description)
      }
    }
  }

  private func qualified(_ name: String, in namespace: String?) -> String { namespace.map { "\($0)::\(name)" } ?? name }

  private func uid(of action: SchemaDeclarations.Action, in namespace: String?) -> EntityUID {
    EntityUID(EntityTypeName(unqualified: "Action", in: namespace), action.name)
  }

  mutating func schema() throws(SchemaError) -> Schema {
    for namespace in namespaces {
      for common in namespace.commonTypes { _ = try commonType(qualified(common.name, in: namespace.name)) }
    }
    let entityTypes = try entityTypes()
    let actions = try actions()
    let environments = actions.reduce(0) { $0 + $1.principals.count * $1.resources.count }
    guard environments <= limits.requestEnvironments else { throw .tooManyEnvironments(limit: limits.requestEnvironments) }
    return Schema(entityTypes: entityTypes, actions: actions)
  }
}

// MARK: - Entity types and actions

extension SchemaResolver {
  private mutating func entityTypes() throws(SchemaError) -> [Schema.EntityType] {
    var parents: [EntityTypeName: [EntityTypeName]] = [:]
    for namespace in namespaces {
      for entityType in namespace.entityTypes {
        guard case .standard(let memberOf, _, _) = entityType.kind else { continue }
        var names: [EntityTypeName] = []
        for name in memberOf { names.append(try entityTypeName(name, in: namespace.name)) }
        parents[EntityTypeName(unqualified: entityType.name, in: namespace.name)] = names
      }
    }
    let ancestors = try Hierarchy.closure(of: parents, limit: limits.schemaBytes)
    var entityTypes: [Schema.EntityType] = []
    for namespace in namespaces {
      for entityType in namespace.entityTypes {
        let name = EntityTypeName(unqualified: entityType.name, in: namespace.name)
        entityTypes.append(try resolve(entityType, name: name, in: namespace.name, ancestors: ancestors[name] ?? []))
      }
    }
    return entityTypes
  }

  private mutating func resolve(
    _ entityType: SchemaDeclarations.EntityType, name: EntityTypeName, in namespace: String?, ancestors: [EntityTypeName]
  ) throws(SchemaError) -> Schema.EntityType {
    switch entityType.kind {
    case .enumerated(let identifiers):
      guard !identifiers.isEmpty else { throw .emptyEnumeration(name.description) }
      return Schema.EntityType(
        name: name, enumeration: Set(identifiers).sorted(), attributes: .empty, tags: nil, ancestors: [])
    case .standard(_, let shape, let tags):
      return Schema.EntityType(
        name: name, enumeration: nil, attributes: try record(shape, of: name.description, in: namespace),
        tags: try tags.map { expression throws(SchemaError) in try type(expression, in: namespace) }, ancestors: ancestors)
    }
  }

  private mutating func actions() throws(SchemaError) -> [Schema.Action] {
    var parents: [EntityUID: [EntityUID]] = [:]
    for namespace in namespaces {
      for action in namespace.actions {
        var uids: [EntityUID] = []
        for parent in action.memberOf { uids.append(try self.action(parent, in: namespace.name)) }
        parents[uid(of: action, in: namespace.name)] = uids
      }
    }
    let ancestors = try Hierarchy.closure(of: parents, limit: limits.schemaBytes)
    if let cyclic = ancestors.filter({ $1.contains($0) }).keys.min() { throw .recursiveAction(cyclic) }
    var actions: [Schema.Action] = []
    for namespace in namespaces {
      for action in namespace.actions {
        let uid = uid(of: action, in: namespace.name)
        actions.append(try resolve(action, uid: uid, in: namespace.name, ancestors: ancestors[uid] ?? []))
      }
    }
    return actions
  }

  private mutating func resolve(
    _ action: SchemaDeclarations.Action, uid: EntityUID, in namespace: String?, ancestors: [EntityUID]
  ) throws(SchemaError) -> Schema.Action {
    var principals: Set<EntityTypeName> = []
    var resources: Set<EntityTypeName> = []
    for name in action.appliesTo?.principals ?? [] { principals.insert(try declaredType(name, in: namespace)) }
    for name in action.appliesTo?.resources ?? [] { resources.insert(try declaredType(name, in: namespace)) }
    let context = action.appliesTo?.context ?? .record([])
    return Schema.Action(
      uid: uid, principals: principals.sorted(), resources: resources.sorted(),
      context: try record(context, of: "the context of \(uid)", in: namespace), ancestors: ancestors)
  }

  private func action(_ parent: SchemaDeclarations.Action.Parent, in namespace: String?) throws(SchemaError) -> EntityUID {
    for name in candidates(parent.type ?? "Action", in: namespace) {
      let uid = EntityUID(EntityTypeName(unchecked: name), parent.name)
      if actionUIDs.contains(uid) { return uid }
    }
    throw .unknownAction("\(parent.type ?? "Action")::\(StringEscapes.quoted(parent.name.string))")
  }
}

// MARK: - Names

extension SchemaResolver {
  /// What a name may mean, the first that is declared counts.
  private func candidates(_ name: String, in namespace: String?) -> [String] {
    namespace == nil || name.utf8.contains(UInt8(ascii: ":")) ? [name] : [qualified(name, in: namespace), name]
  }

  /// An entity type, that of actions included.
  private func entityTypeName(_ name: String, in namespace: String?) throws(SchemaError) -> EntityTypeName {
    for candidate in candidates(name, in: namespace) {
      let type = EntityTypeName(unchecked: candidate)
      if entityNames.contains(candidate) || actionUIDs.contains(where: { $0.type == type }) { return type }
    }
    throw unknown(name)
  }

  /// An entity type that is declared, which that of actions is not.
  private func declaredType(_ name: String, in namespace: String?) throws(SchemaError) -> EntityTypeName {
    let type = try entityTypeName(name, in: namespace)
    guard entityNames.contains(type.description) else { throw unknown(name) }
    return type
  }

  private func unknown(_ name: String) -> SchemaError {
    let known = (Array(entityNames) + commonTypes.keys + BuiltinTypes.primitives.keys + CedarType.Extension.allCases.map(\.rawValue))
    return .unknownType(name, suggestion: NearestName.nearest(to: name, in: known.sorted()))
  }
}

// MARK: - Types

extension SchemaResolver {
  private mutating func record(_ expression: TypeExpression, of owner: String, in namespace: String?) throws(SchemaError) -> RecordType {
    guard case .record(let record) = try type(expression, in: namespace) else { throw .notARecord(owner) }
    return record
  }

  private mutating func type(_ expression: TypeExpression, in namespace: String?) throws(SchemaError) -> CedarType {
    let resolved = try resolve(expression, in: namespace, level: 1)
    nodes += resolved.nodes
    guard nodes <= limits.schemaBytes else { throw .typeTooLarge("\(resolved.type)".prefix(80).description) }
    return resolved.type
  }

  private mutating func resolve(_ expression: TypeExpression, in namespace: String?, level: Int) throws(SchemaError) -> Resolved {
    guard level <= limits.depth else { throw .typeTooLarge("more than \(limits.depth) levels") }
    switch expression {
    case .bool: return Resolved(type: .bool(.any), nodes: 1, depth: 1)
    case .long: return Resolved(type: .long, nodes: 1, depth: 1)
    case .string: return Resolved(type: .string, nodes: 1, depth: 1)
    case .set(let element):
      let element = try resolve(element, in: namespace, level: level + 1)
      return try checked(.set(element.type), over: [element])
    case .record(let attributes): return try resolve(attributes, in: namespace, level: level)
    case .entity(let name): return Resolved(type: .entity(try entityTypeName(name, in: namespace)), nodes: 1, depth: 1)
    case .extension(let name):
      guard let type = CedarType.Extension(rawValue: name) else { throw unknown(name) }
      return Resolved(type: .extension(type), nodes: 1, depth: 1)
    case .common(let name):
      for candidate in candidates(name, in: namespace) where commonTypes[candidate] != nil { return try commonType(candidate) }
      return try builtin(name)
    case .named(let name):
      for candidate in candidates(name, in: namespace) {
        if commonTypes[candidate] != nil { return try commonType(candidate) }
        let type = EntityTypeName(unchecked: candidate)
        if entityNames.contains(candidate) || actionUIDs.contains(where: { $0.type == type }) {
          return Resolved(type: .entity(type), nodes: 1, depth: 1)
        }
      }
      return try builtin(name)
    }
  }

  private func builtin(_ name: String) throws(SchemaError) -> Resolved {
    let prefix = "\(Identifiers.internalNamespace)::"
    let base = name.utf8.starts(with: prefix.utf8) ? String(name.dropFirst(prefix.count)) : name
    guard let type = BuiltinTypes.type(base) else { throw unknown(name) }
    return Resolved(type: type, nodes: 1, depth: 1)
  }

  private mutating func resolve(
    _ attributes: [TypeExpression.Attribute], in namespace: String?, level: Int
  ) throws(SchemaError) -> Resolved {
    var resolved: [Resolved] = []
    var types: [RecordType.Attribute] = []
    var keys: Set<Text> = []
    for attribute in attributes {
      guard keys.insert(attribute.key).inserted else { throw .duplicateDeclaration(attribute.key.string) }
      let type = try resolve(attribute.type, in: namespace, level: level + 1)
      resolved.append(type)
      types.append(RecordType.Attribute(attribute.key, type.type, isRequired: attribute.isRequired))
    }
    return try checked(.record(RecordType(sorted: types.sorted { $0.key < $1.key })), over: resolved)
  }

  /// A common type by its full name, resolved once.
  private mutating func commonType(_ name: String) throws(SchemaError) -> Resolved {
    if let done = resolved[name] { return done }
    guard let (namespace, expression) = commonTypes[name] else { throw unknown(name) }
    guard open.insert(name).inserted else { throw .recursiveType(name) }
    guard open.count <= limits.depth else { throw .typeTooLarge(name) }
    let type = try resolve(expression, in: namespace, level: 1)
    open.remove(name)
    resolved[name] = type
    return type
  }

  private func checked(_ type: CedarType, over parts: [Resolved]) throws(SchemaError) -> Resolved {
    let nodes = parts.reduce(1) { $0 + $1.nodes }
    let depth = 1 + (parts.map(\.depth).max() ?? 0)
    guard nodes <= limits.schemaBytes, depth <= limits.depth else { throw .typeTooLarge("a type of \(nodes) parts in \(depth) levels") }
    return Resolved(type: type, nodes: nodes, depth: depth)
  }
}
