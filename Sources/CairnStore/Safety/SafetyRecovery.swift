public import CairnChain
import CairnCrypto

/// What is known, when a data directory is opened, about what this node has signed.
public enum SafetyRecovery: Equatable, Sendable {
  /// A new directory: nothing was ever signed here.
  case fresh
  /// Both copies agree. Every own vote above the retention floor, by epoch, view and kind; and the last view that was entered.
  case intact(votes: [Vote], entered: ViewPosition?)
  /// The copies do not agree, or one of them is damaged: this node must not vote until a later epoch or an operator's word.
  case damaged(SafetyDamage)
}

/// Why safety records cannot be relied on.
public enum SafetyDamage: Hashable, Sendable, CustomStringConvertible {
  /// The safety log is not there, but the rest of the directory is.
  case logMissing
  /// The safety log is there, but `chain.db` was made anew.
  case databaseMissing
  /// A record of the log, its sequence given, does not have its checksum, or its head has not.
  case logChecksum(after: UInt64)
  /// A row of `chain.db` does not have its checksum.
  case databaseChecksum
  /// The log lacks records that `chain.db` has, and no crash leaves that behind: an older copy.
  case logOlder(has: UInt64, expected: UInt64)
  /// `chain.db` lacks records that the log has: an older copy, or SQLite dropped the end of its WAL.
  case databaseOlder(has: UInt64, expected: UInt64)
  /// Both have the record, and differ in it, or one lacks a record in the middle.
  case different(sequence: UInt64)

  /// Machine readable; a metric label and a log field.
  public var reason: String {
    switch self {
    case .logMissing: "safety_log_missing"
    case .databaseMissing: "safety_database_missing"
    case .logChecksum: "safety_log_checksum"
    case .databaseChecksum: "safety_database_checksum"
    case .logOlder: "safety_log_older"
    case .databaseOlder: "safety_database_older"
    case .different: "safety_records_differ"
    }
  }

  public var description: String {
    switch self {
    case .logMissing: "safety.log is missing"
    case .databaseMissing: "chain.db is missing, but safety.log is not"
    case .logChecksum(let sequence): "safety.log is damaged after record \(sequence)"
    case .databaseChecksum: "a safety record in chain.db is damaged"
    case .logOlder(let has, let expected): "safety.log ends with record \(has), chain.db with \(expected)"
    case .databaseOlder(let has, let expected): "chain.db ends with safety record \(has), safety.log with \(expected)"
    case .different(let sequence): "safety.log and chain.db differ in record \(sequence)"
    }
  }
}

/// What `chain.db` knows about safety records.
struct SafetyRows {
  /// Sequence of the last record ever written; 0 when there is none.
  var lastSequence: UInt64 = 0
  /// Sequence of the first record of the last batch that had any.
  var lastBatchStart: UInt64 = 0
  /// What is at or below it may have been dropped from either copy.
  var floor: ViewPosition?
  /// Ascending by sequence.
  var records: [SafetyRecord] = []
}

/// Compares the two copies.
///
/// A batch goes to `chain.db` first and to the safety log second, and counts as durable after both. So a crash in between
/// leaves at most the records of one batch, the last, in `chain.db` alone: with the block and certificates they belong to, and
/// before anybody was shown the signatures. These are added to the log. Every other difference is damage; in particular the
/// log is never ahead, unless rows that were once durable are gone.
struct SafetyComparison {
  enum Outcome: Equatable {
    case intact
    /// A crash: the log has to be written again, with these records.
    case incomplete(base: UInt64, records: [SafetyRecord])
    case damaged(SafetyDamage)
  }

  static func compare(_ rows: SafetyRows, _ log: SafetyLog.Content, network: Digest) -> Outcome {
    guard log.lastSequence <= rows.lastSequence else {
      return .damaged(.databaseOlder(has: rows.lastSequence, expected: log.lastSequence))
    }
    if let sequence = firstDifference(rows, log) { return .damaged(.different(sequence: sequence)) }
    if log.lastSequence == rows.lastSequence {
      return log.tail.isEmpty ? .intact : .damaged(.logChecksum(after: log.lastSequence))
    }
    let added = rows.records.filter { $0.sequence > log.lastSequence }
    let expected = added.flatMap { $0.bytes(network: network) }
    guard log.tail.isEmpty || isTorn(log.tail, writing: expected) else { return .damaged(.logChecksum(after: log.lastSequence)) }
    guard log.lastSequence + 1 >= rows.lastBatchStart, !PlantedBug.noMending.isPlanted,
      added.count == Int(clamping: rows.lastSequence - log.lastSequence)
    else {
      return .damaged(.logOlder(has: log.lastSequence, expected: rows.lastSequence))
    }
    return .incomplete(base: log.base, records: log.records + added)
  }

  /// Whether an interrupted write can have left these bytes: some of what was to be written, and zeros where a block of the
  /// file was not yet on the disk.
  private static func isTorn(_ tail: [UInt8], writing expected: [UInt8]) -> Bool {
    !PlantedBug.noTornRecords.isPlanted && tail.count <= expected.count && zip(tail, expected).allSatisfy { $0 == $1 || $0 == 0 }
  }

  /// Above the retention floor, and as far as the log goes, both have the same records.
  private static func firstDifference(_ rows: SafetyRows, _ log: SafetyLog.Content) -> UInt64? {
    let isKept = { (record: SafetyRecord) in rows.floor.map { record.entry.position > $0 } ?? true }
    let inDatabase = rows.records.filter { $0.sequence <= log.lastSequence && isKept($0) }
    let inLog = log.records.filter(isKept)
    if let pair = zip(inDatabase, inLog).first(where: { $0 != $1 }) { return min(pair.0.sequence, pair.1.sequence) }
    guard inDatabase.count != inLog.count else { return nil }
    return inDatabase.count > inLog.count ? inDatabase[inLog.count].sequence : inLog[inDatabase.count].sequence
  }
}
