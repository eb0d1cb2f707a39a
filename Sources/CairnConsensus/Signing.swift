import CairnChain
import CairnCrypto

extension Engine {
  /// Asks for a signature. Every vote of ours goes through here, and the exclusions that safety rests on are checked here,
  /// whatever the rules before thought.
  mutating func sign(_ statement: Statement, into effects: inout Effects) {
    precondition(canSign, "this node must not vote")
    precondition(statement.epoch == epoch, "an engine votes in its own epoch")
    switch statement.kind {
    case .notarize, .nullify: precondition(statement.view == view, "these are votes of the current view")
    case .finalize: precondition(statement.view < view, "a block is finalized after its view was left")
    }
    rounds[statement.view].own.add(statement)
    effects.emit(.sign(statement))
  }

  /// The signer's answer: the vote is put on record, and nobody learns of it before it is.
  mutating func record(_ vote: Verified<Vote>, into effects: inout Effects) {
    let statement = vote.value.statement
    guard canSign, vote.value.validator == configuration.validatorIndex, statement.epoch == epoch, rounds.contains(statement.view),
      let own = rounds[statement.view].own[statement.kind], own.statement == statement
    else { return }
    switch own.progress {
    case .requested, .failed: break
    case .signed, .published: return
    }
    // The signature was slow, and the view was given up meanwhile: R2 lets nobody see a Notarize after the Nullify.
    if statement.kind == .notarize, rounds[statement.view].own[.nullify] != nil, !PlantedBug.notarizeAfterNullify.isPlanted {
      return signingFailed(statement)
    }
    _ = rounds[statement.view].own.update(statement, to: .signed(vote))
    if statement.kind == .notarize { attach(vote) }
    if let digest = statement.digest { persistCandidate(digest, into: &effects) }
    effects.batch.votes.append(vote)
    if PlantedBug.sendBeforeDurable.isPlanted { publish(vote, into: &effects) }
  }

  /// A vote that got no signature is skipped. Only a Nullify is asked for again (``retry(in:into:)``), because nobody could leave
  /// the view if all signers failed for a moment.
  mutating func signingFailed(_ statement: Statement) {
    guard statement.epoch == epoch, rounds.contains(statement.view),
      let own = rounds[statement.view].own[statement.kind], own.statement == statement, case .requested = own.progress
    else { return }
    _ = rounds[statement.view].own.update(statement, to: .failed)
  }

  /// Ends the step: its records are one transaction, and the votes among them wait for it.
  mutating func seal(_ effects: Effects) -> [Effect] {
    guard !effects.batch.isEmpty else { return effects.list }
    let id = BarrierID(rawValue: nextBarrier)
    nextBarrier += 1
    if !effects.batch.votes.isEmpty { barriers.append((id, effects.batch.votes)) }
    return [.persist(effects.batch, id: id)] + effects.list
  }

  /// The barrier: votes that are on stable storage are sent, and counted here.
  mutating func publish(through id: BarrierID, into effects: inout Effects) {
    let votes = barriers.prefix { $0.id <= id }.flatMap(\.votes)
    barriers.removeAll { $0.id <= id }
    for vote in votes { publish(vote, into: &effects) }
  }

  private mutating func publish(_ vote: Verified<Vote>, into effects: inout Effects) {
    let statement = vote.value.statement
    guard canSign, rounds.contains(statement.view), rounds[statement.view].own.update(statement, to: .published(vote)) else { return }
    sendOwn(vote, into: &effects)
    receive(vote, into: &effects)
  }

  /// A leader's Notarize travels with its block, every other vote alone.
  func sendOwn(_ vote: Verified<Vote>, into effects: inout Effects) {
    let statement = vote.value.statement
    if let proposal = rounds[statement.view].proposal, statement.kind == .notarize, vote.value.validator == leader(of: statement.view) {
      send(.proposal(proposal.value), into: &effects)
    } else {
      send(.vote(vote.value), into: &effects)
    }
  }

  /// Our own block gets our Notarize, as soon as there is one.
  private mutating func attach(_ vote: Verified<Vote>) {
    let view = vote.value.statement.view
    guard leader(of: view) == configuration.validatorIndex, let proposal = rounds[view].proposal?.value else { return }
    let signed = Verified<Proposal>.own(
      Proposal(block: proposal.block, vote: vote.value, parent: proposal.parent, skips: proposal.skips))
    rounds[view].proposal = signed
    guard !isProposedAgain(proposal.block.header, in: view) else { return }
    candidates.update(signed.value.block.digest) { $0.proposal = signed }
  }

  private mutating func persistCandidate(_ digest: Digest, into effects: inout Effects) {
    guard let candidate = candidates[digest], !candidate.isPersisted else { return }
    candidates.update(digest) { $0.isPersisted = true }
    effects.batch.candidates.append(candidate.proposal)
  }
}
