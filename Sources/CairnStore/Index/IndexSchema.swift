public import CairnCrypto

extension Database.Kind {
  /// Look-ups into the log, dropped and made again freely.
  ///
  /// Keys are random, so the table is split by age: what is inserted falls into pages that are being written anyway. Inserting
  /// costs a seventh of what it costs in one table of five million rows; a look-up tries every generation.
  static let index = Database.Kind(
    name: "index.db", applicationID: 0x4372_6e49, schemaVersion: 1,
    schema: [
      """
      CREATE TABLE posting (
        generation INTEGER NOT NULL, prefix INTEGER NOT NULL, log_index INTEGER NOT NULL,
        PRIMARY KEY (generation, prefix, log_index)) WITHOUT ROWID
      """,
      "CREATE TABLE index_head (id INTEGER PRIMARY KEY CHECK (id = 1), height INTEGER NOT NULL, digest BLOB NOT NULL, sum INTEGER NOT NULL)",
    ], isDurable: false, pageSize: 4096, commitPoint: .indexCommit, checkpointPoint: .indexCheckpoint)
}

/// Under which keys a transaction is found: its id first, then whatever else the ledger wants to look up. Called with canonical
/// bytes from the finalized log; must always answer the same.
public typealias IndexKeys = @Sendable (_ transaction: [UInt8]) -> [Digest]

/// A transaction of the finalized log.
public struct LocatedTransaction: Hashable, Sendable {
  public var logIndex: UInt64
  public var bytes: [UInt8]
}
