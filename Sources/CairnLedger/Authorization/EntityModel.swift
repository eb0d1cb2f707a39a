import CairnIdentity
import CairnPolicy

/// How the ledger's facts appear in policies: what a contract's schema may declare, and the entities made of it.
///
/// A schema declares what its policies read, of what ``schemaText`` declares and with the same types; it gets that and nothing else. Only
/// its actions, their groups and what they take as `asserted` are its own.
package struct EntityModel: Sendable {
  static let agent = type("Cairn::Agent")
  static let role = type("Cairn::Role")
  static let resource = type("Cairn::Resource")
  static let action = type("Cairn::Action")

  private let agentType: Schema.EntityType?
  private let resourceType: Schema.EntityType?
  private let schema: Schema

  init(_ schema: Schema) {
    self.schema = schema
    agentType = schema.entityType(Self.agent)
    resourceType = schema.entityType(Self.resource)
  }

  private static func type(_ name: String) -> EntityTypeName {
    guard let type = EntityTypeName(parsing: name) else { preconditionFailure("a name of identifiers") }
    return type
  }

  static func uid(_ did: some CustomStringConvertible) -> EntityUID { EntityUID(agent, Text(did.description)) }

  /// Whether policies can look at the agent's controller, so that it has to be read.
  var wantsControllers: Bool { agentType?.attributes["controller"] != nil }
}

/// A DID as the state has it.
struct AgentFacts {
  let record: DIDRecord
  let roles: Roles
  let isIsolated: Bool
}

extension EntityModel {
  /// - Parameter claims: of the credentials that were shown; `nil` when there were none, and for a controller.
  func agent(_ facts: AgentFacts, _ claims: PresentedClaims?, at moment: BlockMoment) -> Entity {
    let record = facts.record
    var fields: [CedarRecord.Field] = [
      CedarRecord.Field("id", .string(Text(record.did.description))),
      CedarRecord.Field("ageSeconds", .long(Self.seconds(since: record.createdMilliseconds, at: moment))),
      CedarRecord.Field("keyAgeSeconds", .long(Self.seconds(since: record.keysChangedMilliseconds, at: moment))),
      CedarRecord.Field("isolated", .bool(facts.isIsolated)), CedarRecord.Field("deactivated", .bool(record.isDeactivated)),
    ]
    if let controller = record.control.controller { fields.append(CedarRecord.Field("controller", .entity(Self.uid(controller)))) }
    if let claims { fields.append(CedarRecord.Field("credentials", .record(Self.record(claims)))) }
    let ancestors = facts.roles.roles.map { EntityUID(Self.role, Text($0.name)) }.filter { role in
      agentType?.ancestors.contains(role.type) == true && schema.isValid(role)
    }
    return Entity(
      Self.uid(record.did), attributes: Self.record(fields).declared(by: agentType?.attributes ?? .empty), ancestors: ancestors)
  }

  func resource(_ id: String) -> Entity {
    let attributes = Self.record([CedarRecord.Field("id", .string(Text(id)))])
    return Entity(EntityUID(Self.resource, Text(id)), attributes: attributes.declared(by: resourceType?.attributes ?? .empty))
  }

  /// - Parameters:
  ///   - asserted: what the asker claims; `nil` for nothing.
  ///   - type: what the schema says the context of the action is.
  static func context(
    _ contract: AccessDecision.Contract, _ asserted: CedarRecord?, at moment: BlockMoment, declaredBy type: RecordType
  ) -> CedarRecord {
    var fields: [CedarRecord.Field] = [
      CedarRecord.Field("now", .datetime(CedarDatetime(milliseconds: Int64(clamping: moment.milliseconds)))),
      CedarRecord.Field("height", .long(Int64(clamping: moment.height))),
      CedarRecord.Field(
        "contract",
        .record(
          record([
            CedarRecord.Field("id", .string(Text(contract.id))), CedarRecord.Field("version", .long(Int64(clamping: contract.version))),
            CedarRecord.Field("overdue", .bool(contract.isOverdue)),
          ]))),
    ]
    // Not left out when it is not declared: a claim that the contract does not know is a mistake of whoever makes it.
    let known = record(fields).declared(by: type)
    guard let asserted else { return known }
    fields = known.fields
    fields.append(CedarRecord.Field("asserted", .record(asserted)))
    return record(fields)
  }

  private static func record(_ claims: PresentedClaims) -> CedarRecord {
    record([
      CedarRecord.Field("count", .long(Int64(claims.count))),
      CedarRecord.Field("issuers", .set(CedarSet(claims.issuers.map { .entity(uid($0)) }))),
      CedarRecord.Field("roles", .set(CedarSet(claims.roles.map { .string(Text($0)) }))),
      CedarRecord.Field("permissions", .set(CedarSet(claims.permissions.map { .string(Text($0)) }))),
      CedarRecord.Field("ageSeconds", .long(claims.ageSeconds)), CedarRecord.Field("remainingSeconds", .long(claims.remainingSeconds)),
      CedarRecord.Field("delegationDepth", .long(claims.delegationDepth)),
    ])
  }

  private static func seconds(since milliseconds: UInt64, at moment: BlockMoment) -> Int64 {
    guard milliseconds < moment.milliseconds else { return 0 }
    return Int64(clamping: (moment.milliseconds - milliseconds) / 1_000)
  }

  private static func record(_ fields: [CedarRecord.Field]) -> CedarRecord {
    guard let record = CedarRecord(fields) else { preconditionFailure("each name is written once") }
    return record
  }
}

extension CedarRecord {
  /// What of it a type declares, inside of records too.
  fileprivate func declared(by type: RecordType) -> CedarRecord {
    let kept = fields.compactMap { field -> Field? in
      guard let attribute = type[field.key] else { return nil }
      guard case .record(let inner) = field.value, case .record(let innerType) = attribute.type else { return field }
      return Field(field.key, .record(inner.declared(by: innerType)))
    }
    return CedarRecord(kept) ?? .empty
  }
}
