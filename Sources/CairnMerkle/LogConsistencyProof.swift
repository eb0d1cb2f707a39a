public import CairnCrypto

/// That an older log is a prefix of a newer one (RFC 9162 section 2.1.4).
public struct LogConsistencyProof: Hashable, Sendable {
  /// At least 1: every log continues the empty one, there is nothing to prove.
  public var oldSize: UInt64
  /// At least `oldSize`; the path is empty when they are equal.
  public var newSize: UInt64
  public var path: [Digest]

  public init(oldSize: UInt64, newSize: UInt64, path: [Digest]) {
    (self.oldSize, self.newSize, self.path) = (oldSize, newSize, path)
  }

  /// Returns when the log of `newSize` entries with root `newRoot` begins with the log of `oldSize` entries with root `oldRoot`.
  public func verify(oldRoot: Digest, newRoot: Digest) throws(ProofError) {
    guard oldSize > 0, oldSize <= newSize, newSize <= LogTree.sizeLimit else { throw .sizeOutOfRange }
    if oldSize == newSize {
      guard path.isEmpty else { throw .pathLength }
      guard oldRoot == newRoot else { throw .rootMismatch }
      return
    }
    // The path starts with the last peak of the old log, which is left out when it is the old root itself.
    let height = oldSize.trailingZeroBitCount
    let shape = PathShape(index: oldSize - 1, size: newSize)
    let inner = shape.inner - height
    let isPerfect = oldSize.nonzeroBitCount == 1
    guard path.count == (isPerfect ? 0 : 1) + inner + shape.border else { throw .pathLength }
    guard let seed = isPerfect ? oldRoot : path.first else { throw .pathLength }
    let siblings = isPerfect ? path[...] : path.dropFirst()
    let (below, border) = (siblings.prefix(inner), siblings.dropFirst(inner))

    let position = (oldSize - 1) >> UInt64(height)
    let left = below.enumerated().filter { position >> UInt64($0.offset) & 1 == 1 }.map(\.element)
    guard seed.foldedBorder(left).foldedBorder(border) == oldRoot else { throw .oldRootMismatch }
    guard seed.foldedInner(below, index: position).foldedBorder(border) == newRoot else { throw .rootMismatch }
  }
}
