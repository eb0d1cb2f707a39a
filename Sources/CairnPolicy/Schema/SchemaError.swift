/// Why declarations make no schema.
public enum SchemaError: Error, Equatable, Sendable {
  case duplicateNamespace(String)
  case duplicateDeclaration(String)
  case reservedName(String)
  /// Neither of these is declared.
  case unknownType(String, suggestion: String?)
  case unknownAction(String)
  /// A name in a namespace hides one outside any (RFC 70).
  case shadowedDeclaration(String)
  /// Types that contain themselves.
  case recursiveType(String)
  case recursiveAction(EntityUID)
  /// The shape of an entity type, or a context.
  case notARecord(String)
  /// Entity types called `Action` come from the actions.
  case declaredActionType(String)
  case emptyEnumeration(String)
  case typeTooLarge(String)
  case tooManyEnvironments(limit: Int)
  /// The ancestors of all types and actions together.
  case hierarchyTooLarge(limit: Int)

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .duplicateNamespace: "schema_duplicate_namespace"
    case .duplicateDeclaration: "schema_duplicate_declaration"
    case .reservedName: "schema_reserved_name"
    case .unknownType: "schema_unknown_type"
    case .unknownAction: "schema_unknown_action"
    case .shadowedDeclaration: "schema_shadowed_declaration"
    case .recursiveType: "schema_recursive_type"
    case .recursiveAction: "schema_recursive_action"
    case .notARecord: "schema_not_a_record"
    case .declaredActionType: "schema_declared_action_type"
    case .emptyEnumeration: "schema_empty_enumeration"
    case .typeTooLarge: "schema_type_too_large"
    case .tooManyEnvironments: "schema_too_many_environments"
    case .hierarchyTooLarge: "schema_hierarchy_too_large"
    }
  }
}

extension SchemaError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .duplicateNamespace(let name): "the namespace `\(name)` is declared twice"
    case .duplicateDeclaration(let name): "`\(name)` is declared twice"
    case .reservedName(let name): "`\(name)` is reserved"
    case .unknownType(let name, let suggestion):
      "no type is called `\(name)`\(suggestion.map { "; did you mean `\($0)`?" } ?? "")"
    case .unknownAction(let name): "no action is called `\(name)`"
    case .shadowedDeclaration(let name): "`\(name)` hides a declaration of the same name outside any namespace"
    case .recursiveType(let name): "the type `\(name)` contains itself"
    case .recursiveAction(let uid): "the action `\(uid)` is its own ancestor"
    case .notARecord(let name): "`\(name)` has to be a record"
    case .declaredActionType(let name): "the entity type `\(name)` cannot be declared: it is the type of the actions"
    case .emptyEnumeration(let name): "the enumeration `\(name)` is empty"
    case .typeTooLarge(let name): "the type `\(name)` is too large"
    case .tooManyEnvironments(let limit): "more than \(limit) combinations of principal type, action and resource type"
    case .hierarchyTooLarge(let limit): "more than \(limit) ancestors of types and actions together"
    }
  }
}
