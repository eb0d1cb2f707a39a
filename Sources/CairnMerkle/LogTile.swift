public import CairnCrypto

/// Where a tile lies in the log (https://c2sp.org/tlog-tiles).
public struct LogTileCoordinate: Hashable, Sendable {
  /// 0 for tiles of leaf hashes; a hash of level l + 1 is the root of a full tile of level l.
  public var level: Int
  /// Position among the tiles of its level.
  public var index: UInt64

  public init(level: Int, index: UInt64) {
    (self.level, self.index) = (level, index)
  }
}

/// A full tile: 256 neighbouring hashes of one level. It never changes again.
public struct LogTile: Hashable, Sendable {
  /// Height of a tile in the tree.
  public static let height = 8
  /// Hashes in a full tile.
  public static let width = 1 << height

  public let coordinate: LogTileCoordinate
  /// `width` hashes.
  public let hashes: [Digest]
}

/// Where full tiles are kept.
public protocol LogTileSource {
  /// The 256 hashes of a tile that is full.
  func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest]
}
