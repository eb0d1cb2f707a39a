import CairnNode
import NIOCore

/// Says everything many times over, with noise between.
final class Flooder: Adversary {
  private let puppet: Puppet

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] {
    let codes = [PeerCode.vote, PeerCode.certificate, PeerCode.proposal, PeerCode.transactions]
    let noise = (0..<3).map { _ in
      envelope.with(codes[puppet.dice.pick(0...3)], ByteBuffer(bytes: puppet.dice.bytes(puppet.dice.pick(0...140))))
    }
    return Array(repeating: envelope, count: 4) + noise
  }
}
