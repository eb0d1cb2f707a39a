extension PolicySet {
  /// Decides with the entities that policies of a level can read, and loads no others (`Cedar.Spec.Slice`).
  ///
  /// - Parameters:
  ///   - level: one that the policies were validated for; policies of a higher level would miss entities.
  ///   - load: called once for every entity that is within reach, the nearest first, in the order of their identities.
  public func isAuthorized<Failure: Error>(
    _ request: AuthorizationRequest, level: Int, load: (EntityUID) throws(Failure) -> Entity?
  ) throws(Failure) -> AuthorizationResponse {
    isAuthorized(request, entities: try Entities(within: level, of: request, load: load))
  }
}

extension Entities {
  /// The entities that can be reached from the request by that many dereferences, as far as they exist.
  ///
  /// - Parameter load: called once for every entity, the nearest first, in the order of their identities.
  public init<Failure: Error>(
    within level: Int, of request: AuthorizationRequest, load: (EntityUID) throws(Failure) -> Entity?
  ) throws(Failure) {
    var loaded: [Entity] = []
    var seen: Set<EntityUID> = []
    var work: Set<EntityUID> = [request.principal, request.action, request.resource]
    CedarValue.record(request.context).collectReferences(into: &work)
    for _ in 0..<max(level, 0) {
      var next: Set<EntityUID> = []
      for uid in work.subtracting(seen).sorted() {
        seen.insert(uid)
        guard let entity = try load(uid) else { continue }
        loaded.append(entity)
        CedarValue.record(entity.attributes).collectReferences(into: &next)
        CedarValue.record(entity.tags).collectReferences(into: &next)
      }
      work = next
    }
    self.init(loaded)
  }
}

extension CedarValue {
  /// Entities that an expression can get hold of without reading one: those in a set are not, as a set gives none away.
  fileprivate func collectReferences(into references: inout Set<EntityUID>) {
    switch self {
    case .entity(let uid): references.insert(uid)
    case .record(let record): for field in record.fields { field.value.collectReferences(into: &references) }
    case .bool, .long, .string, .set, .decimal, .ipAddress, .datetime, .duration: break
    }
  }
}
