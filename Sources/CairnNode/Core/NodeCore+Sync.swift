package import CairnChain
import CairnConsensus
import CairnCrypto
package import CairnLedger
package import CairnMerkle
import CairnMessages
import CairnNetwork
import Foundation
import Logging
package import NIOCore
import SwiftProtobuf

/// How far this node still has to go to a block that it knows to be final.
struct Synchronizer {
  /// The highest finalization that shows this node to be behind.
  var target: Verified<Certificate>?
  /// A peer that spoke of a later epoch. It is believed as far as the blocks that it sends lead.
  var guide: Int?
  /// One window at a time.
  var isFetching = false
  /// Asked last; the next one is asked next, so that a lying or slow peer costs one window's time.
  var lastPeer = -1
}

extension NodeCore {
  /// How long a peer may take for a window, and the pause after one that brought nothing.
  private static let windowTimeout = TimeAmount.seconds(5)
  private static let pause = TimeAmount.milliseconds(100)

  /// Fetches the blocks after the last committed one, window by window, until the target is reached, or as far as a guide leads.
  func synchronize() {
    guard !isStopped, !synchronizer.isFetching, let mesh else { return }
    forgetReachedTarget()
    lookForSnapshot()
    // Where nobody can be asked, that is known at once, and blocks are being fetched by now.
    guard !isTakingSnapshot, !awaitsOffers, !synchronizer.isFetching else { return }
    guard let peer = synchronizer.target == nil ? synchronizer.guide : nextSource else { return }
    synchronizer.isFetching = true
    synchronizer.lastPeer = peer
    var request = ProtoBlocksRequest()
    let base = (header: executor.finalized.header, frontier: executor.finalized.frontier)
    request.fromHeight = base.header.height + 1
    request.maxBlocks = UInt32(SyncWindow.blockLimit)
    let isGuided = synchronizer.target == nil
    mesh.request(PeerCode.blocks, Self.encoded(request), to: peer, timeout: Self.windowTimeout)
      .flatMap { [verifier, signatures = parts.signatures, loop] payload in
        signatures.run(.proposal, on: loop) { try Window(payload, after: base.header, frontier: base.frontier, verifier: verifier) }
      }
      .assumeIsolated()
      .whenComplete { [weak self] result in
        guard let self else { return }
        synchronizer.isFetching = false
        guard case .success(let window) = result, apply(window) else {
          if isGuided { synchronizer.guide = nil }
          _ = loop.assumeIsolated().scheduleTask(in: Self.pause) { [weak self] in self?.synchronize() }
          return
        }
        synchronize()
      }
  }

  /// The engine may have got there, or further, by itself; or to the next epoch.
  private func forgetReachedTarget() {
    guard let target = synchronizer.target?.value.statement else { return }
    if target.epoch < epoch.number || engine.map({ target.view <= $0.committedView }) ?? false { synchronizer.target = nil }
  }

  private var nextSource: Int? {
    let sources = directory.sources
    return sources.first { $0 > synchronizer.lastPeer } ?? sources.first
  }

  /// - Returns: whether the window brought this node further.
  private func apply(_ window: Window) -> Bool {
    guard !isStopped, !snapshots.isInstalling, window.finalization.value.statement.epoch == epoch.number else { return false }
    let news = window.blocks.filter { $0.0.value.block.header.height > executor.finalized.height }
    guard news.first?.0.value.block.header.parent == executor.finalized.header.digest else { return false }
    var ahead: [Verified<Proposal>] = []
    for (proposal, transactions) in news {
      let block = proposal.value.block
      if executor.state(after: block.digest) == nil {
        do throws(NodeFailure) {
          let verdict = try executor.execute(block, transactions: transactions)
          // A quorum finalized it, and these are its transactions, so this node computes something else than the others.
          if case .invalid(let reason) = verdict { throw .chainDiverges(height: block.header.height, reason: reason) }
        } catch {
          fail(error)
          return false
        }
      }
      ahead.append(proposal)
    }
    guard let last = ahead.last?.value.block.header else { return false }
    commit(ahead, finalization: window.finalization)
    recover(at: last, finalization: window.finalization)
    step(.committed(last, finalization: window.finalization))
    followEpoch()
    return true
  }
}

/// Consecutive blocks that a peer sent, and the finalization of the last one; every signature of consensus verified, every link
/// checked, and the transactions those of the headers. So what a quorum finalized is all that is left in it.
package struct Window: Sendable {
  package let blocks: [(Verified<Proposal>, [Authorized<Transaction>])]
  package let finalization: Verified<Certificate>

  /// - Parameters:
  ///   - header: of the last block known before.
  ///   - frontier: of the log that ends with that header.
  package init(_ payload: ByteBuffer, after header: Header, frontier: LogFrontier, verifier: ConsensusVerifier) throws {
    let response = try ProtoBlocksResponse(serializedBytes: [UInt8](buffer: payload))
    guard !response.blocks.isEmpty, response.blocks.count <= SyncWindow.blockLimit else { throw WindowError.blockCount }
    let count = verifier.validators.count
    let proposals = try response.blocks.map { try Proposal($0, validatorCount: count) }
    finalization = try verifier.verify(try Certificate(response.finalization, validatorCount: count))
    try Self.checkLinks(proposals.map(\.block), after: header, finalization: finalization.value)
    guard proposals.allSatisfy({ $0.block.header.epoch == verifier.epoch }) else { throw WindowError.epoch }
    try Self.checkContents(proposals.map(\.block), after: frontier)
    let transactions = TransactionVerifier(network: verifier.network, scheme: CertifiedSignatures())
    blocks = try proposals.map { proposal in
      (try verifier.verify(proposal), try proposal.block.transactions.map { try transactions.verify($0) })
    }
  }

  private static func checkLinks(_ blocks: [Block], after header: Header, finalization: Certificate) throws(WindowError) {
    guard finalization.statement.kind == .finalize, finalization.statement.digest == blocks.last?.digest else { throw .finalization }
    var parent = header
    for block in blocks {
      guard block.header.height == parent.height + 1 else { throw .height }
      guard block.header.parent == parent.digest else { throw .link }
      parent = block.header
    }
  }

  /// A header is finalized, but who passes its block on could have replaced the transactions: they must give the header's root.
  private static func checkContents(_ blocks: [Block], after frontier: LogFrontier) throws(WindowError) {
    if PlantedBug.uncheckedWindow.isPlanted { return }
    var frontier = frontier
    for block in blocks {
      for bytes in block.transactions { frontier.append(LogEntry.transaction(bytes).leafHash) }
      guard frontier.size == block.header.logSize, frontier.root == block.header.logRoot else { throw .contents }
      frontier.append(LogEntry.header(block.header.bytes).leafHash)
    }
  }
}

enum WindowError: String, Error {
  case blockCount = "block_count"
  case finalization = "window_finalization"
  case epoch = "window_epoch"
  case height = "window_height"
  case link = "window_link"
  case contents = "window_contents"
}

/// For transactions of finalized blocks: a quorum has verified their signatures.
struct CertifiedSignatures: SignatureScheme {
  func isValid(_ signature: CairnCrypto.Signature, by key: PublicKey, for message: [UInt8]) -> Bool { true }
}
