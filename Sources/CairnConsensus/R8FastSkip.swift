extension Engine {
  /// Any message from a validator shows that it is there.
  mutating func heard(_ validator: Int) {
    guard lastHeard.indices.contains(validator) else { return }
    lastHeard[validator] = now.monotonicMilliseconds
  }

  /// R8 — a leader that was silent for the skip period, while a quorum of others was heard, gets no time at all. Local policy: when
  /// a quorum is silent too, the fault is more likely ours.
  var isLeaderInactive: Bool { !isHeard(leader(of: view)) && heardCount >= quorum }

  /// Ourselves included.
  var heardCount: Int { lastHeard.indices.count { isHeard($0) } }

  private func isHeard(_ validator: Int) -> Bool {
    validator == configuration.validatorIndex
      || now.monotonicMilliseconds.saturatingSubtract(lastHeard[validator]) < configuration.timers.skipMilliseconds
  }
}
