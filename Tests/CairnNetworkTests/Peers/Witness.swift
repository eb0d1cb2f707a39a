import CairnNetwork
import Logging
import NIOCore
import Synchronization

/// What a mesh did, as its delegate and its log saw it.
enum Seen: Equatable, Sendable {
  case hello([UInt8], from: Int)
  case message(UInt16, [UInt8], from: Int)
  case request(UInt16, [UInt8], from: Int)
  case connected(Int)
  case disconnected(Int, PeerProblem)
  /// A line of the log, with the peer's index and the reason in its metadata.
  case logged(String, peer: String?, reason: String?)
}

struct Ended: Error {}

/// Something that happens on one task and is awaited on another, from the beginning or from where the last waiting ended.
final class History<Event: Sendable>: Sendable {
  private struct State {
    var events: [Event] = []
    var listeners: [AsyncStream<Event>.Continuation] = []
    var isFinished = false
  }

  private let state = Mutex(State())

  var events: [Event] { state.withLock(\.events) }

  func append(_ event: Event) {
    state.withLock { state in
      state.events.append(event)
      for listener in state.listeners { listener.yield(event) }
    }
  }

  func finish() {
    state.withLock { state in
      state.isFinished = true
      for listener in state.listeners { listener.finish() }
      state.listeners.removeAll()
    }
  }

  /// Everything so far and from now on.
  var stream: AsyncStream<Event> {
    let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
    state.withLock { state in
      for event in state.events { continuation.yield(event) }
      if state.isFinished { continuation.finish() } else { state.listeners.append(continuation) }
    }
    return stream
  }

  /// Waits for the event that fulfils `condition` for the given time.
  func wait(times: Int = 1, for condition: (Event) -> Bool) async throws {
    var remaining = times
    for await event in stream where condition(event) {
      remaining -= 1
      if remaining == 0 { return }
    }
    throw Ended()
  }
}

extension History where Event: Equatable {
  func wait(for event: Event, times: Int = 1) async throws { try await wait(times: times) { $0 == event } }
}

/// A delegate that writes down what it sees. Its hello is its index, and it answers a request with the same bytes backwards.
final class Witness: PeerMeshDelegate {
  static let unanswered: [UInt8] = Array("say nothing".utf8)

  let index: Int
  let seen = History<Seen>()
  private let judge: @Sendable ([UInt8], Int) throws -> Void

  init(index: Int, judge: @escaping @Sendable ([UInt8], Int) throws -> Void = { _, _ in }) {
    self.index = index
    self.judge = judge
  }

  func hello(to peer: Int) -> [UInt8] { [UInt8(index)] }

  func received(hello: [UInt8], from peer: Int) throws {
    seen.append(.hello(hello, from: peer))
    try judge(hello, peer)
  }

  func received(_ code: UInt16, _ payload: ByteBuffer, from peer: Int) {
    seen.append(.message(code, Array(payload.readableBytesView), from: peer))
  }

  func received(request code: UInt16, _ payload: ByteBuffer, from peer: Int, reply: @escaping @Sendable (ByteBuffer) -> Void) {
    let bytes = Array(payload.readableBytesView)
    seen.append(.request(code, bytes, from: peer))
    if bytes != Self.unanswered { reply(ByteBuffer(bytes: bytes.reversed())) }
  }

  func connected(_ peer: Int) { seen.append(.connected(peer)) }

  func disconnected(_ peer: Int, because problem: PeerProblem) { seen.append(.disconnected(peer, problem)) }

  var logger: Logger {
    Logger(label: "test") { [seen] _ in WitnessLogHandler(seen: seen) }
  }

  /// The payloads of the messages with this code, in the order of their arrival.
  func payloads(_ code: UInt16, from peer: Int) -> [[UInt8]] {
    seen.events.compactMap { if case .message(code, let bytes, from: peer) = $0 { bytes } else { nil } }
  }
}

private struct WitnessLogHandler: LogHandler {
  let seen: History<Seen>
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    seen.append(
      .logged("\(event.message)", peer: metadata["peer"].map { "\($0)" }, reason: event.metadata?["reason"].map { "\($0)" }))
  }
}
