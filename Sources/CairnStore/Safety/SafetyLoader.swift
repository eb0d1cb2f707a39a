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
    let rows = try SafetyTable(database: database, network: network).read()
    let (state, records) = (rows.state, rows.records ?? [])
    let damage = try damage(rows)
    let votes = records.compactMap { record in if case .vote(let vote) = record.entry { vote } else { nil } }
    let entered = records.compactMap { record in if case .entered(let view) = record.entry { view } else { nil } }.max()
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

  private func recovery(_ damage: SafetyDamage?, _ state: SafetyTable.State, _ votes: [Vote], _ entered: ViewPosition?) -> SafetyRecovery {
    if let damage { return .damaged(damage) }
    return state.rows.lastSequence == 0 && !hasBlocks ? .fresh : .intact(votes: votes, entered: entered)
  }

  private func damage(_ rows: SafetyTable.Content) throws(StoreError) -> SafetyDamage? {
    if isNew, rows.isReadable, !files.exists(path) { try write(base: 0, []) }
    switch try rows.compare(withLog: path, network: network, files: files, hasBlocks: hasBlocks) {
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
}
