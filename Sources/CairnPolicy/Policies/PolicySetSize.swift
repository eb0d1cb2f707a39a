extension PolicySet {
  /// Expressions of all policies and templates, and one for each of these.
  public var nodeCount: Int { (policies + templates).reduce(0) { $0 + $1.nodeCount } }
}

extension Policy {
  fileprivate var nodeCount: Int {
    var size = ExpressionSize()
    for condition in conditions { size.add(condition.body) }
    return size.nodes + 1
  }
}

extension Schema {
  /// Combinations of principal type, action and resource type: as often is every policy checked.
  public var environmentCount: Int { actions.reduce(0) { $0 + $1.principals.count * $1.resources.count } }
}

extension Schema {
  /// Parts of the largest type of a value: that of an entity's attributes or tags, or of a context.
  public var largestTypeSize: Int {
    let types = entityTypes.map { CedarType.record($0.attributes) } + entityTypes.compactMap(\.tags) + actions.map { .record($0.context) }
    return types.map(\.size).max() ?? 0
  }
}

extension CedarType {
  fileprivate var size: Int {
    switch self {
    case .set(let element): 1 + element.size
    case .record(let record): record.attributes.reduce(1) { $0 + $1.type.size }
    case .never, .bool, .long, .string, .entity, .anyEntity, .anySet, .extension: 1
    }
  }
}
