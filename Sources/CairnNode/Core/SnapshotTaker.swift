import CairnLedger
import CairnMerkle
import CairnStore
import Synchronization

/// Makes snapshots of the state while the node runs, one at a time, by a worker of its own: a slice, and then whatever else waits there.
final class SnapshotTaker: Sendable {
  private let store: Store
  /// 0 for never.
  private let intervalBlocks: UInt64
  private let worker: any Workers
  private let isBusy = Mutex(false)
  private let fail: @Sendable (StoreError) -> Void

  /// - Parameter fail: called once, where the worker is.
  init(store: Store, intervalBlocks: UInt64, worker: any Workers, fail: @escaping @Sendable (StoreError) -> Void) {
    (self.store, self.intervalBlocks, self.worker, self.fail) = (store, intervalBlocks, worker, fail)
  }

  /// Height of the newest snapshot.
  var newestHeight: UInt64? { store.snapshots.newestHeight }

  /// Whether a snapshot is to be made of the state after this block.
  func isDue(at height: UInt64) -> Bool { intervalBlocks > 0 && height > 0 && height.isMultiple(of: intervalBlocks) }

  /// `state.db` is at a height of which a snapshot is due: what it holds now is held on to. One that falls due while another is being
  /// made is left out.
  func begin() throws(StoreError) {
    let isFree = isBusy.withLock { isBusy in
      defer { isBusy = true }
      return !isBusy
    }
    guard isFree else { return }
    guard let view = try store.stateView() else { return isBusy.withLock { $0 = false } }
    let maker = try store.snapshotMaker(of: view) { value, record in
      RecordHistory.earlierVersions(value: value, record: record)?.size ?? 0
    }
    goOn(maker)
  }

  private func goOn(_ maker: SnapshotMaker) {
    worker.perform { [self] isActive in
      guard isActive else { return }
      do throws(StoreError) {
        if try maker.makeSlice() { goOn(maker) } else { isBusy.withLock { $0 = false } }
      } catch {
        fail(error)
      }
    }
  }
}
