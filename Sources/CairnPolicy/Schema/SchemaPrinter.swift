extension SchemaDeclarations {
  /// The human-readable syntax.
  ///
  /// - Throws: ``SchemaError/unknownType(_:suggestion:)`` for a name that the syntax cannot tell from another of the same namespace:
  ///   there an entity type and a common type of one name are not told apart.
  public func text() throws(SchemaError) -> String {
    var sections: [String] = []
    for namespace in namespaces {
      let printer = SchemaPrinter(
        types: Set(namespaces.flatMap { $0.commonTypes.map(\.name) + $0.entityTypes.map(\.name) }),
        commonTypes: Set(namespace.commonTypes.map(\.name)))
      sections.append(try printer.namespace(namespace))
    }
    return sections.joined(separator: "\n")
  }
}

private struct SchemaPrinter {
  /// All names of types that are declared anywhere: they hide built-in types.
  let types: Set<String>
  /// Those of the namespace.
  let commonTypes: Set<String>

  func namespace(_ namespace: SchemaDeclarations.Namespace) throws(SchemaError) -> String {
    var lines: [String] = []
    for common in namespace.commonTypes {
      lines += annotations(common.annotations)
      lines.append("type \(common.name) = \(try type(common.type, level: 0));")
    }
    for entityType in namespace.entityTypes {
      lines += annotations(entityType.annotations)
      lines.append("entity \(entityType.name)\(try kind(entityType.kind));")
    }
    for action in namespace.actions {
      lines += annotations(action.annotations)
      lines.append("action \(try self.action(action));")
    }
    guard let name = namespace.name else { return lines.map { "\($0)\n" }.joined() }
    let body = lines.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }.map { "  \($0)\n" }.joined()
    return annotations(namespace.annotations).map { "\($0)\n" }.joined() + "namespace \(name) {\n\(body)}\n"
  }

  private func annotations(_ annotations: [Policy.Annotation]) -> [String] { annotations.map(\.text) }

  private func kind(_ kind: SchemaDeclarations.EntityType.Kind) throws(SchemaError) -> String {
    switch kind {
    case .enumerated(let identifiers):
      return " enum [\(identifiers.map { StringEscapes.quoted($0.string) }.joined(separator: ", "))]"
    case .standard(let memberOf, let shape, let tags):
      let parents = memberOf.isEmpty ? "" : " in \(list(memberOf))"
      guard case .record(let attributes) = shape else { throw .notARecord(try type(shape, level: 0)) }
      let body = attributes.isEmpty ? "" : " = \(try record(attributes, level: 0))"
      return parents + body + (try tags.map { expression throws(SchemaError) in " tags \(try type(expression, level: 0))" } ?? "")
    }
  }

  private func list(_ names: [String]) -> String { "[\(names.joined(separator: ", "))]" }

  private func action(_ action: SchemaDeclarations.Action) throws(SchemaError) -> String {
    var text = StringEscapes.quoted(action.name.string)
    if !action.memberOf.isEmpty {
      text +=
        " in [\(action.memberOf.map { ($0.type.map { "\($0)::" } ?? "") + StringEscapes.quoted($0.name.string) }.joined(separator: ", "))]"
    }
    guard let appliesTo = action.appliesTo, !appliesTo.principals.isEmpty, !appliesTo.resources.isEmpty else { return text }
    text += " appliesTo {\n  principal: \(list(appliesTo.principals)),\n  resource: \(list(appliesTo.resources)),\n"
    if appliesTo.context != .record([]) { text += "  context: \(try type(appliesTo.context, level: 1)),\n" }
    return text + "}"
  }

  private func type(_ expression: TypeExpression, level: Int) throws(SchemaError) -> String {
    switch expression {
    case .bool: return builtin("Bool")
    case .long: return builtin("Long")
    case .string: return builtin("String")
    case .set(let element): return "Set<\(try type(element, level: level))>"
    case .record(let attributes): return try record(attributes, level: level)
    case .entity(let name):
      guard !commonTypes.contains(name) else { throw .unknownType(name, suggestion: nil) }
      return name
    case .extension(let name): return builtin(name)
    case .common(let name), .named(let name): return name
    }
  }

  /// By its full name where a declaration hides it.
  private func builtin(_ name: String) -> String { types.contains(name) ? "\(Identifiers.internalNamespace)::\(name)" : name }

  private func record(_ attributes: [TypeExpression.Attribute], level: Int) throws(SchemaError) -> String {
    guard !attributes.isEmpty else { return "{}" }
    let indentation = String(repeating: "  ", count: level + 1)
    var lines: [String] = []
    for attribute in attributes {
      lines += annotations(attribute.annotations)
      let key = Identifiers.isName(attribute.key.string) ? attribute.key.string : StringEscapes.quoted(attribute.key.string)
      lines.append("\(key)\(attribute.isRequired ? "" : "?"): \(try type(attribute.type, level: level + 1)),")
    }
    return "{\n\(lines.map { "\(indentation)\($0)\n" }.joined())\(String(repeating: "  ", count: level))}"
  }
}
