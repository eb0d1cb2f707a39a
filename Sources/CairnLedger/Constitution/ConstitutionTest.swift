import CairnPolicy

/// One decision that a constitution has to make, a line of its tests:
///
///     allow|deny ROLES ACTION [TYPE] [NAME=VALUE ...]
///
/// The roles are the submitter's, joined by commas, or `-` for none. The type is the resource's, where the action has more than one. A
/// value sets a fact, `principal.createdAt=1700000000000`, `resource.purpose=revocation`, `context.set=5`; the others are zero, empty or,
/// where they are optional, absent. An empty line and one that starts with `#` say nothing.
struct ConstitutionTest {
  /// Each costs an evaluation.
  static let limit = 256

  private let expected: Bool
  private let roles: Roles
  private let action: Schema.Action
  private let rules: LedgerAction
  private let resourceType: EntityTypeName
  /// By name, for example `context.set`.
  private var facts: [String: String]

  static func runAll(_ text: String, of constitution: Constitution) throws(ConstitutionError) {
    var count = 0
    for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
        .map { String(decoding: $0, as: UTF8.self) }
      guard let first = words.first, !first.utf8.starts(with: "#".utf8) else { continue }
      count += 1
      guard count <= limit else { throw .tooManyTests(limit: limit) }
      guard let test = ConstitutionTest(words), let decided = test.decide(by: constitution) else { throw .malformedTest(line: index + 1) }
      guard decided == test.expected else { throw .failedTest(line: index + 1, decided: decided) }
    }
  }

  private init?(_ words: [String]) {
    guard words.count >= 3, words[0] == "allow" || words[0] == "deny" else { return nil }
    expected = words[0] == "allow"
    var roles: [Role] = []
    for name in words[1] == "-" ? [] : words[1].split(separator: ",", omittingEmptySubsequences: false) {
      guard let role = Role(name: name) else { return nil }
      roles.append(role)
    }
    self.roles = Roles(roles)
    guard let rules = LedgerAction(name: words[2]), let action = ConstitutionSchema.schema.action(rules.uid) else { return nil }
    (self.rules, self.action) = (rules, action)
    var rest = words.dropFirst(3)
    var type = action.resources.count == 1 ? action.resources.first : nil
    if let word = rest.first, !word.contains("=") {
      type = action.resources.first { $0.description == "Cairn::\(word)" }
      rest = rest.dropFirst()
    }
    guard let type else { return nil }
    resourceType = type
    facts = [:]
    for word in rest {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, facts.updateValue(String(parts[1]), forKey: String(parts[0])) == nil else { return nil }
    }
  }

  /// `nil` when a fact has a name or a value that the schema does not know.
  private func decide(by constitution: Constitution) -> Bool? {
    let schema = ConstitutionSchema.schema
    guard let agent = schema.entityType(ConstitutionSchema.agent), let resource = schema.entityType(resourceType) else { return nil }
    var facts = facts
    guard let principalAttributes = Self.record(agent.attributes, "principal", &facts),
      let resourceAttributes = Self.record(resource.attributes, "resource", &facts),
      let context = Self.record(action.context, "context", &facts), facts.isEmpty
    else { return nil }
    let (principal, subject) = (EntityUID(ConstitutionSchema.agent, "submitter"), EntityUID(resourceType, "resource"))
    let entities = Entities([
      Entity(principal, attributes: principalAttributes, ancestors: roles.roles.map(\.uid)),
      Entity(subject, attributes: resourceAttributes),
    ])
    let rules = constitution.rules(for: rules)
    let request = AuthorizationRequest(principal: principal, action: action.uid, resource: subject, context: context)
    return (rules.verdict(of: roles) ?? rules.verdict(of: request, entities)).isAllowed
  }

  /// A record of the type, from the facts under its name; those that it takes are removed.
  private static func record(_ type: RecordType, _ name: String, _ facts: inout [String: String]) -> CedarRecord? {
    var fields: [CedarRecord.Field] = []
    for attribute in type.attributes {
      let path = "\(name).\(attribute.key)"
      if case .record(let nested) = attribute.type {
        guard let value = record(nested, path, &facts) else { return nil }
        fields.append(.init(attribute.key, .record(value)))
        continue
      }
      let text = facts.removeValue(forKey: path)
      guard text != nil || attribute.isRequired else { continue }
      guard let value = value(attribute.type, text) else { return nil }
      fields.append(.init(attribute.key, value))
    }
    return CedarRecord(fields)
  }

  /// - Parameter text: `nil` for a value that says nothing.
  private static func value(_ type: CedarType, _ text: String?) -> CedarValue? {
    switch type {
    case .long: Int64(text ?? "0").map { .long($0) }
    case .string: .string(Text(text ?? ""))
    case .bool: ["true": true, "false": false][text ?? "false"].map { .bool($0) }
    case .entity(let types): types.first.map { .entity(EntityUID($0, Text(text ?? ""))) }
    case .extension(.datetime): Int64(text ?? "0").map { .datetime(CedarDatetime(milliseconds: $0)) }
    default: nil
    }
  }
}
