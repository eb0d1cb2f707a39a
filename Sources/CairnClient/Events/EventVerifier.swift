import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages

/// Follows the chain from a position on, and believes nothing but the block that comes next.
///
/// It keeps the right edge of the log. Every entry that comes, as itself or as its leaf hash, is appended; then size and root must be those
/// that the header states, and the header must name its predecessor. What the validators finalized at the end of a batch therefore proves
/// every header in it, and each header every entry: nothing is missing, out of order or changed.
struct EventVerifier: Sendable {
  private let network: Digest
  /// Whether entries may come as their leaf hashes.
  private let isFiltered: Bool
  private(set) var position: EventPosition
  /// The log that ends with the block at ``position``; `nil` before the first batch.
  private var frontier: LogFrontier?

  init(network: Digest, after position: EventPosition, isFiltered: Bool) {
    (self.network, self.position, self.isFiltered) = (network, position, isFiltered)
  }

  /// - Parameter isFirst: whether the batch is the first of its stream, which tells the edge.
  /// - Returns: the blocks of the batch. After an error everything is as before.
  mutating func verify(_ batch: ProtoEventBatch, isFirst: Bool, by trust: Trust) throws(EndpointProblem) -> [FinalizedBlock] {
    guard let first = batch.blocks.first else { throw .wrongEvents(.emptyBatch) }
    var frontier = try start(batch, isFirst: isFirst)
    var (height, parent) = (position.height, position.digest)
    var headers: [Header] = []
    var entries: [[(index: UInt64, bytes: [UInt8])]] = []
    for block in batch.blocks {
      let header = try Self.header(block)
      guard header.network == network else { throw .unproven(.wrongNetwork) }
      guard height < .max, header.height == height + 1 else {
        throw .wrongEvents(.wrongHeight(expected: height &+ 1, actual: header.height))
      }
      guard parent == nil || parent == header.parent else { throw .wrongEvents(.wrongParent(height: header.height)) }
      entries.append(try append(block, to: &frontier))
      guard frontier.size == header.logSize, header.logSize < LogTree.sizeLimit else {
        throw .wrongEvents(.wrongSize(height: header.height))
      }
      guard frontier.root == header.logRoot else {
        throw .wrongEvents(self.frontier == nil && headers.isEmpty ? .wrongEdge : .wrongRoot(height: header.height))
      }
      frontier.append(LogEntry.header(header.bytes).leafHash)
      (height, parent) = (header.height, header.digest)
      headers.append(header)
    }
    let certified = try trust.verify(batch, headers: headers, parent: try Self.header(first).parent)
    var blocks: [FinalizedBlock] = []
    for (position, header) in headers.enumerated() {
      blocks.append(try finalized(header, entries[position], certified, batch.blocks[position]))
    }
    (self.frontier, position) = (frontier, EventPosition(height: height, digest: parent))
    return blocks
  }

  private static func header(_ block: ProtoEventBlock) throws(EndpointProblem) -> Header {
    do { return try Header(decoding: [UInt8](block.header)) } catch { throw .unproven(.malformed(error)) }
  }

  /// The log before the batch. A known one is not believed anew; one that is told is proven by the first header's root.
  private func start(_ batch: ProtoEventBatch, isFirst: Bool) throws(EndpointProblem) -> LogFrontier {
    if let frontier {
      guard batch.firstIndex == frontier.size else {
        throw .wrongEvents(.wrongIndex(expected: frontier.size, actual: batch.firstIndex))
      }
      guard batch.edge.map({ [UInt8]($0) }) == (isFirst ? frontier.peaks.map(\.bytes) : []) else { throw .wrongEvents(.wrongEdge) }
      return frontier
    }
    let peaks = batch.edge.prefix(UInt64.bitWidth).compactMap { Digest($0) }
    guard isFirst, peaks.count == batch.edge.count, let told = LogFrontier(size: batch.firstIndex, peaks: peaks) else {
      throw .wrongEvents(.wrongEdge)
    }
    return told
  }

  /// - Returns: the transactions that came as themselves.
  private func append(
    _ block: ProtoEventBlock, to frontier: inout LogFrontier
  ) throws(EndpointProblem) -> [(index: UInt64, bytes: [UInt8])] {
    var transactions: [(index: UInt64, bytes: [UInt8])] = []
    for entry in block.entries {
      switch entry.kind {
      case .transaction(let data):
        let bytes = [UInt8](data)
        transactions.append((frontier.size, bytes))
        frontier.append(Transaction.leafHash(of: bytes))
      case .leafHash(let data):
        guard isFiltered else { throw .wrongEvents(.hiddenEntry(index: frontier.size)) }
        guard let hash = Digest(data) else { throw .malformed }
        frontier.append(hash)
      case nil: throw .malformed
      }
    }
    return transactions
  }

  private func finalized(
    _ header: Header, _ entries: [(index: UInt64, bytes: [UInt8])], _ certified: CertifiedHeader, _ block: ProtoEventBlock
  ) throws(EndpointProblem) -> FinalizedBlock {
    var transactions: [LoggedTransaction] = []
    for (index, bytes) in entries {
      guard let transaction = try? Transaction(decoding: bytes, network: network) else {
        throw .wrongEvents(.unreadableTransaction(index: index))
      }
      transactions.append(LoggedTransaction(index: index, transaction: transaction))
    }
    return FinalizedBlock(
      header: header, provenBy: certified, transactions: transactions, omittedCount: block.entries.count - transactions.count)
  }
}
