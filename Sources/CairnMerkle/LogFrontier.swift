public import CairnCrypto

/// The right edge of a log: all that is needed to append to it and to know its root.
public struct LogFrontier: Hashable, Sendable {
  /// Number of entries.
  public private(set) var size: UInt64 = 0

  /// Roots of the perfect subtrees that the log consists of, the largest first: one for each bit set in `size`.
  public private(set) var peaks: [Digest] = []

  /// The empty log.
  public init() {}

  /// `nil` unless there is one peak for each bit set in `size`, which is at most `LogTree.sizeLimit`.
  public init?(size: UInt64, peaks: [Digest]) {
    guard size <= LogTree.sizeLimit, peaks.count == size.nonzeroBitCount else { return nil }
    (self.size, self.peaks) = (size, peaks)
  }

  public mutating func append(_ leafHash: Digest) {
    append(leafHash) { _, _ in }
  }

  /// Appends a leaf and reports the root of every perfect subtree that it completes, lowest first, the leaf itself (height 0) included.
  @inline(__always)
  mutating func append(_ leafHash: Digest, completed: (_ height: Int, _ hash: Digest) -> Void) {
    var hash = leafHash
    completed(0, hash)
    for height in 0..<size.trailingOnes {
      hash = LogTree.nodeHash(peaks.removeLast(), hash)
      completed(height + 1, hash)
    }
    peaks.append(hash)
    size += 1
  }

  /// The Merkle tree hash of RFC 6962 over all entries.
  public var root: Digest {
    guard var root = peaks.last else { return LogTree.emptyRoot }
    for peak in peaks.dropLast().reversed() { root = LogTree.nodeHash(peak, root) }
    return root
  }
}

extension UInt64 {
  /// Count of the lowest bits that are all set.
  fileprivate var trailingOnes: Int { (~self).trailingZeroBitCount }
}

extension LogFrontier {
  /// The right edge of a tree, from its last leaf and that leaf's inclusion proof: what stands to the left of the last leaf's
  /// own peak on the way to the root are the other peaks.
  ///
  /// - Parameters:
  ///   - lastLeaf: hash of the leaf `proof.index`.
  ///   - proof: against the tree of `proof.index + 1` leaves. `nil` when its path has another length than that tree's.
  public init?(lastLeaf: Digest, proof: InclusionProof) {
    let size = proof.index + 1
    let height = size.trailingZeroBitCount
    guard proof.path.count == height + size.nonzeroBitCount - 1 else { return nil }
    let lastPeak = proof.path.prefix(height).reduce(lastLeaf) { LogTree.nodeHash($1, $0) }
    self.init(size: size, peaks: proof.path.dropFirst(height).reversed() + [lastPeak])
  }
}
