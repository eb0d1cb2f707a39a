/// Why a request or an entity does not fit a schema (`Cedar.Validation.RequestEntityValidator`).
public enum ConformanceFault: Error, Equatable, Sendable {
  case unknownEntityType(EntityTypeName)
  case unknownAction(EntityUID)
  /// The type of this entity is enumerated, and it is not among the members.
  case notEnumerated(EntityUID)
  case wrongPrincipalType(EntityTypeName, action: EntityUID)
  case wrongResourceType(EntityTypeName, action: EntityUID)
  case wrongType(Text)
  case missingAttribute(Text)
  case unexpectedAttribute(Text)
  case unexpectedTags(EntityTypeName)
  case wrongAncestor(EntityUID)
  /// An action with attributes, tags or ancestors that the schema does not give it.
  case wrongAction(EntityUID)

  public var reason: String {
    switch self {
    case .unknownEntityType: "policy_unknown_entity_type"
    case .unknownAction: "policy_unknown_action"
    case .notEnumerated: "policy_not_enumerated"
    case .wrongPrincipalType: "policy_wrong_principal_type"
    case .wrongResourceType: "policy_wrong_resource_type"
    case .wrongType: "policy_wrong_attribute_type"
    case .missingAttribute: "policy_missing_attribute"
    case .unexpectedAttribute: "policy_unexpected_attribute"
    case .unexpectedTags: "policy_unexpected_tags"
    case .wrongAncestor: "policy_wrong_ancestor"
    case .wrongAction: "policy_wrong_action"
    }
  }
}

extension ConformanceFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownEntityType(let type): "the schema has no entity type `\(type)`"
    case .unknownAction(let uid): "the schema has no action `\(uid)`"
    case .notEnumerated(let uid): "`\(uid)` is not among the members of its enumerated type"
    case .wrongPrincipalType(let type, let action): "`\(action)` does not apply to a principal of type `\(type)`"
    case .wrongResourceType(let type, let action): "`\(action)` does not apply to a resource of type `\(type)`"
    case .wrongType(let key): "`\(key)` is not of the type that the schema says"
    case .missingAttribute(let key): "`\(key)` is missing"
    case .unexpectedAttribute(let key): "the schema has no attribute `\(key)` here"
    case .unexpectedTags(let type): "the entity type `\(type)` has no tags"
    case .wrongAncestor(let uid): "the schema does not allow the ancestor `\(uid)`"
    case .wrongAction(let uid): "`\(uid)` is not as the schema declares it"
    }
  }
}

extension Schema {
  /// Checks a request: declared types and action, an action that applies to them, and a context of its type.
  public func fault(in request: AuthorizationRequest) -> ConformanceFault? {
    for uid in [request.principal, request.resource] {
      guard let type = entityType(uid.type) else { return .unknownEntityType(uid.type) }
      guard type.isValid(uid.identifier) else { return .notEnumerated(uid) }
    }
    guard let action = action(request.action) else { return .unknownAction(request.action) }
    guard action.principals.contains(request.principal.type) else {
      return .wrongPrincipalType(request.principal.type, action: action.uid)
    }
    guard action.resources.contains(request.resource.type) else {
      return .wrongResourceType(request.resource.type, action: action.uid)
    }
    return fault(in: request.context, type: action.context)
  }

  /// Checks an entity: attributes, tags and ancestors as declared for its type.
  public func fault(in entity: Entity) -> ConformanceFault? {
    guard let type = entityType(entity.uid.type) else { return faultInAction(entity) }
    guard type.isValid(entity.uid.identifier) else { return .notEnumerated(entity.uid) }
    if let fault = fault(in: entity.attributes, type: type.attributes) { return fault }
    for ancestor in entity.ancestors {
      guard type.canBe(in: ancestor.type), isValid(ancestor) else { return .wrongAncestor(ancestor) }
    }
    guard let tagType = type.tags else { return entity.tags.isEmpty ? nil : .unexpectedTags(type.name) }
    return entity.tags.fields.first { !isInstance($0.value, of: tagType) }.map { .wrongType($0.key) }
  }

  private func faultInAction(_ entity: Entity) -> ConformanceFault? {
    guard entity.uid.type.isAction else { return .unknownEntityType(entity.uid.type) }
    guard let action = action(entity.uid) else { return .unknownAction(entity.uid) }
    let isDeclared = entity.attributes.isEmpty && entity.tags.isEmpty && entity.ancestors == action.ancestors
    return isDeclared ? nil : .wrongAction(entity.uid)
  }

  private func fault(in record: CedarRecord, type: RecordType) -> ConformanceFault? {
    for field in record.fields {
      guard let attribute = type[field.key] else { return .unexpectedAttribute(field.key) }
      guard isInstance(field.value, of: attribute.type) else { return .wrongType(field.key) }
    }
    return type.attributes.first { $0.isRequired && record[$0.key] == nil }.map { .missingAttribute($0.key) }
  }

  /// `instanceOfType` of the specification.
  private func isInstance(_ value: CedarValue, of type: CedarType) -> Bool {
    switch (value, type) {
    case (.bool(let bool), .bool(let type)): type == .any || (type == .true) == bool
    case (.long, .long), (.string, .string): true
    case (.entity(let uid), .entity(let names)): names.contains(uid.type) && isValid(uid)
    case (.set(let set), .set(let element)): set.elements.allSatisfy { isInstance($0, of: element) }
    case (.record(let record), .record(let type)): fault(in: record, type: type) == nil
    case (.decimal, .extension(.decimal)), (.ipAddress, .extension(.ipAddress)): true
    case (.datetime, .extension(.datetime)), (.duration, .extension(.duration)): true
    default: false
    }
  }
}
