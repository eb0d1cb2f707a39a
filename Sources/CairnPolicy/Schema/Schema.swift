/// A schema: entity types and actions, every name resolved (`Cedar.Validation.Schema`).
public struct Schema: Hashable, Sendable {
  public struct EntityType: Hashable, Sendable {
    public let name: EntityTypeName
    /// The only identifiers, sorted; `nil` when any will do.
    public let enumeration: [Text]?
    public let attributes: RecordType
    /// The type of every tag; `nil` when there can be none.
    public let tags: CedarType?
    /// Types of entities that one of this type can be in: transitively closed, sorted.
    public let ancestors: [EntityTypeName]

    public func isValid(_ identifier: Text) -> Bool { enumeration?.containsSorted(identifier) ?? true }

    func canBe(in container: EntityTypeName) -> Bool { ancestors.containsSorted(container) }
  }

  public struct Action: Hashable, Sendable {
    public let uid: EntityUID
    /// Sorted.
    public let principals: [EntityTypeName]
    /// Sorted.
    public let resources: [EntityTypeName]
    public let context: RecordType
    /// Transitively closed, sorted.
    public let ancestors: [EntityUID]

    func isIn(_ group: EntityUID) -> Bool { ancestors.containsSorted(group) }
  }

  /// A combination that a request can have.
  public struct RequestEnvironment: Hashable, Sendable {
    public let principal: EntityTypeName
    public let action: EntityUID
    public let resource: EntityTypeName
    public let context: RecordType
  }

  /// Sorted by name.
  public let entityTypes: [EntityType]
  /// Sorted by identity.
  public let actions: [Action]

  private let entityTypeIndex: [EntityTypeName: Int]
  private let actionIndex: [EntityUID: Int]
  /// For each type of actions those of the actions that they can be in.
  private let actionGroupTypes: [EntityTypeName: Set<EntityTypeName>]

  public static let empty = Schema(entityTypes: [], actions: [])

  init(entityTypes: [EntityType], actions: [Action]) {
    self.entityTypes = entityTypes.sorted { $0.name < $1.name }
    self.actions = actions.sorted { $0.uid < $1.uid }
    entityTypeIndex = Dictionary(self.entityTypes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    actionIndex = Dictionary(self.actions.enumerated().map { ($1.uid, $0) }, uniquingKeysWith: { first, _ in first })
    var groupTypes: [EntityTypeName: Set<EntityTypeName>] = [:]
    for action in self.actions { groupTypes[action.uid.type, default: []].formUnion(action.ancestors.map(\.type)) }
    actionGroupTypes = groupTypes
  }

  public func entityType(_ name: EntityTypeName) -> EntityType? { entityTypeIndex[name].map { entityTypes[$0] } }

  public func action(_ uid: EntityUID) -> Action? { actionIndex[uid].map { actions[$0] } }

  /// Whether an entity of this identity can exist: its type is declared and, when enumerated, has it; or it is a declared action.
  public func isValid(_ uid: EntityUID) -> Bool { entityType(uid.type)?.isValid(uid.identifier) ?? (actionIndex[uid] != nil) }

  /// Every combination, sorted.
  public var environments: [RequestEnvironment] {
    actions.flatMap { action in
      action.principals.flatMap { principal in
        action.resources.map { resource in
          RequestEnvironment(principal: principal, action: action.uid, resource: resource, context: action.context)
        }
      }
    }
  }

  /// The types whose entities can be in one of this type, itself included.
  func types(in container: EntityTypeName) -> [EntityTypeName] {
    entityTypes.filter { $0.name == container || $0.canBe(in: container) }.map(\.name)
  }

  /// Whether an entity of the one type, which may be that of actions, can be in one of the other.
  func canBe(_ member: EntityTypeName, in container: EntityTypeName) -> Bool {
    if member == container || entityType(member)?.canBe(in: container) == true { return true }
    return actionGroupTypes[member]?.contains(container) == true
  }

  /// The declared actions as entities.
  public var actionEntities: [Entity] { actions.map { Entity($0.uid, ancestors: $0.ancestors) } }
}
