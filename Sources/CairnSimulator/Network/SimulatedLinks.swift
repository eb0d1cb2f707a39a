import CairnNetwork
import CairnNode
import NIOCore

/// One life's links to the other validators.
final class SimulatedLinks: PeerLinks {
  private let network: Unshared<SimulatedNetwork>
  private let lifetime: Unshared<Lifetime>
  private let loop: SimulatedLoop

  init(_ network: SimulatedNetwork, _ lifetime: Lifetime, _ loop: SimulatedLoop) {
    (self.network, self.lifetime, self.loop) = (Unshared(network), Unshared(lifetime), loop)
  }

  private var slot: Int { lifetime.value.node }

  func broadcast(_ code: UInt16, _ payload: ByteBuffer) {
    for peer in network.value.others(than: slot) { send(code, payload, toSlot: peer) }
  }

  func send(_ code: UInt16, _ payload: ByteBuffer, to peer: Int) {
    for slot in network.value.slots(of: peer) { send(code, payload, toSlot: slot) }
  }

  private func send(_ code: UInt16, _ payload: ByteBuffer, toSlot peer: Int) {
    guard !lifetime.value.isOver else { return }
    network.value.send(Envelope(sender: lifetime.value, from: slot, to: peer, code: code, payload: payload))
  }

  func request(_ code: UInt16, _ payload: ByteBuffer, to peer: Int, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
    guard !lifetime.value.isOver, let peer = network.value.slots(of: peer).first else {
      return loop.makeFailedFuture(PeerRequestError.notConnected)
    }
    let promise = loop.makePromise(of: ByteBuffer.self)
    // Once the answer is there, the promise takes no other.
    _ = loop.scheduleTask(in: timeout) { promise.fail(PeerRequestError.timedOut) }
    network.value.request(Envelope(sender: lifetime.value, from: slot, to: peer, code: code, payload: payload)) { [lifetime] answer in
      if !lifetime.value.isOver { promise.succeed(answer) }
    }
    return promise.futureResult
  }

  func update(_ peers: [Peer]) {}

  func peers() async -> [PeerStatus] { [] }
}

/// A message on its way from one slot to another.
struct Envelope {
  let sender: Lifetime
  let from: Int
  let to: Int
  let code: UInt16
  let payload: ByteBuffer
}
