import CairnChain
import CairnCrypto

extension Engine {
  /// How many blocks behind a finalized one are fetched singly; more are caught up on by sync.
  private static let fetchDepth: UInt64 = 8

  /// R5 — a finalization: counts as a notarization, and commits its block and all ancestors.
  mutating func finalized(_ certificate: Verified<Certificate>, into effects: inout Effects) {
    let statement = certificate.value.statement
    if statement.view > finalizedView {
      finalization = certificate
      lastFinalizedAt = now.monotonicMilliseconds
    }
    if statement.view >= view { enter(statement.view + 1, because: certificate, into: &effects) }
    commit(into: &effects)
  }

  /// R5 — commits in order, from the last committed block to the finalized one, when all of them are here and were found valid
  /// here; asks for what is missing.
  mutating func commit(into effects: inout Effects) {
    guard haltReason == nil, finalizedView > committedView, let finalization, let digest = finalization.value.statement.digest else {
      return
    }
    switch chain(to: digest) {
    case .complete(let blocks):
      guard isFinalityConsistent(with: blocks, into: &effects) else { return }
      if let refused = blocks.first(where: { $0.state == .invalid }) {
        return obtainRefused(refused, finalizedBy: finalization, into: &effects)
      }
      guard let last = blocks.last, blocks.allSatisfy({ $0.state == .valid }) else { return }
      effects.emit(.commit(blocks.map(\.proposal), finalization: finalization))
      // Who lacks it would wait for votes that nobody casts any more.
      if endsEpoch(last.header) { send(.certificate(finalization.value), into: &effects) }
      advance(to: last.header, in: finalizedView, into: &effects)
    case .conflicting:
      halt(.conflictingFinalization(finalization.value, committed: committed), into: &effects)
    case .missing(let digest, let height):
      let isNear = height.map { $0 <= committed.height.saturatingAdd(Self.fetchDepth) }
      if isNear ?? (finalizedView - committedView <= Self.trackedViews) {
        obtain(digest, in: finalizedView, from: finalization.value.signers, into: &effects)
      } else {
        catchUp(to: finalization, into: &effects)
      }
    }
  }

  /// R5 — a block that is final was refused by our execution. While others may hold another copy, that is asked for; then the fault
  /// is ours.
  private mutating func obtainRefused(
    _ candidate: Candidate, finalizedBy certificate: Verified<Certificate>, into effects: inout Effects
  ) {
    guard mayObtainAnew(candidate) else { return halt(.finalizedBlockInvalid(candidate.digest), into: &effects) }
    obtain(candidate.digest, in: candidate.header.view, from: certificate.value.signers, into: &effects)
  }

  /// The shell has committed through sync.
  mutating func committed(_ header: Header, _ certificate: Verified<Certificate>, into effects: inout Effects) {
    let statement = certificate.value.statement
    guard header.height > committed.height, statement.kind == .finalize, statement.epoch == epoch, statement.digest == header.digest,
      statement.view > committedView, statement.view < Self.viewLimit
    else { return }
    advance(to: header, in: statement.view, into: &effects)
    accept(certificate, into: &effects)
    obtainMissing(into: &effects)
    commit(into: &effects)
    resumeWaiting(into: &effects)
  }

  /// Moves the base that everything here builds on, and drops what fell behind it.
  private mutating func advance(to header: Header, in view: UInt64, into effects: inout Effects) {
    precondition(header.height > committed.height && view > committedView, "commits only go up")
    rounds.dropBodies(above: committedView, through: view)
    committed = header
    committedView = view
    candidates.removeSuperseded(by: header)
    rounds.remove(below: view.saturatingSubtract(Self.trackedViews))
    fetches.removeAll { $0.view <= view }
    executeReady(into: &effects)
  }

  mutating func catchUp(to certificate: Verified<Certificate>, into effects: inout Effects) {
    guard certificate.value.statement.view > catchUpView, !PlantedBug.noCatchUp.isPlanted else { return }
    catchUpView = certificate.value.statement.view
    effects.emit(.catchUp(to: certificate))
  }

  private enum Chain {
    /// Ascending.
    case complete([Candidate])
    /// The height is known when a child is here.
    case missing(Digest, height: UInt64?)
    /// It does not go through the last committed block.
    case conflicting
  }

  private func chain(to digest: Digest) -> Chain {
    var blocks: [Candidate] = []
    var next = digest
    while next != committed.digest {
      guard let candidate = candidates[next] else { return .missing(next, height: blocks.last.map { $0.header.height - 1 }) }
      guard candidate.header.height > committed.height + 1 || candidate.header.parent == committed.digest else { return .conflicting }
      blocks.append(candidate)
      next = candidate.header.parent
    }
    return .complete(blocks.reversed())
  }

  /// Every finalization below the one that is committed to must be of a block on the way.
  private mutating func isFinalityConsistent(with blocks: [Candidate], into effects: inout Effects) -> Bool {
    for view in rounds.views(above: committedView) {
      guard let lower = rounds[view].finalization?.value, let digest = lower.statement.digest, view < finalizedView,
        !blocks.contains(where: { $0.digest == digest }), let upper = finalization?.value
      else { continue }
      halt(.conflictingCertificates(upper, lower), into: &effects)
      return false
    }
    return true
  }
}
