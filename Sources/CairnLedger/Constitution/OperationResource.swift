import CairnCrypto
import CairnIdentity
import CairnPolicy

/// What an operation is about, as the constitution sees it; see `genesis/constitution.cedarschema`.
enum OperationResource {
  /// A DID that exists.
  case agent(CairnDID)
  /// A DID that the operation makes.
  case newAgent(CairnDID, controller: CairnDID?)
  case statusList(StatusListRecord)
  case proposal(ProposalRecord)
  /// - Parameter version: before the operation; 0 for one that is being deployed.
  case contract(ContractID, version: UInt64)
  /// By its name.
  case validator(String)
}

/// A fact about an operation, besides the block that it is in.
struct OperationFact {
  let name: Text
  let value: CedarValue

  init(_ name: String, _ count: Int) { (self.name, value) = (Text(name), .long(Int64(count))) }
  init(_ name: String, _ text: String) { (self.name, value) = (Text(name), .string(Text(text))) }
  init(_ name: String, milliseconds: UInt64) { (self.name, value) = (Text(name), .milliseconds(milliseconds)) }
}

extension CedarValue {
  /// A moment, Unix time.
  static func milliseconds(_ time: UInt64) -> CedarValue { .datetime(CedarDatetime(milliseconds: Int64(clamping: time))) }

  static func agent(_ did: CairnDID) -> CedarValue { .entity(did.agentUID) }

  static func long(_ number: UInt64) -> CedarValue { .long(Int64(clamping: number)) }
}

extension CedarRecord {
  /// - Parameter named: no name twice.
  init(named: [(Text, CedarValue?)]) {
    guard let record = CedarRecord(named.compactMap { name, value in value.map { Field(name, $0) } }) else {
      preconditionFailure("facts have different names")
    }
    self = record
  }
}

extension CairnDID {
  var agentUID: EntityUID { EntityUID(ConstitutionSchema.agent, Text(description)) }
}

extension Entity {
  init(agent did: CairnDID, roles: Roles, controller: CairnDID?, createdMilliseconds: UInt64, keysChangedMilliseconds: UInt64) {
    self.init(
      did.agentUID,
      attributes: CedarRecord(named: [
        ("controller", controller.map { .agent($0) }), ("createdAt", .milliseconds(createdMilliseconds)),
        ("keysChangedAt", .milliseconds(keysChangedMilliseconds)),
      ]),
      ancestors: roles.roles.map(\.uid))
  }

  /// A proposal to replace the constitution is of a type of its own, see ``TrusteeGuard``.
  init(_ record: ProposalRecord) {
    let (id, proposer) = (Text(record.id.description), CedarValue.agent(record.proposer))
    if case .replaceConstitution = record.action {
      self.init(EntityUID(ConstitutionSchema.amendment, id), attributes: CedarRecord(named: [("proposer", proposer)]))
    } else {
      self.init(
        EntityUID(ConstitutionSchema.proposal, id),
        attributes: CedarRecord(named: [
          ("kind", .string(Text(record.action.kind))), ("role", record.action.role.map { .string(Text($0.name)) }), ("proposer", proposer),
        ]))
    }
  }

  init(_ contract: ContractID, version: UInt64) {
    self.init(
      EntityUID(ConstitutionSchema.contract, Text(contract.name)), attributes: CedarRecord(named: [("version", .long(version))]))
  }

  init(_ record: StatusListRecord) {
    self.init(
      EntityUID(ConstitutionSchema.statusList, Text(record.list.description)),
      attributes: CedarRecord(named: [
        ("issuer", .agent(record.list.issuer)), ("purpose", .string(Text(record.purpose.name))),
        ("length", .long(UInt64(record.length))), ("isSessionBatch", .bool(record.sessions != nil)),
      ]))
  }
}
