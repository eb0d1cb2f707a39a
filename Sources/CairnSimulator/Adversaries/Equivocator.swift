import CairnChain

/// Proposes one block to half of the others and another one to the rest, and shows some of them both votes, or both blocks.
final class Equivocator: Adversary {
  private let puppet: Puppet

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] {
    guard let proposal = puppet.proposal(in: envelope), proposal.vote?.validator == puppet.index else { return [envelope] }
    let other = puppet.altered(proposal) { $0.timeMilliseconds += 1 }
    let votes = [proposal, other].compactMap(\.vote).map { puppet.envelope($0, like: envelope) }
    let sent = envelope.to % 2 == 0 ? envelope : puppet.envelope(other, like: envelope)
    let both = [envelope, puppet.envelope(other, like: envelope)]
    return puppet.dice.chance(200) ? both : [sent] + (puppet.dice.chance(300) ? votes : [])
  }
}
