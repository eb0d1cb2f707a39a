import CairnChain
import CairnCrypto

/// Proposes blocks with something wrong in them, properly signed.
final class InvalidProposer: Adversary {
  private let puppet: Puppet
  /// Which fault comes first.
  private let offset: UInt64

  init(_ puppet: Puppet) {
    self.puppet = puppet
    offset = puppet.dice.pick(0...9 as ClosedRange<UInt64>)
  }

  func distort(_ envelope: Envelope) -> [Envelope] {
    guard let proposal = puppet.proposal(in: envelope), proposal.vote?.validator == puppet.index else { return [envelope] }
    // The same fault to all, of one view.
    let fault = (proposal.block.header.view / UInt64(puppet.validatorCount) + offset) % 10
    let bad: Proposal
    switch fault {
    case 0: bad = puppet.altered(proposal) { $0.stateRoot = .zero }
    case 1: bad = puppet.altered(proposal) { $0.logRoot = .zero }
    case 2: bad = puppet.altered(proposal) { $0.height += 1 }
    case 3: bad = puppet.altered(proposal) { $0.timeMilliseconds += 60_000 }
    case 4: bad = puppet.altered(proposal) { $0.timeMilliseconds = 1 }
    case 5: bad = puppet.altered(proposal) { $0.proposer = ($0.proposer + 1) % UInt32(self.puppet.validatorCount) }
    case 6: bad = Proposal(block: proposal.block, vote: proposal.vote, parent: nil, skips: proposal.skips)
    case 7: bad = puppet.altered(proposal) { $0.parent = .sha256([UInt8](repeating: 7, count: 32)) }
    case 8:
      // A leader's signature does not cover the transactions.
      let block = Block(header: proposal.block.header, transactions: proposal.block.transactions + [[1, 2, 3]])
      bad = Proposal(block: block, vote: proposal.vote, parent: proposal.parent, skips: proposal.skips)
    default: bad = puppet.altered(proposal) { $0.nextValidatorsHash = .zero }
    }
    return [puppet.envelope(bad, like: envelope)]
  }
}
