import DequeModule
import NIOCore

/// The sending half of a stream.
///
/// A frame that is not the last one of its direction costs a credit, and the last one costs nothing. What has no credit waits
/// here, in order. Whoever holds this bounds how much may wait.
struct CreditedSender {
  /// What a peer may grant at most in advance: as much as nobody needs, as little as never overflows.
  static let creditLimit = 1 << 20

  struct Entry {
    var payload: ByteBuffer
    var isLast: Bool
    /// Kept when the frame has been handed to the link.
    var sent: EventLoopPromise<Void>?
  }

  private(set) var credits: Int
  private var waiting: Deque<Entry> = []
  private(set) var waitingByteCount = 0

  init(credits: Int) { self.credits = credits }

  var waitingCount: Int { waiting.count }

  /// Frames that can go out now, in addition to those that wait.
  var room: Int { waiting.isEmpty ? credits : 0 }

  mutating func grant(_ count: Int) throws(RPCViolation) {
    guard count <= Self.creditLimit - credits else { throw .creditOverflow }
    credits += count
  }

  /// Pays for a frame that goes out at once: the first of a stream, before which nothing waits.
  mutating func spend() {
    precondition(credits > 0 && waiting.isEmpty, "a stream starts with a credit")
    credits -= 1
  }

  mutating func append(_ entry: Entry) {
    waiting.append(entry)
    waitingByteCount += entry.payload.readableBytes
  }

  /// The next frame to go out, paid for; `nil` when none waits or its credit is missing.
  mutating func next() -> Entry? {
    guard let first = waiting.first, first.isLast || credits > 0 else { return nil }
    if !first.isLast { credits -= 1 }
    waiting.removeFirst()
    waitingByteCount -= first.payload.readableBytes
    return first
  }

  /// Drops what waits.
  mutating func removeAll(failing error: any Error) {
    for entry in waiting { entry.sent?.fail(error) }
    waiting.removeAll()
    waitingByteCount = 0
  }
}

/// The receiving half of a stream: what the peer may still send, and when it is told that it may send more.
struct CreditedReceiver {
  private let window: Int
  private var allowance: Int
  private var consumed = 0

  /// - Parameter window: frames that may be on their way or waiting to be consumed at any time.
  init(window: Int) {
    self.window = window
    allowance = window
  }

  /// Counts a frame that has come.
  mutating func receive(last: Bool) throws(RPCViolation) {
    if last { return }
    guard allowance > 0 else { throw .creditOverrun }
    allowance -= 1
  }

  /// Counts frames that the application is done with, never more than have come.
  ///
  /// - Returns: how many credits to grant now; 0 until half a window has been consumed, to have few grants.
  mutating func consume(_ count: Int) -> Int {
    consumed = min(window - allowance, consumed + max(0, min(count, window)))
    guard consumed > 0, consumed * 2 >= window else { return 0 }
    defer { consumed = 0 }
    allowance += consumed
    return consumed
  }
}
