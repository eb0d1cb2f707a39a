import CairnChain
import CairnCrypto
import CairnLedger
import CairnStore
import Synchronization

/// Writes finalized state and look-ups behind the head, by a worker of its own, in batches that grow with the load.
///
/// Nothing is lost when the process ends before a batch is written: the chain has the blocks, and they are executed again.
final class StateFlusher: Sendable {
  /// Rows on their way to the disk above which a leader seals no transactions until the disk has caught up.
  private static let backlogLimit = 200_000

  private struct Backlog {
    var rows: [Digest: CairnStore.StateRow] = [:]
    var superseded: [SupersededRow] = []
    var blocks: [Block] = []
    var head: Header?
    var isRunning = false
  }

  private let backlog = Mutex(Backlog())
  private let store: Store
  private let records: FinalizedRecords
  private let worker: any Workers
  private let fail: @Sendable (StoreError) -> Void

  /// - Parameters:
  ///   - worker: one at a time, and this flusher's own.
  ///   - fail: called once, where the worker is; nothing is written afterwards.
  init(store: Store, records: FinalizedRecords, worker: any Workers, fail: @escaping @Sendable (StoreError) -> Void) {
    self.store = store
    self.records = records
    self.worker = worker
    self.fail = fail
  }

  var isBehind: Bool { backlog.withLock { $0.rows.count + $0.superseded.count > Self.backlogLimit } }

  /// A block is final and durable.
  func add(_ block: Block, rows: [CairnLedger.StateRow], superseded: [SupersededRecord]) {
    let start = backlog.withLock { backlog in
      backlog.superseded += superseded.map(\.stored)
      for row in rows { backlog.rows[row.key] = row.stored }
      backlog.blocks.append(block)
      backlog.head = block.header
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
      do throws(StoreError) { try write(next) } catch {
        return fail(error)
      }
    }
  }

  private func take() -> Backlog? {
    backlog.withLock { backlog in
      guard backlog.head != nil else {
        backlog.isRunning = false
        return nil
      }
      defer { (backlog.rows, backlog.superseded, backlog.blocks, backlog.head) = ([:], [], [], nil) }
      return backlog
    }
  }

  private func write(_ next: Backlog) throws(StoreError) {
    guard let head = next.head else { return }
    try store.state.apply(Array(next.rows.values), superseded: next.superseded, height: head.height, root: head.stateRoot)
    records.written(Array(next.rows.keys), through: head.height)
    try store.index.add(next.blocks)
  }
}
