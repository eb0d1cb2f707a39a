import CairnChain
import CairnCrypto

/// Reads both copies of the safety records when a data directory is opened, compares them, and mends what a crash left.
struct SafetyLoader {
  let database: Database
  /// The safety log's.
  let path: String
  let network: Digest
  let files: FileSystem
  /// The directory is being set up.
  let isNew: Bool
  /// There are blocks.
  let hasBlocks: Bool

  struct Loaded {
    let recovery: SafetyRecovery
    let highestVote: Vote?
    /// What is at or below it may have been dropped.
    let floor: ViewPosition?
    let writer: SafetyWriter
  }

  func load() throws(StoreError) -> Loaded {
    try settle()
    let state = try Self.readState(database, network: network)
    let records = try readRecords()
    let damage = try damage(state, records: records)
    let votes = (records ?? []).compactMap { record in if case .vote(let vote) = record.entry { vote } else { nil } }
    let entered = (records ?? []).compactMap { record in if case .entered(let view) = record.entry { view } else { nil } }.max()
    let highest = state.highestVote.map { ViewPosition(epoch: $0.statement.epoch, view: $0.statement.view) }
    let writer = try SafetyWriter(
      path: path, network: network, files: files, lastSequence: state.rows.lastSequence, damage: damage,
      entered: entered, highest: highest, floor: state.rows.floor)
    return Loaded(
      recovery: recovery(damage, state, votes, entered), highestVote: state.highestVote, floor: state.rows.floor, writer: writer)
  }

  /// A process that was killed may have left what it wrote in the system's memory alone. It would be relied on here, shown to others,
  /// and gone with the next power cut: so both copies are synced before they are read, the log second as always.
  private func settle() throws(StoreError) {
    if PlantedBug.noSettling.isPlanted { return }
    // Something must change: without a page to write SQLite syncs nothing.
    try database.transaction { () throws(StoreError) in
      try database.run("INSERT INTO meta VALUES ('openings', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1")
    }
    guard files.exists(path) else { return }
    try files.open(path, .append).syncData()
    try files.syncDirectory(of: path)
  }

  private func recovery(_ damage: SafetyDamage?, _ state: State, _ votes: [Vote], _ entered: ViewPosition?) -> SafetyRecovery {
    if let damage { return .damaged(damage) }
    return state.rows.lastSequence == 0 && !hasBlocks ? .fresh : .intact(votes: votes, entered: entered)
  }

  private func damage(_ state: State, records: [SafetyRecord]?) throws(StoreError) -> SafetyDamage? {
    guard let records, !state.isDamaged else { return .databaseChecksum }
    let log: SafetyLog.Content
    do {
      if isNew, !files.exists(path) { try write(base: 0, []) }
      log = try SafetyLog.read(path, network: network, files: files)
    } catch {
      switch error {
      case .missing: return .logMissing
      case .corrupt, .tooLarge: return .logChecksum(after: 0)
      default: throw error
      }
    }
    var rows = state.rows
    rows.records = records
    if rows.lastSequence == 0, log.lastSequence > 0, !hasBlocks { return .databaseMissing }
    switch SafetyComparison.compare(rows, log, network: network) {
    case .intact: return nil
    case .damaged(let damage): return damage
    case .incomplete(let base, let records):
      try write(base: base, records)
      return nil
    }
  }

  private func write(base: UInt64, _ records: [SafetyRecord]) throws(StoreError) {
    try SafetyLog.write(path, base: base, records: records, network: network, files: files)
  }

  struct State {
    var rows = SafetyRows()
    var highestVote: Vote?
    var isDamaged = false
  }

  static func readState(_ database: Database, network: Digest) throws(StoreError) -> State {
    let state = try database.first(
      "SELECT last_sequence, last_batch_start, floor_epoch, floor_view, highest FROM safety_state WHERE id = 1"
    ) { row in
      var state = State()
      guard let last = row.unsigned(0), let start = row.unsigned(1) else { return State(isDamaged: true) }
      (state.rows.lastSequence, state.rows.lastBatchStart) = (last, start)
      if !row.isNull(2), let epoch = row.unsigned(2), let view = row.unsigned(3) {
        state.rows.floor = ViewPosition(epoch: epoch, view: view)
      }
      guard !row.isNull(4) else { return state }
      let record = row.blob(4, limit: SafetyRecord.byteCount).flatMap { SafetyRecord(decoding: $0[...], network: network) }
      if case .vote(let vote) = record?.entry { state.highestVote = vote } else { state.isDamaged = true }
      return state
    }
    return state ?? State(isDamaged: true)
  }

  /// Ascending by sequence; `nil` when one is damaged, or is not the record that its key says.
  private func readRecords() throws(StoreError) -> [SafetyRecord]? {
    var records: [SafetyRecord] = []
    var isDamaged = false
    try database.forEach("SELECT epoch, view, kind, sequence, record, digest FROM safety ORDER BY epoch, view, kind") { row in
      let bytes = row.blob(4, limit: SafetyRecord.byteCount)
      guard let record = bytes.flatMap({ SafetyRecord(decoding: $0[...], network: network) }),
        record.sequence == row.unsigned(3), record.entry.position.epoch == row.unsigned(0),
        record.entry.position.view == row.unsigned(1), Int64(record.entry.kind) == row.integer(2),
        record.entry.digest == row.digest(5)
      else {
        isDamaged = true
        return false
      }
      records.append(record)
      return true
    }
    return isDamaged ? nil : records.sorted { $0.sequence < $1.sequence }
  }
}
