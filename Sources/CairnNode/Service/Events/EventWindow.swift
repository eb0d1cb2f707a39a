import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import Foundation
import NIOCore

/// Consecutive finalized blocks with what proves that they are final: a batch of events before the filter.
struct EventWindow: Sendable {
  let blocks: [Block]
  let certificate: ProtoCertificate
  /// What the certificate finalizes, and the path that leads there, when the last block became final with a later one.
  let later: (header: Header, path: [Digest])?

  /// - Parameters:
  ///   - height: of the first block; at most that of `head`.
  ///   - head: the newest; later blocks may be stored already, and nobody has been told of them.
  init(from height: UInt64, under head: PublishedHead, in backend: any NodeBackend) throws(ServiceFailure) {
    let newest = head.header.height
    let found: [CertifiedBlock]
    do {
      found = try backend.blocks(
        from: height, count: ServiceLimits.eventBatchBlockCount, bytes: ServiceLimits.eventBatchByteCount
      ).filter { $0.block.header.height <= newest }
    } catch { throw ServiceFailure(reading: error) }
    guard let last = found.last?.block.header, found.first?.block.header.height == height else {
      throw backend.notHeld(height) ?? .storageFailed
    }
    blocks = found.map(\.block)
    if let own = found.last?.certificate {
      (certificate, later) = (own, nil)
    } else {
      (certificate, later) = try Self.finalization(of: last, under: head, in: backend)
    }
  }

  private static func finalization(
    of last: Header, under head: PublishedHead, in backend: any NodeBackend
  ) throws(ServiceFailure) -> (ProtoCertificate, (Header, [Digest])) {
    do {
      guard let (header, certificate) = try backend.finalization(covering: last.height), header.logSize < head.edge.size else {
        throw ServiceFailure.storageFailed
      }
      let proof = try backend.withTiles {
        try LogProver(edge: head.edge, source: $0).inclusionProof(index: last.logSize, size: header.logSize)
      }
      return (certificate, (header, proof.path))
    } catch { throw ServiceFailure(reading: error) }
  }

  var lastHeight: UInt64 { blocks.last?.header.height ?? 0 }

  /// The peaks of the log before a block.
  ///
  /// - Parameter parent: that block's parent.
  static func edge(after parent: Header, under head: PublishedHead, in backend: any NodeBackend) throws(ServiceFailure) -> [Digest] {
    let proof: InclusionProof
    do {
      proof = try backend.withTiles {
        try LogProver(edge: head.edge, source: $0).inclusionProof(index: parent.logSize, size: parent.logSize + 1)
      }
    } catch { throw ServiceFailure(reading: error) }
    guard let frontier = LogFrontier(lastLeaf: LogEntry.header(parent.bytes).leafHash, proof: proof) else { throw .logDamaged }
    return frontier.peaks
  }

  /// An `EventBatch`.
  ///
  /// - Parameter edge: only in the first batch of a stream.
  func message(_ filter: EventFilter, edge: [Digest]) -> ProtoEventBatch {
    var batch = ProtoEventBatch()
    if let first = blocks.first { batch.firstIndex = first.header.logSize - UInt64(first.transactions.count) }
    batch.edge = edge.map { Data($0.bytes) }
    batch.blocks = blocks.map { block in
      var message = ProtoEventBlock()
      message.header = Data(block.header.bytes)
      message.entries = block.transactions.map { transaction in
        var entry = ProtoEventEntry()
        if filter.matches(transaction) {
          entry.transaction = Data(transaction)
        } else {
          entry.leafHash = Data(Transaction.leafHash(of: transaction).bytes)
        }
        return entry
      }
      return message
    }
    batch.certificate = certificate
    if let later {
      batch.finalized = Data(later.header.bytes)
      batch.path = later.path.map { Data($0.bytes) }
    }
    return batch
  }
}
