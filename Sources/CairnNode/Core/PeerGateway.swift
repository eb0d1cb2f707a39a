import CairnChain
import CairnCrypto
import CairnMessages
import CairnNetwork
import CairnStore
import Foundation
import Logging
import NIOCore
import SwiftProtobuf

/// What the mesh calls: passes messages to the core, which lives on the same event loop, and answers peers' questions about
/// stored blocks where the disk may be waited for.
final class PeerGateway: PeerMeshDelegate {
  private let core: NIOLoopBoundBox<NodeCore?>
  private let reader: ChainReader
  private let snapshots: SnapshotOffers
  private let workers: any Workers
  private let metrics: NodeMetrics
  private let logger: Logger

  init(core: NodeCore) {
    self.core = .makeBoxSendingValue(nil, eventLoop: core.loop)
    self.core.value = core
    reader = core.parts.reader
    snapshots = SnapshotOffers(
      shelf: core.parts.store.snapshots, chain: core.parts.chain, reader: core.parts.reader, publisher: core.parts.publisher)
    workers = core.parts.environment.readers
    metrics = core.parts.metrics
    logger = core.logger
  }

  func hello(to peer: Int) -> [UInt8] { core.value?.hello(to: peer) ?? [] }

  func received(hello: [UInt8], from peer: Int) throws { try core.value?.received(hello: hello, from: peer) }

  func received(_ code: UInt16, _ payload: ByteBuffer, from peer: Int) { core.value?.received(code, payload, from: peer) }

  func received(request code: UInt16, _ payload: ByteBuffer, from peer: Int, reply: @escaping @Sendable (ByteBuffer) -> Void) {
    workers.perform { [self] isActive in
      guard isActive else { return }
      reply(answer(code, payload))
    }
  }

  func connected(_ peer: Int) { metrics.connected(peer) }

  func disconnected(_ peer: Int, because problem: PeerProblem) { metrics.disconnected(peer) }

  /// An empty answer says: not here.
  private func answer(_ code: UInt16, _ payload: ByteBuffer) -> ByteBuffer {
    do {
      switch code {
      case PeerCode.blocks: return try blocks(payload)
      case PeerCode.block: return try block(payload)
      case PeerCode.snapshots: return try snapshotOffers(payload)
      case PeerCode.snapshotPart: return try snapshotPart(payload)
      default: return ByteBuffer()
      }
    } catch StoreError.historyNotHeld {
      return ByteBuffer()
    } catch let error as StoreError {
      // Others have the block too, and nothing that this node signs depends on it.
      logger.error("A stored block cannot be read: run cairn verify", metadata: ["problem": "\(error)"])
      return ByteBuffer()
    } catch { return ByteBuffer() }
  }

  private func blocks(_ payload: ByteBuffer) throws -> ByteBuffer {
    let request = try ProtoBlocksRequest(serializedBytes: [UInt8](buffer: payload))
    let count = min(Int(request.maxBlocks), SyncWindow.blockLimit)
    var window = try reader.window(from: request.fromHeight, count: count, bytes: SyncWindow.byteLimit)
    // Within one epoch, so that one set of validators is enough to check it. An epoch's last block has a finalization of its own.
    if let end = window.firstIndex(where: { $0.header.fields.nextValidatorsHash != nil }) { window.removeSubrange((end + 1)...) }
    while let last = window.last, let finalization = last.finalization {
      var response = ProtoBlocksResponse()
      response.blocks = window.map { $0.proposal.message(validatorCount: $0.validatorCount) }
      response.finalization = finalization.message(validatorCount: last.validatorCount)
      let payload = NodeCore.encoded(response)
      if payload.readableBytes <= PeerCode.payloadLimit { return payload }
      // The certificates of skipped views can outweigh the blocks: less, ending at an earlier finalization.
      repeat { window.removeLast() } while window.last.map { $0.finalization == nil } ?? false
    }
    return ByteBuffer()
  }

  private func snapshotOffers(_ payload: ByteBuffer) throws -> ByteBuffer {
    let request = try ProtoSnapshotsRequest(serializedBytes: [UInt8](buffer: payload))
    return NodeCore.encoded(snapshots.message(from: request.epoch))
  }

  private func snapshotPart(_ payload: ByteBuffer) throws -> ByteBuffer {
    ByteBuffer(bytes: try snapshots.part(try ProtoSnapshotPartRequest(serializedBytes: [UInt8](buffer: payload))))
  }

  private func block(_ payload: ByteBuffer) throws -> ByteBuffer {
    let request = try ProtoBlockRequest(serializedBytes: [UInt8](buffer: payload))
    var response = ProtoBlockResponse()
    if let digest = Digest(request.digest), let found = try reader.proposal(digest: digest) {
      response.proposal = found.proposal.message(validatorCount: found.validatorCount)
    }
    return NodeCore.encoded(response)
  }
}
