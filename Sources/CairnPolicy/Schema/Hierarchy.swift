/// Transitive closures of hierarchies.
enum Hierarchy {
  /// Parents, their parents, and so on, sorted; a node that is its own ancestor has itself among them.
  ///
  /// - Parameter limit: ancestors of all nodes together.
  static func closure<Node: Hashable & Comparable>(of parents: [Node: [Node]], limit: Int) throws(SchemaError) -> [Node: [Node]] {
    var closure: [Node: [Node]] = [:]
    var total = 0
    for (node, direct) in parents {
      var ancestors: Set<Node> = []
      var pending = direct
      while let next = pending.popLast() {
        guard ancestors.insert(next).inserted else { continue }
        total += 1
        guard total <= limit else { throw .hierarchyTooLarge(limit: limit) }
        pending.append(contentsOf: parents[next] ?? [])
      }
      closure[node] = ancestors.sorted()
    }
    return closure
  }
}

extension Array where Element: Comparable {
  /// Of an array in ascending order: hierarchies may be large, and are looked into for every expression in every environment.
  func containsSorted(_ element: Element) -> Bool {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] == element { return true }
      if self[middle] < element { low = middle + 1 } else { high = middle }
    }
    return false
  }
}
