import CairnChain
import CairnLedger
import CairnMessages
import CairnNetwork
import NIOCore
import NIOPosix
import Synchronization

/// Streams of finalized blocks, from any height on and then as they come.
///
/// Whoever has a stream asks for one batch after the other; nothing is read ahead. A stream that has everything waits to be woken by the
/// next head. Consensus does no more for all of them together than hand one task to another event loop.
package final class EventFeed: Sendable {
  fileprivate struct Waiter {
    /// The height that is not enough.
    let height: UInt64
    let promise: EventLoopPromise<Void>
  }

  fileprivate struct Subscription {
    let connection: ClientConnection
    var waiter: Waiter?
  }

  fileprivate struct State {
    var isStopped = false
    var isWaking = false
    var next: UInt64 = 0
    var subscriptions: [UInt64: Subscription] = [:]
    var countByConnection: [ClientConnection: Int] = [:]
    /// The window that was read last: those who keep up all want the same one.
    var newest: (height: UInt64, head: UInt64, window: EventWindow)?
  }

  let backend: any NodeBackend
  private let loop: any EventLoop
  private let state = Mutex(State())

  /// - Parameter loop: where waiting streams are woken.
  init(_ backend: any NodeBackend, loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any()) {
    self.backend = backend
    self.loop = loop
    backend.observeHeads { [weak self] in self?.wakeSoon() }
  }

  /// Streams that have not ended.
  package var count: Int { state.withLock { $0.subscriptions.count } }

  func subscribe(_ request: ProtoEventsRequest, on connection: ClientConnection) throws(ServiceFailure) -> EventCursor {
    let filter = try EventFilter(request.filter, network: backend.genesis.network)
    let height = try start(request)
    let id: UInt64 = try state.withLock { state throws(ServiceFailure) in
      guard !state.isStopped else { throw .shuttingDown }
      let count = state.countByConnection[connection, default: 0]
      guard count < ServiceLimits.eventStreamsPerConnection else {
        throw .tooManyEventStreams("This connection", ServiceLimits.eventStreamsPerConnection)
      }
      guard state.subscriptions.count < ServiceLimits.eventStreams else {
        throw .tooManyEventStreams("This node", ServiceLimits.eventStreams)
      }
      state.countByConnection[connection] = count + 1
      state.next += 1
      state.subscriptions[state.next] = Subscription(connection: connection)
      return state.next
    }
    return EventCursor(self, id, after: height, filter)
  }

  /// The height after which the stream begins.
  private func start(_ request: ProtoEventsRequest) throws(ServiceFailure) -> UInt64 {
    let newest = backend.head.header.height
    switch request.start {
    case .afterHeight(let height):
      guard height <= newest || height - newest <= ServiceLimits.eventHeightsAhead else {
        throw ServiceFailure(
          .failedPrecondition, "unknown_height", "The chain is at height \(newest) here and has no block \(height) yet: check the height.",
          metadata: ["height": "\(newest)"])
      }
      return height
    case .newest(true): return newest
    case .newest(false), nil:
      throw ServiceFailure(.invalidArgument, "start_not_named", "The request does not say where to begin: give after_height or newest.")
    }
  }

  /// Ends every stream, and begins no more.
  package func stop() {
    let waiters = state.withLock { state in
      state.isStopped = true
      return state.takeWaiters { _ in true }
    }
    for waiter in waiters { waiter.promise.fail(ServiceFailure.shuttingDown) }
  }
}

// What cursors use.
extension EventFeed {
  /// Waits until the head is above a height.
  func head(above height: UInt64, _ id: UInt64, on loop: any EventLoop) -> EventLoopFuture<PublishedHead> {
    let promise = loop.makePromise(of: Void.self)
    let head = backend.head
    let outcome: Result<Void, ServiceFailure>? = state.withLock { state in
      guard !state.isStopped else { return .failure(.shuttingDown) }
      guard state.subscriptions[id] != nil else { return .failure(.streamCancelled) }
      guard head.header.height <= height else { return .success(()) }
      state.subscriptions[id]?.waiter = Waiter(height: height, promise: promise)
      return nil
    }
    if let outcome {
      promise.completeWith(outcome.mapError { $0 as any Error })
      return promise.futureResult.map { head }
    }
    // Looked at after the waiter is in place: a head that comes in between finds it.
    if backend.head.header.height > height { wake() }
    return promise.futureResult.map { [backend] in backend.head }
  }

  /// Reads what follows a height; on a thread that may wait.
  func window(from height: UInt64, under head: PublishedHead) throws(ServiceFailure) -> EventWindow {
    let known = state.withLock { state in
      state.newest.flatMap { $0.height == height && $0.head == head.header.height ? $0.window : nil }
    }
    if let known { return known }
    let window = try EventWindow(from: height, under: head, in: backend)
    // Of history every stream reads something else.
    if window.lastHeight == head.header.height { state.withLock { $0.newest = (height, head.header.height, window) } }
    return window
  }

  /// The stream is over; whoever waits for it is told so.
  func end(_ id: UInt64) {
    let ended = state.withLock { state in
      let ended = state.subscriptions.removeValue(forKey: id)
      if let connection = ended?.connection {
        state.countByConnection[connection] = state.countByConnection[connection].flatMap { $0 > 1 ? $0 - 1 : nil }
      }
      return ended
    }
    ended?.waiter?.promise.fail(ServiceFailure.streamCancelled)
  }
}

extension EventFeed {
  /// On the loop of consensus, which does nothing more than this.
  private func wakeSoon() {
    let isFirst = state.withLock { state in
      defer { state.isWaking = true }
      return !state.isWaking
    }
    guard isFirst else { return }
    loop.execute { [weak self] in
      self?.state.withLock { $0.isWaking = false }
      self?.wake()
    }
  }

  private func wake() {
    let height = backend.head.header.height
    let waiters = state.withLock { $0.takeWaiters { $0.height < height } }
    for waiter in waiters { waiter.promise.succeed(()) }
  }
}

extension EventFeed.State {
  fileprivate mutating func takeWaiters(_ isTaken: (EventFeed.Waiter) -> Bool) -> [EventFeed.Waiter] {
    var waiters: [EventFeed.Waiter] = []
    for (id, subscription) in subscriptions {
      guard let waiter = subscription.waiter, isTaken(waiter) else { continue }
      waiters.append(waiter)
      subscriptions[id]?.waiter = nil
    }
    return waiters
  }
}

extension ServiceFailure {
  static let shuttingDown = ServiceFailure.retryable(
    .unavailable, "shutting_down", "This node is shutting down: ask another node.", after: 1_000)

  /// Nobody is left to hear it.
  static let streamCancelled = ServiceFailure(.cancelled, "cancelled", "The client gave the stream up.")

  fileprivate static func tooManyEventStreams(_ whose: String, _ limit: Int) -> ServiceFailure {
    .retryable(
      .resourceExhausted, "too_many_event_streams",
      "\(whose) has \(limit) streams of events, which is the limit: end one, or use another node.",
      after: 1_000)
  }
}
