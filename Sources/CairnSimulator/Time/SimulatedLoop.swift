import Foundation
import NIOCore

/// The event loop of one node's life, on virtual time.
///
/// When that life is over, what it planned still happens, in vain: it is cut off from its disk and from all others. So every promise
/// that was made is kept or broken, as the product's code expects.
final class SimulatedLoop: EventLoop {
  private let scheduler: Unshared<Scheduler>
  private let lifetime: Unshared<Lifetime>
  /// Two nodes' clocks have nothing to do with each other.
  private let offset: UInt64

  init(_ scheduler: Scheduler, _ lifetime: Lifetime, offset: UInt64) {
    (self.scheduler, self.lifetime, self.offset) = (Unshared(scheduler), Unshared(lifetime), offset)
  }

  /// There is one thread.
  var inEventLoop: Bool { true }

  var now: NIODeadline { .uptimeNanoseconds(scheduler.value.now + offset) }

  func execute(_ task: @escaping @Sendable () -> Void) { plan(0, .loop, task) }

  func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    scheduleTask(in: max(.zero, deadline - now), task)
  }

  func scheduleTask<T>(in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    let promise = makePromise(of: T.self)
    let event = plan(UInt64(max(0, delay.nanoseconds)), .timer) {
      do { promise.assumeIsolated().succeed(try task()) } catch { promise.fail(error) }
    }
    return Scheduled(promise: promise) { event.value.cancel() }
  }

  @discardableResult
  private func plan(_ delay: UInt64, _ label: Scheduler.Label, _ task: @escaping () -> Void) -> Unshared<Scheduler.Event> {
    Unshared(scheduler.value.after(delay, label, node: lifetime.value.node, task))
  }

  func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) { callback(nil) }
}
