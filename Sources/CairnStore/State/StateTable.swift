import CairnCrypto
import CairnMerkle

/// The rows of the state.
struct StateTable {
  private static let domain = Domain("cairn/store/state/v1")
  private static let checksumByteCount = 16

  let database: Database

  func head() throws(StoreError) -> StateHead? {
    try database.first("SELECT height, root FROM state_head") { row throws(StoreError) in
      guard let height = row.unsigned(0), let root = row.digest(1) else { throw .corrupt(table: "state_head", key: "1") }
      return StateHead(height: height, root: root)
    }
  }

  func setHead(_ head: StateHead) throws(StoreError) {
    try database.run("INSERT OR REPLACE INTO state_head VALUES (1, ?1, ?2)", try .unsigned(head.height), .blob(head.root.bytes))
  }

  func row(_ key: Digest) throws(StoreError) -> StateRow? {
    guard let position = try position(of: key) else { return nil }
    return try database.first(
      "SELECT position, key, value, checksum, record FROM leaf WHERE position = ?1", .integer(position)
    ) { row throws(StoreError) in try Self.decode(row) }
  }

  /// Where a key's row is. Nothing is ever deleted, so a position always leads to a row.
  func position(of key: Digest) throws(StoreError) -> Int64? {
    var candidates: [Int64] = []
    try database.forEach("SELECT position FROM leaf_position WHERE prefix = ?1", .integer(Self.prefix(of: key))) { row in
      candidates.append(row.integer(0))
      return true
    }
    for position in candidates {
      let found = try database.first("SELECT key FROM leaf WHERE position = ?1", .integer(position)) { row in row.digest(0) }
      // A key that does not even begin like this is not a collision.
      guard let found, let found, Self.prefix(of: found) == Self.prefix(of: key) else {
        throw .corrupt(table: "leaf_position", key: key.description)
      }
      if found == key { return position }
    }
    return nil
  }

  /// Whether the small table leads to every row: both in the order in which they lie on the disk, and added up.
  func checkLookUps() throws(StoreError) {
    var (found, expected) = (LookUpSum(), LookUpSum())
    try database.forEach("SELECT prefix, position FROM leaf_position") { row in
      found.add(row.integer(0), 0, row.integer(1))
      return true
    }
    try database.forEach("SELECT key, position FROM leaf") { row in
      if let key = row.digest(0) { expected.add(Self.prefix(of: key), 0, row.integer(1)) }
      return true
    }
    guard found == expected else { throw .corrupt(table: "leaf_position", key: "sum") }
  }

  func lastPosition() throws(StoreError) -> Int64 {
    try database.first("SELECT max(position) FROM leaf") { row in row.integer(0) } ?? 0
  }

  func insert(_ row: StateRow, at position: Int64) throws(StoreError) {
    try database.run(
      "INSERT INTO leaf VALUES (?1, ?2, ?3, ?4, ?5)", .integer(position), .blob(row.key.bytes), .blob(row.value),
      .blob(Self.checksum(row)), .blob(row.record))
    try database.run("INSERT INTO leaf_position VALUES (?1, ?2)", .integer(Self.prefix(of: row.key)), .integer(position))
  }

  func update(_ row: StateRow, at position: Int64) throws(StoreError) {
    try database.run(
      "UPDATE leaf SET value = ?2, checksum = ?3, record = ?4 WHERE position = ?1", .integer(position), .blob(row.value),
      .blob(Self.checksum(row)), .blob(row.record))
  }

  /// Rows after a position, in the order in which they came to be.
  func rows(after position: Int64, limit: Int) throws(StoreError) -> (rows: [StateRow], last: Int64) {
    var rows: [StateRow] = []
    var last = position
    try database.forEach(
      "SELECT position, key, value, checksum, record FROM leaf WHERE position > ?1 ORDER BY position LIMIT ?2", .integer(position),
      .integer(Int64(limit))
    ) { row throws(StoreError) in
      rows.append(try Self.decode(row))
      last = row.integer(0)
      return true
    }
    return (rows, last)
  }

  /// Rows whose keys begin like this, in the order of these beginnings.
  func rows(prefixes: ClosedRange<Int64>, limit: Int) throws(StoreError) -> [StateRow] {
    var rows: [StateRow] = []
    try database.forEach(
      """
      SELECT l.position, l.key, l.value, l.checksum, l.record FROM leaf_position p JOIN leaf l USING (position)
      WHERE p.prefix BETWEEN ?1 AND ?2 ORDER BY p.prefix LIMIT ?3
      """, .integer(prefixes.lowerBound), .integer(prefixes.upperBound), .integer(Int64(limit))
    ) { row throws(StoreError) in
      rows.append(try Self.decode(row))
      return true
    }
    return rows
  }

  private static func decode(_ row: Row) throws(StoreError) -> StateRow {
    let key = row.digest(1)
    let damaged = StoreError.corrupt(table: "leaf", key: key?.description ?? "\(row.integer(0))")
    guard let key, let value = row.blob(2, limit: StateTree.valueLimit), let record = row.blob(4, limit: StateRow.recordByteLimit)
    else { throw damaged }
    let decoded = StateRow(key: key, value: value, record: record)
    guard row.blob(3, limit: checksumByteCount) == checksum(decoded) else { throw damaged }
    return decoded
  }

  private static func checksum(_ row: StateRow) -> [UInt8] {
    var checksum = RowChecksum(domain)
    checksum.add(row.key)
    checksum.add(row.value)
    checksum.add(row.record)
    return Array(checksum.digest.bytes.prefix(checksumByteCount))
  }

  private static func prefix(of key: Digest) -> Int64 { key.indexPrefix }
}

extension Digest {
  /// The first eight bytes: what a look-up table has in place of the whole.
  var indexPrefix: Int64 {
    withUnsafeBytes { Int64(bitPattern: UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self))) }
  }
}
