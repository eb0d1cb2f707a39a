import CairnNetwork
import NIOCore

/// The links between all validators: what is lost, doubled, late or cut off.
///
/// What a node sends reaches the other node in the life in which it was greeted, or not at all: a connection does not outlive its ends.
///
/// Every process has a slot. Nearly always that is its validator's index; twins, two processes with one key, have two slots.
final class SimulatedNetwork {
  /// A node as the network knows it: who takes its messages now.
  struct Attendant {
    let lifetime: Lifetime
    let inlet: any PeerMeshDelegate
  }

  private struct Connection {
    let from: Lifetime
    let to: Lifetime

    var stands: Bool { !from.isOver && !to.isOver }
  }

  /// From one attempt to greet a peer to the next, in milliseconds.
  private static let redial: ClosedRange<UInt64> = 50...500

  /// The validator in each slot.
  let validators: [Int]
  var conditions = NetworkConditions()
  /// Directions that are cut, by sender and receiver.
  private(set) var blocked: [[Bool]]
  /// Says before and after a message whether the sender's power goes there.
  var crashes: (_ node: Int, _ isSent: Bool) -> Bool = { _, _ in false }
  /// Says of a message on its way, or of an answer, whether it is cut off for what it says.
  var separates: (Envelope) -> Bool = { _ in false }
  /// Sees every message that leaves, and says what leaves in its place.
  var outgoing: (Envelope) -> [Envelope] = { [$0] }
  /// Says what is answered to a request in place of a node's answer.
  var answering: (Envelope) -> Envelope = { $0 }
  /// Says what a validator in a slot is greeted with by another, in place of its hello.
  var greeting: (_ hello: [UInt8], _ from: Int, _ to: Int) -> [UInt8] = { hello, _, _ in hello }
  var coverage: (String) -> Void = { _ in }

  private let scheduler: Scheduler
  private let dice: Dice
  private var attendants: [Attendant?]
  private var connections: [[Connection?]]

  init(_ scheduler: Scheduler, _ dice: Dice, validators: [Int]) {
    (self.scheduler, self.dice, self.validators) = (scheduler, dice, validators)
    let count = validators.count
    blocked = Array(repeating: Array(repeating: false, count: count), count: count)
    attendants = Array(repeating: nil, count: count)
    connections = Array(repeating: Array(repeating: nil, count: count), count: count)
  }

  private var count: Int { validators.count }

  func slots(of validator: Int) -> [Int] { validators.indices.filter { validators[$0] == validator } }

  /// Every process of another validator.
  func others(than slot: Int) -> [Int] { validators.indices.filter { validators[$0] != validators[slot] } }

  /// A node has come up: it greets the others and they greet it.
  func attach(_ index: Int, _ attendant: Attendant) {
    attendants[index] = attendant
    for peer in others(than: index) {
      dial(from: index, to: peer, attendant.lifetime)
      if let other = attendants[peer], !other.lifetime.isOver { dial(from: peer, to: index, other.lifetime) }
    }
  }

  func detach(_ index: Int) { attendants[index] = nil }

  /// Cuts or mends one direction.
  func setBlocked(_ isBlocked: Bool, from: Int, to: Int) {
    blocked[from][to] = isBlocked
    if isBlocked, dice.chance(500) { (connections[from][to], connections[to][from]) = (nil, nil) }
  }

  func mend() {
    for from in 0..<count {
      for to in 0..<count { blocked[from][to] = false }
    }
  }

  func send(_ envelope: Envelope) {
    guard !crash(envelope.from, isSent: false) else { return }
    let sender = validators[envelope.from]
    for envelope in outgoing(envelope) {
      transmit(envelope) { attendant, payload in attendant.inlet.received(envelope.code, payload, from: sender) }
    }
    _ = crash(envelope.from, isSent: true)
  }

  func request(_ envelope: Envelope, _ answer: @escaping (ByteBuffer) -> Void) {
    guard !crash(envelope.from, isSent: false) else { return }
    let answer = Unshared(answer)
    let network = Unshared(self)
    let sender = validators[envelope.from]
    for envelope in outgoing(envelope) {
      transmit(envelope) { attendant, payload in
        let (receiver, code, from, to) = (Unshared(attendant.lifetime), envelope.code, envelope.from, envelope.to)
        attendant.inlet.received(request: code, payload, from: sender) { reply in
          guard !receiver.value.isOver else { return }
          let back = Envelope(sender: receiver.value, from: to, to: from, code: code, payload: reply)
          network.value.carry(network.value.answering(back)) { _, payload in answer.value(payload) }
        }
      }
    }
    _ = crash(envelope.from, isSent: true)
  }

  private func crash(_ node: Int, isSent: Bool) -> Bool { crashes(node, isSent) }

  private func transmit(_ envelope: Envelope, _ deliver: @escaping (Attendant, ByteBuffer) -> Void) {
    guard let connection = connections[envelope.from][envelope.to], connection.stands, connection.from === envelope.sender else { return }
    carry(envelope, deliver)
  }

  private func carry(_ envelope: Envelope, _ deliver: @escaping (Attendant, ByteBuffer) -> Void) {
    guard let receiver = attendants[envelope.to] else { return }
    if blocked[envelope.from][envelope.to] { return coverage("partition") }
    if separates(envelope) { return coverage("partition_of_view") }
    if dice.chance(conditions.loss) { return coverage("loss") }
    var copies = 1
    if dice.chance(conditions.duplication) {
      copies = 2
      coverage("duplication")
    }
    for _ in 0..<copies {
      scheduler.after(latency(), .message, node: envelope.to) { [self] in
        guard !receiver.lifetime.isOver else { return }
        guard !blocked[envelope.from][envelope.to] else { return coverage("partition") }
        deliver(receiver, envelope.payload)
      }
    }
  }

  private func latency() -> UInt64 {
    var milliseconds = dice.pick(conditions.latency)
    if dice.chance(conditions.reordering) {
      milliseconds += dice.pick(conditions.latency.upperBound...4 * conditions.latency.upperBound)
      coverage("reordering")
    }
    return milliseconds * Scheduler.millisecond + dice.pick(0...999_999)
  }
}

extension SimulatedNetwork {
  /// Greets a peer again and again, until one greeting and its answer come through.
  private func dial(from: Int, to: Int, _ caller: Lifetime) {
    guard !caller.isOver else { return }
    let callee = attendants[to]
    if callee?.lifetime.isOver ?? true || connections[from][to]?.stands ?? false { return redial(from: from, to: to, caller) }
    scheduler.after(latency(), .dial, node: to) { [self] in
      if !greet(from: from, to: to, caller) { return redial(from: from, to: to, caller) }
      scheduler.after(latency(), .dial, node: from) { [self] in
        _ = answer(from: from, to: to, caller)
        redial(from: from, to: to, caller)
      }
    }
  }

  private func redial(from: Int, to: Int, _ caller: Lifetime) {
    scheduler.after(dice.pick(Self.redial) * Scheduler.millisecond, .dial, node: from) { [self] in dial(from: from, to: to, caller) }
  }

  /// The caller's hello at the other end.
  private func greet(from: Int, to: Int, _ caller: Lifetime) -> Bool {
    guard let (us, them) = pair(from, to, caller), !blocked[from][to], !blocked[to][from] else { return false }
    do { try them.inlet.received(hello: greeting(us.inlet.hello(to: validators[to]), from, to), from: validators[from]) } catch {
      return false
    }
    return true
  }

  /// The answer to a hello.
  private func answer(from: Int, to: Int, _ caller: Lifetime) -> Bool {
    guard let (us, them) = pair(from, to, caller), !blocked[from][to], !blocked[to][from] else { return false }
    connections[from][to] = Connection(from: us.lifetime, to: them.lifetime)
    do { try us.inlet.received(hello: greeting(them.inlet.hello(to: validators[from]), to, from), from: validators[to]) } catch {
      connections[from][to] = nil
      return false
    }
    us.inlet.connected(validators[to])
    return true
  }

  private func pair(_ from: Int, _ to: Int, _ caller: Lifetime) -> (Attendant, Attendant)? {
    guard let us = attendants[from], us.lifetime === caller, !caller.isOver, let them = attendants[to], !them.lifetime.isOver else {
      return nil
    }
    return (us, them)
  }
}
