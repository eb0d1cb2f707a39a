import CairnNode

/// What stands for a node's threads: work is done at once, some time after it was given.
final class SimulatedWorkers: Workers {
  private final class Queue {
    var busyUntil: UInt64 = 0
  }

  private let scheduler: Unshared<Scheduler>
  private let lifetime: Unshared<Lifetime>
  private let dice: Unshared<Dice>
  private let label: Scheduler.Label
  /// How long one piece of work takes, in microseconds.
  private let duration: ClosedRange<UInt64>
  private let queue = Unshared(Queue())

  init(_ scheduler: Scheduler, _ lifetime: Lifetime, _ dice: Dice, _ label: Scheduler.Label, microseconds duration: ClosedRange<UInt64>) {
    (self.scheduler, self.lifetime, self.dice) = (Unshared(scheduler), Unshared(lifetime), Unshared(dice))
    (self.label, self.duration) = (label, duration)
  }

  func perform(_ work: @escaping @Sendable (_ isActive: Bool) -> Void) {
    let (scheduler, lifetime, queue) = (scheduler.value, lifetime.value, queue.value)
    queue.busyUntil = max(queue.busyUntil, scheduler.now) + dice.value.pick(duration) * 1_000
    scheduler.after(queue.busyUntil - scheduler.now, label, node: lifetime.node) { work(!lifetime.isOver) }
  }
}
