import Synchronization

/// The queues of all peers. Filled from any thread, emptied on the mesh's event loop.
final class Outbox: Sendable {
  private struct State {
    var queues: [Int: OutboundQueue] = [:]
    /// Whether the event loop was told already: one turn of it serves everything appended before.
    var isTurnScheduled = false
    var isClosed = false
    var droppedRequests: [DroppedRequest] = []
  }

  /// A request that never left.
  struct DroppedRequest: Sendable {
    let peer: Int
    let requestID: UInt32
  }

  private let state = Mutex(State())

  /// Appends a frame for one peer, or for all if `peer` is `nil`. A peer that does not exist is ignored.
  ///
  /// - Returns: whether the caller has to schedule a turn of the event loop.
  func append(_ frame: OutboundFrame, to lane: Lane, for peer: Int?) -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      for peer in peer.map({ [$0] }) ?? Array(state.queues.keys) {
        guard let dropped = state.queues[peer]?.append(frame, to: lane) else { continue }
        state.droppedRequests += dropped.map { DroppedRequest(peer: peer, requestID: $0) }
      }
      defer { state.isTurnScheduled = true }
      return !state.isTurnScheduled
    }
  }

  /// Begins the scheduled turn: what is appended from now on needs another one.
  ///
  /// - Returns: the requests that were dropped since the last turn.
  func beginTurn() -> [DroppedRequest] {
    state.withLock { state in
      state.isTurnScheduled = false
      defer { state.droppedRequests.removeAll() }
      return state.droppedRequests
    }
  }

  /// The next frames for a peer, see ``OutboundQueue/removeFirst(upTo:)``.
  func removeFirst(upTo byteCount: Int, for peer: Int) -> [OutboundFrame] {
    state.withLock { $0.queues[peer]?.removeFirst(upTo: byteCount) ?? [] }
  }

  /// A peer that was not there before.
  func add(_ peer: Int) {
    state.withLock { state in
      if !state.isClosed, state.queues[peer] == nil { state.queues[peer] = OutboundQueue() }
    }
  }

  /// Forgets what waits for a peer, and takes nothing for it any more.
  func remove(_ peer: Int) { state.withLock { $0.queues[peer] = nil } }

  func connect(_ peer: Int) { state.withLock { $0.queues[peer]?.connect() } }

  func disconnect(_ peer: Int) { state.withLock { $0.queues[peer]?.disconnect() } }

  /// Forgets everything, and takes nothing any more.
  func close() {
    state.withLock { state in
      state.isClosed = true
      state.queues.removeAll()
    }
  }

  /// Frames and bytes that wait for a peer, and how many frames were dropped so far.
  func load(of peer: Int) -> (frames: Int, bytes: Int, dropped: Int) {
    state.withLock { state in
      state.queues[peer].map { ($0.frameCount, $0.byteCount, $0.droppedCount) } ?? (0, 0, 0)
    }
  }
}
