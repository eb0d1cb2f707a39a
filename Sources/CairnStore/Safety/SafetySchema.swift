extension Database.Kind {
  /// What a remote signer has signed: durable at every commit.
  static let votes = Database.Kind(
    name: "votes.db", applicationID: 0x4372_6e56, schemaVersion: 1, schema: safetySchema, isDurable: true, pageSize: 4096,
    commitPoint: .chainCommit, checkpointPoint: .chainCheckpoint)

  /// Safety rows are refused by the database itself when they exclude one that is there, whatever the code does: a `BEFORE INSERT`
  /// trigger comes before any `OR REPLACE`. Kinds: 0 entered, 1 notarize, 2 nullify, 3 finalize.
  static let safetySchema = [
    """
    CREATE TABLE safety (
      epoch INTEGER NOT NULL, view INTEGER NOT NULL, kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
      sequence INTEGER NOT NULL, digest BLOB, record BLOB NOT NULL,
      PRIMARY KEY (epoch, view, kind)) WITHOUT ROWID
    """,
    """
    CREATE TRIGGER safety_excludes BEFORE INSERT ON safety WHEN EXISTS (
      SELECT 1 FROM safety AS old WHERE old.epoch = NEW.epoch AND old.view = NEW.view AND (
        old.kind = NEW.kind OR (old.kind = 2 AND NEW.kind = 3) OR (old.kind = 3 AND NEW.kind = 2)
        OR (old.kind IN (1, 3) AND NEW.kind IN (1, 3) AND old.digest IS NOT NEW.digest)))
    BEGIN SELECT RAISE(ABORT, 'the vote excludes one that is recorded'); END
    """,
    "CREATE TRIGGER safety_stays BEFORE UPDATE ON safety BEGIN SELECT RAISE(ABORT, 'a safety record never changes'); END",
    """
    CREATE TABLE safety_state (
      id INTEGER PRIMARY KEY CHECK (id = 1), last_sequence INTEGER NOT NULL, last_batch_start INTEGER NOT NULL,
      floor_epoch INTEGER, floor_view INTEGER, highest BLOB)
    """,
    "INSERT INTO safety_state VALUES (1, 0, 0, NULL, NULL, NULL)",
  ]
}
