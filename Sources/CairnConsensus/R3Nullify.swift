import CairnChain
import CairnCrypto

extension Engine {
  /// R3 — gives up on the current view.
  ///
  /// Never after our own `Finalize` of the same view: the two statements exclude each other, and that exclusion is the whole
  /// safety argument. Allowed after our own `Notarize`.
  mutating func nullify(because reason: NullifyReason, into effects: inout Effects) {
    guard canSign, rounds[view].own[.nullify] == nil, rounds[view].own[.finalize] == nil else { return }
    nullifyCounts[reason, default: 0] += 1
    cancelViewTimers(into: &effects)
    sign(.nullify(epoch: epoch, view: view), into: &effects)
    arm(.retry(view: view), at: now.monotonicMilliseconds.saturatingAdd(configuration.timers.retryMilliseconds), into: &effects)
  }

  /// R3 — when the leader gives up on its own view, nobody has to wait for the timer.
  mutating func followLeaderOut(into effects: inout Effects) {
    guard rounds[view].tally.vote(.nullify, by: leader(of: view)) != nil else { return }
    nullify(because: .leaderNullified, into: &effects)
  }

  /// R3 — the leader timer: there was work, and no proposal came; as a leader, we could not make one.
  mutating func leaderTimedOut(into effects: inout Effects) {
    if PlantedBug.noLeaderTimer.isPlanted { return }
    nullify(because: isLeader ? .cannotPropose : .leaderTimeout, into: &effects)
  }

  /// R3 — the certificate timer.
  mutating func certificateTimedOut(into effects: inout Effects) {
    if PlantedBug.noCertificateTimer.isPlanted { return }
    nullify(because: .certificateTimeout, into: &effects)
  }
}
