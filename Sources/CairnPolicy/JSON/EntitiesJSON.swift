extension Entities {
  /// Reads entities (Cedar documentation, "Entities JSON"): an array of objects with `uid`, `attrs`, `parents` and, optionally, `tags`.
  /// Ancestors are computed from the parents.
  ///
  /// - Parameter schema: types the values and checks every entity; its actions are added.
  public init(json: CedarJSON, schema: Schema? = nil, limits: PolicyLimits = .ledger) throws(CedarJSONError) {
    guard let elements = json.array else { throw CedarJSONError(.wrongType, "entities are an array, not \(json.kindName)") }
    let reader = EntityJSONReader(schema: schema, limits: limits)
    var read: [EntityUID: Entity] = [:]
    for (index, element) in elements.enumerated() {
      let entity = try reader.entity(element, at: .root[index])
      if let earlier = read.updateValue(entity, forKey: entity.uid), earlier != entity {
        throw CedarJSONError(.duplicateEntity, "`\(entity.uid)` occurs twice, and differs", at: .root[index])
      }
    }
    let closed = try reader.closed(read)
    for entity in closed {
      if let fault = schema?.fault(in: entity) { throw CedarJSONError(.notConforming, fault.description, at: .root[Text("\(entity.uid)")]) }
    }
    self.init(closed + (schema?.actionEntities ?? []))
  }

  /// Sorted by identity, every ancestor among the parents.
  public var json: CedarJSON { .array(sorted.map(\.json)) }
}

extension EntityUID {
  /// `{"type": …, "id": …}` or `{"__entity": …}`.
  public init(json: CedarJSON) throws(CedarJSONError) {
    self = try ValueJSONReader(limits: .conformance).entityUID(json, at: .root)
  }

  /// `{"type": …, "id": …}`
  public var json: CedarJSON { .object([CedarJSON.Member("type", .string(type.path)), CedarJSON.Member("id", .string(identifier))]) }
}

extension CedarRecord {
  /// Reads a context.
  ///
  /// - Parameter type: what the schema says the context of the action is.
  public init(json: CedarJSON, type: RecordType? = nil, limits: PolicyLimits = .ledger) throws(CedarJSONError) {
    guard let members = json.object else { throw CedarJSONError(.wrongType, "a context is an object, not \(json.kindName)") }
    let record = try ValueJSONReader(limits: limits).record(members, expected: type, at: .root)
    guard record.byteCount <= limits.contextBytes else {
      throw CedarJSONError(.limitExceeded, "the context is larger than \(limits.contextBytes) bytes")
    }
    self = record
  }

  public var json: CedarJSON { .object(fields.map { CedarJSON.Member($0.key, $0.value.json) }) }
}

private struct EntityJSONReader {
  let schema: Schema?
  let limits: PolicyLimits
  private let values: ValueJSONReader

  init(schema: Schema?, limits: PolicyLimits) {
    self.schema = schema
    self.limits = limits
    values = ValueJSONReader(limits: limits)
  }

  /// With its parents as ancestors.
  func entity(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Entity {
    guard let members = json.object else { throw CedarJSONError(.wrongType, "an entity is an object, not \(json.kindName)", at: path) }
    let known: Set<Text> = ["uid", "attrs", "parents", "tags"]
    if let other = members.first(where: { !known.contains($0.key) }) {
      throw CedarJSONError(.unexpectedMember, "an entity has no member `\(other.key)`", at: path)
    }
    guard let uidJSON = json["uid"] else { throw CedarJSONError(.missingMember, "`uid` is missing", at: path) }
    let uid = try values.entityUID(uidJSON, at: path["uid"])
    let type = try uid.type.isAction ? nil : schema.map { schema throws(CedarJSONError) in try declared(uid, in: schema, at: path) }
    guard let attributes = json["attrs"]?.object, let parents = json["parents"]?.array else {
      throw CedarJSONError(.missingMember, "`attrs`, an object, or `parents`, an array, is missing", at: path)
    }
    let ancestors = try uids(parents, at: path["parents"])
    if uid.type.isAction, let other = ancestors.first(where: { !$0.type.isAction }) {
      throw CedarJSONError(.invalidValue, "an action's parents are actions, and `\(other)` is none", at: path["parents"])
    }
    return try Entity(
      uid, attributes: record(attributes, expected: type?.attributes, at: path["attrs"]), ancestors: ancestors,
      tags: tags(json["tags"], of: type, at: path["tags"]))
  }

  private func declared(_ uid: EntityUID, in schema: Schema, at path: JSONPath) throws(CedarJSONError) -> Schema.EntityType {
    guard let type = schema.entityType(uid.type) else {
      let hint = NearestName.nearest(to: uid.type.description, in: schema.entityTypes.map(\.name.description))
      throw CedarJSONError(
        .notConforming, "the schema has no entity type `\(uid.type)`\(hint.map { "; did you mean `\($0)`?" } ?? "")", at: path)
    }
    return type
  }

  private func record(_ members: [CedarJSON.Member], expected: RecordType?, at path: JSONPath) throws(CedarJSONError) -> CedarRecord {
    let record = try values.record(members, expected: expected, at: path)
    guard record.byteCount <= limits.entityBytes else {
      throw CedarJSONError(.limitExceeded, "larger than \(limits.entityBytes) bytes", at: path)
    }
    return record
  }

  private func uids(_ elements: [CedarJSON], at path: JSONPath) throws(CedarJSONError) -> [EntityUID] {
    guard elements.count <= limits.ancestors else {
      throw CedarJSONError(.limitExceeded, "more than \(limits.ancestors) parents", at: path)
    }
    var uids: [EntityUID] = []
    for (index, element) in elements.enumerated() { uids.append(try values.entityUID(element, at: path[index])) }
    return uids
  }

  private func tags(_ json: CedarJSON?, of type: Schema.EntityType?, at path: JSONPath) throws(CedarJSONError) -> CedarRecord {
    guard let json else { return .empty }
    guard let members = json.object else { throw CedarJSONError(.wrongType, "tags are an object, not \(json.kindName)", at: path) }
    var fields: [CedarRecord.Field] = []
    for member in members {
      fields.append(CedarRecord.Field(member.key, try values.value(member.value, expected: type?.tags, at: path[member.key])))
    }
    guard let record = CedarRecord(fields) else { throw CedarJSONError(.duplicateKey, "one tag twice", at: path) }
    guard record.byteCount <= limits.entityBytes else {
      throw CedarJSONError(.limitExceeded, "larger than \(limits.entityBytes) bytes", at: path)
    }
    return record
  }

  /// With all their ancestors, sorted by identity. The schema's actions are among the parents that are followed.
  func closed(_ entities: [EntityUID: Entity]) throws(CedarJSONError) -> [Entity] {
    var closed: [Entity] = []
    for entity in entities.values.sorted(by: { $0.uid < $1.uid }) {
      var ancestors: Set<EntityUID> = []
      var pending = entity.ancestors
      while let next = pending.popLast() {
        guard ancestors.insert(next).inserted else { continue }
        guard next != entity.uid else { throw CedarJSONError(.cycle, "`\(entity.uid)` is its own ancestor") }
        guard ancestors.count <= limits.ancestors else {
          throw CedarJSONError(.limitExceeded, "`\(entity.uid)` has more than \(limits.ancestors) ancestors")
        }
        pending.append(contentsOf: entities[next]?.ancestors ?? schema?.action(next)?.ancestors ?? [])
      }
      closed.append(Entity(entity.uid, attributes: entity.attributes, ancestors: Array(ancestors), tags: entity.tags))
    }
    return closed
  }
}

extension Entity {
  /// `{"uid": …, "attrs": …, "parents": …}` with all ancestors as parents, and `tags` when there are some.
  public var json: CedarJSON {
    .object(
      [
        CedarJSON.Member("uid", uid.json), CedarJSON.Member("attrs", attributes.json),
        CedarJSON.Member("parents", .array(ancestors.map(\.json))),
      ] + (tags.isEmpty ? [] : [CedarJSON.Member("tags", tags.json)]))
  }
}
