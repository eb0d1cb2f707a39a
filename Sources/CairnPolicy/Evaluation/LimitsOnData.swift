extension PolicyLimits {
  /// What of a request is beyond the limits, as a clause; `nil` when nothing is.
  public func excess(in request: AuthorizationRequest) -> String? {
    if request.context.byteCount > contextBytes { return "the context is larger than \(contextBytes) bytes" }
    if let excess = excess(in: request.context) { return excess }
    return [request.principal, request.action, request.resource].lazy.compactMap(excess(in:)).first
  }

  /// What of an entity is beyond the limits, as a clause; `nil` when nothing is.
  public func excess(in entity: Entity) -> String? {
    if entity.attributes.byteCount > entityBytes { return "the attributes are larger than \(entityBytes) bytes" }
    if entity.tags.byteCount > entityBytes { return "the tags are larger than \(entityBytes) bytes" }
    if entity.ancestors.count > ancestors { return "more than \(ancestors) ancestors" }
    if let excess = excess(in: entity.attributes) ?? excess(in: entity.tags) { return excess }
    return ([entity.uid] + entity.ancestors).lazy.compactMap(excess(in:)).first
  }

  private func excess(in uid: EntityUID) -> String? {
    uid.identifier.byteCount > stringBytes || uid.type.path.byteCount > stringBytes ? "an identifier longer than \(stringBytes) bytes" : nil
  }

  /// Sets and identifiers. Recursion is as deep as the value, whose reader bounds it.
  private func excess(in record: CedarRecord) -> String? { record.fields.lazy.compactMap { excess(in: $0.value) }.first }

  private func excess(in value: CedarValue) -> String? {
    switch value {
    case .entity(let uid): return excess(in: uid)
    case .record(let record): return excess(in: record)
    case .set(let set):
      if set.elements.count > setElements { return "a set of more than \(setElements) elements" }
      return set.elements.lazy.compactMap(excess(in:)).first
    case .bool, .long, .string, .decimal, .ipAddress, .datetime, .duration: return nil
    }
  }
}
