import CairnChain
import CairnCrypto

/// The rows of the index: the first eight bytes of a key, and where in the log an entry with that key is. Small rows are what makes
/// it cheap; the entry itself tells whether it is the one that was asked for.
struct IndexTable {
  let database: Database

  struct Posting: Hashable, Comparable {
    let prefix: Int64
    let logIndex: UInt64

    /// Entries that became part of the log together, 262,144 of them: about 2,000 pages.
    var generation: UInt64 { Self.generation(of: logIndex) }

    static func generation(of logIndex: UInt64) -> UInt64 { logIndex >> 18 }

    static func < (left: Posting, right: Posting) -> Bool {
      left.prefix == right.prefix ? left.logIndex < right.logIndex : left.prefix < right.prefix
    }

    /// Added up over all postings, it shows a flipped bit in any of them.
    var mixed: UInt64 { LookUpSum.mixed(prefix, Int64(bitPattern: logIndex)) }
  }

  /// What a block adds.
  static func postings(of block: Block, keys: IndexKeys) -> [Posting] {
    let first = block.header.logSize - UInt64(block.transactions.count)
    return block.transactions.enumerated().flatMap { position, transaction in
      Set(keys(transaction).map(\.indexPrefix)).map { Posting(prefix: $0, logIndex: first + UInt64(position)) }
    }
  }

  struct Head: Equatable {
    var height: UInt64
    var digest: Digest
    var sum: UInt64
  }

  func head() throws(StoreError) -> Head? {
    try database.first("SELECT height, digest, sum FROM index_head") { row throws(StoreError) in
      guard let height = row.unsigned(0), let digest = row.digest(1) else { throw .corrupt(table: "index_head", key: "1") }
      return Head(height: height, digest: digest, sum: UInt64(bitPattern: row.integer(2)))
    }
  }

  func setHead(_ head: Head) throws(StoreError) {
    try database.run(
      "INSERT OR REPLACE INTO index_head VALUES (1, ?1, ?2, ?3)", try .unsigned(head.height), .blob(head.digest.bytes),
      .integer(Int64(bitPattern: head.sum)))
  }

  func insert(_ posting: Posting) throws(StoreError) {
    try database.run(
      "INSERT INTO posting VALUES (?1, ?2, ?3)", try .unsigned(posting.generation), .integer(posting.prefix),
      try .unsigned(posting.logIndex))
  }

  /// Over every posting; what the head has unless one of them changed.
  func sum() throws(StoreError) -> UInt64 {
    var sum: UInt64 = 0
    try database.forEach("SELECT prefix, log_index, generation FROM posting") { row throws(StoreError) in
      guard let logIndex = row.unsigned(1), row.unsigned(2) == Posting.generation(of: logIndex) else {
        throw .corrupt(table: "posting", key: "\(row.integer(0))")
      }
      sum &+= Posting(prefix: row.integer(0), logIndex: logIndex).mixed
      return true
    }
    return sum
  }

  /// The newest generation; `nil` when the index is empty.
  private func lastGeneration() throws(StoreError) -> UInt64? {
    try database.first("SELECT max(generation) FROM posting") { row in row.isNull(0) ? nil : row.unsigned(0) } ?? nil
  }

  /// Positions before one, the greatest first, at most `limit`.
  func positions(_ prefix: Int64, before end: UInt64?, limit: Int) throws(StoreError) -> [UInt64] {
    guard limit > 0, end != 0, let last = try lastGeneration() else { return [] }
    let end = end ?? UInt64(Int64.max)
    var generation = min(last, Posting.generation(of: end - 1))
    var positions: [UInt64] = []
    while true {
      positions += try self.positions(prefix, generation: generation, before: end, limit: limit - positions.count)
      guard positions.count < limit, generation > 0 else { return positions }
      generation -= 1
    }
  }

  private func positions(_ prefix: Int64, generation: UInt64, before end: UInt64, limit: Int) throws(StoreError) -> [UInt64] {
    var positions: [UInt64] = []
    try database.forEach(
      "SELECT log_index FROM posting WHERE generation = ?1 AND prefix = ?2 AND log_index < ?3 ORDER BY log_index DESC LIMIT ?4",
      try .unsigned(generation), .integer(prefix), .integer(Int64(clamping: end)), .integer(Int64(limit))
    ) { row throws(StoreError) in
      guard let position = row.unsigned(0) else { throw .corrupt(table: "posting", key: "\(prefix)") }
      positions.append(position)
      return true
    }
    return positions
  }
}
