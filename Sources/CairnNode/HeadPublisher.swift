import CairnChain
import Synchronization

/// The newest finalized version, for whoever reads. Reading takes a lock for as long as copying a few references takes; nothing
/// that consensus does holds it longer.
final class HeadPublisher: Sendable {
  private let current: Mutex<PublishedHead>
  private let observers = Mutex<[@Sendable () -> Void]>([])

  init(_ head: PublishedHead) { current = Mutex(head) }

  var head: PublishedHead { current.withLock { $0 } }

  func publish(_ head: PublishedHead) {
    current.withLock { current in
      precondition(head.header.height > current.header.height, "the head never goes back")
      current = head
    }
    for observer in observers.withLock({ $0 }) { observer() }
  }

  /// Calls `body` after each head that is published, on the loop of consensus: it hands over, and returns at once.
  func observe(_ body: @escaping @Sendable () -> Void) { observers.withLock { $0.append(body) } }
}
