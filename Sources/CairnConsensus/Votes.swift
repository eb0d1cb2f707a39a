import CairnChain
import CairnCrypto

extension Engine {
  /// A verified vote, a peer's or our own published one.
  ///
  /// Votes of views beyond the next are dropped: certificates move us, and R7 repeats both.
  mutating func receive(_ vote: Verified<Vote>, into effects: inout Effects) {
    let statement = vote.value.statement
    guard statement.epoch == epoch, isTracked(statement.view), configuration.validators[vote.value.validator] != nil else { return }
    guard count(vote, into: &effects) else { return }
    assemble(statement, into: &effects)
    if statement.kind == .nullify { followLeaderOut(into: &effects) }
  }

  /// The window of views whose votes are looked at: it bounds what verified votes can make us store.
  private func isTracked(_ candidate: UInt64) -> Bool {
    candidate >= 1 && candidate <= view + 1 && candidate >= view.saturatingSubtract(Self.trackedViews)
      && candidate >= committedView.saturatingSubtract(Self.trackedViews)
  }

  /// Puts a vote into its view's tally.
  ///
  /// - Returns: whether it is the first of its kind by its validator.
  mutating func count(_ vote: Verified<Vote>, into effects: inout Effects) -> Bool {
    let statement = vote.value.statement
    disownUnlessOnRecord(vote.value)
    let outcome = rounds[statement.view].tally.insert(vote)
    if let evidence = outcome.evidence { report(evidence, into: &effects) }
    return outcome.isCounted
  }

  private mutating func report(_ evidence: Evidence, into effects: inout Effects) {
    if evidence.validator == leader(of: evidence.view), evidence.first.statement.kind == .notarize,
      evidence.second.statement.kind == .notarize
    {
      rounds[evidence.view].leaderEquivocated = true
    }
    effects.batch.evidence.append(evidence)
    effects.emit(.evidence(evidence))
  }

  /// A vote under our name that we did not publish: our records are an older copy, or our key is used elsewhere too. Either way
  /// the next vote could contradict one that is out there.
  private mutating func disownUnlessOnRecord(_ vote: Vote) {
    guard vote.validator == configuration.validatorIndex, vote.statement.view > recordsFloor, votingDisabledReason == nil,
      !PlantedBug.forgetfulPeers.isPlanted,
      rounds[vote.statement.view].own[vote.statement.kind]?.published?.value.statement != vote.statement
    else { return }
    votingDisabledReason = .recordsStale
  }

  /// A quorum of votes for one statement is a certificate.
  mutating func assemble(_ statement: Statement, into effects: inout Effects) {
    let round = rounds[statement.view]
    guard round.certificate(statement.kind) == nil,
      let certificate = Verified<Certificate>.assembled(from: round.tally.votes(for: statement), quorum: quorum)
    else { return }
    accept(certificate, into: &effects)
  }
}

extension Verified<Certificate> {
  /// Each signature of a verified certificate was verified, so each is a verified vote.
  var votes: [Verified<Vote>] {
    value.signatures.map { validator, signature in
      .recovered(Vote(statement: value.statement, validator: validator, signature: signature))
    }
  }
}
