import CairnChain
import CairnCrypto

/// The rows of finalized blocks.
struct BlockTable {
  let database: Database

  func insert(_ row: BlockRow, transactions: [[UInt8]]) throws(StoreError) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(transactions.reduce(0) { $0 + $1.count })
    for transaction in transactions { bytes += transaction }
    try database.run(
      "INSERT INTO block (\(BlockRow.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", try .unsigned(row.logSize),
      try .unsigned(row.height), .blob(row.digest.bytes), .integer(Int64(row.validatorCount)), .blob(row.checksum.bytes),
      .blob(row.header), .blob(row.justification), .optional(row.finalization), .blob(row.entries), .blob(bytes))
  }

  func newest() throws(StoreError) -> BlockRow? {
    try first("ORDER BY log_size DESC LIMIT 1") { row, _ in row }
  }

  /// - Parameter condition: what comes after `FROM block`.
  func first<Result>(
    _ condition: String, _ value: SQLValue = .null, read: (BlockRow, Row) throws(StoreError) -> Result
  ) throws(StoreError) -> Result? {
    let sql = "SELECT \(BlockRow.columns) FROM block \(condition)"
    if case .null = value {
      return try database.first(sql) { row throws(StoreError) in try read(BlockRow(row), row) }
    }
    return try database.first(sql, value) { row throws(StoreError) in try read(BlockRow(row), row) }
  }

  func first<Result>(height: UInt64, read: (BlockRow, Row) throws(StoreError) -> Result) throws(StoreError) -> Result? {
    try first("WHERE height = ?1", try .unsigned(height)) { block, row throws(StoreError) in
      guard block.height == height else { throw block.damaged }
      return try read(block, row)
    }
  }

  /// The block that an entry of the log is in.
  func first<Result>(containing index: UInt64, read: (BlockRow, Row) throws(StoreError) -> Result) throws(StoreError) -> Result? {
    try first("WHERE log_size >= ?1 ORDER BY log_size LIMIT 1", try .unsigned(index)) { block, row throws(StoreError) in
      guard block.logSize >= index, block.firstIndex <= index else { throw try missing(at: index) ?? block.damaged }
      return try read(block, row)
    }
  }

  func first<Result>(digest: Digest, read: (BlockRow, Row) throws(StoreError) -> Result) throws(StoreError) -> Result? {
    try first("WHERE digest = ?1", .blob(digest.bytes)) { block, row throws(StoreError) in
      guard block.digest == digest else { throw block.damaged }
      return try read(block, row)
    }
  }

  /// What to say of an entry that lies in the part of the chain that is missing.
  private func missing(at index: UInt64) throws(StoreError) -> StoreError? {
    guard let gap = try GapTable(database: database).gap(), gap.indices.contains(index) else { return nil }
    return gap.error
  }

  /// Consecutive blocks, until `read` returns `false` or the next one is missing here. Any other height that is left out is damage.
  func forEach(from height: UInt64, read: (BlockRow, Row) throws(StoreError) -> Bool) throws(StoreError) {
    var next = height
    try database.forEach(
      "SELECT \(BlockRow.columns) FROM block WHERE height >= ?1 ORDER BY height", try .unsigned(height)
    ) { row throws(StoreError) in
      let block = try BlockRow(row)
      guard block.height == next else {
        if let gap = try GapTable(database: database).gap(), gap.heights.contains(next) { return false }
        throw .corrupt(table: "block", key: "height \(next)")
      }
      next += 1
      return try read(block, row)
    }
  }
}
