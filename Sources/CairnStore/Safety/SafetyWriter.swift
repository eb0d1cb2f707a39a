import CairnChain
import CairnCrypto

/// Keeps the two copies of the safety records in step: `chain.db` first, the log second.
struct SafetyWriter {
  private let path: String
  private let network: Digest
  private let files: FileSystem
  /// `nil` while the records are damaged: nothing may be voted, and what there is stays as it is for whoever looks into it.
  private var log: SafetyLog?
  private var damage: SafetyDamage?
  private var lastSequence: UInt64
  private var entered: ViewPosition?
  private var highest: ViewPosition?
  /// What is at or below it may have been dropped; it never goes down.
  private var floor: ViewPosition?

  /// - Parameter entered: the last view on record.
  init(
    path: String, network: Digest, files: FileSystem, lastSequence: UInt64, damage: SafetyDamage?, entered: ViewPosition?,
    highest: ViewPosition?, floor: ViewPosition?
  ) throws(StoreError) {
    (self.path, self.network, self.files, self.lastSequence) = (path, network, files, lastSequence)
    (self.damage, self.entered, self.highest, self.floor) = (damage, entered, highest, floor)
    log = damage == nil ? try SafetyLog(path, network: network, files: files) : nil
  }

  /// What a step adds. While the records are damaged a vote is refused, and an entered view is worth nothing.
  func records(entering views: [ViewPosition] = [], votes: [Vote]) throws(StoreError) -> [SafetyRecord] {
    if let damage {
      guard votes.isEmpty else { throw .safetyDamaged(damage) }
      return []
    }
    let entries = views.filter { $0 != entered }.map(SafetyRecord.Entry.entered) + votes.map(SafetyRecord.Entry.vote)
    return entries.enumerated().map { SafetyRecord(sequence: lastSequence + 1 + UInt64($0.offset), entry: $0.element) }
  }

  /// Inside the step's transaction.
  ///
  /// - Parameter floor: what is at or below it is dropped; `nil` drops nothing.
  mutating func insert(_ records: [SafetyRecord], floor: ViewPosition?, into database: Database) throws(StoreError) {
    for record in records { try insert(record, into: database) }
    if let first = records.first, let last = records.last {
      try database.run(
        "UPDATE safety_state SET last_sequence = ?1, last_batch_start = ?2", try .unsigned(last.sequence), try .unsigned(first.sequence))
    }
    if damage == nil, let floor { try prune(floor, in: database) }
  }

  private mutating func insert(_ record: SafetyRecord, into database: Database) throws(StoreError) {
    let position = record.entry.position
    let bytes = record.bytes(network: network)
    try database.run(
      "INSERT INTO safety VALUES (?1, ?2, ?3, ?4, ?5, ?6)", try .unsigned(position.epoch), try .unsigned(position.view),
      .integer(Int64(record.entry.kind)), try .unsigned(record.sequence), .optional(record.entry.digest?.bytes), .blob(bytes))
    guard case .vote = record.entry, highest.map({ $0 <= position }) ?? true else { return }
    highest = position
    try database.run("UPDATE safety_state SET highest = ?1", .blob(bytes))
  }

  private mutating func prune(_ floor: ViewPosition, in database: Database) throws(StoreError) {
    if let current = self.floor, floor <= current { return }
    self.floor = floor
    try database.run(
      "DELETE FROM safety WHERE epoch < ?1 OR (epoch = ?1 AND view <= ?2)", try .unsigned(floor.epoch), try .unsigned(floor.view))
    try database.run(
      "UPDATE safety_state SET floor_epoch = ?1, floor_view = ?2", try .unsigned(floor.epoch), try .unsigned(floor.view))
  }

  /// After the step's transaction.
  mutating func append(_ records: [SafetyRecord], floor: ViewPosition?) throws(StoreError) {
    guard var log, !PlantedBug.oneCopy.isPlanted else { return }
    if let last = records.last {
      try log.append(records)
      lastSequence = last.sequence
    }
    for case .entered(let position) in records.map(\.entry) { entered = position }
    if let floor, let compacted = try log.compactedIfNeeded(floor: floor) { log = compacted }
    self.log = log
  }

  /// Sequences go on, so that neither half of a restart that was interrupted passes for a whole one.
  mutating func restart(above floor: ViewPosition, database: Database) throws(StoreError) {
    let logged = (try? SafetyLog.read(path, network: network, files: files))?.lastSequence ?? 0
    let base = max(lastSequence, logged) + 1
    try database.transaction { () throws(StoreError) in
      try database.run("DELETE FROM safety")
      try database.run(
        """
        UPDATE safety_state SET last_sequence = ?1, last_batch_start = ?1, floor_epoch = ?2, floor_view = ?3, highest = NULL
        """, try .unsigned(base), try .unsigned(floor.epoch), try .unsigned(floor.view))
    }
    try SafetyLog.write(path, base: base, records: [], network: network, files: files)
    log = try SafetyLog(path, network: network, files: files)
    (damage, lastSequence, entered, highest, self.floor) = (nil, base, nil, nil, floor)
  }
}
