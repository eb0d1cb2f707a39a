import CairnCrypto
import Synchronization

/// The rows of `state.db` as they are at one moment, however long the reading takes: SQLite keeps what the writer changes meanwhile in
/// its WAL, which grows until the view is let go of.
public final class StateView: Sendable {
  private static let pageRowCount = 512

  /// What the rows are the state of.
  public let head: StateHead
  private let database: Mutex<Database>

  init?(path: String, network: Digest, files: FileSystem) throws(StoreError) {
    let database = try Database(path, .state, .reader, network: network, files: files.forReading)
    try database.beginReading()
    guard let head = try StateTable(database: database).head() else { return nil }
    self.head = head
    self.database = Mutex(database)
  }

  /// The next rows in the order of their keys, about so many that a page is read in some milliseconds; empty at the end.
  ///
  /// - Parameter position: where to go on; moved.
  func rows(from position: inout StateViewPosition) throws(StoreError) -> [StateRow] {
    var next = position
    let rows = try database.withLock { database throws(StoreError) in
      let table = StateTable(database: database)
      var rows: [StateRow] = []
      while rows.isEmpty, let range = next.range {
        rows = try table.rows(prefixes: range, limit: Self.pageRowCount)
        guard rows.count == Self.pageRowCount, let last = rows.last?.key.indexPrefix else {
          next.skipRange()
          break
        }
        // What shares the last one's first bytes is read as a whole, because the order within is by the rest of the key.
        rows.removeAll { $0.key.indexPrefix == last }
        if rows.isEmpty { rows = try table.rows(prefixes: last...last, limit: .max) }
        next.move(to: last, inclusive: rows.last?.key.indexPrefix != last)
      }
      return rows
    }
    position = next
    return rows.sorted { $0.key < $1.key }
  }

  func supersededLeafHashes(_ key: Digest, count: UInt64) throws(StoreError) -> [Digest] {
    try database.withLock { database throws(StoreError) in
      try SupersededTable(database: database).leafHashes(key, count: count)
    }
  }

  func supersededRecord(_ key: Digest, version: UInt64) throws(StoreError) -> [UInt8] {
    let record = try database.withLock { database throws(StoreError) in
      try SupersededTable(database: database).record(key, version: version)
    }
    guard let record else { throw .corrupt(table: "superseded", key: key.description) }
    return record
  }
}

/// Where a walk over the state in the order of its keys is: the first eight bytes of the next key. SQLite takes them for a signed
/// number, so that the upper half of the keys has the negative ones, and comes second.
struct StateViewPosition {
  private var next: Int64? = 0

  /// Up to the end of the half; `nil` at the end.
  var range: ClosedRange<Int64>? { next.map { $0 < 0 ? $0 ... -1 : $0 ... .max } }

  mutating func skipRange() { next = next.flatMap { $0 < 0 ? nil : .min } }

  mutating func move(to prefix: Int64, inclusive: Bool) {
    if inclusive { next = prefix } else if prefix == -1 || prefix == .max { skipRange() } else { next = prefix + 1 }
  }
}
