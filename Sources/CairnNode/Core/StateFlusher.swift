import CairnChain
import CairnCrypto
import CairnLedger
import CairnStore
import DequeModule
import Synchronization

/// Writes finalized state and look-ups behind the head, by a worker of its own, in batches that grow with the load.
///
/// Nothing is lost when the process ends before a batch is written: the chain has the blocks, and they are executed again.
final class StateFlusher: Sendable {
  /// Rows on their way to the disk above which a leader seals no transactions until the disk has caught up.
  private static let backlogLimit = 200_000

  /// What one write of the state takes.
  private struct Batch {
    var rows: [Digest: CairnStore.StateRow] = [:]
    var superseded: [SupersededRow] = []
    var blocks: [Block] = []
    var head: Header?
    /// The state is wanted as it is after this batch.
    var isClosed = false
  }

  private struct Backlog {
    /// In order; only the last one is open.
    var batches: Deque<Batch> = []
    var isRunning = false

    var rowCount: Int { batches.reduce(0) { $0 + $1.rows.count + $1.superseded.count } }

    mutating func add(_ block: Block, rows: [CairnLedger.StateRow], superseded: [SupersededRecord], closes: Bool) {
      if batches.last?.isClosed ?? true { batches.append(Batch()) }
      let last = batches.count - 1
      batches[last].superseded += superseded.map(\.stored)
      for row in rows { batches[last].rows[row.key] = row.stored }
      batches[last].blocks.append(block)
      batches[last].head = block.header
      batches[last].isClosed = closes
    }
  }

  private let backlog = Mutex(Backlog())
  private let store: Store
  private let records: FinalizedRecords
  private let worker: any Workers
  private let snapshots: SnapshotTaker
  private let fail: @Sendable (StoreError) -> Void

  /// - Parameters:
  ///   - worker: one at a time, and this flusher's own.
  ///   - fail: called once, where the worker is; nothing is written afterwards.
  init(
    store: Store, records: FinalizedRecords, worker: any Workers, snapshots: SnapshotTaker, fail: @escaping @Sendable (StoreError) -> Void
  ) {
    self.store = store
    self.records = records
    self.worker = worker
    self.snapshots = snapshots
    self.fail = fail
  }

  var isBehind: Bool { backlog.withLock { $0.rowCount > Self.backlogLimit } }

  /// A block is final and durable.
  func add(_ block: Block, rows: [CairnLedger.StateRow], superseded: [SupersededRecord]) {
    let start = backlog.withLock { backlog in
      backlog.add(block, rows: rows, superseded: superseded, closes: snapshots.isDue(at: block.header.height))
      defer { backlog.isRunning = true }
      return !backlog.isRunning
    }
    guard start else { return }
    worker.perform { isActive in
      if isActive { self.run() }
    }
  }

  /// Writes what there is, until nothing is left.
  private func run() {
    while let next = take() {
      do throws(StoreError) {
        try write(next)
        if next.isClosed { try snapshots.begin() }
      } catch {
        return fail(error)
      }
    }
  }

  private func take() -> Batch? {
    backlog.withLock { backlog in
      let next = backlog.batches.popFirst()
      if next == nil { backlog.isRunning = false }
      return next
    }
  }

  private func write(_ next: Batch) throws(StoreError) {
    guard let head = next.head else { return }
    try store.state.apply(Array(next.rows.values), superseded: next.superseded, height: head.height, root: head.stateRoot)
    records.written(Array(next.rows.keys), through: head.height)
    try store.index.add(next.blocks)
  }
}
