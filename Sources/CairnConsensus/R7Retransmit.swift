import CairnChain
import CairnCrypto

extension Engine {
  /// R7a — in a view that we gave up: our votes of it, and what opened it, every retry period. A Nullify that the signer failed on
  /// is asked for again.
  mutating func retry(in view: UInt64, into effects: inout Effects) {
    if PlantedBug.noRepetition.isPlanted { return }
    guard view == self.view, let own = rounds[view].own[.nullify] else { return }
    if case .failed = own.progress, canSign {
      _ = rounds[view].own.update(own.statement, to: .requested)
      effects.emit(.sign(own.statement))
    }
    if let opener { send(.certificate(opener.value), into: &effects) }
    for vote in rounds[view].own.published { send(.vote(vote.value), into: &effects) }
    arm(.retry(view: view), at: now.monotonicMilliseconds.saturatingAdd(configuration.timers.retryMilliseconds), into: &effects)
  }

  /// R7b — when nothing was finalized for the standstill period: the highest finalization, every later certificate and our later
  /// votes, as far as the budget goes; the next time goes on where this one ended. What concerns the current view always goes
  /// first. Blocks that are still being waited for are asked for again by their own timer, sync here.
  mutating func standstill(into effects: inout Effects) {
    if PlantedBug.noRepetition.isPlanted { return }
    let due = lastFinalizedAt.saturatingAdd(configuration.timers.standstillMilliseconds)
    guard due <= now.monotonicMilliseconds else { return arm(.standstill, at: due, into: &effects) }
    arm(.standstill, at: now.monotonicMilliseconds.saturatingAdd(configuration.timers.standstillMilliseconds), into: &effects)
    if catchUpView > committedView, let finalization {
      catchUpView = 0
      catchUp(to: finalization, into: &effects)
    }
    var budget = configuration.egressBudgetBytes
    let current = [finalization, opener].compactMap(\.self).map { Message.certificate($0.value) } + ownMessages(in: view)
    for message in current { repeatMessage(message, within: &budget, into: &effects) }
    repeatHistory(within: &budget, into: &effects)
  }

  private mutating func repeatHistory(within budget: inout Int, into effects: inout Effects) {
    let views = rounds.views(above: finalizedView).filter { $0 != view }
    let start = views.firstIndex { $0 >= standstillCursor } ?? 0
    for view in views[start...] + views[..<start] {
      standstillCursor = view
      let messages = rounds[view].certificates.map { Message.certificate($0.value) } + ownMessages(in: view)
      for message in messages {
        guard budget > 0 else { return }
        repeatMessage(message, within: &budget, into: &effects)
      }
    }
  }

  private func repeatMessage(_ message: Message, within budget: inout Int, into effects: inout Effects) {
    budget -= message.approximateByteCount
    send(message, into: &effects)
  }

  private func ownMessages(in view: UInt64) -> [Message] { rounds[view].own.published.map { .vote($0.value) } }

  /// R7c — after a restart our votes are in the tallies again; peers get them too, and our own block once more.
  mutating func repeatOwnVotes(into effects: inout Effects) {
    var budget = configuration.egressBudgetBytes
    for view in rounds.views(above: finalizedView).reversed() {
      for vote in rounds[view].own.published where budget > 0 {
        budget -= Vote.byteCount
        if view == self.view { sendOwn(vote, into: &effects) } else { send(.vote(vote.value), into: &effects) }
      }
    }
  }
}

extension Engine.Message {
  /// For the egress budget; framing is counted generously.
  fileprivate var approximateByteCount: Int {
    switch self {
    case .proposal: Proposal.byteLimit
    case .vote: Vote.byteCount + 16
    case .certificate(let certificate): 64 * certificate.signatures.count + 80
    }
  }
}
