import CairnChain
import CairnCrypto
import CairnMessages
import CairnNode

/// Proposes what the leader before it proposed, on the same parent, without the nullification that such a sibling needs.
final class Sibling: Adversary {
  private let puppet: Puppet
  private var heard: Proposal?

  init(_ puppet: Puppet) { self.puppet = puppet }

  func hear(_ envelope: Envelope) {
    if let proposal = puppet.proposal(in: envelope) { heard = proposal }
  }

  func distort(_ envelope: Envelope) -> [Envelope] {
    guard let proposal = puppet.proposal(in: envelope), let vote = proposal.vote, vote.validator == puppet.index, let heard,
      heard.block.digest == proposal.block.header.parent
    else { return [envelope] }
    let view = vote.statement.view
    // Its contents, and so its roots, are those of the block that it leaves out.
    let older = Proposal(block: heard.block, vote: vote, parent: heard.parent, skips: proposal.skips)
    let sibling = puppet.altered(older) { fields in
      (fields.view, fields.proposer) = (view, UInt32(self.puppet.index))
    }
    return [puppet.envelope(sibling, like: envelope)]
  }
}
