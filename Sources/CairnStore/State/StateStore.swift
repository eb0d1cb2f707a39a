public import CairnCrypto
import CairnMerkle
import Synchronization

/// The one writer of `state.db`. It trails the chain; what it lacks is executed again from the log.
public final class StateWriter: Sendable {
  private struct Connection {
    let database: Database
    var head: StateHead?
    var lastPosition: Int64
    var lastSuperseded: Int64
    var failure: StoreError?

    init(path: String, network: Digest, files: FileSystem) throws(StoreError) {
      database = try Database(path, .state, .writer, network: network, files: files)
      let table = StateTable(database: database)
      (head, lastPosition) = (try table.head(), try table.lastPosition())
      lastSuperseded = try SupersededTable(database: database).lastPosition()
    }
  }

  /// `nil` only while another file is put in place.
  private let connection: Mutex<Connection?>
  private let open: @Sendable () throws(StoreError) -> Connection

  init(path: String, network: Digest, files: FileSystem) throws(StoreError) {
    open = { () throws(StoreError) in try Connection(path: path, network: network, files: files) }
    connection = Mutex(try Connection(path: path, network: network, files: files))
  }

  /// What the rows are the state of; `nil` when there are none.
  public var head: StateHead? { connection.withLock { $0?.head } }

  /// Lets go of the file, and opens it again after `body` has put another one in its place. Who writes meanwhile waits.
  func reopen(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    try connection.withLock { connection throws(StoreError) in
      connection = nil
      try body()
      connection = try open()
    }
  }

  /// Sets rows, each key's last one, and says what they are the state of now. All of it, or nothing; after a power cut possibly
  /// nothing, but never a part. Large batches are cheaper.
  ///
  /// - Parameter superseded: what these and earlier rows replaced since the last call, each version once.
  public func apply(
    _ rows: some Sequence<StateRow> & Sendable, superseded: [SupersededRow] = [], height: UInt64, root: Digest
  ) throws(StoreError) {
    let rows = rows.sorted { $0.key < $1.key }
    try connection.withLock { connection throws(StoreError) in
      guard var opened = connection.take() else { throw .missing(path: "state.db") }
      defer { connection = opened }
      if let failure = opened.failure { throw failure }
      do throws(StoreError) {
        try Self.apply(rows, superseded, StateHead(height: height, root: root), to: &opened)
      } catch {
        opened.failure = error
        throw error
      }
    }
  }

  private static func apply(
    _ rows: [StateRow], _ superseded: [SupersededRow], _ head: StateHead, to connection: inout Connection
  ) throws(StoreError) {
    let (table, history) = (StateTable(database: connection.database), SupersededTable(database: connection.database))
    var (last, lastSuperseded) = (connection.lastPosition, connection.lastSuperseded)
    try connection.database.transaction { () throws(StoreError) in
      for row in rows {
        try check(row)
        if let position = try table.position(of: row.key) {
          try table.update(row, at: position)
        } else {
          last += 1
          try table.insert(row, at: last)
        }
      }
      for row in superseded {
        lastSuperseded += 1
        try history.insert(row, at: lastSuperseded)
      }
      try table.setHead(head)
    }
    (connection.lastPosition, connection.lastSuperseded, connection.head) = (last, lastSuperseded, head)
    try connection.database.checkpointIfNeeded()
  }

  private static func check(_ row: StateRow) throws(StoreError) {
    guard row.value.count <= StateTree.valueLimit else {
      throw .tooLarge(what: "state value", limit: StateTree.valueLimit, actual: row.value.count)
    }
    guard row.record.count <= StateRow.recordByteLimit else {
      throw .tooLarge(what: "state record", limit: StateRow.recordByteLimit, actual: row.record.count)
    }
  }
}

/// Reads `state.db` on a connection of its own. May be shared, but calls take turns.
public final class StateReader: Sendable {
  /// Rows fetched at a time in a scan.
  private static let pageRowCount = 1_024

  /// `nil` only while another file is put in place.
  private let database: Mutex<Database?>
  private let open: @Sendable () throws(StoreError) -> Database

  init(path: String, network: Digest, files: FileSystem) throws(StoreError) {
    open = { () throws(StoreError) in try Database(path, .state, .reader, network: network, files: files.forReading) }
    database = Mutex(try Database(path, .state, .reader, network: network, files: files.forReading))
  }

  /// Lets go of the file, and opens it again after `body` has put another one in its place. Who reads meanwhile waits.
  func reopen(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    try database.withLock { database throws(StoreError) in
      database = nil
      try body()
      database = try open()
    }
  }

  /// What the rows are the state of; `nil` when there are none.
  public func head() throws(StoreError) -> StateHead? {
    try read { database throws(StoreError) in try StateTable(database: database).head() }
  }

  /// A key's row, checksum verified. Whether its value belongs to a root is for the tree to say.
  public func row(_ key: Digest) throws(StoreError) -> StateRow? {
    try read { database throws(StoreError) in try StateTable(database: database).row(key) }
  }

  public func record(_ key: Digest) throws(StoreError) -> [UInt8]? { try row(key)?.record }

  /// A version of a key's record that a newer one replaced, hash verified; `nil` when there is none.
  public func supersededRecord(_ key: Digest, version: UInt64) throws(StoreError) -> [UInt8]? {
    try read { database throws(StoreError) in try SupersededTable(database: database).record(key, version: version) }
  }

  /// RFC 6962 leaf hashes of the first versions of a key's record that newer ones replaced, in their order, without a gap.
  public func supersededLeafHashes(_ key: Digest, count: UInt64) throws(StoreError) -> [Digest] {
    try read { database throws(StoreError) in try SupersededTable(database: database).leafHashes(key, count: count) }
  }

  /// Every version that a newer one replaced, hash verified, in the order in which they were. Nothing may be applied meanwhile.
  public func forEachSuperseded(_ body: (SupersededRow) throws(StoreError) -> Void) throws(StoreError) {
    var position: Int64 = 0
    while true {
      let start = position
      let rows = try read { database throws(StoreError) in
        try SupersededTable(database: database).rows(after: start, limit: Self.pageRowCount)
      }
      for row in rows { try body(row) }
      guard rows.count == Self.pageRowCount else { return }
      position += Int64(rows.count)
    }
  }

  /// Every row, checksum verified, in the order in which they lie on the disk: runs of ascending keys, not sorted as a whole.
  /// Nothing may be applied meanwhile.
  public func forEachRow(_ body: (StateRow) throws(StoreError) -> Void) throws(StoreError) {
    var position: Int64 = .min
    while true {
      let start = position
      let page = try read { database throws(StoreError) in
        try StateTable(database: database).rows(after: start, limit: Self.pageRowCount)
      }
      for row in page.rows { try body(row) }
      guard page.rows.count == Self.pageRowCount else { return }
      position = page.last
    }
  }

  /// Whether each row and each replaced version is found where it is. Nothing may be applied meanwhile.
  public func checkLookUps() throws(StoreError) {
    try read { database throws(StoreError) in
      try StateTable(database: database).checkLookUps()
      try SupersededTable(database: database).checkLookUps()
    }
  }

  func read<Result: Sendable>(_ body: (Database) throws(StoreError) -> Result) throws(StoreError) -> Result {
    try database.withLock { database throws(StoreError) in
      guard let database else { throw .missing(path: "state.db") }
      return try body(database)
    }
  }
}
