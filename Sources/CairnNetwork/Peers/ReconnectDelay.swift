package import NIOCore

/// How long to wait before the next attempt to connect: doubling, so that a restarted peer is found at once and one that is gone for
/// a day costs nothing.
package struct ReconnectDelay {
  private let shortest: TimeAmount
  private let longest: TimeAmount
  private var base: TimeAmount

  package init(shortest: TimeAmount, longest: TimeAmount) {
    (self.shortest, self.longest) = (shortest, longest)
    base = shortest
  }

  /// - Parameter jitter: from 0 up to 1. Spreads the attempts over the upper half of the delay, so that nodes that lost each other
  ///   at the same moment do not all dial at the same moment.
  package mutating func next(jitter: Double) -> TimeAmount {
    let half = base.nanoseconds / 2
    base = min(base * 2, longest)
    return .nanoseconds(half + Int64(Double(half) * min(max(jitter, 0), 1)))
  }

  /// Back to the shortest delay, after a connection that was accepted.
  package mutating func reset() { base = shortest }
}
