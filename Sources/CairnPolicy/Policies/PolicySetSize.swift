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
