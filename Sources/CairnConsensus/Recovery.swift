import CairnChain
import CairnCrypto

extension Engine {
  /// Begins, or goes on after a restart, from what the stores hold.
  mutating func start(from state: RecoveredState, into effects: inout Effects) {
    let time = now.monotonicMilliseconds
    (enteredAt, lastBlockAt, lastFinalizedAt) = (time, time, time)
    lastHeard = lastHeard.map { _ in time }
    restoreCertificates(state.certificates, into: &effects)
    restoreCandidates(state.candidates)
    restoreVotes(state.votes)
    arm(.standstill, at: time.saturatingAdd(configuration.timers.standstillMilliseconds), into: &effects)
    resume(from: state.enteredView, into: &effects)
    executeReady(into: &effects)
    obtainMissing(into: &effects)
    commit(into: &effects)
    repeatOwnVotes(into: &effects)
    for statement in rounds.views(above: committedView).flatMap({ rounds[$0].own.published }).map(\.value.statement) {
      assemble(statement, into: &effects)
    }
  }

  private mutating func restoreCertificates(_ certificates: [Verified<Certificate>], into effects: inout Effects) {
    for certificate in certificates {
      let statement = certificate.value.statement
      guard statement.epoch == epoch, statement.view > committedView, statement.view < Self.viewLimit else { continue }
      if let conflict = rounds[statement.view].conflict(with: certificate) {
        return halt(.conflictingCertificates(conflict.value, certificate.value), into: &effects)
      }
      rounds[statement.view].store(certificate)
      if statement.kind == .finalize, statement.view > finalizedView { finalization = certificate }
    }
  }

  private mutating func restoreCandidates(_ proposals: [Verified<Proposal>]) {
    let ascending = proposals.sorted { $0.value.block.header.height < $1.value.block.header.height }
    for proposal in ascending {
      let header = proposal.value.block.header
      guard header.epoch == epoch, header.height > committed.height, header.view > committedView,
        candidates[header.digest] == nil
      else { continue }
      candidates.insert(Candidate(proposal: proposal, isPersisted: true))
    }
  }

  /// R7c — our votes go back into the tallies. Records that exclude each other were not written by these rules: this node must not
  /// add to them.
  private mutating func restoreVotes(_ votes: [Verified<Vote>]) {
    if PlantedBug.forgottenVotes.isPlanted { return }
    for vote in votes {
      let statement = vote.value.statement
      guard statement.epoch == epoch, statement.view > committedView, statement.view < Self.viewLimit else { continue }
      guard vote.value.validator == configuration.validatorIndex,
        statement.view < recoveredView || statement.view == recoveredView && statement.kind != .finalize,
        rounds[statement.view].own.permitsRestored(statement)
      else {
        votingDisabledReason = votingDisabledReason ?? .recordsDamaged
        continue
      }
      rounds[statement.view].own.restore(vote)
      _ = rounds[statement.view].tally.insert(vote)
      guard statement.kind == .notarize, let proposal = restoredProposal(of: vote) else { continue }
      rounds[statement.view].proposal = proposal
      rounds[statement.view].isJudged = true
    }
  }

  /// Enters the view that the records lead to: a new one, or the one on record again.
  private mutating func resume(from enteredView: UInt64, into effects: inout Effects) {
    let highest = rounds.views(above: committedView).last { !rounds[$0].certificates.isEmpty } ?? committedView
    let next = max(highest, finalizedView) + 1
    view = min(enteredView, Self.viewLimit)
    guard next <= enteredView else { return enter(next, because: openerOnRecord(of: next), into: &effects) }
    opener = openerOnRecord(of: view)
    resumeView(into: &effects)
  }

  private func openerOnRecord(of view: UInt64) -> Verified<Certificate>? {
    if let finalization, finalization.value.statement.view >= view - 1 { return finalization }
    return rounds[view - 1].certified ?? rounds[view - 1].nullification ?? finalization
  }

  /// R1, R3 — goes on in a view that was entered before the restart. Whether we proposed in it is known only if our Notarize is on
  /// record; if not, we never do.
  private mutating func resumeView(into effects: inout Effects) {
    let round = rounds[view]
    if round.own[.nullify] != nil {
      let due = now.monotonicMilliseconds.saturatingAdd(configuration.timers.retryMilliseconds)
      arm(.retry(view: view), at: due, into: &effects)
    } else if round.own[.notarize] != nil {
      awaitCertificate(into: &effects)
    } else if isLeader {
      nullify(because: .cannotPropose, into: &effects)
    } else {
      scheduleWork(into: &effects)
    }
  }
}
