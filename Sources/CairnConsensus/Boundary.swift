import CairnChain
import CairnCrypto

/// The end of an epoch. Its last block is the one whose header names the next validators. It has no children in its epoch: later leaders
/// propose that same block again, with the certificate that it has already, until one of its views is finalized.
extension Engine {
  /// Whether a header is the last one of this epoch; the genesis of the epoch is the last one of another.
  func endsEpoch(_ header: Header) -> Bool { header.epoch == epoch && header.fields.nextValidatorsHash != nil }

  /// Whether a proposal in this view is the epoch's last block once more.
  func isProposedAgain(_ header: Header, in view: UInt64) -> Bool { endsEpoch(header) && header.view < view }

  /// Whether nothing is left to build on: the next proposal is the epoch's last block, which cannot wait for transactions.
  var isBoundaryReached: Bool {
    guard candidates.list.contains(where: { endsEpoch($0.header) }), let tip = ancestryOfNextBlock()?.digest else { return false }
    return candidates[tip].map { endsEpoch($0.header) } ?? false
  }

  /// R1 — proposes the epoch's last block again. Its parent in the proposal is itself, in the latest view in which it is certified.
  mutating func proposeAgain(on ancestry: Ancestry, into effects: inout Effects) {
    guard let block = candidates[ancestry.digest]?.proposal.value.block else { return }
    rounds[view].proposal = .own(
      Proposal(block: block, vote: nil, parent: ancestry.certificate?.value, skips: ancestry.skips.map(\.value)))
    rounds[view].isJudged = true
    awaitCertificate(into: &effects)
    notarize(into: &effects)
  }

  /// The proposal of a view in which our Notarize is on record: as it was stored, or made again when it was the epoch's last block once
  /// more, of which the first proposal is stored.
  func restoredProposal(of vote: Verified<Vote>) -> Verified<Proposal>? {
    let statement = vote.value.statement
    guard let digest = statement.digest, let proposal = candidates[digest]?.proposal else { return nil }
    guard isProposedAgain(proposal.value.block.header, in: statement.view) else { return proposal }
    guard let ancestry = ancestry(below: statement.view), ancestry.digest == digest else { return nil }
    return .own(
      Proposal(
        block: proposal.value.block, vote: vote.value, parent: ancestry.certificate?.value, skips: ancestry.skips.map(\.value)))
  }

  /// The views above the last committed one in which a block is certified, ascending: more than one for an epoch's last block alone.
  func certifiedViews(of digest: Digest) -> [UInt64] {
    rounds.views(above: committedView).filter { rounds[$0].certified?.value.statement.digest == digest }
  }
}
