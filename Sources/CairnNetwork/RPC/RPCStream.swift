import DequeModule
public import NIOCore
import Synchronization

/// A call whose answers, requests or both are streamed. Letting go of it cancels it.
///
/// Iterated once: `for try await message in stream`. Messages that nobody takes are not asked for, so that a slow reader holds
/// no more than the credits of one stream.
public final class RPCStream: Sendable, AsyncSequence {
  public typealias Element = ByteBuffer
  public typealias Failure = RPCError

  let token: UInt64
  let inbox: StreamInbox
  private let connection: RPCConnection

  init(connection: RPCConnection, token: UInt64) {
    self.connection = connection
    self.token = token
    inbox = StreamInbox { [weak connection] in connection?.consumed($0, of: token) }
  }

  deinit { cancel() }

  /// Sends a message, and returns when it has left: when the server had granted a credit for it. Cancelling the task cancels
  /// the stream.
  public func write(_ payload: ByteBuffer) async throws(RPCError) {
    let sent = connection.eventLoop.makePromise(of: Void.self)
    connection.write(payload, last: false, to: token, sent: sent)
    do {
      try await withTaskCancellationHandler {
        try await sent.futureResult.get()
      } onCancel: {
        cancel()
      }
    } catch {
      throw error as? RPCError ?? .cancelled
    }
  }

  /// Says that no message follows the ones written.
  public func finish() { connection.write(ByteBuffer(), last: true, to: token, sent: nil) }

  /// Gives the call up. The iteration ends with ``RPCError/cancelled`` unless it has ended.
  public func cancel() { connection.cancel(token) }

  public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

  public struct Iterator: AsyncIteratorProtocol {
    let stream: RPCStream

    /// `nil` when the server has ended the stream with status OK.
    public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(RPCError) -> ByteBuffer? {
      let stream = stream
      let result = await withTaskCancellationHandler {
        await withCheckedContinuation(isolation: actor) { stream.inbox.take($0) }
      } onCancel: {
        stream.cancel()
      }
      return try result.get()
    }
  }
}

/// Messages between the event loop that receives them and the task that takes them.
final class StreamInbox: Sendable {
  typealias Next = Result<ByteBuffer?, RPCError>

  private struct State {
    var messages: Deque<ByteBuffer> = []
    var end: Next?
    var taker: CheckedContinuation<Next, Never>?
    var batch = 1
    var takenCount = 0

    /// Counts a message that was taken; not 0 when that many are to be reported.
    mutating func countTaken() -> Int {
      takenCount += 1
      guard takenCount >= batch else { return 0 }
      defer { takenCount = 0 }
      return takenCount
    }
  }

  private let state = Mutex(State())
  private let consumed: @Sendable (Int) -> Void

  /// - Parameter consumed: told how many messages have been taken.
  init(consumed: @escaping @Sendable (Int) -> Void) { self.consumed = consumed }

  /// How many messages are taken before `consumed` is told, to save hand-overs between threads.
  var batch: Int {
    get { state.withLock { $0.batch } }
    set { state.withLock { $0.batch = newValue } }
  }

  /// Messages that wait to be taken.
  var count: Int { state.withLock { $0.messages.count } }

  func put(_ message: ByteBuffer) {
    let (taker, report) = state.withLock { state in
      guard let taker = state.taker else {
        state.messages.append(message)
        return (CheckedContinuation<Next, Never>?.none, 0)
      }
      state.taker = nil
      return (taker, state.countTaken())
    }
    if report > 0 { consumed(report) }
    taker?.resume(returning: .success(message))
  }

  /// Nothing follows. What waits can still be taken.
  func finish(_ end: Next) {
    let taker = state.withLock { state in
      if state.end == nil { state.end = end }
      defer { state.taker = nil }
      return state.taker
    }
    taker?.resume(returning: end)
  }

  /// A second taker while one waits is turned away: the iteration is one task's.
  func take(_ taker: CheckedContinuation<Next, Never>) {
    let (next, report): (Next?, Int) = state.withLock { state in
      if let message = state.messages.popFirst() { return (.success(message), state.countTaken()) }
      if let end = state.end { return (end, 0) }
      guard state.taker == nil else { return (.failure(.cancelled), 0) }
      state.taker = taker
      return (nil, 0)
    }
    if report > 0 { consumed(report) }
    if let next { taker.resume(returning: next) }
  }
}
