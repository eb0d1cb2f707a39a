/// Repeats what it said long ago.
final class Outdated: Adversary {
  private static let memory = 400

  private let puppet: Puppet
  private var past: [Envelope] = []

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] {
    past.append(envelope)
    if past.count > Self.memory { past.removeFirst() }
    guard puppet.dice.chance(400), let old = puppet.dice.pick(from: past) else { return [envelope] }
    return [envelope, envelope.with(old.code, old.payload)]
  }
}
