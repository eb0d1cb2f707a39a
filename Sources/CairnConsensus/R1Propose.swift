import CairnChain
import CairnCrypto

extension Engine {
  /// R1 — the leader of the current view asks for a block, once, when there is work, and as soon as the parent is known here and
  /// was found valid.
  ///
  /// Without the parent, or without the nullification of a view in between, it waits: both may be on their way, and its leader
  /// timer runs as everybody's does. So it does while its clock is too far behind the parent's time: every clock like it would refuse
  /// the block, and an answer at once would send the views past as fast as they can be signed.
  mutating func propose(into effects: inout Effects) {
    guard isAwaitingProposal, isLeader, rounds[view].building == nil, workDue <= now.monotonicMilliseconds,
      let ancestry = ancestryOfNextBlock(), let parent = executedHeader(ancestry.digest),
      parent.timeMilliseconds < now.unixMilliseconds.saturatingAdd(Self.clockToleranceMilliseconds)
    else { return }
    precondition(view > recoveredView, "nothing is proposed in a view that was entered before a restart")
    guard !endsEpoch(parent) else { return proposeAgain(on: ancestry, into: &effects) }
    rounds[view].building = ancestry
    effects.emit(
      .build(
        BuildRequest(
          epoch: epoch, view: view, proposer: leader(of: view), parent: ancestry.digest, parentHeader: parent,
          earliestTimeMilliseconds: parent.timeMilliseconds.saturatingAdd(1), mayBeEmpty: isHeartbeatDue)))
  }

  /// R1 — the block is there: it is judged as anybody's would be, and signed. Block and Notarize go on record together, then the
  /// proposal is sent (``record(_:into:)``, ``publish(through:into:)``).
  mutating func propose(_ block: Block, in view: UInt64, into effects: inout Effects) {
    guard view == self.view, isAwaitingProposal, isLeader, let ancestry = rounds[view].building else { return }
    let proposal = Proposal(
      block: block, vote: nil, parent: ancestry.certificate?.value, skips: ancestry.skips.map(\.value))
    guard let parent = executedHeader(ancestry.digest), fault(inHeaderOf: proposal, of: view) == nil,
      block.header.parent == ancestry.digest, fault(in: block.header, on: parent) == nil
    else { return nullify(because: .cannotPropose, into: &effects) }
    rounds[view].proposal = .own(proposal)
    rounds[view].isJudged = true
    if candidates[block.digest] == nil { candidates.insert(Candidate(proposal: .own(proposal), state: .valid)) }
    awaitCertificate(into: &effects)
    notarize(into: &effects)
  }

  mutating func buildFailed(in view: UInt64, into effects: inout Effects) {
    guard view == self.view, isAwaitingProposal, rounds[view].building != nil else { return }
    nullify(because: .cannotPropose, into: &effects)
  }

  /// What seemed to wait is in a block already, or expired: back to the heartbeat.
  mutating func nothingToBuild(in view: UInt64, into effects: inout Effects) {
    pendingSince = nil
    guard view == self.view, isAwaitingProposal else { return }
    rounds[view].building = nil
    scheduleWork(into: &effects)
  }

  /// R1 — the highest view below this one with a notarization or finalization, such that every view between has a nullification.
  func ancestryOfNextBlock() -> Ancestry? { ancestry(below: view) }

  func ancestry(below view: UInt64) -> Ancestry? {
    var skips: [Verified<Certificate>] = []
    var candidate = view.saturatingSubtract(1)
    while candidate > finalizedView {
      let round = rounds[candidate]
      if let certified = round.certified { return Ancestry(certified, skips: skips) }
      guard let nullification = round.nullification else { return nil }
      if skips.count < Proposal.skipLimit { skips.append(nullification) }
      candidate -= 1
    }
    guard let finalization else { return Ancestry(digest: configuration.genesis.digest, certificate: nil, skips: skips.reversed()) }
    return Ancestry(finalization, skips: skips)
  }
}

extension Ancestry {
  /// - Parameter skips: descending, as they are found.
  fileprivate init?(_ certified: Verified<Certificate>, skips: [Verified<Certificate>]) {
    guard let digest = certified.value.statement.digest else { return nil }
    self.init(digest: digest, certificate: certified, skips: skips.reversed())
  }
}
