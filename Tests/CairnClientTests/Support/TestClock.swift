import CairnClient
import NIOCore
import Synchronization

/// A clock that stands still until it is told otherwise; to sleep on it is to move it.
final class TestClock: Sendable {
  private struct State {
    var unixMilliseconds: UInt64
    var uptime = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var pauses: [TimeAmount] = []
  }

  private let state: Mutex<State>

  init(unixMilliseconds: UInt64) { state = Mutex(State(unixMilliseconds: unixMilliseconds)) }

  /// What was slept, in order.
  var pauses: [TimeAmount] { state.withLock { $0.pauses } }

  func advance(milliseconds: UInt64) {
    state.withLock { state in
      state.unixMilliseconds += milliseconds
      state.uptime = state.uptime + .milliseconds(Int64(milliseconds))
    }
  }

  func set(unixMilliseconds: UInt64) { state.withLock { $0.unixMilliseconds = unixMilliseconds } }

  var clock: ClientClock {
    ClientClock(
      unixMilliseconds: { self.state.withLock { $0.unixMilliseconds } },
      uptime: { self.state.withLock { $0.uptime } },
      sleep: { pause in
        self.state.withLock { state in
          state.pauses.append(pause)
          state.uptime = state.uptime + pause
          state.unixMilliseconds += UInt64(pause.nanoseconds / 1_000_000)
        }
      })
  }
}
