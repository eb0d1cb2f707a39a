import CairnChain

/// Signs Nullify and Finalize of every view that it votes in.
final class Conflicter: Adversary {
  private let puppet: Puppet

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] {
    guard let statement = puppet.vote(in: envelope)?.statement, let digest = statement.digest else { return [envelope] }
    let more: [Statement] = [
      .nullify(epoch: statement.epoch, view: statement.view), .finalize(epoch: statement.epoch, view: statement.view, digest: digest),
    ]
    return [envelope] + more.filter { $0 != statement }.map { puppet.envelope(puppet.vote($0), like: envelope) }
  }
}
