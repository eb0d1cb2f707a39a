public import CairnCrypto

/// A log and the leaves of one block appended to it, with the inclusion proof of each of these leaves against the log
/// after them.
///
/// Made from the frontier alone: every receipt of a block without a look at storage, n leaves in O(n) hashes and O(n log n)
/// copies.
public struct LogExtension: Sendable {
  /// One height of the tree: its nodes from `first` to the right edge, whose last node may be of an incomplete subtree.
  /// Those further left are on nobody's path.
  private struct Level {
    let first: UInt64
    var hashes: [Digest]

    /// - Parameter index: position of the node among all nodes of its height.
    subscript(index: UInt64) -> Digest { hashes[Int(index - first)] }
  }

  private let levels: [Level]

  /// Index in the log of the first leaf that was appended.
  public let firstIndex: UInt64
  /// Size of the log after the leaves.
  public let size: UInt64

  public init(of frontier: LogFrontier, appending leafHashes: [Digest]) {
    firstIndex = frontier.size
    size = frontier.size + UInt64(leafHashes.count)
    levels = Self.levels(of: frontier, appending: leafHashes, size: size)
  }

  private static func levels(of frontier: LogFrontier, appending leafHashes: [Digest], size: UInt64) -> [Level] {
    guard size > 0 else { return [] }
    let heights = UInt64.bitWidth - (size - 1).leadingZeroBitCount
    var peaks = frontier.peaks[...]
    var levels: [Level] = []
    var nodes = leafHashes
    for height in 0...heights {
      // The old log's peak of this height is the left sibling of the first node that is not older.
      let next = frontier.size >> UInt64(height)
      let peak = next & 1 == 1 ? peaks.popLast() : nil
      if let peak { nodes.insert(peak, at: 0) }
      levels.append(Level(first: peak == nil ? next : next - 1, hashes: nodes))
      nodes = parents(of: nodes)
    }
    return levels
  }

  /// The nodes above; a last one without sibling passes through unchanged.
  private static func parents(of nodes: [Digest]) -> [Digest] {
    stride(from: 0, to: nodes.count, by: 2).map { index in
      index + 1 < nodes.count ? LogTree.nodeHash(nodes[index], nodes[index + 1]) : nodes[index]
    }
  }

  /// Root of the log after the leaves.
  public var root: Digest { levels.last?[0] ?? LogTree.emptyRoot }

  /// The right edge of the log after the leaves.
  public var frontier: LogFrontier {
    var peaks: [Digest] = []
    for height in levels.indices.reversed() where size >> UInt64(height) & 1 == 1 {
      peaks.append(levels[height][size >> UInt64(height) - 1])
    }
    guard let frontier = LogFrontier(size: size, peaks: peaks) else { preconditionFailure("one peak for each bit of the size") }
    return frontier
  }

  /// The proof of the leaf at `index` of the log, `nil` unless it is one of those appended.
  public func proof(at index: UInt64) -> InclusionProof? {
    guard (firstIndex..<size).contains(index) else { return nil }
    var path: [Digest] = []
    path.reserveCapacity(levels.count)
    for height in levels.indices.dropLast() {
      let sibling = index >> UInt64(height) ^ 1
      if sibling <= (size - 1) >> UInt64(height) { path.append(levels[height][sibling]) }
    }
    return InclusionProof(index: index, path: path)
  }

  /// The proofs of all appended leaves, in their order.
  public var proofs: [InclusionProof] { (firstIndex..<size).compactMap(proof(at:)) }
}
