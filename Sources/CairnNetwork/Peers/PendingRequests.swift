import NIOCore

/// Requests that wait for a peer's answer, by their id. Confined to the mesh's event loop.
struct PendingRequests {
  private struct Entry {
    let promise: EventLoopPromise<ByteBuffer>
    let timeout: Scheduled<Void>
  }

  private var entries: [UInt32: Entry] = [:]
  private var lastID: UInt32 = 0

  var count: Int { entries.count }

  /// The id of the next request: never 0, which means that no answer is expected, and none that still waits.
  mutating func nextID() -> UInt32 {
    repeat { lastID &+= 1 } while lastID == 0 || entries[lastID] != nil
    return lastID
  }

  mutating func insert(_ promise: EventLoopPromise<ByteBuffer>, timeout: Scheduled<Void>, id: UInt32) {
    entries[id] = Entry(promise: promise, timeout: timeout)
  }

  /// An answer to a request that waits no more, or never did, is ignored. Who asked hears it on a later turn of the event loop: the
  /// next request that follows from it changes these entries.
  mutating func complete(_ id: UInt32, with result: Result<ByteBuffer, PeerRequestError>) {
    guard let entry = entries.removeValue(forKey: id) else { return }
    entry.timeout.cancel()
    entry.promise.futureResult.eventLoop.execute { entry.promise.completeWith(result.mapError { $0 }) }
  }

  mutating func failAll(_ error: PeerRequestError) {
    for id in entries.keys.sorted() { complete(id, with: .failure(error)) }
  }
}
