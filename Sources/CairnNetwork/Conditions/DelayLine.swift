import DequeModule
import NIOCore

/// Holds what came in on a connection for as long as a longer way would have taken, and gives it out in the same order.
///
/// A lost segment shows as TCP shows it: it, and with it everything behind it, comes a retransmission timeout later. That is the round
/// trip and ``leastTimeoutVariance`` (RFC 6298 with the least value that Linux uses), twice as long each time that the repetition is
/// lost too. A stream that is never idle would often recover within a round trip; consensus sends small messages far between, whose loss
/// nothing but the timer notices.
///
/// Confined to an event loop.
final class DelayLine<Element> {
  /// What a segment carries on an Ethernet path.
  private static var segmentByteCount: Int { 1448 }
  private static var leastTimeoutVariance: TimeAmount { .milliseconds(200) }
  /// Repetitions of one segment. A stream that loses more of them is dead.
  private static var repetitionLimit: Int { 6 }
  /// Bytes on their way at once: a gigabit a second over 130 ms, which is what large receive windows allow.
  static var windowByteCount: Int { 16 << 20 }

  private let conditions: LinkConditions
  private let eventLoop: any EventLoop
  /// From 0 up to 1.
  private let random: () -> Double
  private let deliver: (Element) -> Void
  private var held: Deque<(element: Element, byteCount: Int, due: NIODeadline)> = []
  private var heldByteCount = 0
  private var timer: Scheduled<Void>?

  init(_ conditions: LinkConditions, eventLoop: any EventLoop, random: @escaping () -> Double, deliver: @escaping (Element) -> Void) {
    (self.conditions, self.eventLoop, self.random, self.deliver) = (conditions, eventLoop, random, deliver)
  }

  /// Whether the sender would have to wait until some of what is on its way has arrived.
  var isFull: Bool { heldByteCount >= Self.windowByteCount }

  func hold(_ element: Element, byteCount: Int) {
    let due = eventLoop.now + TimeAmount(conditions.incoming.delay) + jitter() + retransmission(byteCount)
    held.append((element, byteCount, max(due, held.last?.due ?? due)))
    heldByteCount += byteCount
    if timer == nil { schedule() }
  }

  /// Forgets everything.
  func cancel() {
    timer?.cancel()
    (timer, heldByteCount) = (nil, 0)
    held.removeAll()
  }

  private func schedule() {
    timer = held.first.map { first in
      eventLoop.assumeIsolated().scheduleTask(deadline: first.due) { [self] in deliverDue() }
    }
  }

  private func deliverDue() {
    let now = eventLoop.now
    while let first = held.first, first.due <= now {
      held.removeFirst()
      heldByteCount -= first.byteCount
      deliver(first.element)
    }
    schedule()
  }

  private func jitter() -> TimeAmount {
    .nanoseconds(Int64(Double(TimeAmount(conditions.incoming.jitter).nanoseconds) * random()))
  }

  private func retransmission(_ byteCount: Int) -> TimeAmount {
    let loss = conditions.incoming.loss
    guard loss > 0 else { return .zero }
    let segments = max(1, (byteCount + Self.segmentByteCount - 1) / Self.segmentByteCount)
    var timeout = TimeAmount(conditions.roundTrip) + Self.leastTimeoutVariance
    var wait = TimeAmount.zero
    // At first any of the segments may be lost; after that, the one that is repeated.
    var share = 1 - (0..<segments).reduce(1.0) { intact, _ in intact * (1 - loss) }
    for _ in 0..<Self.repetitionLimit {
      guard random() < share else { break }
      wait = wait + timeout
      timeout = timeout * 2
      share = loss
    }
    return wait
  }
}
