extension Database.Kind {
  /// Blocks, certificates and safety records: durable at every commit. Small pages, because most steps change a few small rows
  /// and every page that they touch is written and checksummed before the commit returns.
  static let chain = Database.Kind(
    name: "chain.db", applicationID: 0x4372_6e43, schemaVersion: 2, schema: chainSchema, isDurable: true, pageSize: 4096,
    commitPoint: .chainCommit, checkpointPoint: .chainCheckpoint)

  private static let chainSchema = safetySchema + tables

  private static let tables = [
    """
    CREATE TABLE candidate (
      digest BLOB PRIMARY KEY, epoch INTEGER NOT NULL, view INTEGER NOT NULL, validator_count INTEGER NOT NULL,
      proposal BLOB NOT NULL, checksum BLOB NOT NULL)
    """,
    "CREATE INDEX candidate_view ON candidate (epoch, view)",
    """
    CREATE TABLE certificate (
      epoch INTEGER NOT NULL, view INTEGER NOT NULL, kind INTEGER NOT NULL, validator_count INTEGER NOT NULL,
      certificate BLOB NOT NULL, checksum BLOB NOT NULL, PRIMARY KEY (epoch, view, kind))
    """,
    """
    CREATE TABLE block (
      log_size INTEGER PRIMARY KEY, height INTEGER NOT NULL UNIQUE, digest BLOB NOT NULL UNIQUE, validator_count INTEGER NOT NULL,
      checksum BLOB NOT NULL, header BLOB NOT NULL, justification BLOB NOT NULL, finalization BLOB, entries BLOB NOT NULL,
      transactions BLOB NOT NULL)
    """,
    "CREATE INDEX block_finalized ON block (height) WHERE finalization IS NOT NULL",
    """
    CREATE TABLE gap (
      id INTEGER PRIMARY KEY CHECK (id = 1), first_height INTEGER NOT NULL, first_index INTEGER NOT NULL, base BLOB NOT NULL,
      checksum BLOB NOT NULL)
    """,
    """
    CREATE TABLE epoch_end (
      epoch INTEGER PRIMARY KEY, validator_count INTEGER NOT NULL, header BLOB NOT NULL, finalization BLOB NOT NULL,
      checksum BLOB NOT NULL)
    """,
    "CREATE TABLE tile (position INTEGER PRIMARY KEY, hashes BLOB NOT NULL, checksum BLOB NOT NULL)",
    """
    CREATE TABLE evidence (
      epoch INTEGER NOT NULL, validator INTEGER NOT NULL, view INTEGER NOT NULL, votes BLOB NOT NULL, checksum BLOB NOT NULL,
      PRIMARY KEY (epoch, validator, view)) WITHOUT ROWID
    """,
  ]
}
