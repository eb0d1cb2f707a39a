public import CairnCrypto

/// The root of the state tree over rows, or over whole subtrees, that come in the order of their keys.
///
/// Keeps one hash for each level. What it was given is all of the tree when the root is the right one, because a root commits to its
/// shape: a leaf, an inner node and the bit in which its sides differ have encodings that no other has.
public struct StateFold {
  private var subtrees = Subtrees<Void>()
  private var isAscending = true

  public init() {}

  /// - Parameter value: at most `StateTree.valueLimit` bytes.
  public mutating func append(key: Digest, value: [UInt8]) {
    append(firstKey: key, hash: StateHash.leaf(key: key, value: value))
  }

  /// - Parameters:
  ///   - firstKey: the lowest key below the node.
  ///   - hash: of the node.
  public mutating func append(firstKey: Digest, hash: Digest) {
    guard isAscending else { return }
    isAscending = subtrees.append(Subtrees.Subtree(firstKey: firstKey, hash: hash, content: ()), join: { _, _, _ in })
  }

  /// `nil` when the keys did not ascend.
  public consuming func root() -> Digest? {
    guard isAscending else { return nil }
    return subtrees.finish(join: { _, _, _ in })?.hash ?? StateHash.empty
  }
}
