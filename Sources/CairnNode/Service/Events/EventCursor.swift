import CairnChain
import CairnCrypto
import CairnMessages
import NIOCore
import Synchronization

/// One stream's place in the chain. Asked for one batch at a time, by whoever sends them. Letting go of it ends the stream.
final class EventCursor: Sendable {
  private let feed: EventFeed
  private let id: UInt64
  private let filter: EventFilter
  /// The height of the last block that was handed out, and whether that was by this stream.
  private let position: Mutex<(height: UInt64, isFirst: Bool)>

  init(_ feed: EventFeed, _ id: UInt64, after height: UInt64, _ filter: EventFilter) {
    (self.feed, self.id, self.filter) = (feed, id, filter)
    position = Mutex((height, true))
  }

  deinit { end() }

  func end() { feed.end(id) }

  /// The next `EventBatch`, encoded, as soon as there is one. Fails with ``ServiceFailure``.
  func next(on loop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
    let (height, isFirst) = position.withLock { $0 }
    return feed.head(above: height, id, on: loop).flatMap { [self] head in
      feed.backend.read(on: loop) { [self] in try batch(after: height, isFirst: isFirst, under: head) }
    }.flatMapErrorThrowing { error in
      // A thread that runs no more is that of a node that stops.
      throw error as? ServiceFailure ?? .shuttingDown
    }
  }

  private func batch(after height: UInt64, isFirst: Bool, under head: PublishedHead) throws(ServiceFailure) -> ByteBuffer {
    let window = try feed.window(from: height + 1, under: head)
    let edge = isFirst ? try edge(after: height, under: head) : []
    position.withLock { $0 = (window.lastHeight, false) }
    return window.message(filter, edge: edge).encoded
  }

  private func edge(after height: UInt64, under head: PublishedHead) throws(ServiceFailure) -> [Digest] {
    let parent: Header?
    do { parent = try feed.backend.header(atHeight: height) } catch { throw ServiceFailure(reading: error) }
    guard let parent else { throw feed.backend.notHeld(height) ?? .storageFailed }
    return try EventWindow.edge(after: parent, under: head, in: feed.backend)
  }
}
