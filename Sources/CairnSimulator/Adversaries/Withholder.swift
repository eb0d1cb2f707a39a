/// Tells one validator what it should tell all, and never twice the same.
final class Withholder: Adversary {
  private let puppet: Puppet
  private var favourite = 0
  private var sent = 0

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] {
    sent += 1
    if sent % 8 == 0 { favourite = puppet.dice.pick(0...puppet.validatorCount - 1) }
    return envelope.to == favourite || puppet.certificate(in: envelope) != nil ? [envelope] : []
  }
}
