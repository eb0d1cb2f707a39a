import Dispatch
import Foundation
import Synchronization

/// Tells when a command that runs for long has to end: SIGINT, SIGTERM, or the end of the process that started it.
final class StopSignal: Sendable {
  private static let parentInterval = DispatchTimeInterval.milliseconds(250)

  private struct State {
    var isStopped = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())
  /// Kept, for their events stop with them.
  private nonisolated(unsafe) var sources: [any DispatchSourceProtocol] = []

  init() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [weak self] in self?.stop() }
      source.resume()
      sources.append(source)
    }
    let parent = getppid()
    // Started by the system itself: nobody's end is waited for.
    guard parent != 1 else { return }
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + Self.parentInterval, repeating: Self.parentInterval)
    timer.setEventHandler { [weak self] in
      if getppid() != parent { self?.stop() }
    }
    timer.resume()
    sources.append(timer)
  }

  var isStopped: Bool { state.withLock { $0.isStopped } }

  func stop() {
    let waiting = state.withLock { state in
      state.isStopped = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isStopped = state.withLock { state in
        if !state.isStopped { state.waiting.append(continuation) }
        return state.isStopped
      }
      if isStopped { continuation.resume() }
    }
  }
}
