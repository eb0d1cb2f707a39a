import CairnChain
import CairnNetwork
public import NIOCore
import Synchronization

/// How an endpoint has done so far.
public struct EndpointStatus: Sendable {
  public let endpoint: Endpoint
  public internal(set) var isConnected = false
  /// Answers that were believed.
  public internal(set) var answerCount: UInt64 = 0
  public internal(set) var failureCount: UInt64 = 0
  /// Answers that no honest node gives, among the failures.
  public internal(set) var dishonestCount: UInt64 = 0
  public internal(set) var lastProblem: EndpointProblem?
  /// Asked only after the others until then.
  public internal(set) var avoidedUntil: NIODeadline?
}

/// The endpoints of a client: whom to ask next, and one connection to each that was asked.
final class EndpointPool: Sendable {
  /// After a failure; doubled with each further one.
  private static let firstBackOff = TimeAmount.milliseconds(500)
  private static let longestBackOff = TimeAmount.minutes(1)
  /// After an answer that no honest node gives: something is broken there that does not pass in a moment.
  private static let dishonestyBackOff = TimeAmount.minutes(5)

  typealias Attempt = Task<Result<VerifiedConnection, EndpointProblem>, Never>

  private enum Link {
    case idle
    case connecting(Attempt)
    case open(VerifiedConnection)
  }

  private struct Slot {
    var target: ResolvedEndpoint
    var link = Link.idle
    var status: EndpointStatus
    /// Failures since the last answer.
    var streak = 0
  }

  private struct State {
    var slots: [Slot]
    /// The one that answered last.
    var preferred = 0
    var isClosed = false
  }

  private let state: Mutex<State>
  private let clock: ClientClock
  private let open: @Sendable (ResolvedEndpoint) async throws(EndpointProblem) -> VerifiedConnection

  init(
    _ endpoints: [ResolvedEndpoint], clock: ClientClock,
    open: @escaping @Sendable (ResolvedEndpoint) async throws(EndpointProblem) -> VerifiedConnection
  ) {
    state = Mutex(State(slots: endpoints.map { Slot(target: $0, status: EndpointStatus(endpoint: $0.endpoint)) }))
    (self.clock, self.open) = (clock, open)
  }

  var statuses: [EndpointStatus] { state.withLock { $0.slots.map(\.status) } }

  func endpoint(_ index: Int) -> Endpoint { state.withLock { $0.slots[index].target.endpoint } }

  func target(_ index: Int) -> ResolvedEndpoint { state.withLock { $0.slots[index].target } }

  func index(of endpoint: Endpoint) -> Int? { state.withLock { $0.slots.firstIndex { $0.target.endpoint == endpoint } } }

  /// Whom to ask, in this order: first the one that answered last, at the end those that failed lately. All are in it: a call
  /// does not fail before everybody was asked.
  var order: [Int] {
    let now = clock.uptime()
    return state.withLock { state in
      state.slots.indices.sorted { left, right in
        let ranks = [left, right].map { index in
          let until = state.slots[index].status.avoidedUntil ?? now
          return (max(until, now), index == state.preferred ? 0 : 1, index)
        }
        return ranks[0] < ranks[1]
      }
    }
  }

  func succeeded(_ index: Int) {
    state.withLock { state in
      state.preferred = index
      state.slots[index].streak = 0
      state.slots[index].status.answerCount += 1
      state.slots[index].status.avoidedUntil = nil
    }
  }

  func failed(_ index: Int, _ problem: EndpointProblem) {
    let now = clock.uptime()
    state.withLock { state in
      let streak = state.slots[index].streak
      state.slots[index].streak = min(streak + 1, 16)
      state.slots[index].status.failureCount += 1
      state.slots[index].status.lastProblem = problem
      if problem.isDishonest { state.slots[index].status.dishonestCount += 1 }
      state.slots[index].status.avoidedUntil = now + Self.backOff(after: problem, streak: streak)
    }
  }

  private static func backOff(after problem: EndpointProblem, streak: Int) -> TimeAmount {
    if problem.isDishonest { return dishonestyBackOff }
    let doubled = TimeAmount.nanoseconds(firstBackOff.nanoseconds << Int64(min(streak, 10)))
    guard case .unavailable(let refusal) = problem, let hint = refusal.retryAfterMilliseconds else { return min(doubled, longestBackOff) }
    return min(.milliseconds(Int64(clamping: hint)), longestBackOff)
  }
}

extension EndpointPool {
  /// - Returns: the connection, and whether it had been open before: it may then have died without anybody noticing.
  func connection(_ index: Int) async throws(EndpointProblem) -> (VerifiedConnection, isReused: Bool) {
    enum Next {
      case use(VerifiedConnection)
      case wait(Attempt)
      case refuse
    }
    let next: Next = state.withLock { state in
      if state.isClosed { return .refuse }
      switch state.slots[index].link {
      case .open(let connection): return .use(connection)
      case .connecting(let attempt): return .wait(attempt)
      case .idle:
        let attempt = connect(index, state.slots[index].target)
        state.slots[index].link = .connecting(attempt)
        return .wait(attempt)
      }
    }
    switch next {
    case .use(let connection): return (connection, true)
    case .wait(let attempt): return (try await attempt.value.get(), false)
    case .refuse: throw .connection(.connectionClosed(reason: "closed"))
    }
  }

  /// One attempt for all who wait for it.
  private func connect(_ index: Int, _ target: ResolvedEndpoint) -> Attempt {
    Task { [self] in
      let result: Result<VerifiedConnection, EndpointProblem>
      do throws(EndpointProblem) { result = .success(try await open(target)) } catch { result = .failure(error) }
      let isClosed = state.withLock { state in
        if case .success(let connection) = result, !state.isClosed {
          state.slots[index].link = .open(connection)
          state.slots[index].status.isConnected = true
        } else {
          state.slots[index].link = .idle
        }
        return state.isClosed
      }
      if case .success(let connection) = result {
        connection.closed.whenComplete { [weak self, weak connection] _ in
          if let connection { self?.forget(connection, index) }
        }
        if isClosed { await connection.close() }
      }
      return result
    }
  }

  /// Endpoints that stand for a validator by its name go where that one is now. A connection that stands is kept.
  func follow(_ validators: ValidatorSet, addsNew: Bool) {
    state.withLock { state in
      for index in state.slots.indices { state.slots[index].target.follow(validators) }
      guard addsNew else { return }
      let known = Set(state.slots.map(\.target.endpoint))
      for validator in validators.validators {
        let endpoint = Endpoint(validator: validator.name)
        guard !known.contains(endpoint), let target = ResolvedEndpoint(endpoint, validator) else { continue }
        state.slots.append(Slot(target: target, status: EndpointStatus(endpoint: endpoint)))
      }
    }
  }

  /// Called for a connection that has ended or broke.
  func forget(_ connection: VerifiedConnection, _ index: Int) {
    state.withLock { state in
      guard case .open(let current) = state.slots[index].link, current === connection else { return }
      state.slots[index].link = .idle
      state.slots[index].status.isConnected = false
    }
  }

  func close() async {
    let connections: [VerifiedConnection] = state.withLock { state in
      state.isClosed = true
      return state.slots.indices.compactMap { index in
        guard case .open(let connection) = state.slots[index].link else { return nil }
        state.slots[index].link = .idle
        state.slots[index].status.isConnected = false
        return connection
      }
    }
    for connection in connections { await connection.close() }
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }
}
