/// An entity: attributes, tags, and all its ancestors (`Cedar.Spec.EntityData`).
public struct Entity: Hashable, Sendable {
  public let uid: EntityUID
  public let attributes: CedarRecord
  public let tags: CedarRecord
  /// Parents, their parents, and so on: transitively closed, sorted, none twice.
  public let ancestors: [EntityUID]

  /// - Parameter ancestors: transitively closed; in any order.
  public init(_ uid: EntityUID, attributes: CedarRecord = .empty, ancestors: [EntityUID] = [], tags: CedarRecord = .empty) {
    self.uid = uid
    self.attributes = attributes
    self.tags = tags
    var unique: [EntityUID] = []
    for ancestor in ancestors.sorted() where unique.last != ancestor { unique.append(ancestor) }
    self.ancestors = unique
  }

  public func isDescendant(of ancestor: EntityUID) -> Bool {
    var low = 0
    var high = ancestors.count
    while low < high {
      let middle = (low + high) / 2
      if ancestors[middle] == ancestor { return true }
      if ancestors[middle] < ancestor { low = middle + 1 } else { high = middle }
    }
    return false
  }
}

/// Where the evaluator finds entities. A ledger answers from its state, and may note what was asked.
public protocol EntityStore {
  /// - Returns: the same for the same identity throughout one decision; `nil` when there is no such entity.
  func entity(_ uid: EntityUID) -> Entity?
}

/// Entities in memory.
public struct Entities: EntityStore, Sendable {
  private var byUID: [EntityUID: Entity]

  public static let empty = Entities([])

  /// Of two entities of one identity, the later counts.
  public init(_ entities: some Sequence<Entity>) {
    byUID = Dictionary(entities.map { ($0.uid, $0) }, uniquingKeysWith: { $1 })
  }

  public func entity(_ uid: EntityUID) -> Entity? { byUID[uid] }

  public mutating func insert(_ entity: Entity) { byUID[entity.uid] = entity }

  /// Sorted by identity.
  public var sorted: [Entity] { byUID.values.sorted { $0.uid < $1.uid } }

  public var count: Int { byUID.count }
}
