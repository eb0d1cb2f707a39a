public import CairnIdentity
import Synchronization

/// The answers of ``CairnClient/resolveMany(_:inFlight:)-([CairnDID],_)``: iterated once, `for await`.
public struct Resolutions: AsyncSequence, Sendable {
  public struct Element: Sendable {
    public let did: CairnDID
    public let result: Result<Resolution, CairnError>
  }

  public typealias Failure = Never

  let inFlight: Int
  /// Puts a call for each DID into the window.
  let produce: @Sendable (ResolutionWindow) async throws -> Void

  public func makeAsyncIterator() -> Iterator {
    let window = ResolutionWindow(size: Swift.max(1, inFlight))
    let producer = Task { [produce] in
      try? await produce(window)
      window.finish()
    }
    return Iterator(calls: window.calls.makeAsyncIterator(), lifetime: Lifetime(window: window, producer: producer))
  }

  public struct Iterator: AsyncIteratorProtocol {
    var calls: AsyncStream<ResolutionWindow.Call>.Iterator
    let lifetime: Lifetime

    public mutating func next() async -> Element? {
      guard let call = await calls.next() else { return nil }
      let result = await call.task.value
      lifetime.window.leave()
      return Element(did: call.did, result: result)
    }
  }

  /// Ends the production when nobody iterates any more. Calls that are on their way end by their own time limits.
  final class Lifetime: Sendable {
    let window: ResolutionWindow
    private let producer: Task<Void, Never>

    init(window: ResolutionWindow, producer: Task<Void, Never>) {
      (self.window, self.producer) = (window, producer)
    }

    deinit {
      producer.cancel()
      window.finish()
    }
  }
}

/// Between the one who asks and the one who takes the answers: so many calls, and no more until one is taken.
final class ResolutionWindow: Sendable {
  struct Call: Sendable {
    let did: CairnDID
    let task: Task<Result<Resolution, CairnError>, Never>
  }

  private struct State {
    var free: Int
    var isFinished = false
    /// The producer, when it waits for room.
    var waiting: CheckedContinuation<Bool, Never>?
  }

  let calls: AsyncStream<Call>
  private let continuation: AsyncStream<Call>.Continuation
  private let state: Mutex<State>

  init(size: Int) {
    state = Mutex(State(free: size))
    // As many as may enter.
    (calls, continuation) = AsyncStream.makeStream()
  }

  /// Waits for room.
  ///
  /// - Returns: `false` when nobody takes answers any more.
  func enter() async -> Bool {
    await withCheckedContinuation { continuation in
      let result: Bool? = state.withLock { state in
        if state.isFinished { return false }
        guard state.free == 0 else {
          state.free -= 1
          return true
        }
        state.waiting = continuation
        return nil
      }
      if let result { continuation.resume(returning: result) }
    }
  }

  func put(_ did: CairnDID, _ task: Task<Result<Resolution, CairnError>, Never>) {
    continuation.yield(Call(did: did, task: task))
  }

  func leave() {
    let waiting = state.withLock { state in
      if state.waiting == nil { state.free += 1 }
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume(returning: true)
  }

  func finish() {
    let waiting = state.withLock { state in
      state.isFinished = true
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume(returning: false)
    continuation.finish()
  }
}
