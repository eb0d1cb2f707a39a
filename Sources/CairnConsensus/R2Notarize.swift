import CairnChain
import CairnCrypto

extension Engine {
  /// How far a proposal's time may be ahead of our wall clock, in milliseconds: what badly kept clocks differ by.
  static let clockToleranceMilliseconds: UInt64 = 2000

  /// R2 — a proposal: its certificates and its vote count for themselves; the first one that the leader sends us for this view, or
  /// for the next, is kept for judgement.
  mutating func receive(_ proposal: Verified<Proposal>, from sender: Int, into effects: inout Effects) {
    let header = proposal.value.block.header
    guard let vote = proposal.vote, vote.value.statement == .notarize(epoch: epoch, view: vote.value.statement.view, digest: header.digest)
    else { return }
    absorbCertificates(of: proposal, into: &effects)
    let proposed = vote.value.statement.view
    let leader = leader(of: proposed)
    let isFirst = sender == leader && vote.value.validator == leader && leader != configuration.validatorIndex
    if isFirst, proposed == view || proposed == view + 1, rounds[proposed].proposal == nil {
      rounds[proposed].proposal = proposal
      receive(vote, into: &effects)
      if proposed == view { proposalArrived(into: &effects) }
    } else {
      receive(vote, into: &effects)
    }
  }

  mutating func absorbCertificates(of proposal: Verified<Proposal>, into effects: inout Effects) {
    for skip in proposal.skips.prefix(Proposal.skipLimit) { accept(skip, into: &effects) }
    if let parent = proposal.parent { accept(parent, into: &effects) }
  }

  /// The wait for a proposal is over, the wait for its certificate begins.
  mutating func proposalArrived(into effects: inout Effects) {
    guard !rounds[view].isJudged else { return }
    awaitCertificate(into: &effects)
    judge(into: &effects)
  }

  /// R2 — decides on the current view's proposal as far as it can be decided now. What is missing here (the parent's header, old
  /// skip certificates) is waited for, and stops nothing else; the certificate timer bounds the wait.
  mutating func judge(into effects: inout Effects) {
    guard !rounds[view].isJudged, let proposal = rounds[view].proposal else { return }
    let header = proposal.value.block.header
    if let fault = fault(inHeaderOf: proposal.value, of: view) { return reject(fault, into: &effects) }
    switch justification(of: proposal.value, in: view) {
    case .faulty(let fault): return reject(fault, into: &effects)
    case .incomplete: return
    case .complete(let parentView):
      if !isProposedAgain(header, in: view) {
        guard let parent = self.header(header.parent) else {
          return obtain(header.parent, in: parentView, from: proposal.value.parent?.signers ?? others, into: &effects)
        }
        if let fault = fault(in: header, on: parent) { return reject(fault, into: &effects) }
      }
      rounds[view].isJudged = true
      adopt(proposal, into: &effects)
      notarize(into: &effects)
    }
  }

  /// R2 — at most once per view, never after our own Nullify, for a block that was executed and found valid.
  mutating func notarize(into effects: inout Effects) {
    let round = rounds[view]
    guard canSign, round.isJudged, let digest = round.proposal?.value.block.digest, case .valid = candidates[digest]?.state,
      round.own[.notarize] == nil, round.own[.nullify] == nil || PlantedBug.notarizeAfterNullify.isPlanted
    else { return }
    sign(.notarize(epoch: epoch, view: view, digest: digest), into: &effects)
  }

  /// R2 — an invalid proposal is answered with Nullify.
  mutating func reject(_ fault: ProposalFault, into effects: inout Effects) {
    rounds[view].isJudged = true
    faultCounts[fault, default: 0] += 1
    nullify(because: .invalidProposal, into: &effects)
  }

  /// What is wrong with a block whatever its parent is. Of the epoch's last block, proposed again, all this was judged before it was
  /// certified.
  func fault(inHeaderOf proposal: Proposal, of view: UInt64) -> ProposalFault? {
    let header = proposal.block.header
    let bytes = proposal.block.transactions.reduce(0) { $0 + $1.count }
    if header.network != configuration.network { return .network }
    if header.epoch != epoch { return .epoch }
    if isProposedAgain(header, in: view) { return nil }
    if header.view != view { return .view }
    if Int(header.proposer) != leader(of: view), !PlantedBug.anyProposer.isPlanted { return .proposer }
    if header.validatorsHash != configuration.validators.hash { return .validators }
    if bytes > configuration.blockByteLimit || proposal.block.transactions.count > Block.transactionCountLimit { return .transactionBytes }
    if header.timeMilliseconds > now.unixMilliseconds.saturatingAdd(Self.clockToleranceMilliseconds), !PlantedBug.anyTime.isPlanted {
      return .timeAhead
    }
    return nil
  }

  /// What is wrong with a header as a child of this one.
  func fault(in header: Header, on parent: Header) -> ProposalFault? {
    if endsEpoch(parent) { return .epochEnded }
    if parent.height == .max || header.height != parent.height + 1 { return .height }
    if header.timeMilliseconds <= parent.timeMilliseconds { return .timeNotAfterParent }
    return nil
  }
}
