/// Policies, templates, and the policies that link templates.
public struct PolicySet: Sendable {
  /// Static policies and linked ones, in their order. No id twice, the templates' included.
  public private(set) var policies: [Policy]
  public private(set) var templates: [Policy]
  /// All of them in the order in which they came.
  private(set) var all: [Policy]

  public static let empty = PolicySet()

  private init() {
    policies = []
    templates = []
    all = []
  }

  /// - Parameter parsed: policies and templates, no id twice.
  init(parsed: [Policy]) {
    policies = parsed.filter { !$0.isTemplate }
    templates = parsed.filter(\.isTemplate)
    all = parsed
  }

  public func policy(_ id: Text) -> Policy? { policies.first { $0.id == id } }

  public func template(_ id: Text) -> Policy? { templates.first { $0.id == id } }

  private func isTaken(_ id: Text) -> Bool { policy(id) != nil || template(id) != nil }

  /// Adds a policy or a template.
  public mutating func add(_ policy: Policy) throws(PolicySetError) {
    guard !isTaken(policy.id) else { throw .duplicateID(policy.id) }
    append(policy)
  }

  private mutating func append(_ policy: Policy) {
    if policy.isTemplate { templates.append(policy) } else { policies.append(policy) }
    all.append(policy)
  }

  /// Adds the policy that fills a template's slots.
  ///
  /// - Parameter values: exactly the template's slots.
  public mutating func link(template id: Text, as newID: Text, values: [Slot: EntityUID]) throws(PolicySetError) {
    guard let template = template(id) else { throw .noSuchTemplate(id) }
    guard !isTaken(newID) else { throw .duplicateID(newID) }
    for slot in Slot.allCases {
      guard template.slots.contains(slot) == (values[slot] != nil) else { throw .wrongSlots(template: id, slot) }
    }
    append(
      Policy(
        id: newID, annotations: template.annotations, effect: template.effect,
        principal: values[.principal].map(template.principal.filling) ?? template.principal, action: template.action,
        resource: values[.resource].map(template.resource.filling) ?? template.resource, conditions: template.conditions,
        templateID: id))
  }
}

extension PolicySet: Hashable {
  /// Whether a policy comes before or after a template does not matter.
  public static func == (left: PolicySet, right: PolicySet) -> Bool {
    left.policies == right.policies && left.templates == right.templates
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(policies)
    hasher.combine(templates)
  }
}

/// Why a policy set cannot be put together.
public enum PolicySetError: Error, Equatable, Sendable {
  case duplicateID(Text)
  case noSuchTemplate(Text)
  /// A slot without a value, or a value without a slot.
  case wrongSlots(template: Text, Slot)

  public var reason: String {
    switch self {
    case .duplicateID: "policy_duplicate_id"
    case .noSuchTemplate: "policy_no_such_template"
    case .wrongSlots: "policy_wrong_slots"
    }
  }
}
