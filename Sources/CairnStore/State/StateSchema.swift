public import CairnCrypto
import CairnMerkle

extension Database.Kind {
  /// The state's rows and records, written behind the head and made again from the log when in doubt.
  ///
  /// Rows lie in the order in which they came to be, and a small table leads from the first eight bytes of a key to where its
  /// row is: random keys in the table of the rows themselves cost four times as much to insert. Keys that share eight bytes,
  /// which somebody with patience can make, are told apart by the row.
  static let state = Database.Kind(
    name: "state.db", applicationID: 0x4372_6e53, schemaVersion: 2, schema: stateSchema,
    optionalTables: IncomingSnapshot.progressTables, isDurable: false, pageSize: 16384,
    commitPoint: .stateCommit, checkpointPoint: .stateCheckpoint)

  private static let stateSchema = [
    "CREATE TABLE leaf (position INTEGER PRIMARY KEY, key BLOB NOT NULL, value BLOB NOT NULL, checksum BLOB NOT NULL, record BLOB NOT NULL)",
    "CREATE TABLE leaf_position (prefix INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (prefix, position)) WITHOUT ROWID",
    """
    CREATE TABLE superseded (position INTEGER PRIMARY KEY, key BLOB NOT NULL, version INTEGER NOT NULL, leaf_hash BLOB NOT NULL,
      record BLOB NOT NULL)
    """,
    "CREATE TABLE superseded_position (prefix INTEGER NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (prefix, version, position)) WITHOUT ROWID",
    "CREATE TABLE state_head (id INTEGER PRIMARY KEY CHECK (id = 1), height INTEGER NOT NULL, root BLOB NOT NULL)",
  ]
}

/// One leaf of the state, with the record that its value commits to.
public struct StateRow: Hashable, Sendable {
  /// A record grows by transactions of at most 60 KiB, and the ledger's own limits hold it far below this.
  public static let recordByteLimit = 1 << 20

  public var key: Digest
  /// At most `StateTree.valueLimit` bytes.
  public var value: [UInt8]
  public var record: [UInt8]

  public init(key: Digest, value: [UInt8], record: [UInt8]) {
    (self.key, self.value, self.record) = (key, value, record)
  }
}

/// A record that a newer version of it has replaced.
public struct SupersededRow: Hashable, Sendable {
  /// Of the row.
  public var key: Digest
  /// Versions before it.
  public var version: UInt64
  public var record: [UInt8]

  public init(key: Digest, version: UInt64, record: [UInt8]) {
    (self.key, self.version, self.record) = (key, version, record)
  }

  /// H(0x00 || record), as the record's newest version commits to it.
  public var leafHash: Digest { LogTree.leafHash(record) }
}

/// What the rows of `state.db` are the state of.
public struct StateHead: Hashable, Sendable {
  public var height: UInt64
  public var root: Digest

  public init(height: UInt64, root: Digest) {
    (self.height, self.root) = (height, root)
  }
}
