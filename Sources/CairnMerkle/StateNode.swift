import CairnCrypto

/// A node of the state tree. Nodes never change; versions of the tree share those that are equal.
enum StateNode: Sendable {
  case leaf(Leaf)
  case inner(Inner)

  final class Leaf: Sendable {
    let key: Digest
    let value: [UInt8]
    let hash: Digest

    init(key: Digest, value: [UInt8]) {
      precondition(value.count <= StateTree.valueLimit, "the ledger bounds the values it writes")
      (self.key, self.value) = (key, value)
      hash = StateHash.leaf(key: key, value: value)
    }
  }

  final class Inner: Sendable {
    /// Left has the bit clear, right has it set; all keys below agree on the bits before it.
    let left, right: StateNode
    let hash: Digest
    let bit: UInt8

    init(bit: Int, left: StateNode, right: StateNode) {
      precondition(bit < StateTree.keyBitCount)
      (self.bit, self.left, self.right) = (UInt8(bit), left, right)
      hash = StateHash.inner(bit: self.bit, left: left.hash, right: right.hash)
    }
  }

  var hash: Digest {
    switch self {
    case .leaf(let leaf): leaf.hash
    case .inner(let inner): inner.hash
    }
  }

  /// The leaf that a look-up of `key` reaches: the key's own, if it has one.
  ///
  /// Recursion, at most 256 deep here and in all that follows the tree, spares the reference counting of a loop's variable,
  /// which readers on other cores would fight over.
  func leaf(for key: Digest) -> Leaf {
    switch self {
    case .leaf(let leaf): leaf
    case .inner(let inner): key.bit(Int(inner.bit)) ? inner.right.leaf(for: key) : inner.left.leaf(for: key)
    }
  }

  /// Visits the inner nodes on the way to `key`, lowest first; returns the leaf that the look-up reaches.
  func path(to key: Digest, _ visit: (_ bit: UInt8, _ sibling: Digest) -> Void) -> Leaf {
    switch self {
    case .leaf(let leaf): return leaf
    case .inner(let inner):
      let goesRight = key.bit(Int(inner.bit))
      let leaf = goesRight ? inner.right.path(to: key, visit) : inner.left.path(to: key, visit)
      visit(inner.bit, goesRight ? inner.left.hash : inner.right.hash)
      return leaf
    }
  }

  /// Visits the leaves in the order of their keys.
  func forEachLeaf<Failure>(_ body: (Leaf) throws(Failure) -> Void) throws(Failure) {
    switch self {
    case .leaf(let leaf): try body(leaf)
    case .inner(let inner):
      try inner.left.forEachLeaf(body)
      try inner.right.forEachLeaf(body)
    }
  }
}
