import CairnChain

extension Engine {
  /// A verified certificate, a peer's or assembled here: kept, and given to the rule of its kind.
  ///
  /// Any view above the tracked window's lower end is welcome, however high: only a quorum can make one.
  mutating func accept(_ certificate: Verified<Certificate>, into effects: inout Effects) {
    let statement = certificate.value.statement
    guard haltReason == nil, statement.epoch == epoch, statement.view >= 1, statement.view < Self.viewLimit,
      statement.view >= committedView.saturatingSubtract(Self.trackedViews)
    else { return }
    let known = rounds[statement.view].certificate(statement.kind)
    guard known?.value.statement != statement else { return }
    effects.batch.certificates.append(certificate)
    for vote in certificate.votes where configuration.validators[vote.value.validator] != nil { _ = count(vote, into: &effects) }
    if let conflict = rounds[statement.view].conflict(with: certificate) {
      return halt(.conflictingCertificates(conflict.value, certificate.value), into: &effects)
    }
    rounds[statement.view].store(certificate)
    switch statement.kind {
    case .notarize: notarized(certificate, into: &effects)
    case .nullify: skip(certificate, into: &effects)
    case .finalize: finalized(certificate, into: &effects)
    }
    resumeWaiting(into: &effects)
  }

  /// What may have waited for a certificate or for a block.
  mutating func resumeWaiting(into effects: inout Effects) {
    judge(into: &effects)
    propose(into: &effects)
  }
}
