import CairnChain

/// Gives up every view at once, and votes in it all the same.
final class Nuller: Adversary {
  private let puppet: Puppet

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] {
    let statement = puppet.vote(in: envelope)?.statement ?? puppet.certificate(in: envelope)?.statement
    guard let statement else { return [envelope] }
    // A certificate opens the next view, and that is given up too.
    let next = Statement.nullify(epoch: statement.epoch, view: statement.view + 1)
    let this = Statement.nullify(epoch: statement.epoch, view: statement.view)
    return [this, next].map { puppet.envelope(puppet.vote($0), like: envelope) } + [envelope]
  }
}
