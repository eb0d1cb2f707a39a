import CairnChain

extension TimerConfiguration {
  /// `period` × 1.5^k, at most × 8, in whole milliseconds rounded down at each step; k = views since the last finalization - 2.
  /// Two is what pipelining costs: in the good case the block before the last is the finalized one.
  static func backedOff(_ period: UInt64, viewsSinceFinalization views: UInt64) -> UInt64 {
    let (cap, isCapped) = period.multipliedReportingOverflow(by: backoffCap)
    guard !isCapped else { return period }
    var (period, steps) = (period, views.saturatingSubtract(2))
    while steps > 0, period < cap, period > 1 {
      period += period / 2
      steps -= 1
    }
    return min(period, cap)
  }
}

extension Engine {
  /// The network has agreed on another heartbeat. A timer that runs already is not changed.
  public mutating func setHeartbeat(milliseconds: UInt64) { configure { $0.heartbeatMilliseconds = milliseconds } }

  /// When the current view has something to propose: the leader proposes then, and everybody's leader timer counts from then.
  ///
  /// Work is a transaction that waits, or the heartbeat, which counts from when a block last opened a view. So an idle network
  /// runs no timer before its heartbeat is due, and a heartbeat that a dead leader missed is due at once in the next view.
  ///
  /// The epoch's last block, once it is certified, is work at any time: until it is finalized nothing goes on.
  var workDue: UInt64 {
    if isBoundaryReached { return enteredAt }
    return max(enteredAt, min(pendingSince ?? .max, lastBlockAt.saturatingAdd(configuration.timers.heartbeatMilliseconds)))
  }

  var isHeartbeatDue: Bool {
    lastBlockAt.saturatingAdd(configuration.timers.heartbeatMilliseconds) <= now.monotonicMilliseconds
  }

  /// Nothing was proposed in this view, and we did not give it up.
  var isAwaitingProposal: Bool {
    let round = rounds[view]
    return canSign && round.proposal == nil && round.own[.notarize] == nil && round.own[.nullify] == nil
  }

  /// Transactions came to wait, or all went into blocks.
  mutating func pending(_ isPending: Bool, into effects: inout Effects) {
    guard isPending != (pendingSince != nil) else { return }
    pendingSince = isPending ? now.monotonicMilliseconds : nil
    guard view > 0 else { return }
    scheduleWork(into: &effects)
  }

  /// Sets the leader timer by when there is work, and has a leader propose then.
  mutating func scheduleWork(into effects: inout Effects) {
    guard isAwaitingProposal else { return }
    arm(.leader(view: view), at: workDue.saturatingAdd(backedOff(configuration.timers.leaderMilliseconds)), into: &effects)
    guard isLeader, rounds[view].building == nil else { return }
    if workDue <= now.monotonicMilliseconds {
      propose(into: &effects)
    } else {
      arm(.heartbeat(view: view), at: workDue, into: &effects)
    }
  }

  /// A proposal is here: its certificate must come in time.
  mutating func awaitCertificate(into effects: inout Effects) {
    cancel(.leader(view: view), into: &effects)
    cancel(.heartbeat(view: view), into: &effects)
    guard canSign, rounds[view].own[.nullify] == nil else { return }
    let due = now.monotonicMilliseconds.saturatingAdd(backedOff(configuration.timers.certificateMilliseconds))
    arm(.certificate(view: view), at: due, into: &effects)
  }

  private func backedOff(_ period: UInt64) -> UInt64 {
    TimerConfiguration.backedOff(period, viewsSinceFinalization: view.saturatingSubtract(finalizedView))
  }

  mutating func arm(_ timer: Timer, at deadline: UInt64, into effects: inout Effects) {
    guard deadlines[timer] != deadline else { return }
    deadlines[timer] = deadline
    effects.emit(.arm(timer, afterMilliseconds: deadline.saturatingSubtract(now.monotonicMilliseconds)))
  }

  mutating func cancel(_ timer: Timer, into effects: inout Effects) {
    guard deadlines.removeValue(forKey: timer) != nil else { return }
    effects.emit(.cancel(timer))
  }

  mutating func cancelViewTimers(into effects: inout Effects) {
    for timer in [Timer.leader(view: view), .certificate(view: view), .heartbeat(view: view), .retry(view: view)] {
      cancel(timer, into: &effects)
    }
  }

  /// A timer that is not armed is ignored, one that comes too early is armed for the rest.
  mutating func fire(_ timer: Timer, into effects: inout Effects) {
    guard let deadline = deadlines.removeValue(forKey: timer) else { return }
    guard deadline <= now.monotonicMilliseconds else { return arm(timer, at: deadline, into: &effects) }
    switch timer {
    case .leader: leaderTimedOut(into: &effects)
    case .certificate: certificateTimedOut(into: &effects)
    case .heartbeat: propose(into: &effects)
    case .retry(let view): retry(in: view, into: &effects)
    case .standstill: standstill(into: &effects)
    case .fetch: fetchAgain(into: &effects)
    }
  }
}
