import CairnPolicy
import Testing

@Suite struct ValidatorTests {
  private func validate(_ policy: String, _ mode: ValidationMode = .strict) throws -> ValidationResult {
    try Sample.schema().validate(PolicySet(parsing: policy), mode)
  }

  private func reasons(_ condition: String, _ mode: ValidationMode, scope: String = "principal, action == Action::\"view\", resource")
    throws -> Set<String>
  {
    Set(try validate("permit(\(scope)) when { \(condition) };", mode).errors.map(\.reason.rawValue))
  }

  @Test(
    "Conditions that are valid in both modes",
    arguments: [
      "true", "principal.age > 18 && principal.name like \"A*\"", "principal has manager && principal.manager.age > 1",
      "principal has manager && principal.manager has manager && principal.manager.manager.age > 1",
      "principal has address.zip && principal.address.zip == \"3000\"", "principal has address && principal.address.city == \"Bern\"",
      "if principal has manager then principal.manager == principal else true",
      "principal.scores.contains(1) && principal.scores.containsAny([2, 3])", "[1, 2].containsAll(principal.scores)",
      "principal.hasTag(\"a\") && principal.getTag(\"a\") == \"b\"", "context has mfa && context.mfa",
      "(principal has manager && principal has address) && principal.manager == principal && principal.address.city == \"x\"",
      "(principal has manager || principal has manager) && principal.manager.age > 1",
      "context.now < datetime(\"2024-01-01\").offset(duration(\"1d\"))",
      "context.ip.isInRange(ip(\"10.0.0.0/8\"))", "principal.quota.lessThan(decimal(\"1.0\"))", "resource is Photo && resource.isPrivate",
      "principal == User::\"alice\" || principal in Group::\"g\"", "principal in [Group::\"a\", Group::\"b\"]",
      "Color::\"red\" == Color::\"green\" || true",
      "action == Action::\"view\"", "action in Action::\"read\"", "resource in Album::\"a\"", "{a: 1}.a == 1",
      "principal is User in Group::\"g\"",
      "resource has owner && resource.owner == principal", "[principal.name] == [\"a\"]",
      "if true then principal.age == 1 else principal.missing", "false && principal.missing", "true || principal.missing",
      "(principal has manager && true) && principal.manager.age == 1",
      "(if principal has manager then true else false) && principal has manager",
    ])
  func valid(condition: String) throws {
    for mode in ValidationMode.allCases { #expect(try reasons(condition, mode).isEmpty, "\(mode)") }
  }

  @Test(
    "Conditions that are not, with the reasons in strict and in permissive mode",
    arguments: [
      ("1", "policy_unexpected_type", "policy_unexpected_type"),
      ("principal.missing", "policy_unknown_attribute", "policy_unknown_attribute"),
      ("principal.manager.age > 1", "policy_unguarded_attribute", "policy_unguarded_attribute"),
      ("principal.manager.age > 1 && principal has manager", "policy_unguarded_attribute", "policy_unguarded_attribute"),
      ("principal has manager || principal.manager.age > 1", "policy_unguarded_attribute", "policy_unguarded_attribute"),
      (
        "(principal has manager || principal has address) && principal.manager.age > 1", "policy_unguarded_attribute",
        "policy_unguarded_attribute"
      ),
      ("!(principal has manager) || principal.manager.isActive", "policy_unguarded_attribute", "policy_unguarded_attribute"),
      ("!(principal has manager) && principal.manager.age > 1", "policy_unguarded_attribute", "policy_unguarded_attribute"),
      ("principal.address.city == \"a\"", "policy_unguarded_attribute", "policy_unguarded_attribute"),
      ("principal has address && principal.address.zip == \"a\"", "policy_unguarded_attribute", "policy_unguarded_attribute"),
      ("principal has name.x", "policy_unexpected_type", "policy_unexpected_type"),
      ("principal.getTag(\"a\") == \"b\"", "policy_unguarded_tag", "policy_unguarded_tag"),
      ("principal.hasTag(\"a\") && principal.getTag(\"b\") == \"b\"", "policy_unguarded_tag", "policy_unguarded_tag"),
      ("principal.hasTag(\"a\") && principal.getTag(\"a\") == 1", "policy_incompatible_types", ""),
      ("resource.hasTag(\"a\") || resource.getTag(\"a\") == 1", "policy_unguarded_tag", "policy_unguarded_tag"),
      ("principal.age == \"1\"", "policy_incompatible_types", ""),
      ("[1, \"a\"].contains(1)", "policy_incompatible_types", "policy_incompatible_types"),
      ("[].isEmpty()", "policy_empty_set", ""), ("principal.scores.contains(\"a\")", "policy_incompatible_types", ""),
      ("principal.scores.containsAll([\"a\"])", "policy_incompatible_types", ""),
      ("(if principal.isActive then 1 else \"a\") == 1", "policy_incompatible_types", "policy_incompatible_types"),
      ("(if principal.isActive then principal else resource) == principal", "policy_incompatible_types", ""),
      ("[{a: 1}, {a: 1, b: 2}].isEmpty()", "policy_incompatible_types", ""),
      ("ip(principal.name).isIpv4()", "policy_extension_of_non_literal", ""),
      ("ip(\"x\").isIpv4()", "policy_invalid_extension_literal", "policy_invalid_extension_literal"),
      ("ip(\"::\", \"::\").isIpv4()", "policy_wrong_argument_count", "policy_wrong_argument_count"),
      ("ip(\"::\").isIpv4(ip(\"::\"))", "policy_wrong_argument_count", "policy_wrong_argument_count"),
      ("decimal(\"1.0\") < decimal(\"2.0\")", "policy_unexpected_type", "policy_unexpected_type"),
      ("1 + \"a\" == 1", "policy_unexpected_type", "policy_unexpected_type"),
      ("principal == Nope::\"a\"", "policy_unknown_entity_type", "policy_unknown_entity_type"),
      ("principal is Nope", "policy_unknown_entity_type", "policy_unknown_entity_type"),
      ("false && principal is Nope", "policy_unknown_entity_type", "policy_unknown_entity_type"),
      ("action == Action::\"nope\"", "policy_unknown_action", "policy_unknown_action"),
      ("Color::\"blue\" == Color::\"red\"", "policy_not_enumerated", "policy_not_enumerated"),
      ("principal in 1", "policy_unexpected_type", "policy_unexpected_type"),
      ("principal like \"a\"", "policy_unexpected_type", "policy_unexpected_type"),
      ("principal.age in principal", "policy_unexpected_type", "policy_unexpected_type"),
      ("context.other == 1", "policy_unknown_attribute", "policy_unknown_attribute"),
    ])
  func invalid(condition: String, strict: String, permissive: String) throws {
    #expect(try reasons(condition, .strict) == (strict.isEmpty ? [] : [strict]))
    #expect(try reasons(condition, .permissive) == (permissive.isEmpty ? [] : [permissive]))
  }

  @Test(
    "Scopes that no action applies to",
    arguments: [
      "permit(principal == Photo::\"a\", action, resource);", "permit(principal, action == Action::\"edit\", resource == Album::\"a\");",
      "permit(principal is Group, action, resource);", "permit(principal, action == Action::\"read\", resource);",
      "permit(principal, action, resource in User::\"a\");", "permit(principal is Photo in Group::\"a\", action, resource);",
      "permit(principal is Photo in ?principal, action, resource);",
    ])
  func inapplicable(policy: String) throws {
    #expect(try validate(policy).errors.map(\.reason) == [.noApplicableAction])
  }

  @Test(
    "Scopes that some action applies to",
    arguments: [
      "permit(principal, action in Action::\"read\", resource);", "permit(principal in Group::\"a\", action, resource in Album::\"a\");",
      "permit(principal == ?principal, action, resource in ?resource);", "permit(principal is User in ?principal, action, resource);",
      "permit(principal, action in [Action::\"edit\", Action::\"read\"], resource is Photo);",
    ])
  func applicable(policy: String) throws { #expect(try validate(policy).isValid) }

  @Test("A policy that no request satisfies gets a warning") func impossible() throws {
    #expect(try validate("permit(principal, action, resource) when { false };").warnings.map(\.reason) == [.impossible])
    #expect(try validate("permit(principal, action, resource) when { principal is Photo };").warnings.map(\.reason) == [.impossible])
    #expect(try validate("permit(principal, action, resource) unless { true };").warnings.map(\.reason) == [.impossible])
    #expect(try validate("permit(principal, action, resource) when { resource is Photo };").warnings.isEmpty)
  }

  @Test("Links are checked for what they fill in") func links() throws {
    var set = try PolicySet(parsing: "permit(principal == ?principal, action, resource);")
    try set.link(template: "policy0", as: "good", values: [.principal: uid("User", "a")])
    try set.link(template: "policy0", as: "unknown", values: [.principal: uid("Nope", "a")])
    try set.link(template: "policy0", as: "useless", values: [.principal: uid("Photo", "a")])
    let errors = try Sample.schema().validate(set).errors
    #expect(Set(errors.map(\.policy)) == ["unknown", "useless"])
    #expect(Set(errors.map(\.reason)) == [.unknownEntityType, .noApplicableAction])
  }

  @Test("In permissive mode branches of different entity types form a union") func union() throws {
    let owner = "(if principal.isActive then principal else Group::\"g\")"
    #expect(try reasons("\(owner) is User", .permissive).isEmpty)
    #expect(try reasons("\(owner) has name", .permissive).isEmpty)
    #expect(try reasons("\(owner).name == \"a\"", .permissive) == ["policy_unknown_attribute"])
    #expect(try reasons("\(owner) is User", .strict) == ["policy_incompatible_types"])
  }

  @Test("A mistyped attribute gets a suggestion") func suggestion() throws {
    let error = try validate("permit(principal, action, resource) when { principal.nme == \"a\" };").errors.first
    #expect(error?.message == "User has no attribute `nme`; did you mean `name`?")
    #expect(error?.policy == "policy0")
  }

  @Test(
    "Levels (RFC 76)",
    arguments: [
      ("true", 0), ("principal == resource.owner", 1), ("principal.age > 1", 1), ("context has mfa && context.mfa", 0),
      ("principal is User", 0),
      ("principal in Group::\"g\"", 1), ("principal has manager && principal.manager.age > 1", 2), ("principal has manager.manager.age", 3),
      ("principal has manager", 1), ("principal has address.zip", 1), ("resource.owner.age > 1", 2), ("resource.owner in Group::\"g\"", 2),
      ("principal.hasTag(\"a\") && principal.getTag(\"a\") == \"b\"", 1),
      ("(if principal.isActive then principal else resource.owner).age > 1", 2),
      ("{o: resource.owner}.o.age > 1", 2), ("{o: 1, p: principal}.p.age > 1", 1), ("principal is User in Group::\"g\"", 1),
      ("resource.owner is User", 1), ("false && resource.owner.age > 1", 0), ("action in Action::\"read\"", 1),
    ])
  func levels(condition: String, level: Int) throws {
    let policies = try PolicySet(parsing: "permit(principal, action == Action::\"edit\", resource) when { \(condition) };")
    // The action of this test has no context.
    let schema = try Schema(
      parsing: Sample.schemaText.replacing(
        "action edit in [write, read] appliesTo { principal: User, resource: Photo }",
        with: "action edit in [write, read] appliesTo { principal: User, resource: Photo, context: { mfa?: Bool } }"))
    #expect(schema.validate(policies, level: level).errors.isEmpty)
    if level > 0 { #expect(schema.validate(policies, level: level - 1).errors.map(\.reason) == [.tooManyDereferences]) }
  }

  @Test(
    "The scope counts too",
    arguments: [
      ("principal == User::\"a\", action, resource is Photo", 0), ("principal in Group::\"g\", action, resource", 1),
      ("principal in ?principal, action, resource", 1), ("principal == ?principal, action, resource", 0),
      ("principal, action, resource is Photo in ?resource", 1), ("principal, action in [Action::\"read\"], resource", 1),
    ])
  func scopeLevels(scope: String, level: Int) throws {
    let policies = try PolicySet(parsing: "permit(\(scope));")
    #expect(try Sample.schema().validate(policies, level: level).isValid)
    if level > 0 { #expect(try !Sample.schema().validate(policies, level: level - 1).isValid) }
  }

  @Test("An entity that is written into the policy is beyond every level") func literals() throws {
    let policies = try PolicySet(parsing: "permit(principal, action, resource) when { User::\"alice\".age > 1 };")
    #expect(try Sample.schema().validate(policies, level: 9).errors.map(\.reason) == [.tooManyDereferences])
    #expect(try Sample.schema().validate(policies).isValid)
  }
}
