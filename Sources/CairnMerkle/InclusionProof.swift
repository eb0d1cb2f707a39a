public import CairnCrypto

/// That a leaf is in the log at an index (RFC 9162 section 2.1.3).
public struct InclusionProof: Hashable, Sendable {
  /// Position of the leaf, counted from zero.
  public var index: UInt64
  /// Siblings on the way from the leaf to the root.
  public var path: [Digest]

  public init(index: UInt64, path: [Digest]) {
    (self.index, self.path) = (index, path)
  }

  /// Returns when the leaf with this hash is entry `index` of the log with this size and root.
  public func verify(leafHash: Digest, size: UInt64, root: Digest) throws(ProofError) {
    guard size <= LogTree.sizeLimit else { throw .sizeOutOfRange }
    guard index < size else { throw .indexOutOfRange }
    let shape = PathShape(index: index, size: size)
    guard path.count == shape.inner + shape.border else { throw .pathLength }
    let hash = leafHash.foldedInner(path.prefix(shape.inner), index: index).foldedBorder(path.dropFirst(shape.inner))
    guard hash == root else { throw .rootMismatch }
  }
}

/// The two parts of the path from a leaf to the root.
struct PathShape {
  /// Steps until the path meets the right edge of the tree, each with its sibling on either side.
  let inner: Int
  /// Steps along the right edge, each with its sibling on the left.
  let border: Int

  /// - Parameter index: below `size`.
  init(index: UInt64, size: UInt64) {
    precondition(index < size)
    inner = UInt64.bitWidth - (index ^ (size - 1)).leadingZeroBitCount
    border = (index >> UInt64(inner)).nonzeroBitCount
  }
}

extension Digest {
  /// Folds siblings from below the right edge; bit i of `index` tells the side of the i-th.
  func foldedInner(_ siblings: some Sequence<Digest>, index: UInt64) -> Digest {
    var (hash, position) = (self, index)
    for sibling in siblings {
      hash = position & 1 == 0 ? LogTree.nodeHash(hash, sibling) : LogTree.nodeHash(sibling, hash)
      position >>= 1
    }
    return hash
  }

  /// Folds the siblings along the right edge, all of them to the left.
  func foldedBorder(_ siblings: some Sequence<Digest>) -> Digest {
    siblings.reduce(self) { LogTree.nodeHash($1, $0) }
  }
}
