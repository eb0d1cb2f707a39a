import CairnCrypto
import CairnMerkle

/// The log's full tiles.
struct TileTable {
  private static let domain = Domain("cairn/store/tile/v1")
  /// A log of 2^62 entries has tiles of eight levels.
  private static let levelCount = 8
  /// Tiles of one level come next to each other.
  private static let indexBits = 56

  let database: Database

  func insert(_ tile: LogTile) throws(StoreError) {
    let bytes = tile.hashes.flatMap(\.bytes)
    try database.run(
      "INSERT OR REPLACE INTO tile VALUES (?1, ?2, ?3)", .integer(try Self.position(tile.coordinate)), .blob(bytes),
      .blob(Self.checksum(tile.coordinate, bytes).bytes))
  }

  /// 256 hashes; a tile that is not there is damage, because only full tiles are asked for, unless part of the log is missing.
  func hashes(_ coordinate: LogTileCoordinate) throws(StoreError) -> [Digest] {
    let damaged = StoreError.corrupt(table: "tile", key: "\(coordinate.level)/\(coordinate.index)")
    let found = try database.first(
      "SELECT hashes, checksum FROM tile WHERE position = ?1", .integer(try Self.position(coordinate))
    ) { row throws(StoreError) in
      guard let bytes = row.blob(0, limit: LogTile.width * Digest.byteCount), bytes.count == LogTile.width * Digest.byteCount,
        row.digest(1) == Self.checksum(coordinate, bytes)
      else { throw damaged }
      return stride(from: 0, to: bytes.count, by: Digest.byteCount).compactMap { Digest(bytes[$0..<$0 + Digest.byteCount]) }
    }
    if let found { return found }
    throw try GapTable(database: database).gap()?.error ?? damaged
  }

  func count() throws(StoreError) -> Int {
    try database.first("SELECT count(*) FROM tile") { row in Int(row.integer(0)) } ?? 0
  }

  private static func position(_ coordinate: LogTileCoordinate) throws(StoreError) -> Int64 {
    guard (0..<levelCount).contains(coordinate.level), coordinate.index < 1 << UInt64(indexBits) else {
      throw .outOfRange(what: "tile \(coordinate.level)/\(coordinate.index)")
    }
    return Int64(coordinate.level) << Int64(indexBits) | Int64(coordinate.index)
  }

  private static func checksum(_ coordinate: LogTileCoordinate, _ hashes: [UInt8]) -> Digest {
    var checksum = RowChecksum(domain)
    checksum.add(UInt64(coordinate.level))
    checksum.add(coordinate.index)
    checksum.add(hashes)
    return checksum.digest
  }
}
