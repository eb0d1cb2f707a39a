public import CairnCrypto

/// Why the log has no such proof.
public enum LogProverError: Error, Hashable, Sendable {
  /// A size beyond the log's, a consistency proof from the empty log, or sizes in the wrong order.
  case sizeOutOfRange
  /// The index is not below the size.
  case indexOutOfRange
  /// The source's full tile does not have 256 hashes.
  case malformedTile(LogTileCoordinate)
}

/// Makes proofs for any size that the log ever had, and reads each tile it needs once.
///
/// It does not check the hashes that the source hands out: whoever knows the root verifies the proof before passing it on.
public struct LogProver {
  private let edge: LogTileEdge
  private let source: any LogTileSource

  public init(edge: LogTileEdge, source: any LogTileSource) {
    (self.edge, self.source) = (edge, source)
  }

  /// The proof that entry `index` is in the log as it was at `size`; throws `LogProverError` or what the source throws.
  public func inclusionProof(index: UInt64, size: UInt64) throws -> InclusionProof {
    guard size <= edge.size else { throw LogProverError.sizeOutOfRange }
    guard index < size else { throw LogProverError.indexOutOfRange }
    var reader = LogTileReader(edge: edge, source: source)
    return InclusionProof(index: index, path: try reader.path(to: index, in: LogRange(start: 0, count: size)))
  }

  /// The proof that the log at `oldSize`, which is not 0, is a prefix of the log at `newSize`; throws `LogProverError` or
  /// what the source throws.
  public func consistencyProof(from oldSize: UInt64, to newSize: UInt64) throws -> LogConsistencyProof {
    guard oldSize > 0, oldSize <= newSize, newSize <= edge.size else { throw LogProverError.sizeOutOfRange }
    var reader = LogTileReader(edge: edge, source: source)
    let path = try reader.subproof(of: oldSize, in: LogRange(start: 0, count: newSize), oldRootIsKnown: true)
    return LogConsistencyProof(oldSize: oldSize, newSize: newSize, path: path)
  }

  /// The root that the log had at `size`; throws `LogProverError` or what the source throws.
  public func root(size: UInt64) throws -> Digest {
    guard size <= edge.size else { throw LogProverError.sizeOutOfRange }
    guard size > 0 else { return LogTree.emptyRoot }
    var reader = LogTileReader(edge: edge, source: source)
    return try reader.root(of: LogRange(start: 0, count: size))
  }

  /// The right edge that the log had at `size`; throws `LogProverError` or what the source throws.
  public func edge(size: UInt64) throws -> LogTileEdge {
    guard size <= edge.size else { throw LogProverError.sizeOutOfRange }
    var reader = LogTileReader(edge: edge, source: source)
    var tiles: [[Digest]] = []
    var level = 0
    while size >> UInt64(level * LogTile.height) > 0 {
      let count = size >> UInt64(level * LogTile.height)
      let coordinate = LogTileCoordinate(level: level, index: count >> UInt64(LogTile.height))
      let used = Int(count % UInt64(LogTile.width))
      tiles.append(used == 0 ? [] : Array(try reader.tile(coordinate).prefix(used)))
      level += 1
    }
    guard let edge = LogTileEdge(size: size, partialTiles: tiles) else { throw LogProverError.sizeOutOfRange }
    return edge
  }
}

/// The entries under one node of the tree at some size; `start` is a multiple of the smallest power of two that is not
/// below `count`, and `count` is not 0.
private struct LogRange {
  let start: UInt64
  let count: UInt64

  /// The two ranges under the node's children, the left one of the largest power of two below `count` (RFC 6962's k).
  var halves: (left: LogRange, right: LogRange) {
    let half: UInt64 = 1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    return (LogRange(start: start, count: half), LogRange(start: start + half, count: count - half))
  }
}

/// RFC 6962's recursive definitions, on hashes taken from tiles. Recursion is at most 64 deep.
private struct LogTileReader {
  let edge: LogTileEdge
  let source: any LogTileSource
  private var tiles: [LogTileCoordinate: [Digest]] = [:]

  init(edge: LogTileEdge, source: any LogTileSource) {
    (self.edge, self.source) = (edge, source)
  }

  /// PATH(m, D[n]) of RFC 6962 section 2.1.1; `index` is counted from the start of the log.
  mutating func path(to index: UInt64, in range: LogRange) throws -> [Digest] {
    guard range.count > 1 else { return [] }
    let (left, right) = range.halves
    return index < right.start
      ? try path(to: index, in: left) + [root(of: right)]
      : try path(to: index, in: right) + [root(of: left)]
  }

  /// SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2; `oldSize` is counted from the start of the log.
  mutating func subproof(of oldSize: UInt64, in range: LogRange, oldRootIsKnown: Bool) throws -> [Digest] {
    if oldSize == range.start + range.count { return oldRootIsKnown ? [] : [try root(of: range)] }
    let (left, right) = range.halves
    return oldSize <= right.start
      ? try subproof(of: oldSize, in: left, oldRootIsKnown: oldRootIsKnown) + [root(of: right)]
      : try subproof(of: oldSize, in: right, oldRootIsKnown: false) + [root(of: left)]
  }

  /// MTH(D[n]) of RFC 6962 section 2.1.
  mutating func root(of range: LogRange) throws -> Digest {
    if range.count.nonzeroBitCount == 1 { return try perfectRoot(of: range) }
    let (left, right) = range.halves
    return LogTree.nodeHash(try root(of: left), try root(of: right))
  }

  /// The root over a power of two of entries, which are 1 to 128 neighbouring hashes of one tile.
  private mutating func perfectRoot(of range: LogRange) throws -> Digest {
    let level = range.count.trailingZeroBitCount / LogTile.height
    let first = range.start >> UInt64(level * LogTile.height)
    let count = Int(range.count >> UInt64(level * LogTile.height))
    let hashes = try tile(LogTileCoordinate(level: level, index: first >> UInt64(LogTile.height)))
    let offset = Int(first % UInt64(LogTile.width))
    return LogTree.root(of: hashes[offset..<offset + count])
  }

  mutating func tile(_ coordinate: LogTileCoordinate) throws -> [Digest] {
    let full = edge.size >> UInt64((coordinate.level + 1) * LogTile.height)
    guard coordinate.index < full else { return edge.partialTiles[coordinate.level] }
    if let hashes = tiles[coordinate] { return hashes }
    let hashes = try source.fullTile(coordinate)
    guard hashes.count == LogTile.width else { throw LogProverError.malformedTile(coordinate) }
    tiles[coordinate] = hashes
    return hashes
  }
}
