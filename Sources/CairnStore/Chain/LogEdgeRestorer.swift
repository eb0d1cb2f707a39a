import CairnChain
import CairnCrypto
import CairnMerkle

/// Makes the log's right edge again from what `chain.db` holds.
struct LogEdgeRestorer {
  let database: Database
  /// Where a part of the chain is missing: what was known of the log there takes its place.
  let known: LogTileEdge?

  init(database: Database) throws(StoreError) {
    self.database = database
    known = try GapTable(database: database).gap()?.base.edgeAfterHeader.edge
  }

  /// The edge after the newest block, its header included. What it is made of must fold to that header's `log_root`.
  func edge(newest: BlockRow) throws(StoreError) -> LogTileEdge {
    let header = try newest.decodedHeader()
    let size = header.logSize
    var partialTiles: [[Digest]] = size == 0 ? [] : [try leafHashes(from: size - size % UInt64(LogTile.width), to: size)]
    var level = 1
    while level * LogTile.height < UInt64.bitWidth, size >> UInt64(level * LogTile.height) > 0 {
      let count = size >> UInt64(level * LogTile.height)
      partialTiles.append(try tileRoots(level: level - 1, from: count - count % UInt64(LogTile.width), to: count))
      level += 1
    }
    guard header.logSize == newest.logSize, var edge = LogTileEdge(size: size, partialTiles: partialTiles),
      edge.root == header.logRoot
    else { throw .corrupt(table: "tile", key: "log root of block \(header.height)") }
    _ = edge.append(LogEntry.header(newest.header).leafHash)
    return edge
  }

  /// Leaf hashes of neighbouring entries, at most 255.
  private func leafHashes(from start: UInt64, to end: UInt64) throws(StoreError) -> [Digest] {
    var hashes: [Digest] = []
    let blocks = BlockTable(database: database)
    while start + UInt64(hashes.count) < end {
      let next = start + UInt64(hashes.count)
      if let hash = knownHash(level: 0, at: next) {
        hashes.append(hash)
        continue
      }
      let found = try blocks.first(containing: next) { block, _ throws(StoreError) in
        try block.leafHashes()[Int(next - block.firstIndex)...].prefix(Int(end - next))
      }
      guard let found else { throw .corrupt(table: "block", key: "\(next)") }
      hashes += found
    }
    return hashes
  }

  /// Roots of neighbouring full tiles, at most 255.
  private func tileRoots(level: Int, from start: UInt64, to end: UInt64) throws(StoreError) -> [Digest] {
    var roots: [Digest] = []
    for index in start..<end {
      if let root = knownHash(level: level + 1, at: index) {
        roots.append(root)
        continue
      }
      roots.append(LogTree.root(of: try TileTable(database: database).hashes(LogTileCoordinate(level: level, index: index))))
    }
    return roots
  }

  /// A hash of a level, when it is among those of the partial tile that was known.
  private func knownHash(level: Int, at position: UInt64) -> Digest? {
    guard let known, level < known.partialTiles.count else { return nil }
    let tile = known.partialTiles[level]
    let end = known.size >> UInt64(level * LogTile.height)
    let start = end - UInt64(tile.count)
    return (start..<end).contains(position) ? tile[Int(position - start)] : nil
  }
}
