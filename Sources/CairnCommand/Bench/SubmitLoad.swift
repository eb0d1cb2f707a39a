import CairnChain
import CairnClient
import CairnLedger
import NIOCore
import Synchronization

/// What became of one planned transaction.
enum SubmitProgress: Sendable {
  case unsent
  case final
  /// Refused, or not known.
  case failed
}

/// Submits transactions that were signed before, over connections that verify every receipt.
final class SubmitLoad: Sendable {
  /// How fast messages follow each other.
  enum Pace: Sendable {
    /// So many messages on their way on every connection; the next leaves when one is answered.
    case saturating(messagesInFlight: Int)
    /// So many messages a second, whatever the answers do, up to a bound on what is on its way.
    case offered(perSecond: Double)
  }

  struct Result: Sendable {
    /// In the order of the transactions.
    var progress: [SubmitProgress]
    /// From the moment a message was due to that of its verified answer, once for each transaction.
    var latency = LatencyHistogram()
    /// From the first message to the last answer.
    var seconds = 0.0
    /// Reasons of those that are not final.
    var failures: [String: Int] = [:]
    /// Answers that no honest node gives.
    var dishonestCount = 0
    /// Messages that were due while too many were on their way.
    var withheldCount = 0
  }

  /// On their way on one connection at an offered pace, below what a node allows. Beyond this the cluster does not keep up, and
  /// latency says nothing any more.
  private static let offeredInFlightLimit = 900
  private static let tick = TimeAmount.microseconds(500)
  /// A transaction that expires on its way measures nothing: the load ends so many blocks before.
  fileprivate static let blocksBeforeExpiry: UInt64 = 50

  fileprivate struct State {
    var start = NIODeadline.now()
    var next = 0
    var inFlight = 0
    var isOver = false
    var result: Result
    var done: CheckedContinuation<Void, Never>?
  }

  private let transactions: [Transaction]
  private let batch: Int
  private let connections: [VerifiedConnection]
  private let pace: Pace
  private let state: Mutex<State>

  /// - Parameter batch: transactions of one message.
  init(_ transactions: [Transaction], batch: Int, over connections: [VerifiedConnection], pace: Pace) {
    (self.transactions, self.batch, self.connections, self.pace) = (transactions, batch, connections, pace)
    state = Mutex(State(result: Result(progress: Array(repeating: .unsent, count: transactions.count))))
  }

  /// Runs until the time is over, the transactions are used up or the task is cancelled, and until everything is answered.
  func run(seconds: Double) async -> Result {
    let timer = Task {
      try await Task.sleep(for: .seconds(seconds))
      end()
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { done in
        state.withLock { ($0.start, $0.done) = (.now(), done) }
        begin()
        finishIfIdle()
      }
    } onCancel: {
      end()
    }
    timer.cancel()
    return state.withLock { $0.result }
  }

  private func begin() {
    switch pace {
    case .saturating(let count):
      for connection in connections {
        for _ in 0..<count { sendNext(on: connection) }
      }
    case .offered(let rate):
      let loop = connections[0].eventLoop
      loop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.tick) { [self] task in
        if state.withLock({ $0.isOver }) { return task.cancel() }
        offer(rate)
      }
    }
  }

  /// Sends everything that is due by now.
  private func offer(_ rate: Double) {
    let start = state.withLock { $0.start }
    let elapsed = Double((.now() - start).nanoseconds) / 1e9
    while true {
      let message: (index: Int, range: Range<Int>)? = state.withLock { state in
        let index = state.next / batch
        guard Double(index) / rate <= elapsed, !state.isOver else { return nil }
        guard state.inFlight < Self.offeredInFlightLimit * connections.count else {
          state.result.withheldCount += 1
          return nil
        }
        return state.take(batch, of: transactions.count).map { (index, $0) }
      }
      guard let message else { break }
      let due = start + .nanoseconds(Int64(Double(message.index) / rate * 1e9))
      send(message.range, due: due, on: connections[message.index % connections.count])
    }
    if state.withLock({ $0.next >= transactions.count }) { end() }
  }

  private func sendNext(on connection: VerifiedConnection) {
    guard let range = state.withLock({ $0.take(batch, of: transactions.count) }) else { return end() }
    send(range, due: .now(), on: connection)
  }

  private func send(_ range: Range<Int>, due: NIODeadline, on connection: VerifiedConnection) {
    connection.submit(Array(transactions[range])) { [self] answer in
      record(answer, range, latency: UInt64(max(0, (.now() - due).nanoseconds)))
      if case .saturating = pace, case .success = answer { sendNext(on: connection) }
      finishIfIdle()
    }
  }

  private func record(_ answer: Swift.Result<[SubmitOutcome], CairnError>, _ range: Range<Int>, latency: UInt64) {
    state.withLock { state in
      state.inFlight -= 1
      switch answer {
      case .success(let outcomes):
        for (index, outcome) in zip(range, outcomes) { state.record(outcome, of: index, transactions[index], latency) }
      case .failure(let error):
        for index in range { state.result.progress[index] = .failed }
        state.result.failures[error.problemReason, default: 0] += range.count
        if error.isDishonest { state.result.dishonestCount += 1 }
      }
    }
  }

  /// Sends nothing more.
  func end() {
    state.withLock { $0.end() }
    finishIfIdle()
  }

  private func finishIfIdle() {
    let done: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard state.inFlight == 0, state.isOver else { return nil }
      if state.done != nil { state.result.seconds = Double((.now() - state.start).nanoseconds) / 1e9 }
      defer { state.done = nil }
      return state.done
    }
    done?.resume()
  }
}

extension SubmitLoad.State {
  mutating func take(_ batch: Int, of count: Int) -> Range<Int>? {
    guard !isOver, next < count else { return nil }
    let range = next..<min(next + batch, count)
    next = range.upperBound
    inFlight += 1
    return range
  }

  mutating func end() {
    isOver = true
  }

  mutating func record(_ outcome: SubmitOutcome, of index: Int, _ transaction: Transaction, _ latency: UInt64) {
    switch outcome {
    case .final(let receipt):
      result.progress[index] = .final
      result.latency.add(nanoseconds: latency)
      if receipt.header.header.height + SubmitLoad.blocksBeforeExpiry >= transaction.notAfterHeight { end() }
    case .refused(let refusal): fail(index, refusal.reason)
    case .accepted: fail(index, "accepted")
    case .undecided: fail(index, "undecided")
    }
  }

  private mutating func fail(_ index: Int, _ reason: String) {
    result.progress[index] = .failed
    result.failures[reason, default: 0] += 1
  }
}
