import CairnChain
public import CairnCrypto
import CairnMessages
import Synchronization

/// What was fetched and verified so far of a snapshot of another node: a `state.db` in the making, and the last blocks before it.
///
/// What was added once is still there after a crash, and is not fetched again, even when a newer snapshot takes the place of the one that
/// was begun: subtrees that are the same in both stay.
public final class IncomingSnapshot: Sendable {
  /// Gone before the file becomes `state.db`.
  static let progressTables = [
    "CREATE TABLE verified (part BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE incoming (id INTEGER PRIMARY KEY CHECK (id = 1), manifest BLOB NOT NULL, base BLOB NOT NULL)",
    """
    CREATE TABLE incoming_block (
      height INTEGER PRIMARY KEY, validator_count INTEGER NOT NULL, proposal BLOB NOT NULL, finalization BLOB)
    """,
  ]
  private static let historyDomain = Domain("cairn/store/incoming-history/v1")

  private struct Contents {
    let database: Database
    var manifest: SnapshotManifest?
    var base: ChainBase?
    var lastPosition: Int64
    var lastSuperseded: Int64
  }

  /// `nil` once the file is somebody else's.
  private let contents: Mutex<Contents?>

  init(path: String, network: Digest, files: FileSystem) throws(StoreError) {
    let database = try Database(path, .state, .writer, network: network, files: files)
    if try database.first("SELECT 1 FROM sqlite_schema WHERE name = 'incoming'", read: { row in row.integer(0) }) == nil {
      try database.transaction { () throws(StoreError) in
        for table in Self.progressTables { try database.run(table) }
      }
    }
    let found = try database.first("SELECT manifest, base FROM incoming") { row in
      (row.blob(0, limit: SnapshotManifest.byteLimit), row.blob(1, limit: ChainBase.byteLimit))
    }
    contents = Mutex(
      Contents(
        database: database, manifest: found?.0.flatMap(SnapshotManifest.init(decoding:)), base: found?.1.flatMap(ChainBase.init(decoding:)),
        lastPosition: try StateTable(database: database).lastPosition(),
        lastSuperseded: try SupersededTable(database: database).lastPosition()))
  }

  /// The manifest that is being followed.
  public var manifest: SnapshotManifest? { contents.withLock { $0?.manifest } }

  /// Takes up a snapshot. Blocks that were fetched before stay when they reach up to its base.
  ///
  /// - Parameters:
  ///   - manifest: verified.
  ///   - base: verified: from where on the log is fetched.
  public func begin(_ manifest: SnapshotManifest, base: ChainBase) throws(StoreError) {
    try write { contents throws(StoreError) in
      let last = try Self.lastBlock(contents.database)
      let keeps = contents.base != nil && (last ?? 0) >= base.header.height
      if !keeps { try contents.database.run("DELETE FROM incoming_block") }
      let base = keeps ? contents.base ?? base : base
      try contents.database.run(
        "INSERT OR REPLACE INTO incoming VALUES (1, ?1, ?2)", .blob(manifest.bytes), .blob(base.bytes))
      (contents.manifest, contents.base) = (manifest, base)
    }
  }

  /// Chunks of the manifest that are not here yet.
  public func missingChunks() throws(StoreError) -> [SnapshotManifest.Chunk] {
    try read { contents throws(StoreError) in
      var missing: [SnapshotManifest.Chunk] = []
      for chunk in contents.manifest?.chunks ?? [] where try !Self.isVerified(chunk.hash, contents.database) { missing.append(chunk) }
      return missing
    }
  }

  /// Numbers of the pieces of history that are not here yet.
  public func missingHistory() throws(StoreError) -> [UInt32] {
    try read { contents throws(StoreError) in
      guard let manifest = contents.manifest else { return [] }
      let digest = manifest.digest
      var missing: [UInt32] = []
      for number in 0..<manifest.historyCount where try !Self.isVerified(Self.part(number, of: digest), contents.database) {
        missing.append(number)
      }
      return missing
    }
  }

  /// Adds rows that were verified. Each chunk is there as a whole or not at all.
  public func add(_ chunk: SnapshotChunk, of node: SnapshotManifest.Chunk) throws(StoreError) {
    try write { contents throws(StoreError) in
      let table = StateTable(database: contents.database)
      for row in chunk.rows {
        if let position = try table.position(of: row.key) {
          try table.update(row, at: position)
        } else {
          contents.lastPosition += 1
          try table.insert(row, at: contents.lastPosition)
        }
      }
      try contents.database.run("INSERT OR IGNORE INTO verified VALUES (?1)", .blob(node.hash.bytes))
    }
  }

  /// Adds replaced versions that were verified.
  public func add(_ versions: [SupersededRow], number: UInt32) throws(StoreError) {
    try write { contents throws(StoreError) in
      guard let digest = contents.manifest?.digest else { return }
      let table = SupersededTable(database: contents.database)
      for row in versions where try table.record(row.key, version: row.version) == nil {
        contents.lastSuperseded += 1
        try table.insert(row, at: contents.lastSuperseded)
      }
      try contents.database.run("INSERT OR IGNORE INTO verified VALUES (?1)", .blob(Self.part(number, of: digest).bytes))
    }
  }

  /// A row that was added.
  public func row(_ key: Digest) throws(StoreError) -> StateRow? {
    try read { contents throws(StoreError) in try StateTable(database: contents.database).row(key) }
  }

  /// Adds verified blocks that follow the last one.
  public func add(_ blocks: [FinalizedBlock], validatorCount: Int) throws(StoreError) {
    try write { contents throws(StoreError) in
      for block in blocks {
        try contents.database.run(
          "INSERT OR REPLACE INTO incoming_block VALUES (?1, ?2, ?3, ?4)", try .unsigned(block.block.header.height),
          .integer(Int64(validatorCount)), .blob(CandidateRow(block.proposal, validatorCount: validatorCount).proposal),
          .optional(block.finalization?.bytes(validatorCount: validatorCount)))
      }
    }
  }

  /// The verified header and log that the fetched blocks continue.
  public var base: ChainBase? { contents.withLock { $0?.base } }

  /// Every block that was added, in order.
  public func forEachBlock(_ body: (StoredBlock) throws(StoreError) -> Void) throws(StoreError) {
    try read { contents throws(StoreError) in
      guard let base = contents.base else { return }
      var next = base.header.height + 1
      try contents.database.forEach(
        "SELECT height, validator_count, proposal, finalization FROM incoming_block WHERE height >= ?1 ORDER BY height", try .unsigned(next)
      ) { row throws(StoreError) in
        let block = try Self.block(row)
        guard block.header.height == next else { throw .corrupt(table: "incoming_block", key: "\(next)") }
        next += 1
        try body(block)
        return true
      }
    }
  }

  /// Every row and then how many replaced versions there are: for whoever looks whether that is all of the state.
  public func forEachRow(_ body: (StateRow) throws(StoreError) -> Void) throws(StoreError) -> UInt64 {
    try read { contents throws(StoreError) in
      var position: Int64 = .min
      while true {
        let page = try StateTable(database: contents.database).rows(after: position, limit: 1_024)
        for row in page.rows { try body(row) }
        guard page.rows.count == 1_024 else { break }
        position = page.last
      }
      return try contents.database.first("SELECT count(*) FROM superseded") { row in row.unsigned(0) ?? 0 } ?? 0
    }
  }

  /// Everything is there, and is the state of this block: from now on the file can take the place of `state.db`.
  public func complete(_ head: StateHead) throws(StoreError) {
    try write { contents throws(StoreError) in try StateTable(database: contents.database).setHead(head) }
    try read { contents throws(StoreError) in try contents.database.settle() }
  }

  /// What only matters while it is being fetched.
  func dropProgress() throws(StoreError) {
    try write { contents throws(StoreError) in
      for table in ["verified", "incoming", "incoming_block"] { try contents.database.run("DROP TABLE \(table)") }
    }
    try read { contents throws(StoreError) in try contents.database.settle() }
  }

  /// Lets go of the file.
  func close() { contents.withLock { $0 = nil } }

  private func read<Result>(_ body: (inout Contents) throws(StoreError) -> Result) throws(StoreError) -> Result where Result: Sendable {
    try contents.withLock { contents throws(StoreError) in
      guard var opened = contents.take() else { throw .missing(path: "incoming.db") }
      defer { contents = opened }
      return try body(&opened)
    }
  }

  private func write(_ body: (inout Contents) throws(StoreError) -> Void) throws(StoreError) {
    try read { contents throws(StoreError) in
      let database = contents.database
      try database.transaction { () throws(StoreError) in try body(&contents) }
      try database.checkpointIfNeeded()
    }
  }

  private static func isVerified(_ part: Digest, _ database: Database) throws(StoreError) -> Bool {
    try database.first("SELECT 1 FROM verified WHERE part = ?1", .blob(part.bytes)) { _ in true } ?? false
  }

  private static func part(_ number: UInt32, of manifest: Digest) -> Digest {
    .sha256(historyDomain, manifest.bytes + withUnsafeBytes(of: number.bigEndian, Array.init))
  }

  private static func lastBlock(_ database: Database) throws(StoreError) -> UInt64? {
    try database.first("SELECT max(height) FROM incoming_block") { row in row.isNull(0) ? nil : row.unsigned(0) } ?? nil
  }

  private static func block(_ row: Row) throws(StoreError) -> StoredBlock {
    let damaged = StoreError.corrupt(table: "incoming_block", key: "\(row.integer(0))")
    guard let count = row.validatorCount(1), let bytes = row.blob(2, limit: Proposal.byteLimit),
      let message: ProtoProposal = try? Canonical.decode(from: bytes, limit: Proposal.byteLimit),
      let proposal = try? Proposal(message, validatorCount: count)
    else { throw damaged }
    var finalization: Certificate?
    if !row.isNull(3) {
      guard let bytes = row.blob(3, limit: Certificate.byteLimit),
        let certificate = try? Certificate(decoding: bytes, validatorCount: count)
      else { throw damaged }
      finalization = certificate
    }
    return StoredBlock(proposal: proposal, finalization: finalization, validatorCount: count)
  }
}
