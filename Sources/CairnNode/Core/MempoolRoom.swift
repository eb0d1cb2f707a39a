import Synchronization

/// The places for ordinary transactions that are left in the mempool, for whoever is about to have some verified: what finds none is turned
/// away before it costs anything, and no more is verified than finds its place. Counted by the core, taken from any thread.
final class MempoolRoom: Sendable {
  /// What is being verified at most: some hundredths of a second's work of a core, which delays nobody much who then comes in a hurry.
  static let verifyingLimit = 1_024

  private let free = Atomic<Int>(verifyingLimit)
  private let taken = Atomic<Int>(0)

  /// Whether there is a place for one more.
  var hasPlace: Bool { taken.load(ordering: .relaxed) < limit }

  private var limit: Int { min(free.load(ordering: .relaxed), Self.verifyingLimit) }

  /// Takes places for the transactions of one message while they are being verified; ``leave(_:)`` follows.
  ///
  /// - Returns: whether there was one at least: a message is not divided, and a large one would never find places for all of it.
  func take(_ count: Int) -> Bool {
    guard taken.add(count, ordering: .relaxed).oldValue < limit else {
      leave(count)
      return false
    }
    return true
  }

  /// The transactions are in the mempool, or nowhere.
  func leave(_ count: Int) { taken.subtract(count, ordering: .relaxed) }

  /// - Parameter free: places that no transaction in the mempool has.
  func update(free: Int) { self.free.store(free, ordering: .relaxed) }
}
