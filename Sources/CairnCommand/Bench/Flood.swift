import CairnMessages
import CairnNetwork
import CairnProtocol
import NIOCore
import SwiftProtobuf
import Synchronization

/// Transactions at a rate that does not care for answers. The messages are encoded before and the answers only counted, so that little of the
/// machine, which the nodes share, goes to whoever floods it.
final class Flood: Sendable {
  struct Message: Sendable {
    /// A `SubmitRequest` that does not wait.
    let request: ByteBuffer
    let transactionCount: Int
  }

  struct Result: Sendable {
    /// From the first message until nothing more was sent.
    var seconds = 0.0
    /// Transactions.
    var sentCount = 0
    /// Those that a node took.
    var acceptedCount = 0
    /// Reasons of the others.
    var refusals: [String: Int] = [:]
    /// Those that were due while too many were on their way.
    var withheldCount = 0
  }

  /// Messages on their way on one connection, well below what a node allows.
  private static let inFlightLimit = 512
  private static let tick = TimeAmount.milliseconds(1)

  private struct State {
    var start = NIODeadline.now()
    var next = 0
    var inFlight: [Int]
    var isOver = false
    var result = Result()
    var done: CheckedContinuation<Void, Never>?
  }

  private let messages: [Message]
  private let connections: [RPCConnection]
  /// Messages.
  private let perSecond: Double
  private let state: Mutex<State>

  init(_ messages: [Message], over connections: [RPCConnection], perSecond: Double) {
    (self.messages, self.connections, self.perSecond) = (messages, connections, perSecond)
    state = Mutex(State(inFlight: connections.map { _ in 0 }))
  }

  /// Whether nothing more is sent.
  var isOver: Bool { state.withLock { $0.isOver } }

  /// Runs until ``end()``, the messages are used up or the task is cancelled, and until everything is answered.
  func run() async -> Result {
    await withTaskCancellationHandler {
      await withCheckedContinuation { done in
        state.withLock { ($0.start, $0.done) = (.now(), done) }
        connections[0].eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.tick) { [self] task in
          if isOver { task.cancel() } else { sendWhatIsDue() }
        }
      }
    } onCancel: {
      end()
    }
    return state.withLock { $0.result }
  }

  /// Sends nothing more.
  func end() {
    state.withLock { state in
      guard !state.isOver else { return }
      state.isOver = true
      state.result.seconds = Double((.now() - state.start).nanoseconds) / 1e9
    }
    finishIfIdle()
  }

  private func sendWhatIsDue() {
    let due = state.withLock { state in
      let count = Int(Double((.now() - state.start).nanoseconds) / 1e9 * perSecond)
      defer { state.next = max(state.next, min(count, messages.count)) }
      return state.next..<max(state.next, min(count, messages.count))
    }
    for index in due { send(messages[index], on: index % connections.count) }
    if due.upperBound == messages.count { end() }
  }

  private func send(_ message: Message, on index: Int) {
    let isSent = state.withLock { state in
      guard state.inFlight[index] < Self.inFlightLimit else {
        state.result.withheldCount += message.transactionCount
        return false
      }
      state.inFlight[index] += 1
      state.result.sentCount += message.transactionCount
      return true
    }
    guard isSent else { return }
    connections[index].call(CairnMethod.submit.rawValue, message.request) { [self] answer in
      let (accepted, refusals) = Self.count(answer, of: message)
      state.withLock { state in
        state.inFlight[index] -= 1
        state.result.acceptedCount += accepted
        state.result.refusals.merge(refusals, uniquingKeysWith: +)
      }
      finishIfIdle()
    }
  }

  private static func count(_ answer: Swift.Result<ByteBuffer, RPCError>, of message: Message) -> (accepted: Int, refusals: [String: Int]) {
    switch answer {
    case .success(let bytes):
      guard let response = try? ProtoSubmitResponse(serializedBytes: Array(bytes.readableBytesView)) else {
        return (0, ["malformed_answer": message.transactionCount])
      }
      let accepted = response.results.count { if case .accepted? = $0.outcome { true } else { false } }
      let reasons = response.results.filter { if case .failure? = $0.outcome { true } else { false } }.map { ($0.failure.reason, 1) }
      return (accepted, Dictionary(reasons, uniquingKeysWith: +))
    case .failure(.refused(let refusal)):
      let failure = try? ProtoFailure(serializedBytes: Array(refusal.payload.readableBytesView))
      return (0, [failure?.reason ?? "unexplained": message.transactionCount])
    case .failure(let error): return (0, [error.reason: message.transactionCount])
    }
  }

  private func finishIfIdle() {
    let done: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard state.isOver, state.inFlight.allSatisfy({ $0 == 0 }) else { return nil }
      defer { state.done = nil }
      return state.done
    }
    done?.resume()
  }
}
