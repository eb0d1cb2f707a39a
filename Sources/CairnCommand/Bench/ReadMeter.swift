import CairnClient
import NIOCore
import Synchronization

/// Counts verified answers while a load of reads is on.
final class ReadMeter: Sendable {
  struct Result: Sendable {
    var latency = LatencyHistogram()
    var seconds = 0.0
    var answerByteCount: UInt64 = 0
    var failures: [String: Int] = [:]
    /// Answers that no honest node gives.
    var dishonestCount = 0
  }

  private struct State {
    var result = Result()
    var isOver = false
  }

  private let start = NIODeadline.now()
  private let state = Mutex(State())

  var isOver: Bool { state.withLock { $0.isOver } }

  /// - Parameter byteCount: of the answer with its proof.
  func succeeded(since start: NIODeadline, byteCount: Int) {
    let latency = UInt64(max(0, (.now() - start).nanoseconds))
    state.withLock { state in
      guard !state.isOver else { return }
      state.result.latency.add(nanoseconds: latency)
      state.result.answerByteCount += UInt64(byteCount)
    }
  }

  func failed(_ reason: String, isDishonest: Bool) {
    state.withLock { state in
      state.result.failures[reason, default: 0] += 1
      if isDishonest { state.result.dishonestCount += 1 }
    }
  }

  /// What comes later does not count.
  func end() {
    state.withLock { state in
      guard !state.isOver else { return }
      state.isOver = true
      state.result.seconds = Double((.now() - start).nanoseconds) / 1e9
    }
  }

  /// Runs a load, which looks at ``isOver``, for so long or until the task is cancelled.
  static func measure(seconds: Double, _ load: (ReadMeter) async throws -> Void) async throws -> Result {
    let meter = ReadMeter()
    let timer = Task {
      try await Task.sleep(for: .seconds(seconds))
      meter.end()
    }
    defer { timer.cancel() }
    try await withTaskCancellationHandler {
      try await load(meter)
    } onCancel: {
      meter.end()
    }
    meter.end()
    return meter.state.withLock { $0.result }
  }
}

extension CairnError {
  /// The reason of the endpoint where there is one.
  var problemReason: String {
    if case .noAnswer(let failures) = self, let failure = failures.first { failure.problem.reason } else { reason }
  }

  /// Whether an answer was not believed that no honest node gives.
  var isDishonest: Bool {
    switch self {
    case .fork: true
    case .noAnswer(let failures): failures.contains { $0.problem.isDishonest }
    default: false
    }
  }
}
