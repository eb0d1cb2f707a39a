import CairnChain
import CairnCrypto

extension Engine {
  /// R4 — a notarization: the next view is entered at once, and the block is finalized as soon as it may be.
  mutating func notarized(_ certificate: Verified<Certificate>, into effects: inout Effects) {
    let statement = certificate.value.statement
    if statement.view >= view { enter(statement.view + 1, because: certificate, into: &effects) }
    guard let digest = statement.digest else { return }
    obtain(digest, in: statement.view, from: certificate.value.signers, into: &effects)
    finalize(statement.view, into: &effects)
  }

  /// R4 — signs Finalize, at any time after the notarization, when the block is here and valid, we did not sign Nullify, and the
  /// leader was not seen to equivocate.
  ///
  /// Nor after our own Notarize of another block of the view: the two statements would convict us. The block goes on record with
  /// the vote, unless it is already.
  mutating func finalize(_ view: UInt64, into effects: inout Effects) {
    let round = rounds[view]
    guard canSign, view < self.view, view > finalizedView, let digest = round.notarization?.value.statement.digest,
      case .valid = candidates[digest]?.state, !round.leaderEquivocated
    else { return }
    let statement = Statement.finalize(epoch: epoch, view: view, digest: digest)
    guard round.own.permits(statement) || PlantedBug.finalizeAfterNullify.isPlanted, round.own[.finalize] == nil else { return }
    sign(statement, into: &effects)
  }
}
