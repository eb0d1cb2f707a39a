import CairnChain
import CairnCrypto

/// The safety records of `chain.db`, and what it knows about them.
struct SafetyTable {
  let database: Database
  let network: Digest

  struct State {
    var rows = SafetyRows()
    var highestVote: Vote?
    var isDamaged = false
  }

  struct Content {
    var state: State
    /// Ascending by sequence; `nil` when one is damaged.
    var records: [SafetyRecord]?

    var isReadable: Bool { records != nil && !state.isDamaged }

    /// Holds them against the other copy. Nothing is changed.
    ///
    /// - Parameter hasBlocks: whether `chain.db` has any block.
    func compare(
      withLog path: String, network: Digest, files: FileSystem, hasBlocks: Bool
    ) throws(StoreError) -> SafetyComparison.Outcome {
      guard let records, !state.isDamaged else { return .damaged(.databaseChecksum) }
      let log: SafetyLog.Content
      do { log = try SafetyLog.read(path, network: network, files: files) } catch {
        switch error {
        case .missing: return .damaged(.logMissing)
        case .corrupt, .tooLarge: return .damaged(.logChecksum(after: 0))
        default: throw error
        }
      }
      var rows = state.rows
      rows.records = records
      if rows.lastSequence == 0, log.lastSequence > 0, !hasBlocks { return .damaged(.databaseMissing) }
      return SafetyComparison.compare(rows, log, network: network)
    }
  }

  func read() throws(StoreError) -> Content { Content(state: try state(), records: try records()) }

  private func state() throws(StoreError) -> State {
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
  private func records() throws(StoreError) -> [SafetyRecord]? {
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
