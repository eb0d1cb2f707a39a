import CairnChain
import Synchronization

/// The newest finalized version, for whoever reads. Reading takes a lock for as long as copying a few references takes; nothing
/// that consensus does holds it longer.
final class HeadPublisher: Sendable {
  private let current: Mutex<PublishedHead>

  init(_ head: PublishedHead) { current = Mutex(head) }

  var head: PublishedHead { current.withLock { $0 } }

  func publish(_ head: PublishedHead) {
    current.withLock { current in
      precondition(head.header.height > current.header.height, "the head never goes back")
      current = head
    }
  }
}
