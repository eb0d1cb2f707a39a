import CairnCrypto
import CairnMerkle

/// Versions of records that newer ones replaced, in the order in which that happened. Positions have no gap.
///
/// Found as rows are, by the first eight bytes of the key, and by the version.
struct SupersededTable {
  let database: Database

  func lastPosition() throws(StoreError) -> Int64 {
    try database.first("SELECT max(position) FROM superseded") { row in row.integer(0) } ?? 0
  }

  func insert(_ row: SupersededRow, at position: Int64) throws(StoreError) {
    try database.run(
      "INSERT INTO superseded VALUES (?1, ?2, ?3, ?4, ?5)", .integer(position), .blob(row.key.bytes), try .unsigned(row.version),
      .blob(row.leafHash.bytes), .blob(row.record))
    try database.run(
      "INSERT INTO superseded_position VALUES (?1, ?2, ?3)", .integer(row.key.indexPrefix), try .unsigned(row.version), .integer(position))
  }

  /// Whether the small table leads to every version: both in the order in which they lie on the disk, and added up.
  func checkLookUps() throws(StoreError) {
    var (found, expected) = (LookUpSum(), LookUpSum())
    try database.forEach("SELECT prefix, version, position FROM superseded_position") { row in
      found.add(row.integer(0), row.integer(1), row.integer(2))
      return true
    }
    try database.forEach("SELECT key, version, position FROM superseded") { row in
      if let key = row.digest(0) { expected.add(key.indexPrefix, row.integer(1), row.integer(2)) }
      return true
    }
    guard found == expected else { throw .corrupt(table: "superseded_position", key: "sum") }
  }

  func record(_ key: Digest, version: UInt64) throws(StoreError) -> [UInt8]? {
    var found: [SupersededRow] = []
    try database.forEach(
      """
      SELECT s.key, s.version, s.leaf_hash, s.record FROM superseded_position p JOIN superseded s USING (position)
      WHERE p.prefix = ?1 AND p.version = ?2
      """, .integer(key.indexPrefix), try .unsigned(version)
    ) { row throws(StoreError) in
      found.append(try Self.decode(row))
      return true
    }
    return found.first { $0.key == key && $0.version == version }?.record
  }

  func leafHashes(_ key: Digest, count: UInt64) throws(StoreError) -> [Digest] {
    var hashes: [Digest] = []
    try database.forEach(
      """
      SELECT s.key, s.version, s.leaf_hash FROM superseded_position p JOIN superseded s USING (position)
      WHERE p.prefix = ?1 AND p.version < ?2 ORDER BY p.version
      """, .integer(key.indexPrefix), try .unsigned(count)
    ) { row throws(StoreError) in
      guard let found = row.digest(0), let version = row.unsigned(1), let hash = row.digest(2) else {
        throw .corrupt(table: "superseded", key: key.description)
      }
      if found == key, version == UInt64(hashes.count) { hashes.append(hash) }
      return true
    }
    return hashes
  }

  func rows(after position: Int64, limit: Int) throws(StoreError) -> [SupersededRow] {
    var rows: [SupersededRow] = []
    try database.forEach(
      "SELECT key, version, leaf_hash, record FROM superseded WHERE position > ?1 ORDER BY position LIMIT ?2", .integer(position),
      .integer(Int64(limit))
    ) { row throws(StoreError) in
      rows.append(try Self.decode(row))
      return true
    }
    return rows
  }

  /// Key, version, leaf hash, record: whether the key and version are right, only the newest version of the record can say.
  private static func decode(_ row: Row) throws(StoreError) -> SupersededRow {
    let key = row.digest(0)
    guard let key, let version = row.unsigned(1), let hash = row.digest(2), let record = row.blob(3, limit: StateRow.recordByteLimit),
      LogTree.leafHash(record) == hash
    else { throw .corrupt(table: "superseded", key: key?.description ?? "?") }
    return SupersededRow(key: key, version: version, record: record)
  }
}
