import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNode
import Foundation
import NIOCore
import SwiftProtobuf

/// What the other validators send, besides votes, certificates and proposals, which are targets of their own.
extension FuzzTarget {
  /// A lie is refused, or it is the chain: what is believed are the blocks that the validators finalized.
  static let blocks = FuzzTarget(
    "blocks", "windows of blocks from a peer, for a node that is behind", isProtobuf: true,
    seeds: {
      let world = FuzzWorld.shared
      return try (1...world.blocks.count).map { count in
        var response = ProtoBlocksResponse()
        response.blocks = try zip(world.blocks, [nil] + world.certificates).prefix(count).map { block, certificate in
          let parent = try certificate.map { try Certificate($0, validatorCount: 1) }
          let statement = Statement.notarize(epoch: 0, view: block.header.view, digest: block.digest)
          let vote = Verified<Vote>.signed(statement, network: world.network, validator: 0, key: FuzzWorld.key(1)).value
          return Proposal(block: block, vote: vote, parent: parent, skips: []).message(validatorCount: 1)
        }
        response.finalization = world.certificates[count - 1]
        return Canonical.encode(response)
      }
    }
  ) { input in
    let world = FuzzWorld.shared
    let verifier = ConsensusVerifier(network: world.network, epoch: 0, validators: world.genesis.validators)
    var frontier = LogFrontier()
    frontier.append(LogEntry.header(world.headers[0].bytes).leafHash)
    guard let window = try? Window(ByteBuffer(bytes: input), after: world.headers[0], frontier: frontier, verifier: verifier) else {
      return false
    }
    for (proposal, transactions) in window.blocks {
      let block = proposal.value.block
      try require(world.blocks.contains(block), "a block that nobody finalized")
      try require(transactions.map(\.value.bytes) == block.transactions, "other transactions than the block's")
    }
    return true
  }

  /// The first byte is the frame's code; 0 for a hello. What is asked for is bounded whatever the numbers say.
  static let peerMessage = FuzzTarget(
    "peer-message", "hellos, gossiped transactions, and requests for blocks, from a peer", isProtobuf: true,
    seeds: {
      let world = FuzzWorld.shared
      let vote = Verified<Vote>.signed(
        .nullify(epoch: 0, view: 7), network: world.network, validator: 0, key: FuzzWorld.key(1)
      ).value
      let hello = ProtoPeerHello.with {
        ($0.version, $0.network, $0.height, $0.yourLastVote) = (1, Data(world.network.bytes), 4, Data(vote.bytes))
      }
      let batch = ProtoTransactionBatch.with { $0.transactions = world.transactions.map { Data($0) } }
      return [[0] + Canonical.encode(hello)]
        + [PeerCode.transactions, PeerCode.defence].map { [UInt8($0)] + Canonical.encode(batch) } + [
          [UInt8(PeerCode.blocks)] + Canonical.encode(ProtoBlocksRequest.with { ($0.fromHeight, $0.maxBlocks) = (1, 64) }),
          [UInt8(PeerCode.block)] + Canonical.encode(ProtoBlockRequest.with { $0.digest = Data(world.head.digest.bytes) }),
        ]
    }
  ) { input in
    guard let code = input.first else { return false }
    let payload = Array(input.dropFirst())
    let world = FuzzWorld.shared
    switch UInt16(code) {
    case 0:
      guard let hello = try? ProtoPeerHello(serializedBytes: payload), let vote = try? Vote(decoding: [UInt8](hello.yourLastVote)) else {
        return false
      }
      return FuzzWorld.key(1).publicKey.isValid(vote.signature, for: vote.statement.signedBytes(network: world.network))
    case PeerCode.transactions, PeerCode.defence:
      guard let batch = try? ProtoTransactionBatch(serializedBytes: payload) else { return false }
      let verifier = TransactionVerifier(network: world.network, scheme: FuzzWorld.AnySignature())
      return batch.transactions.map { [UInt8]($0) }.count { bytes in
        guard let transaction = try? Transaction(decoding: bytes, network: world.network) else { return false }
        if Transaction.looksDefensive(bytes) { _ = world.state.isClaimedDefence(transaction) }
        return (try? verifier.verify(bytes)).map { (try? world.state.check($0)) != nil } ?? false
      } > 0
    case PeerCode.blocks:
      guard let request = try? ProtoBlocksRequest(serializedBytes: payload) else { return false }
      return !NodeServices.shared.backend.blocks(from: request.fromHeight, count: Int(request.maxBlocks), bytes: 1 << 20).isEmpty
    case PeerCode.block:
      guard let request = try? ProtoBlockRequest(serializedBytes: payload), let digest = Digest(request.digest) else { return false }
      return NodeServices.shared.backend.header(digest: digest) != nil
    default: return false
    }
  }
}
