import CairnChain
import CairnCrypto
import CairnMessages
import CairnNode
import NIOCore
import SwiftProtobuf

/// That honest keys never contradict themselves, and sign nothing away that is not on record.
final class VoteOracle {
  private struct Round {
    /// By validator: the digests that each signed Notarize and Finalize of, and whether it signed Nullify.
    var notarized: [Int: [UInt8]] = [:]
    var finalized: [Int: [UInt8]] = [:]
    var nullified: Set<Int> = []
  }

  /// A vote's fields, read from its 115 bytes.
  private struct Parts {
    let kind: UInt8
    let epoch: UInt64
    let view: UInt64
    let digest: [UInt8]
    let validator: Int

    init?(_ bytes: [UInt8]) {
      guard bytes.count == 115 else { return nil }
      kind = bytes[0]
      epoch = bytes[1..<9].reduce(0) { $0 << 8 | UInt64($1) }
      view = bytes[9..<17].reduce(0) { $0 << 8 | UInt64($1) }
      digest = Array(bytes[17..<49])
      validator = Int(bytes[49]) << 8 | Int(bytes[50])
    }
  }

  private unowned let simulation: Simulation
  private struct Position: Hashable, Comparable {
    let epoch: UInt64
    let view: UInt64

    static func < (left: Position, right: Position) -> Bool { (left.epoch, left.view) < (right.epoch, right.view) }
  }

  private var rounds: [Position: Round] = [:]
  private var seen: Set<[UInt8]> = []
  private var records: [RecordReader]
  /// By slot: what it said to whom in this life.
  private var repeated: [Set<[UInt8]>]

  init(_ simulation: Simulation) {
    self.simulation = simulation
    records = simulation.nodes.map { _ in RecordReader() }
    repeated = simulation.nodes.map { _ in [] }
  }

  /// What a node says again in another life is not repeated.
  func started(_ node: SimulatedNode) { repeated[node.slot] = [] }

  func sends(_ envelope: Envelope) {
    let bytes = [UInt8](envelope.payload.readableBytesView)
    switch envelope.code {
    case PeerCode.vote: sends(bytes, envelope)
    case PeerCode.proposal:
      guard let proposal = try? ProtoProposal(serializedBytes: bytes) else { return }
      simulation.coverage.fired("R1")
      if let header = try? Header(decoding: [UInt8](proposal.block.header)), let vote = Parts([UInt8](proposal.vote)),
        header.view < vote.view
      {
        simulation.coverage.fired("boundary_proposed_again")
      }
      sends([UInt8](proposal.vote), envelope)
    case PeerCode.certificate:
      guard let certificate = try? ProtoCertificate(serializedBytes: bytes) else { return }
      simulation.coverage.fired("R0")
      if certificate.kind == .nullify { simulation.coverage.fired("R6") }
      noteRepetition(bytes, envelope, "R7")
    default: break
    }
  }

  private func sends(_ vote: [UInt8], _ envelope: Envelope) {
    let node = simulation.nodes[envelope.from]
    guard let parts = Parts(vote), simulation.oracle.chain.validator(parts.validator, inEpoch: parts.epoch) == node.index else {
      return simulation.report(.contradiction, "node \(node.slot) sent a vote that is not its own")
    }
    noteRepetition(vote, envelope, "R7")
    if !records[node.slot].isOnRecord(vote, node.medium) {
      simulation.report(.unrecordedSignature, "node \(node.slot) sent a vote of view \(parts.view) before its record was on stable storage")
    }
    guard seen.insert(vote).inserted else { return }
    simulation.coverage.fired(parts.kind == 1 ? "R2" : parts.kind == 2 ? "R3" : "R4")
    guard let problem = contradiction(parts), !(node.damage?.forgets ?? false) else { return }
    simulation.report(.contradiction, "node \(node.slot) signed \(problem) in view \(parts.view)")
  }

  /// Whether the same goes to the same peer once more in one life.
  private func noteRepetition(_ bytes: [UInt8], _ envelope: Envelope, _ rule: String) {
    if !repeated[envelope.from].insert(bytes + [UInt8(truncatingIfNeeded: envelope.to)]).inserted { simulation.coverage.fired(rule) }
  }

  private func contradiction(_ vote: Parts) -> String? {
    let position = Position(epoch: vote.epoch, view: vote.view)
    var round = rounds[position] ?? Round()
    defer { rounds[position] = round }
    let (index, digest) = (vote.validator, vote.digest)
    switch vote.kind {
    case 1:
      if let earlier = round.notarized.updateValue(digest, forKey: index), earlier != digest { return "two Notarize" }
      if let final = round.finalized[index], final != digest { return "Notarize beside Finalize of another block" }
      if round.nullified.contains(index) { return "Notarize after Nullify" }
    case 2:
      round.nullified.insert(index)
      if round.finalized[index] != nil { return "Nullify after Finalize" }
    default:
      if let earlier = round.finalized.updateValue(digest, forKey: index), earlier != digest { return "two Finalize" }
      if round.nullified.contains(index) { return "Finalize after Nullify" }
      if let other = round.notarized[index], other != digest { return "Finalize beside Notarize of another block" }
    }
    return nil
  }

  /// One line a view, a letter a validator of its epoch: n for Notarize, f for Notarize and Finalize, F for Finalize alone, x for Nullify, N for
  /// Notarize and Nullify, a point for nothing.
  func timeline(_ count: Int) -> [String] {
    rounds.keys.sorted().map { position in
      let round = rounds[position] ?? Round()
      let letters = (0..<count).map { index in
        switch (round.notarized[index] != nil, round.nullified.contains(index), round.finalized[index] != nil) {
        case (_, true, true): "!"
        case (true, _, true): "f"
        case (false, _, true): "F"
        case (true, true, _): "N"
        case (true, false, _): "n"
        case (false, true, _): "x"
        case (false, false, false): "."
        }
      }
      return (position.epoch == 0 ? "" : "epoch \(position.epoch) ") + "view \(position.view)  \(letters.joined())"
    }
  }
}

/// What the safety log of one node has on stable storage, read as the file format says: blocks of 140 bytes, a vote's 115 from the
/// tenth on.
struct RecordReader {
  private static let blockByteCount = 140

  private var inode: Inode?
  private var readCount = 0
  private var votes: Set<[UInt8]> = []

  mutating func isOnRecord(_ vote: [UInt8], _ medium: Medium) -> Bool {
    guard let file = medium.durable("data/safety.log") else { return false }
    if file !== inode || file.durable.count < readCount { (inode, readCount, votes) = (file, 0, []) }
    while readCount + Self.blockByteCount <= file.durable.count {
      votes.insert(file.durable[readCount + 9..<readCount + 124])
      readCount += Self.blockByteCount
    }
    return votes.contains(vote)
  }
}
