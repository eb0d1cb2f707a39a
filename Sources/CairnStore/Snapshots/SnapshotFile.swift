import CairnCrypto
import Synchronization

extension Database.Kind {
  /// A snapshot: written once, under another name, and then never changed.
  static let snapshot = Database.Kind(
    name: "snapshot", applicationID: 0x4372_6e50, schemaVersion: 1,
    schema: [
      "CREATE TABLE manifest (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL)",
      "CREATE TABLE chunk (number INTEGER PRIMARY KEY, first_key BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL)",
      "CREATE TABLE history (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
    ], isDurable: false, pageSize: 16384, commitPoint: .stateCommit, checkpointPoint: .stateCheckpoint)
}

/// A snapshot on the disk. Nothing in it is trusted by whoever it is sent to, so that a damaged one is only useless.
final class SnapshotFile: Sendable {
  let manifest: SnapshotManifest
  let manifestBytes: [UInt8]
  let digest: Digest
  private let database: Mutex<Database>

  init(_ path: String, network: Digest, files: FileSystem) throws(StoreError) {
    let database = try Database(path, .snapshot, .reader, network: network, files: files.forReading)
    let bytes = try database.first("SELECT bytes FROM manifest") { row in row.blob(0, limit: SnapshotManifest.byteLimit) }
    guard let bytes, let bytes, let manifest = SnapshotManifest(decoding: bytes) else { throw .corrupt(table: "manifest", key: path) }
    (manifestBytes, self.manifest, digest) = (bytes, manifest, SnapshotManifest.digest(of: bytes))
    self.database = Mutex(database)
  }

  func chunk(from firstKey: Digest) throws(StoreError) -> [UInt8]? {
    try database.withLock { database throws(StoreError) in
      try database.first("SELECT bytes FROM chunk WHERE first_key = ?1", .blob(firstKey.bytes)) { row in
        row.blob(0, limit: SnapshotChunk.byteLimit)
      } ?? nil
    }
  }

  func history(_ number: UInt32) throws(StoreError) -> [UInt8]? {
    try database.withLock { database throws(StoreError) in
      try database.first("SELECT bytes FROM history WHERE number = ?1", .integer(Int64(number))) { row in
        row.blob(0, limit: SnapshotHistory.byteLimit)
      } ?? nil
    }
  }
}
