public import CairnCrypto

/// The tiles on the right edge of a log, one for each level: what a log keeps in memory when its full tiles are stored
/// elsewhere.
public struct LogTileEdge: Hashable, Sendable {
  public private(set) var frontier = LogFrontier()

  /// For each level that has hashes at all, those of its tile that is not yet full: 0 to 255.
  public private(set) var partialTiles: [[Digest]] = []

  /// The empty log.
  public init() {}

  /// `nil` unless the partial tiles are as long as a log of `size` entries has them.
  public init?(size: UInt64, partialTiles: [[Digest]]) {
    guard size <= LogTree.sizeLimit, partialTiles.map(\.count) == Self.partialCounts(size: size) else { return nil }
    let peaks = partialTiles.reversed().flatMap(Self.peaks(of:))
    guard let frontier = LogFrontier(size: size, peaks: peaks) else { return nil }
    (self.frontier, self.partialTiles) = (frontier, partialTiles)
  }

  /// How many hashes the partial tile of each level has in a log of `size` entries.
  private static func partialCounts(size: UInt64) -> [Int] {
    sequence(first: size) { $0 >> UInt64(LogTile.height) }.prefix { $0 > 0 }.map { Int($0 % UInt64(LogTile.width)) }
  }

  /// Roots of the perfect subtrees that a partial tile consists of, the largest first.
  private static func peaks(of partialTile: [Digest]) -> [Digest] {
    var frontier = LogFrontier()
    for hash in partialTile { frontier.append(hash) }
    return frontier.peaks
  }

  public var size: UInt64 { frontier.size }
  public var root: Digest { frontier.root }

  /// Appends a leaf; returns the tiles that it fills, lowest level first, which are no longer kept here.
  public mutating func append(_ leafHash: Digest) -> [LogTile] {
    var filled: [LogTile] = []
    let next = size
    frontier.append(leafHash) { height, hash in
      guard height % LogTile.height == 0 else { return }
      let level = height / LogTile.height
      if level == partialTiles.count { partialTiles.append([]) }
      partialTiles[level].append(hash)
      guard partialTiles[level].count == LogTile.width else { return }
      let coordinate = LogTileCoordinate(level: level, index: next >> UInt64(height + LogTile.height))
      filled.append(LogTile(coordinate: coordinate, hashes: partialTiles[level]))
      partialTiles[level] = []
    }
    return filled
  }
}

extension LogTileEdge {
  /// The hashes of all partial tiles one after the other, the lowest level first: together with the size all that there is.
  public var packed: [UInt8] { partialTiles.flatMap { $0.flatMap(\.bytes) } }

  /// `nil` unless there are exactly as many hashes as a log of `size` entries has in its partial tiles: at most 65,280 bytes.
  public init?(size: UInt64, packed: [UInt8]) {
    guard size <= LogTree.sizeLimit else { return nil }
    let counts = Self.partialCounts(size: size)
    // Checked before anything is allocated for it.
    guard packed.count == counts.reduce(0, +) * Digest.byteCount else { return nil }
    var start = 0
    var tiles: [[Digest]] = []
    for count in counts {
      let end = start + count * Digest.byteCount
      tiles.append(stride(from: start, to: end, by: Digest.byteCount).compactMap { Digest(packed[$0..<$0 + Digest.byteCount]) })
      start = end
    }
    self.init(size: size, partialTiles: tiles)
  }
}
