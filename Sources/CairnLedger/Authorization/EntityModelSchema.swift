package import CairnPolicy

extension EntityModel {
  /// What a contract's schema may declare. Authors copy what they need, and add their actions.
  package static let schemaText = """
    namespace Cairn {
      // A DID of the ledger. All of it is proven.
      entity Agent in [Role] {
        id: String,              // the DID
        ageSeconds: Long,        // since it was created
        keyAgeSeconds: Long,     // since its update keys were set
        isolated: Bool,          // of a principal always false: a guard comes first
        deactivated: Bool,       // likewise
        controller?: Agent,      // nothing is known of the controller's controller
        credentials?: Credentials,  // of a principal that shows some
      };

      // What the credentials say together, each verified: issuer with its role, signature, validity, statuses, holder.
      type Credentials = {
        count: Long,
        issuers: Set<Agent>,
        roles: Set<String>,
        permissions: Set<String>,
        ageSeconds: Long,        // of the oldest
        remainingSeconds: Long,  // of the one that ends first
        delegationDepth: Long,   // the greatest; 0 when none says
      };

      entity Role enum ["trustee", "operator", "registrar", "issuer", "author", "auditor", "guardian"];

      entity Resource {
        id: String,
      };

      type Contract = {
        id: String,
        version: Long,
        overdue: Bool,           // whether an auditor's attestation is overdue
      };

      action "example" appliesTo {
        principal: [Agent],
        resource: [Resource],
        context: {
          now: datetime,         // block time
          height: Long,
          contract: Contract,
          asserted?: {},         // any record: what the asker merely claims
        },
      };
    }

    """

  private static let reference: Schema = {
    do { return try Schema(parsing: schemaText) } catch { preconditionFailure("\(error)") }
  }()

  private static let example = EntityUID(action, "example")

  /// Why a contract's schema asks for what the ledger does not have, as a clause; `nil` when it does not. Checked when a contract is
  /// deployed; a contract that was not checked would deny.
  package static func fault(in schema: Schema) -> String? {
    for type in [agent, role, resource] {
      guard let declared = schema.entityType(type) else {
        if type == role { continue }
        return "the schema does not declare the entity type `\(type)`"
      }
      guard let fault = fault(in: declared) else { continue }
      return fault
    }
    for action in schema.actions where !action.principals.isEmpty {
      if let fault = fault(in: action) { return fault }
    }
    return nil
  }

  private static func fault(in declared: Schema.EntityType) -> String? {
    guard let known = reference.entityType(declared.name) else { return nil }
    if declared.enumeration != nil, declared.name != role { return "`\(declared.name)` is an enumeration: name no entities of it" }
    if declared.tags != nil { return "`\(declared.name)` has no tags" }
    if let fault = fault(in: declared.attributes, known: known.attributes) { return "in `\(declared.name)`, \(fault)" }
    return nil
  }

  private static func fault(in action: Schema.Action) -> String? {
    guard action.uid.type == Self.action else { return "the action `\(action.uid)` is not of the type `\(Self.action)`" }
    guard action.principals == [agent] else { return "`\(action.uid)` applies to principals other than `\(agent)`" }
    guard action.resources == [resource] else { return "`\(action.uid)` applies to resources other than `\(resource)`" }
    for attribute in action.context.attributes where attribute.key == "asserted" {
      guard case .record = attribute.type else { return "`asserted` of `\(action.uid)` is not a record" }
    }
    guard let known = reference.action(example) else { return nil }
    return fault(in: action.context, known: known.context).map { "in the context of `\(action.uid)`, \($0)" }
  }

  private static func fault(in declared: RecordType, known: RecordType) -> String? {
    for attribute in declared.attributes {
      guard let own = known[attribute.key] else { return "the ledger knows no attribute `\(attribute.key)`" }
      if attribute.key == "asserted" { continue }
      if attribute.isRequired, !own.isRequired { return "`\(attribute.key)` is not always there: declare it as `\(attribute.key)?`" }
      if case .record(let inner) = attribute.type, case .record(let ownInner) = own.type {
        if let fault = fault(in: inner, known: ownInner) { return fault }
      } else if attribute.type != own.type {
        return "`\(attribute.key)` is of the type \(own.type), not \(attribute.type)"
      }
    }
    return nil
  }
}
