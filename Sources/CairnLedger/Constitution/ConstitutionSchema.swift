import CairnPolicy

/// What constitutions are written against: part of the protocol, the same on every network. `genesis/constitution.cedarschema` is the
/// text for people.
enum ConstitutionSchema {
  static let schema: Schema = {
    do { return try Schema(parsing: text) } catch { preconditionFailure("the protocol's schema is one: \(error)") }
  }()

  static let action = type("Cairn::Action")
  static let agent = type("Cairn::Agent")
  static let role = type("Cairn::Role")
  static let statusList = type("Cairn::StatusList")
  static let contract = type("Cairn::Contract")
  static let validator = type("Cairn::Validator")
  static let proposal = type("Cairn::Proposal")
  static let amendment = type("Cairn::Amendment")

  private static func type(_ name: String) -> EntityTypeName {
    guard let type = EntityTypeName(parsing: name) else { preconditionFailure("\(name) is the name of a type") }
    return type
  }
}

extension Role {
  var uid: EntityUID { EntityUID(ConstitutionSchema.role, Text(name)) }
}
