import CairnCrypto
import CairnLedger

/// Who waits here for which transaction.
struct Submissions {
  typealias Completion = (SubmitOutcome) -> Void

  /// Who waits for one transaction: its submitter, and some repetitions after broken connections.
  private static let limitPerTransaction = 64

  private var waiting: [Digest: [Completion]] = [:]

  /// - Returns: `false` when too many wait for the same transaction already.
  mutating func wait(for id: Digest, _ completion: @escaping Completion) -> Bool {
    guard waiting[id, default: []].count < Self.limitPerTransaction else { return false }
    waiting[id, default: []].append(completion)
    return true
  }

  /// Who waits for a transaction waits no more: the caller tells them.
  mutating func take(_ id: Digest) -> [Completion] { waiting.removeValue(forKey: id) ?? [] }

  mutating func takeAll() -> [Completion] {
    defer { waiting = [:] }
    return waiting.values.flatMap(\.self)
  }
}
