import CairnNode
import NIOCore

/// Offers the snapshots that the others offer, and answers whoever asks for a part with something else.
final class SnapshotForger: Adversary {
  private let puppet: Puppet
  private var earlier = ByteBuffer()

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] { [envelope] }

  func answer(_ envelope: Envelope) -> Envelope {
    switch envelope.code {
    case PeerCode.snapshots: puppet.dice.chance(250) ? envelope.with(envelope.code, flipped(envelope.payload)) : envelope
    case PeerCode.snapshotPart: envelope.with(envelope.code, forged(envelope.payload))
    default: envelope
    }
  }

  private func forged(_ part: ByteBuffer) -> ByteBuffer {
    defer { earlier = part }
    switch puppet.dice.pick(0...3) {
    case 0: return ByteBuffer()
    case 1: return part.getSlice(at: part.readerIndex, length: part.readableBytes / 2) ?? ByteBuffer()
    case 2: return earlier
    default: return flipped(part)
    }
  }

  private func flipped(_ payload: ByteBuffer) -> ByteBuffer {
    var bytes = [UInt8](payload.readableBytesView)
    guard !bytes.isEmpty else { return payload }
    bytes[puppet.dice.pick(0...bytes.count - 1)] ^= UInt8(1 << puppet.dice.pick(0...7))
    return ByteBuffer(bytes: bytes)
  }
}
