import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

extension FuzzTarget {
  static let header = canonical("header", "headers of blocks", seeds: { FuzzWorld.shared.headers.map(\.bytes) }) {
    try Header(decoding: $0).bytes
  }

  static let certificate = canonical(
    "certificate", "certificates", seeds: { FuzzWorld.shared.certificates.map { Canonical.encode($0) } }
  ) { Canonical.encode(try Certificate(decoding: $0, validatorCount: 1).message(validatorCount: 1)) }

  static let evidenceFile = canonical(
    "evidence-file", "files of proven faults",
    seeds: { [EvidenceFile(network: FuzzWorld.shared.network, evidence: [try FuzzWorld.shared.chain.evidence()]).bytes] }
  ) { try EvidenceFile(decoding: $0).bytes }

  static let logEntry = canonical(
    "log-entry", "entries of the log",
    seeds: { FuzzWorld.shared.blocks.flatMap { $0.logEntries.map(\.bytes) } }
  ) { try LogEntry(decoding: $0).bytes }

  static let vote = FuzzTarget(
    "vote", "votes in their fixed width", byteLimit: 256,
    seeds: {
      let header = FuzzWorld.shared.head
      let statement = Statement.finalize(epoch: header.epoch, view: header.view, digest: header.digest)
      return [Verified<Vote>.signed(statement, network: FuzzWorld.shared.network, validator: 0, key: FuzzWorld.key(1)).value.bytes]
    }
  ) { input in
    guard let vote = try? Vote(decoding: input) else { return false }
    try require(vote.bytes == input, "what was accepted encodes to other bytes")
    return true
  }

  static let proposal = FuzzTarget(
    "proposal", "leaders' proposals, with their block and certificates", isProtobuf: true,
    seeds: {
      let world = FuzzWorld.shared
      return try zip(world.blocks, [nil] + world.certificates).map { block, certificate in
        let parent = try certificate.map { try Certificate($0, validatorCount: 1) }
        return Canonical.encode(Proposal(block: block, vote: nil, parent: parent, skips: []).message(validatorCount: 1))
      }
    }
  ) { input in
    guard let message = try? ProtoProposal(serializedBytes: input), let proposal = try? Proposal(message, validatorCount: 1) else {
      return false
    }
    let again = try Proposal(proposal.message(validatorCount: 1), validatorCount: 1)
    try require(again == proposal, "the written proposal says something else")
    return true
  }

  static let anchor = FuzzTarget(
    "anchor", "trust anchors in their file", byteLimit: 16 << 10, words: ["{", "}", "\"", ":", ",", "\n", "="],
    seeds: { [FuzzWorld.shared.anchor.fileBytes] }
  ) { input in
    guard let anchor = try? TrustAnchor(decoding: input) else { return false }
    try require(try TrustAnchor(decoding: anchor.fileBytes) == anchor, "the written anchor says something else")
    return true
  }

  /// What a node answers, as a client believes it: a lie never says anything about the agent but the truth.
  static let answer = FuzzTarget(
    "answer", "proven answers, as a client verifies them", isProtobuf: true,
    seeds: {
      let world = FuzzWorld.shared
      var proven = ProtoProven()
      proven.header = Data(world.head.bytes)
      proven.certificate = world.certificates[world.certificates.count - 1]
      proven.state = [world.state.tree.proof(for: world.agent.stateKey).message]
      return [Canonical.encode(proven)]
    }
  ) { input in
    let world = FuzzWorld.shared
    guard let proven = try? ProtoProven(serializedBytes: input), let proof = proven.state.first else { return false }
    var client = LightClient(anchor: world.anchor)
    guard let header = try? client.verify(proven, since: nil, now: world.head.timeMilliseconds, maximumStaleness: .max),
      let value = try? header.value(of: world.agent.stateKey, proof: proof)
    else { return false }
    // Under an earlier header the agent may be another, or be absent.
    guard header.header == world.head else { return true }
    try require(value == world.state.tree.proof(for: world.agent.stateKey).leaf?.value, "a client believed something else")
    return true
  }
}
