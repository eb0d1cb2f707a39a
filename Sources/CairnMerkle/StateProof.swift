public import CairnCrypto

/// That a key of the state tree has a value, or that it has none.
public struct StateProof: Hashable, Sendable {
  /// A row of the tree.
  public struct Leaf: Hashable, Sendable {
    public var key: Digest
    /// At most `StateTree.valueLimit` bytes.
    public var value: [UInt8]

    public init(key: Digest, value: [UInt8]) {
      (self.key, self.value) = (key, value)
    }
  }

  /// An inner node on the path: the bit in which its sides differ, and the hash of the side that the path does not take.
  public struct Step: Hashable, Sendable {
    public var bit: UInt8
    public var sibling: Digest

    public init(bit: UInt8, sibling: Digest) {
      (self.bit, self.sibling) = (bit, sibling)
    }
  }

  /// The row that a look-up of the key reaches: its own, or another one's when the key is absent. `nil` when the tree is empty.
  public var leaf: Leaf?
  /// From the leaf to the root, `bit` strictly decreasing.
  public var path: [Step]

  public init(leaf: Leaf?, path: [Step]) {
    (self.leaf, self.path) = (leaf, path)
  }

  /// The proven value of `key` in the tree with this root, `nil` when its absence is proven.
  public func verify(key: Digest, root: Digest) throws(ProofError) -> [UInt8]? {
    guard let leaf else {
      guard path.isEmpty else { throw .pathLength }
      guard root == StateHash.empty else { throw .rootMismatch }
      return nil
    }
    guard leaf.value.count <= StateTree.valueLimit else { throw .valueTooLong }
    try checkPath(from: leaf.key, to: key)
    var hash = StateHash.leaf(key: leaf.key, value: leaf.value)
    for step in path {
      hash =
        key.bit(Int(step.bit))
        ? StateHash.inner(bit: step.bit, left: step.sibling, right: hash)
        : StateHash.inner(bit: step.bit, left: hash, right: step.sibling)
    }
    guard hash == root else { throw .rootMismatch }
    return leaf.key == key ? leaf.value : nil
  }

  /// Returns when a look-up of `key` that follows the path reaches `leafKey`, by one step for each bit at most.
  private func checkPath(from leafKey: Digest, to key: Digest) throws(ProofError) {
    guard path.count <= StateTree.keyBitCount else { throw .pathLength }
    var above = StateTree.keyBitCount
    for step in path {
      let bit = Int(step.bit)
      guard bit < above else { throw .pathOrder }
      guard key.bit(bit) == leafKey.bit(bit) else { throw .foreignLeaf }
      above = bit
    }
  }
}
