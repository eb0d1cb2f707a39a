import Synchronization

/// Whether the mempool has room for ordinary transactions, for whoever is about to have some verified: a flood is turned away before it
/// costs signature checks. Written by the core, read from any thread.
final class MempoolRoom: Sendable {
  private let full = Atomic<Bool>(false)

  var isFull: Bool { full.load(ordering: .relaxed) }

  func update(isFull: Bool) { full.store(isFull, ordering: .relaxed) }
}
