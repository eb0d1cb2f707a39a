import CairnChain
import CairnCrypto

/// A block that is asked for.
struct Fetch: Sendable {
  let digest: Digest
  /// The block's view, or a bound above it. Once a higher view is committed nobody needs the block.
  let view: UInt64
  /// Who should have it.
  let holders: [Int]
  /// How often it was asked for; each time another holder comes first.
  var attempts = 0

  fileprivate func without(_ ourselves: Int?) -> Fetch {
    Fetch(digest: digest, view: view, holders: holders.filter { $0 != ourselves }, attempts: attempts)
  }
}

extension Engine {
  /// Enough for every view that can wait for a block, and a bound on what certificates can make us ask for.
  private static let fetchLimit = 64

  /// The header of a block on which others can be built and judged here.
  func header(_ digest: Digest) -> Header? { digest == committed.digest ? committed : candidates[digest]?.header }

  /// The same, when its state is there too.
  func executedHeader(_ digest: Digest) -> Header? {
    guard digest != committed.digest else { return committed }
    guard let candidate = candidates[digest], case .valid = candidate.state else { return nil }
    return candidate.header
  }

  /// Sees to it that a block which a certificate or a child names becomes a candidate: from the proposal of its view, if that is the
  /// one, or from whoever signed for it.
  mutating func obtain(_ digest: Digest, in view: UInt64, from holders: [Int], into effects: inout Effects) {
    guard view > committedView, digest != committed.digest, haltReason == nil else { return }
    if let candidate = candidates[digest] {
      if case .invalid = candidate.state { obtainAnew(candidate, from: holders, into: &effects) }
      return
    }
    if rounds.contains(view), let proposal = rounds[view].proposal, proposal.value.block.digest == digest {
      return adopt(proposal, into: &effects)
    }
    guard catchUpView <= committedView, view - committedView <= Self.trackedViews else { return }
    fetch(Fetch(digest: digest, view: view, holders: holders), into: &effects)
  }

  /// A certified block that was found invalid here: whoever sent it replaced the transactions, which a leader's signature does not
  /// cover. Every validator gets its turn to send the right ones.
  private mutating func obtainAnew(_ candidate: Candidate, from holders: [Int], into effects: inout Effects) {
    guard mayObtainAnew(candidate) else { return }
    let view = certifiedViews(of: candidate.digest).last ?? candidate.header.view
    fetch(Fetch(digest: candidate.digest, view: view, holders: holders, attempts: candidate.refusals), into: &effects)
  }

  func mayObtainAnew(_ candidate: Candidate) -> Bool { candidate.refusals <= configuration.validators.count }

  private mutating func fetch(_ fetch: Fetch, into effects: inout Effects) {
    if PlantedBug.noFetch.isPlanted { return }
    let fetch = fetch.without(configuration.validatorIndex)
    guard !fetch.holders.isEmpty, fetches.count < Self.fetchLimit, !fetches.contains(where: { $0.digest == fetch.digest }) else { return }
    fetches.append(fetch)
    emitFetch(at: fetches.count - 1, into: &effects)
    let due = now.monotonicMilliseconds.saturatingAdd(configuration.timers.retryMilliseconds)
    if deadlines[.fetch] == nil { arm(.fetch, at: due, into: &effects) }
  }

  private mutating func emitFetch(at index: Int, into effects: inout Effects) {
    let fetch = fetches[index]
    let first = fetch.attempts % fetch.holders.count
    fetches[index].attempts += 1
    effects.emit(.fetch(fetch.digest, from: Array(fetch.holders[first...] + fetch.holders[..<first])))
  }

  mutating func fetchAgain(into effects: inout Effects) {
    guard !fetches.isEmpty else { return }
    for index in fetches.indices { emitFetch(at: index, into: &effects) }
    let due = now.monotonicMilliseconds.saturatingAdd(configuration.timers.retryMilliseconds)
    arm(.fetch, at: due, into: &effects)
  }

  /// A block that was asked for. Its header is certified; what else it carries is believed as far as it proves itself.
  mutating func fetched(_ proposal: Verified<Proposal>, into effects: inout Effects) {
    let header = proposal.value.block.header
    guard let index = fetches.firstIndex(where: { $0.digest == header.digest }), header.view < Self.viewLimit, header.view >= 1 else {
      return
    }
    let proposed = proposal.value.vote?.statement.view ?? header.view
    guard proposed == header.view || isProposedAgain(header, in: proposed) && proposed < Self.viewLimit else { return }
    if case .faulty = justification(of: proposal.value, in: proposed) { return }
    if let vote = proposal.value.vote, vote.statement != .notarize(epoch: epoch, view: proposed, digest: header.digest) { return }
    fetches.remove(at: index)
    if candidates[header.digest] != nil { replace(with: proposal, into: &effects) } else { adopt(proposal, into: &effects) }
    absorbCertificates(of: proposal, into: &effects)
    commit(into: &effects)
    resumeWaiting(into: &effects)
  }

  private mutating func replace(with proposal: Verified<Proposal>, into effects: inout Effects) {
    let digest = proposal.value.block.digest
    guard case .invalid = candidates[digest]?.state else { return }
    candidates.update(digest) {
      $0.proposal = proposal
      $0.state = .waiting
      $0.isPersisted = false
    }
    executeReady(into: &effects)
  }

  /// Makes a block a candidate: it is executed as soon as its parent was.
  mutating func adopt(_ proposal: Verified<Proposal>, into effects: inout Effects) {
    let header = proposal.value.block.header
    guard candidates[header.digest] == nil else { return }
    guard header.height > committed.height, header.height > committed.height + 1 || header.parent == committed.digest else {
      return abandon(header, into: &effects)
    }
    candidates.insert(Candidate(proposal: proposal))
    fetches.removeAll { $0.digest == header.digest }
    obtainParent(of: proposal.value, into: &effects)
    executeReady(into: &effects)
  }

  /// A block of a fork that is dead here. If it is a finalized one, the ledger has forked.
  private mutating func abandon(_ header: Header, into effects: inout Effects) {
    guard let finalization, finalization.value.statement.digest == header.digest, finalizedView > committedView else { return }
    halt(.conflictingFinalization(finalization.value, committed: committed), into: &effects)
  }

  private mutating func obtainParent(of proposal: Proposal, into effects: inout Effects) {
    let header = proposal.block.header
    guard header.height > committed.height + 1, header.height - committed.height <= Self.trackedViews else { return }
    let certificate = proposal.parent.flatMap { $0.statement.digest == header.parent ? $0 : nil }
    let view = certificate?.statement.view ?? header.view.saturatingSubtract(1)
    obtain(header.parent, in: view, from: certificate?.signers ?? others, into: &effects)
  }

  /// Everything that is certified above the last committed block and not here, and every candidate's missing parent.
  mutating func obtainMissing(into effects: inout Effects) {
    for view in rounds.views(above: committedView) {
      guard let certificate = rounds[view].certified?.value, let digest = certificate.statement.digest else { continue }
      obtain(digest, in: view, from: certificate.signers, into: &effects)
    }
    for candidate in candidates.list { obtainParent(of: candidate.proposal.value, into: &effects) }
  }

  /// Executes every candidate whose parent was executed.
  mutating func executeReady(into effects: inout Effects) {
    for candidate in candidates.list {
      guard case .waiting = candidate.state, executedHeader(candidate.header.parent) != nil else { continue }
      candidates.update(candidate.digest) { $0.state = .executing }
      effects.emit(.execute(candidate.proposal))
    }
  }

  /// The executor's verdict, and every rule that may have waited for it.
  mutating func executed(_ digest: Digest, _ verdict: ExecutionVerdict, into effects: inout Effects) {
    guard let candidate = candidates[digest], case .executing = candidate.state else { return }
    switch verdict {
    case .valid: foundValid(candidate, into: &effects)
    case .invalid: foundInvalid(candidate, into: &effects)
    }
  }

  private mutating func foundValid(_ candidate: Candidate, into effects: inout Effects) {
    candidates.update(candidate.digest) { $0.state = .valid }
    notarize(into: &effects)
    for view in certifiedViews(of: candidate.digest) { finalize(view, into: &effects) }
    executeReady(into: &effects)
    commit(into: &effects)
    resumeWaiting(into: &effects)
  }

  private mutating func foundInvalid(_ candidate: Candidate, into effects: inout Effects) {
    candidates.update(candidate.digest) {
      $0.state = .invalid
      $0.refusals += 1
    }
    if rounds[view].proposal?.value.block.digest == candidate.digest { reject(.execution, into: &effects) }
    guard let view = certifiedViews(of: candidate.digest).last, let certificate = rounds[view].certified else { return }
    obtain(candidate.digest, in: view, from: certificate.value.signers, into: &effects)
    commit(into: &effects)
  }
}
