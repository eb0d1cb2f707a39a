import CSQLite
import CairnCrypto

/// What is bound to a parameter.
enum SQLValue {
  case integer(Int64)
  case blob([UInt8])
  case null

  static func optional(_ bytes: [UInt8]?) -> SQLValue { bytes.map(SQLValue.blob) ?? .null }

  /// SQLite's integers are signed: `.outOfRange` from 2^63 on, which no honest height, view or log index reaches.
  static func unsigned(_ value: UInt64) throws(StoreError) -> SQLValue {
    guard let value = Int64(exactly: value) else { throw .outOfRange(what: "integer \(value)") }
    return .integer(value)
  }
}

/// A prepared statement, kept for its connection's life.
final class Statement {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { self.handle = handle }

  func finalize() { sqlite3_finalize(handle) }

  func bind(_ value: SQLValue, at index: Int32) -> Int32 {
    switch value {
    case .integer(let value): sqlite3_bind_int64(handle, index, value)
    case .null: sqlite3_bind_null(handle, index)
    case .blob(let bytes):
      bytes.withUnsafeBytes { buffer in
        // An empty array may have no address, which would bind NULL.
        buffer.isEmpty
          ? sqlite3_bind_zeroblob(handle, index, 0)
          : sqlite3_bind_blob64(handle, index, buffer.baseAddress, UInt64(buffer.count), Self.copied)
      }
    }
  }

  func step() -> Int32 { sqlite3_step(handle) }

  /// Ready to run again; what was bound is let go.
  func reset() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  var row: Row { Row(handle: handle) }

  /// SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
  private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

/// The current row of a statement; only valid inside the closure that it is handed to.
struct Row {
  fileprivate let handle: OpaquePointer

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  /// `nil` for a negative number.
  func unsigned(_ column: Int32) -> UInt64? { UInt64(exactly: integer(column)) }

  /// What SQLite itself says.
  func text(_ column: Int32) -> String { sqlite3_column_text(handle, column).map { String(cString: $0) } ?? "" }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  /// `nil` for anything but a blob of at most `limit` bytes: nothing larger is copied or decoded.
  func blob(_ column: Int32, limit: Int) -> [UInt8]? {
    withBlob(column, limit: limit) { Array($0) }
  }

  /// A blob without a copy of it.
  func withBlob<Result>(_ column: Int32, limit: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { return nil }
    let pointer = sqlite3_column_blob(handle, column)
    let count = Int(sqlite3_column_bytes(handle, column))
    guard count <= limit else { return nil }
    return body(UnsafeRawBufferPointer(start: pointer, count: count))
  }

  func digest(_ column: Int32) -> Digest? {
    withBlob(column, limit: Digest.byteCount) { Digest(rawBytes: $0) } ?? nil
  }
}
