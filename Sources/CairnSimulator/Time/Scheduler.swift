/// Virtual time, and what happens in it: one event after the other, by time and then by the order in which they were planned.
final class Scheduler {
  /// What an event is, for the trace.
  enum Label: UInt8, CaseIterable {
    case loop, timer, signatures, chainWrite, stateWrite, blockRead, eventRead, message, dial, start, client, fault, probe, signer
  }

  /// A planned event.
  final class Event {
    fileprivate let time: UInt64
    fileprivate let order: UInt64
    let label: Label
    /// Whose event it is; -1 for the simulation's own.
    let node: Int
    fileprivate var body: (() -> Void)?

    fileprivate init(time: UInt64, order: UInt64, label: Label, node: Int, body: @escaping () -> Void) {
      (self.time, self.order, self.label, self.node, self.body) = (time, order, label, node, body)
    }

    func cancel() { body = nil }

    fileprivate func precedes(_ other: Event) -> Bool { time == other.time ? order < other.order : time < other.time }
  }

  static let millisecond: UInt64 = 1_000_000
  static let second: UInt64 = 1_000 * millisecond

  /// Nanoseconds since the simulation began.
  private(set) var now: UInt64 = 0
  private(set) var eventCount = 0
  private var planned: UInt64 = 0
  private var heap: [Event] = []

  /// - Parameter delay: in nanoseconds.
  @discardableResult
  func after(_ delay: UInt64, _ label: Label, node: Int = -1, _ body: @escaping () -> Void) -> Event {
    let event = Event(time: now + delay, order: planned, label: label, node: node, body: body)
    planned += 1
    heap.append(event)
    rise(heap.count - 1)
    return event
  }

  /// - Parameter trace: told of the event before it happens.
  /// - Returns: `false` when nothing is planned.
  func runNext(trace: (Event) -> Void) -> Bool {
    while let event = popFirst() {
      guard let body = event.body else { continue }
      event.body = nil
      now = event.time
      eventCount += 1
      trace(event)
      body()
      return true
    }
    return false
  }

  private func popFirst() -> Event? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return first
  }

  private func rise(_ start: Int) {
    var child = start
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private func sink() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[least]) { least = child }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
