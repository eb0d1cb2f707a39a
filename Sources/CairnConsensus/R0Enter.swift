import CairnChain

extension Engine {
  /// R0 — enters a view: on the notarization or nullification of the view before it, or on a finalization at or above that.
  ///
  /// The view goes on record with this step's batch, which is the same as or before that of any vote in it. The certificate is
  /// relayed once, so that whoever hears it first takes everybody along.
  mutating func enter(_ next: UInt64, because certificate: Verified<Certificate>?, into effects: inout Effects) {
    precondition(next > view, "views only go up")
    cancelViewTimers(into: &effects)
    view = next
    enteredAt = now.monotonicMilliseconds
    opener = certificate
    if certificate?.value.statement.kind != .nullify { lastBlockAt = enteredAt }
    effects.batch.enteredView = next
    if let certificate { send(.certificate(certificate.value), into: &effects) }
    forgetOldBody()
    begin(into: &effects)
  }

  /// What a view starts with: the proposal that came early, or the wait for one.
  private mutating func begin(into effects: inout Effects) {
    followLeaderOut(into: &effects)
    if rounds[view].proposal != nil {
      proposalArrived(into: &effects)
    } else if isLeaderInactive {
      nullify(because: .inactiveLeader, into: &effects)
    } else {
      scheduleWork(into: &effects)
    }
  }

  /// A body of a view that was given up some time ago is let go; should it be certified after all, R4 fetches it. Otherwise an
  /// outage of a day would fill the memory with blocks.
  private mutating func forgetOldBody() {
    let old = view.saturatingSubtract(Self.unnotarizedBodies)
    guard old > committedView, rounds.contains(old), rounds[old].certified == nil, let proposal = rounds[old].proposal else { return }
    let digest = proposal.value.block.digest
    rounds[old].dropBody()
    guard !candidates.list.contains(where: { $0.header.parent == digest }) else { return }
    candidates.remove(digest)
  }

  /// How many views back blocks without a certificate are kept.
  private static let unnotarizedBodies: UInt64 = 16
}
