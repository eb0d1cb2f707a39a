import CSQLite
import Foundation

/// Everything that SQLite reads from a database, by whichever way: what a flipped bit has to change to carry any meaning.
///
/// Free pages, unused bytes of a page, and copies of what SQLite knows from elsewhere change nothing of it.
struct DatabaseContent: Equatable {
  /// What each question came to; an error's text where there was one.
  private var answers: [String] = []

  /// What says nothing about the chain: how often the directory was opened, and how far back the safety log may have been compacted, which only
  /// bounds what is compared.
  private static let columns = [
    "meta": "key, CASE key WHEN 'openings' THEN NULL ELSE value END", "safety_state": "id, last_sequence, highest",
  ]

  init(_ path: String) {
    var handle: OpaquePointer?
    defer { sqlite3_close_v2(handle) }
    guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else {
      answers.append("closed")
      return
    }
    _ = sqlite3_exec(handle, "PRAGMA cell_size_check=1", nil, nil, nil)
    ask("PRAGMA application_id", handle)
    ask("PRAGMA user_version", handle)
    ask("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid", handle)
    for table in names("SELECT name FROM sqlite_schema WHERE type = 'table'", handle) {
      ask("SELECT \(Self.columns[table] ?? "*") FROM \(table) NOT INDEXED", handle)
      // By the keys of rows, each looked for.
      ask("SELECT count(*) FROM \(table) AS a WHERE EXISTS (SELECT 1 FROM \(table) AS b WHERE b.rowid = a.rowid)", handle)
      for index in names("SELECT name FROM pragma_index_list('\(table)')", handle) {
        let columns = names("SELECT name FROM pragma_index_info('\(index)')", handle).joined(separator: ", ")
        let condition = index == "block_finalized" ? "WHERE finalization IS NOT NULL" : ""
        ask("SELECT \(columns) FROM \(table) INDEXED BY \(index) \(condition) ORDER BY \(columns)", handle)
        guard condition.isEmpty else { continue }
        let isSame = columns.split(separator: ", ").map { "b.\($0) IS a.\($0)" }.joined(separator: " AND ")
        ask(
          "SELECT count(*) FROM \(table) AS a NOT INDEXED WHERE EXISTS (SELECT 1 FROM \(table) AS b INDEXED BY \(index) WHERE \(isSame))",
          handle)
      }
    }
  }

  private func names(_ sql: String, _ handle: OpaquePointer?) -> [String] {
    var names: [String] = []
    Self.rows(sql, handle) { statement in names.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "") }
    return names
  }

  private mutating func ask(_ sql: String, _ handle: OpaquePointer?) {
    var hasher = Hasher()
    var count = 0
    let code = Self.rows(sql, handle) { statement in
      count += 1
      for column in 0..<sqlite3_column_count(statement) {
        hasher.combine(sqlite3_column_type(statement, column))
        let length = Int(sqlite3_column_bytes(statement, column))
        if let bytes = sqlite3_column_blob(statement, column) { hasher.combine(bytes: UnsafeRawBufferPointer(start: bytes, count: length)) }
        hasher.combine(length)
      }
    }
    answers.append("\(sql): \(code), \(count) rows, \(hasher.finalize())")
  }

  @discardableResult
  private static func rows(_ sql: String, _ handle: OpaquePointer?, _ body: (OpaquePointer?) -> Void) -> Int32 {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    // A table without row ids has none to ask for, which is the same before and after.
    guard code == SQLITE_OK else { return code }
    while true {
      let code = sqlite3_step(statement)
      guard code == SQLITE_ROW else { return code }
      body(statement)
    }
  }
}
