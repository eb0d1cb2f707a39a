/// A policy, or a template when its scope has slots (`Cedar.Spec.Policy`, `Cedar.Spec.Template`).
public struct Policy: Hashable, Sendable {
  public enum Effect: String, Hashable, Sendable {
    case permit, forbid
  }

  public struct Annotation: Hashable, Sendable {
    public let key: Text
    /// `nil` when the source has none, which means the empty string.
    public let value: Text?

    public init(_ key: Text, _ value: Text?) {
      self.key = key
      self.value = value
    }
  }

  public struct Condition: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
      case when, unless
    }

    public let kind: Kind
    public let body: Expression
  }

  public let id: Text
  public let annotations: [Annotation]
  public let effect: Effect
  public let principal: ScopeConstraint
  public let action: ActionConstraint
  public let resource: ScopeConstraint
  public let conditions: [Condition]
  /// The template that this policy fills in.
  public let templateID: Text?

  init(
    id: Text, annotations: [Annotation] = [], effect: Effect, principal: ScopeConstraint, action: ActionConstraint,
    resource: ScopeConstraint, conditions: [Condition], templateID: Text? = nil
  ) {
    self.id = id
    self.annotations = annotations
    self.effect = effect
    self.principal = principal
    self.action = action
    self.resource = resource
    self.conditions = conditions
    self.templateID = templateID
  }

  public var isTemplate: Bool { !slots.isEmpty }

  /// In the order principal, resource.
  public var slots: [Slot] {
    Slot.allCases.filter { slot in (slot == .principal ? principal : resource).reference == .slot }
  }

  /// The value of an annotation; the empty string when it is written without one.
  public subscript(annotation key: Text) -> Text? { annotations.first { $0.key == key }.map { $0.value ?? "" } }

  func with(id: Text) -> Policy {
    Policy(
      id: id, annotations: annotations, effect: effect, principal: principal, action: action, resource: resource,
      conditions: conditions, templateID: templateID)
  }
}

/// A place in a template's scope that a link fills with an entity.
public enum Slot: String, CaseIterable, Hashable, Sendable {
  case principal = "?principal"
  case resource = "?resource"
}

/// What the scope says about the principal or the resource.
public enum ScopeConstraint: Hashable, Sendable {
  case any
  case equal(Reference)
  case `in`(Reference)
  case isType(EntityTypeName)
  case isTypeIn(EntityTypeName, Reference)

  public enum Reference: Hashable, Sendable {
    case entity(EntityUID)
    /// The slot of the same name as the variable.
    case slot
  }

  public var reference: Reference? {
    switch self {
    case .any, .isType: nil
    case .equal(let reference), .in(let reference), .isTypeIn(_, let reference): reference
    }
  }

  public var entityType: EntityTypeName? {
    switch self {
    case .any, .equal, .in: nil
    case .isType(let type), .isTypeIn(let type, _): type
    }
  }

  /// Whether the entity's ancestors are looked at.
  var isMembership: Bool {
    switch self {
    case .any, .equal, .isType: false
    case .in, .isTypeIn: true
    }
  }

  /// The literal entity, when there is one.
  var entity: EntityUID? {
    guard case .entity(let uid)? = reference else { return nil }
    return uid
  }

  func filling(_ entity: EntityUID) -> ScopeConstraint {
    guard reference == .slot else { return self }
    switch self {
    case .any, .isType: return self
    case .equal: return .equal(.entity(entity))
    case .in: return .in(.entity(entity))
    case .isTypeIn(let type, _): return .isTypeIn(type, .entity(entity))
    }
  }
}

/// What the scope says about the action.
public enum ActionConstraint: Hashable, Sendable {
  case any
  case equal(EntityUID)
  case `in`(EntityUID)
  case inAny([EntityUID])

  public var entities: [EntityUID] {
    switch self {
    case .any: []
    case .equal(let uid), .in(let uid): [uid]
    case .inAny(let uids): uids
    }
  }
}
