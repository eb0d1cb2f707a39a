import CairnNetwork
import Logging
import NIOCore

/// How long a call goes on.
struct Patience: Sendable {
  /// For one endpoint.
  let attempt: TimeAmount
  /// For the whole call.
  let total: TimeAmount
  /// Whether to begin anew when every endpoint has failed, even if none of them said when.
  let persists: Bool
}

extension CairnClient {
  /// Between two rounds of a call that persists; doubled with each.
  private static let firstPause = TimeAmount.milliseconds(100)
  private static let longestPause = TimeAmount.seconds(2)

  var readPatience: Patience { Patience(attempt: options.attemptTimeout, total: options.readTimeout, persists: false) }
  var submitPatience: Patience { Patience(attempt: options.submitAttemptTimeout, total: options.submitTimeout, persists: true) }

  func ask<Answer>(_ query: Query<Answer>) async throws(CairnError) -> Answer { try await ask(query, patience: readPatience).0 }

  /// Asks one endpoint after the other until one answers.
  ///
  /// - Returns: the answer, and who gave it.
  func ask<Answer>(
    _ query: Query<Answer>, patience: Patience, at endpoint: Endpoint? = nil
  ) async throws(CairnError) -> (Answer, Int) {
    let end = options.clock.uptime() + patience.total
    var failures: [EndpointFailure] = []
    var round = 0
    while true {
      followEndpoints()
      var problems: [EndpointProblem] = []
      for index in try candidates(endpoint) {
        let left = end - options.clock.uptime()
        guard left > .zero else { break }
        try checkUsable()
        do throws(AttemptError) {
          let answer = try await attempt(query, index, within: min(left, patience.attempt))
          pool.succeeded(index)
          return (answer, index)
        } catch {
          switch error {
          case .refused(let refusal):
            pool.succeeded(index)
            throw .refused(refusal)
          case .problem(let problem):
            guard !Task.isCancelled else { throw .cancelled }
            report(problem, index)
            try checkUsable()
            problems.append(problem)
            failures.record(EndpointFailure(endpoint: pool.endpoint(index), problem: problem))
          }
        }
      }
      guard let pause = Self.pause(after: problems, round: round, patience), options.clock.uptime() + pause < end else {
        throw .noAnswer(failures)
      }
      round += 1
      do { try await options.clock.sleep(pause) } catch { throw .cancelled }
    }
  }

  /// One endpoint, and a second time when the connection turns out to have died before it was used.
  private func attempt<Answer>(_ query: Query<Answer>, _ index: Int, within time: TimeAmount) async throws(AttemptError) -> Answer {
    let deadline = NIODeadline.now() + time
    while true {
      let connection: VerifiedConnection
      let isReused: Bool
      do throws(EndpointProblem) { (connection, isReused) = try await pool.connection(index) } catch { throw .problem(error) }
      do throws(AttemptError) {
        return try await connection.ask(query, deadline: deadline)
      } catch {
        guard case .problem(.connection(.connectionClosed)) = error else { throw error }
        pool.forget(connection, index)
        guard isReused else { throw error }
      }
    }
  }

  func report(_ problem: EndpointProblem, _ index: Int) {
    pool.failed(index, problem)
    let failure = EndpointFailure(endpoint: pool.endpoint(index), problem: problem)
    options.logger.log(
      level: problem.isDishonest ? .error : .warning, "Endpoint passed over",
      metadata: ["endpoint": "\(failure.endpoint)", "reason": "\(problem.reason)", "problem": "\(problem)"])
    options.onProblem?(failure)
  }

  /// `nil` to give up.
  static func pause(after problems: [EndpointProblem], round: Int, _ patience: Patience) -> TimeAmount? {
    let hints = problems.compactMap { problem in
      if case .unavailable(let refusal) = problem { refusal.retryAfterMilliseconds } else { nil }
    }
    if let hint = hints.min() { return .milliseconds(Int64(clamping: min(hint, 3_600_000))) }
    guard patience.persists, problems.contains(where: { !$0.isDishonest }) else { return nil }
    return min(.nanoseconds(firstPause.nanoseconds << Int64(min(round, 8))), longestPause)
  }

  func checkUsable() throws(CairnError) {
    if let height = trust.fork { throw .fork(height: height) }
    if pool.isClosed { throw .closed }
    if Task.isCancelled { throw .cancelled }
  }

  func candidates(_ endpoint: Endpoint?) throws(CairnError) -> [Int] {
    guard let endpoint else { return pool.order }
    guard let index = pool.index(of: endpoint) else { throw .invalidEndpoint(endpoint, because: "the client was not made with it") }
    return [index]
  }
}

extension [EndpointFailure] {
  /// Keeps the latest failure of each endpoint, except that one which leaves open whether the node acted is not forgotten.
  mutating func record(_ failure: EndpointFailure) {
    guard let index = firstIndex(where: { $0.endpoint == failure.endpoint }) else { return append(failure) }
    if failure.problem.mayHaveActed || !self[index].problem.mayHaveActed { self[index] = failure }
  }
}
