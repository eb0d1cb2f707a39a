import CairnChain
import CairnCrypto

/// Passes on votes of others as if they came from it, and votes in others' names.
final class Impersonator: Adversary {
  private let puppet: Puppet

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] {
    if let certificate = puppet.certificate(in: envelope) {
      let others = certificate.signatures.map { Vote(statement: certificate.statement, validator: $0.validator, signature: $0.signature) }
      return [envelope] + others.map { puppet.envelope($0, like: envelope) }
    }
    guard let vote = puppet.vote(in: envelope) else { return [envelope] }
    let victim = puppet.dice.pick(0...puppet.validatorCount - 1)
    let forged = Vote(statement: vote.statement, validator: victim, signature: vote.signature)
    let contrary = Vote(
      statement: .nullify(epoch: vote.statement.epoch, view: vote.statement.view), validator: victim, signature: vote.signature)
    return [envelope, puppet.envelope(forged, like: envelope), puppet.envelope(contrary, like: envelope)]
  }
}
