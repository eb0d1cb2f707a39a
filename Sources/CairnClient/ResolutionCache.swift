import CairnChain
import CairnIdentity
import Synchronization

/// The answers that are still fresh, bounded in number and bytes.
///
/// Two generations stand in for a queue in order of use: an answer that is used moves into the young one, and when that is
/// full the old one is dropped. So what was used within the last half capacity stays.
final class ResolutionCache: Sendable {
  private struct State {
    var young: [CairnDID: Resolution] = [:]
    var old: [CairnDID: Resolution] = [:]
    var youngByteCount = 0
  }

  /// What an entry takes beside its bytes.
  private static let overhead = 512

  private let state = Mutex(State())
  private let capacity: Int
  private let byteLimit: Int

  init(capacity: Int, byteLimit: Int) {
    (self.capacity, self.byteLimit) = (capacity, byteLimit)
  }

  /// - Parameter isFresh: an answer for which this is false is forgotten.
  func answer(for did: CairnDID, isFresh: (Resolution) -> Bool) -> Resolution? {
    state.withLock { state in
      if let answer = state.young[did] {
        if isFresh(answer) { return answer }
        state.youngByteCount -= Self.cost(answer)
        state.young[did] = nil
        return nil
      }
      guard let answer = state.old.removeValue(forKey: did), isFresh(answer) else { return nil }
      insert(answer, &state)
      return answer
    }
  }

  func insert(_ answer: Resolution) { state.withLock { insert(answer, &$0) } }

  func remove(_ did: CairnDID) {
    state.withLock { state in
      if let answer = state.young.removeValue(forKey: did) { state.youngByteCount -= Self.cost(answer) }
      state.old[did] = nil
    }
  }

  var count: Int { state.withLock { $0.young.count + $0.old.count } }

  private func insert(_ answer: Resolution, _ state: inout State) {
    let cost = Self.cost(answer)
    guard capacity > 1, cost <= byteLimit / 2 else { return }
    // An answer that was asked for earlier may arrive later.
    if let known = state.young[answer.did] ?? state.old[answer.did], known.header.header.height > answer.header.header.height { return }
    if state.young.count >= capacity / 2 || state.youngByteCount + cost > byteLimit / 2 {
      (state.old, state.young, state.youngByteCount) = (state.young, [:], 0)
    }
    state.old[answer.did] = nil
    if let replaced = state.young.updateValue(answer, forKey: answer.did) { state.youngByteCount -= Self.cost(replaced) }
    state.youngByteCount += cost
  }

  /// The proof contains the record and the document, which are held once more in decoded form.
  private static func cost(_ answer: Resolution) -> Int { 3 * answer.proof.count + overhead }
}
