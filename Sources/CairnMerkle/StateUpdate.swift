import CairnCrypto

/// A batch of changes on its way into the state tree.
///
/// The changes are sorted, so that those which belong under one node are a range, and the tree is rebuilt by one recursion
/// over ranges.
struct StateUpdate {
  private struct Change {
    let leaf: StateNode.Leaf
    /// The first bit in which the key differs from every key of the old tree, or 256 when the old tree has it. It does not
    /// differ earlier from the leaf that its look-up reaches.
    let newBit: Int
  }

  /// Sorted by key, each key once.
  private let changes: [Change]

  /// How many keys the old tree does not have.
  let insertedCount: Int

  init(_ changes: some Sequence<(key: Digest, value: [UInt8])>, to top: StateNode?) {
    self.changes = Self.lastOfEachKey(changes).map { row in
      let old = top?.leaf(for: row.key)
      let newBit = old.map { $0.key.firstDifferingBit(from: row.key) ?? StateTree.keyBitCount } ?? 0
      return Change(leaf: StateNode.Leaf(key: row.key, value: row.value), newBit: newBit)
    }
    insertedCount = self.changes.count { $0.newBit < StateTree.keyBitCount }
  }

  /// Sorted by key; of several changes to one key only the last.
  private static func lastOfEachKey(
    _ changes: some Sequence<(key: Digest, value: [UInt8])>
  ) -> [(key: Digest, value: [UInt8])] {
    let changes = Array(changes)
    // Keys with positions in place of values, so that sorting moves no references.
    var order = changes.indices.map { (key: changes[$0].key, position: $0) }
    order.sort { left, right in
      left.key < right.key || (!(right.key < left.key) && left.position < right.position)
    }
    var rows: [(key: Digest, value: [UInt8])] = []
    rows.reserveCapacity(order.count)
    for (key, position) in order {
      if rows.last?.key == key { rows.removeLast() }
      rows.append((key, changes[position].value))
    }
    return rows
  }

  /// The tree with all changes in it, `nil` only for no tree and no changes.
  func result(for top: StateNode?) -> StateNode? {
    guard let top else { return changes.isEmpty ? nil : subtree(of: changes.indices) }
    return merged(top, changes.indices)
  }

  /// The old node with a range of changes, all of whose look-ups pass through it.
  private func merged(_ node: StateNode, _ range: Range<Int>) -> StateNode {
    guard let branch = range.min(by: { changes[$0].newBit < changes[$1].newBit }) else { return node }
    let newBit = changes[branch].newBit
    switch node {
    case .inner(let inner) where newBit > inner.bit:
      let (left, right) = split(range, at: Int(inner.bit))
      return .inner(StateNode.Inner(bit: Int(inner.bit), left: merged(inner.left, left), right: merged(inner.right, right)))
    case .leaf where newBit == StateTree.keyBitCount:
      return .leaf(changes[branch].leaf)
    default:
      // Some of the keys differ from all that is below the old node, first in `newBit`; the others agree with it there.
      let (left, right) = split(range, at: newBit)
      return changes[branch].leaf.key.bit(newBit)
        ? .inner(StateNode.Inner(bit: newBit, left: merged(node, left), right: subtree(of: right)))
        : .inner(StateNode.Inner(bit: newBit, left: subtree(of: left), right: merged(node, right)))
    }
  }

  /// A tree of the changes in a range, which is not empty, alone.
  private func subtree(of range: Range<Int>) -> StateNode {
    let (first, last) = (changes[range.lowerBound].leaf, changes[range.upperBound - 1].leaf)
    guard let bit = first.key.firstDifferingBit(from: last.key) else { return .leaf(first) }
    let (left, right) = split(range, at: bit)
    return .inner(StateNode.Inner(bit: bit, left: subtree(of: left), right: subtree(of: right)))
  }

  /// The changes with the bit clear and those with it set; the keys agree on all bits before it.
  private func split(_ range: Range<Int>, at bit: Int) -> (left: Range<Int>, right: Range<Int>) {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if changes[middle].leaf.key.bit(bit) { high = middle } else { low = middle + 1 }
    }
    return (range.lowerBound..<low, low..<range.upperBound)
  }
}
