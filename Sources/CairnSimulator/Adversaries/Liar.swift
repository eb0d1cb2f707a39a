import CairnChain
import CairnCrypto
import CairnMessages
import CairnNode
import Foundation
import NIOCore
import SwiftProtobuf

/// Lies in greetings, of its height, its epoch and what it remembers of the other's votes; and hands out blocks without their transactions.
final class Liar: Adversary {
  private static let claimedHeight: UInt64 = 1 << 40

  private let puppet: Puppet

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] { [envelope] }

  func greet(_ hello: [UInt8], to validator: Int) -> [UInt8] {
    guard var message = try? ProtoPeerHello(serializedBytes: hello) else { return hello }
    message.height = Self.claimedHeight
    if puppet.dice.chance(300) { message.epoch += 1 }
    // Signed with its own key: the other's it has not.
    let vote = puppet.vote(.nullify(epoch: message.epoch, view: Self.claimedHeight))
    message.yourLastVote = Data(Vote(statement: vote.statement, validator: validator, signature: vote.signature).bytes)
    return Canonical.encode(message)
  }

  func answer(_ envelope: Envelope) -> Envelope {
    let bytes = [UInt8](envelope.payload.readableBytesView)
    switch envelope.code {
    case PeerCode.block:
      guard var response = try? ProtoBlockResponse(serializedBytes: bytes), response.hasProposal else { return envelope }
      response.proposal.block.transactions = []
      return envelope.with(envelope.code, ByteBuffer(bytes: Canonical.encode(response)))
    case PeerCode.blocks:
      guard var response = try? ProtoBlocksResponse(serializedBytes: bytes) else { return envelope }
      for index in response.blocks.indices { response.blocks[index].block.transactions = [] }
      return envelope.with(envelope.code, ByteBuffer(bytes: Canonical.encode(response)))
    default: return envelope
    }
  }
}
