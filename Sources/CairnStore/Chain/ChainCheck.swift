import CairnChain
import CairnCrypto
public import CairnMerkle

extension ChainReader {
  /// Reads the whole chain from genesis, but for what is missing, and checks that it is what was once written: every row against its
  /// checksum, every transaction against its leaf hash, every header against the one before and against the log it follows, every full
  /// tile.
  ///
  /// Needs no network and trusts nothing but the code. Signatures, state roots and who the validators are, are not looked at.
  ///
  /// - Parameter body: called with each block in turn.
  /// - Returns: the log's right edge after the newest block.
  public func checkChain(_ body: (StoredBlock) throws(StoreError) -> Void) throws(StoreError) -> LogTileEdge {
    var edge = LogTileEdge()
    var previous: Header?
    var tileCount = 0
    while true {
      let blocks = try blocks(from: previous.map { $0.height + 1 } ?? 0, count: Self.windowCountLimit)
      for block in blocks {
        tileCount += try check(block.block, after: previous, edge: &edge)
        try body(block)
        previous = block.header
      }
      guard !blocks.isEmpty else {
        guard let gap = try gap(), let last = previous, last.height < gap.base.header.height else { break }
        (previous, edge) = (gap.base.header, gap.base.edgeAfterHeader.edge)
        continue
      }
    }
    let found = try read { database throws(StoreError) in try TileTable(database: database).count() }
    // Those of what is missing came with the snapshot, as far as they are needed.
    guard try gap() != nil || found == tileCount else { throw .corrupt(table: "tile", key: "\(found) instead of \(tileCount)") }
    return edge
  }

  /// - Returns: how many tiles became full.
  private func check(_ block: Block, after previous: Header?, edge: inout LogTileEdge) throws(StoreError) -> Int {
    let header = block.header
    let link = ChainLink.broken(block, after: previous, network: previous?.network ?? header.network)
    if let link { throw .notLinked(height: header.height, link: link) }
    var tiles = block.transactions.flatMap { edge.append(LogEntry.transaction($0).leafHash) }
    guard edge.root == header.logRoot else { throw .notLinked(height: header.height, link: .logRoot) }
    tiles += edge.append(LogEntry.header(header.bytes).leafHash)
    for tile in tiles {
      let stored = try read { database throws(StoreError) in try TileTable(database: database).hashes(tile.coordinate) }
      guard stored == tile.hashes else {
        throw .corrupt(table: "tile", key: "\(tile.coordinate.level)/\(tile.coordinate.index)")
      }
    }
    return tiles.count
  }
}

/// What makes a block the next one.
enum ChainLink {
  /// What does not follow; the log's root is not looked at.
  static func broken(_ block: Block, after previous: Header?, network: Digest) -> StoreError.BrokenLink? {
    let header = block.header
    let firstIndex = previous.map { $0.logSize + 1 } ?? 0
    if header.network != network { return .network }
    if header.height != previous.map({ $0.height + 1 }) ?? 0 { return .height }
    if header.parent != previous?.digest ?? .zero { return .parent }
    if header.logSize != firstIndex + UInt64(block.transactions.count) { return .logSize }
    return nil
  }
}
