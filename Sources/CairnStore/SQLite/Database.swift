import CSQLite
import CairnCrypto

/// One connection to one SQLite database. Not `Sendable`: whoever owns it keeps it behind a `Mutex` or on one thread.
final class Database {
  enum Mode {
    /// The only connection that writes and checkpoints (SQLite up to 3.51.2 can lose a WAL's content when two do).
    case writer
    case reader
  }

  /// What a database file of ours is, and how it is kept.
  struct Kind {
    /// Names the file in errors.
    let name: String
    /// SQLite's application_id.
    let applicationID: Int32
    let schemaVersion: Int
    /// The statements that make an empty database one of this kind; `meta` is there already.
    let schema: [String]
    /// Tables that may be there besides.
    var optionalTables: [String] = []
    /// Whether a commit is durable when it returns (`synchronous=FULL`), or only ordered after the ones before it.
    let isDurable: Bool
    let pageSize: Int
    let commitPoint: DurablePoint
    let checkpointPoint: DurablePoint
  }

  /// Nobody but us has the file open, and no reader of ours holds it up: only a checkpoint by an offline tool would wait.
  private static let busyTimeoutMilliseconds: Int32 = 5_000
  /// The WAL is copied into the database when it has this many bytes; it may grow further while a reader holds it up.
  private static let checkpointByteThreshold = 16 << 20
  /// After a burst the WAL file is cut back to this many bytes.
  private static let journalSizeLimit = 64 << 20
  private static let cacheKibibytes = 64 << 10
  private static let readerCacheKibibytes = 8 << 10

  let kind: Kind
  private let path: String
  private let handle: OpaquePointer
  private let faults: any StoreFaults
  private var statements: [String: Statement] = [:]
  /// Frames in the WAL after the last commit, written by SQLite's hook.
  private let walFrames: UnsafeMutablePointer<Int32>

  /// - Parameter network: a new database is made for it, an old one must belong to it.
  init(_ path: String, _ kind: Kind, _ mode: Mode, network: Digest, files: FileSystem) throws(StoreError) {
    var handle: OpaquePointer?
    let access = mode == .writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
    let code = sqlite3_open_v2(path, &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, files.disk.sqliteName)
    guard code == SQLITE_OK, let handle else {
      let error = StoreError.sqlite(code, handle, path: path, name: kind.name)
      sqlite3_close_v2(handle)
      throw error
    }
    (self.path, self.kind, self.handle, self.faults) = (path, kind, handle, files.faults)
    walFrames = .allocate(capacity: 1)
    walFrames.initialize(to: 0)
    sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds)
    try configure(mode)
    if mode == .writer, try integer("SELECT count(*) FROM sqlite_schema") == 0 { try create(network: network) }
    try checkIdentity(network: network)
  }

  deinit {
    for statement in statements.values { statement.finalize() }
    sqlite3_close_v2(handle)
    walFrames.deallocate()
  }

  private func configure(_ mode: Mode) throws(StoreError) {
    switch mode {
    case .writer:
      try script("PRAGMA page_size=\(kind.pageSize)")
      try script("PRAGMA journal_mode=WAL")
      try script("PRAGMA synchronous=\(PlantedBug.noChainSync.isPlanted ? "OFF" : kind.isDurable ? "FULL" : "NORMAL")")
      try script("PRAGMA journal_size_limit=\(Self.journalSizeLimit)")
      try script("PRAGMA cache_size=-\(Self.cacheKibibytes)")
      sqlite3_wal_hook(
        handle,
        { context, _, _, frames in
          context?.assumingMemoryBound(to: Int32.self).pointee = frames
          return SQLITE_OK
        }, walFrames)
    case .reader:
      try script("PRAGMA wal_autocheckpoint=0")
      try script("PRAGMA query_only=1")
      try script("PRAGMA cache_size=-\(Self.readerCacheKibibytes)")
    }
    // A damaged page is reported where it is met, and no schema that somebody planted runs code.
    try script("PRAGMA cell_size_check=1")
    try script("PRAGMA trusted_schema=0")
  }

  private static let metaSchema = "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"

  private func create(network: Digest) throws(StoreError) {
    try transaction { () throws(StoreError) in
      try script(Self.metaSchema)
      for statement in kind.schema { try script(statement) }
      try run("INSERT INTO meta VALUES ('network', ?1)", .blob(network.bytes))
      try script("PRAGMA application_id=\(kind.applicationID)")
      try script("PRAGMA user_version=\(kind.schemaVersion)")
    }
  }

  private func checkIdentity(network: Digest) throws(StoreError) {
    let version = try integer("PRAGMA user_version")
    guard try integer("PRAGMA application_id") == Int64(kind.applicationID), version == Int64(kind.schemaVersion) else {
      throw .schemaVersion(path: path, found: Int(version), expected: kind.schemaVersion)
    }
    try checkSchema()
    let found = try first("SELECT value FROM meta WHERE key = 'network'") { row in row.digest(0) }
    guard found == network else { throw .wrongNetwork(path: path, found: found ?? nil, expected: network) }
  }

  /// What the database holds its rows to, triggers included, is what it was made with.
  private func checkSchema() throws(StoreError) {
    var found: Set<String> = []
    try forEach("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL") { row in
      found.insert(row.text(0))
      return true
    }
    found.subtract(kind.optionalTables)
    guard found == Set(kind.schema.filter { $0.hasPrefix("CREATE") } + [Self.metaSchema]) else {
      throw .corrupt(table: kind.name, key: "schema")
    }
  }

  /// Reads every page and compares the indices with their tables; a word about the first thing that is wrong, `nil` when nothing is.
  func structureProblem() throws(StoreError) -> String? {
    let found = try first("PRAGMA integrity_check(1)") { row in row.text(0) }
    return found == "ok" ? nil : found ?? "it says nothing"
  }

  private func integer(_ sql: String) throws(StoreError) -> Int64 {
    try first(sql) { row in row.integer(0) } ?? 0
  }

  /// A statement without parameters or interesting rows, not cached.
  private func script(_ sql: String) throws(StoreError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code) }
  }

  fileprivate func error(_ code: Int32) -> StoreError { .sqlite(code, handle, path: path, name: kind.name) }
}

extension Database {
  /// All that `body` writes, or nothing.
  func transaction<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
    try script("BEGIN IMMEDIATE")
    do {
      let result = try body()
      try faults.before(kind.commitPoint)
      try script("COMMIT")
      try faults.after(kind.commitPoint)
      return result
    } catch {
      // Its own failure adds nothing: the connection is not used after an error.
      if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
      throw error
    }
  }

  /// Holds what is read from here on to one moment, until the connection is let go of.
  func beginReading() throws(StoreError) {
    try script("BEGIN")
    // The moment is that of the first read.
    _ = try integer("SELECT count(*) FROM sqlite_schema")
  }

  /// Puts everything into the database file itself and makes it durable, so that the file can be moved.
  func settle() throws(StoreError) {
    try faults.around(kind.checkpointPoint) { () throws(StoreError) in
      let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
      guard code == SQLITE_OK else { throw error(code) }
    }
    walFrames.pointee = 0
  }

  /// Copies the WAL into the database when it has grown long. Readers are never waited for.
  func checkpointIfNeeded() throws(StoreError) {
    guard Int(walFrames.pointee) * kind.pageSize >= Self.checkpointByteThreshold else { return }
    try checkpoint()
  }

  func checkpoint() throws(StoreError) {
    try faults.around(kind.checkpointPoint) { () throws(StoreError) in
      let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
      guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else { throw error(code) }
    }
    walFrames.pointee = 0
  }

  /// A statement that returns no rows.
  func run(_ sql: String, _ values: SQLValue...) throws(StoreError) {
    let statement = try statement(sql)
    defer { statement.reset() }
    try bind(values, to: statement)
    _ = try step(statement)
  }

  /// The first row.
  func first<Result>(_ sql: String, _ values: SQLValue..., read: (Row) throws(StoreError) -> Result) throws(StoreError) -> Result? {
    let statement = try statement(sql)
    defer { statement.reset() }
    try bind(values, to: statement)
    return try step(statement) ? try read(statement.row) : nil
  }

  /// Rows in order, until `read` returns `false`.
  func forEach(_ sql: String, _ values: SQLValue..., read: (Row) throws(StoreError) -> Bool) throws(StoreError) {
    let statement = try statement(sql)
    defer { statement.reset() }
    try bind(values, to: statement)
    while try step(statement) {
      guard try read(statement.row) else { return }
    }
  }

  private func statement(_ sql: String) throws(StoreError) -> Statement {
    if let statement = statements[sql] { return statement }
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw error(code) }
    let statement = Statement(prepared)
    statements[sql] = statement
    return statement
  }

  private func bind(_ values: [SQLValue], to statement: Statement) throws(StoreError) {
    for (position, value) in values.enumerated() {
      let code = statement.bind(value, at: Int32(position + 1))
      guard code == SQLITE_OK else { throw error(code) }
    }
  }

  private func step(_ statement: Statement) throws(StoreError) -> Bool {
    let code = statement.step()
    switch code {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw error(code)
    }
  }
}

extension StoreError {
  fileprivate static func sqlite(_ code: Int32, _ handle: OpaquePointer?, path: String, name: String) -> StoreError {
    let detail = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
    let systemCode = handle.map { sqlite3_system_errno($0) } ?? 0
    switch code & 0xff {
    case SQLITE_FULL: return .full(path: path)
    case SQLITE_IOERR, SQLITE_CANTOPEN:
      if case .full(let path) = StoreError.system("write", path, code: systemCode) { return .full(path: path) }
      return .io(path: path, detail: "\(detail) (\(code))")
    case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt(table: name, key: detail)
    case SQLITE_BUSY, SQLITE_LOCKED: return .busy(path: path)
    case SQLITE_CONSTRAINT: return .constraint(table: name, detail: detail)
    default: return .io(path: path, detail: "\(detail) (\(code))")
    }
  }
}
