import CairnChain
import CairnConsensus
import CairnCrypto
import CairnMessages
import CairnNode
import NIOCore
import SwiftProtobuf

/// How a Byzantine validator departs from the protocol. It is a real node; what leaves it is changed, and more is sent in its name.
enum AdversaryKind: String, CaseIterable {
  case equivocator, conflicter, nuller, withholder, impersonator, outdated, invalidProposer = "invalid_proposer",
    certificateForger = "certificate_forger", flooder, sibling, liar, snapshotForger = "snapshot_forger"

  /// Those that a plan draws from: the others only do something where there are snapshots.
  static let drawn = allCases.filter { $0 != .snapshotForger }

  func make(_ puppet: Puppet) -> any Adversary {
    switch self {
    case .equivocator: Equivocator(puppet)
    case .conflicter: Conflicter(puppet)
    case .nuller: Nuller(puppet)
    case .withholder: Withholder(puppet)
    case .impersonator: Impersonator(puppet)
    case .outdated: Outdated(puppet)
    case .invalidProposer: InvalidProposer(puppet)
    case .certificateForger: CertificateForger(puppet)
    case .flooder: Flooder(puppet)
    case .snapshotForger: SnapshotForger(puppet)
    case .sibling: Sibling(puppet)
    case .liar: Liar(puppet)
    }
  }
}

protocol Adversary: AnyObject {
  /// What leaves in place of a message to one peer.
  func distort(_ envelope: Envelope) -> [Envelope]
  /// What somebody says to it, whether that arrives or not.
  func hear(_ envelope: Envelope)
  /// What it greets a validator with, in place of this.
  func greet(_ hello: [UInt8], to validator: Int) -> [UInt8]
  /// What it answers to a request, in place of this.
  func answer(_ envelope: Envelope) -> Envelope
}

extension Adversary {
  func hear(_ envelope: Envelope) {}
  func greet(_ hello: [UInt8], to validator: Int) -> [UInt8] { hello }
  func answer(_ envelope: Envelope) -> Envelope { envelope }
}

/// What an adversary has in its hands: a validator's key, and what that validator knows.
struct Puppet {
  let slot: Int
  let index: Int
  let network: Digest
  let validatorCount: Int
  let key: SigningKey
  let dice: Dice

  func vote(_ statement: Statement) -> Vote {
    Verified<Vote>.signed(statement, network: network, validator: index, key: key).value
  }

  /// A message of the puppet's to the same peer.
  func envelope(_ vote: Vote, like envelope: Envelope) -> Envelope {
    envelope.with(PeerCode.vote, ByteBuffer(bytes: vote.bytes))
  }

  func envelope(_ proposal: Proposal, like envelope: Envelope) -> Envelope {
    envelope.with(PeerCode.proposal, ByteBuffer(bytes: Canonical.encode(proposal.message(validatorCount: validatorCount))))
  }

  func proposal(in envelope: Envelope) -> Proposal? {
    guard envelope.code == PeerCode.proposal,
      let message = try? ProtoProposal(serializedBytes: [UInt8](envelope.payload.readableBytesView))
    else { return nil }
    return try? Proposal(message, validatorCount: validatorCount)
  }

  func vote(in envelope: Envelope) -> Vote? {
    envelope.code == PeerCode.vote ? try? Vote(decoding: [UInt8](envelope.payload.readableBytesView)) : nil
  }

  func certificate(in envelope: Envelope) -> Certificate? {
    guard envelope.code == PeerCode.certificate else { return nil }
    return try? Certificate(decoding: [UInt8](envelope.payload.readableBytesView), validatorCount: validatorCount)
  }

  /// The same proposal with another header, signed for the same view.
  func altered(_ proposal: Proposal, _ change: (inout Header.Fields) -> Void) -> Proposal {
    var fields = proposal.block.header.fields
    change(&fields)
    let block = Block(header: Header(fields), transactions: proposal.block.transactions)
    let view = proposal.vote?.statement.view ?? fields.view
    let vote = vote(.notarize(epoch: fields.epoch, view: view, digest: block.digest))
    return Proposal(block: block, vote: vote, parent: proposal.parent, skips: proposal.skips)
  }
}

extension Envelope {
  func with(_ code: UInt16, _ payload: ByteBuffer) -> Envelope {
    Envelope(sender: sender, from: from, to: to, code: code, payload: payload)
  }

  func to(_ slot: Int) -> Envelope { Envelope(sender: sender, from: from, to: slot, code: code, payload: payload) }
}
