import CairnChain
import CairnConsensus
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnStore
import Foundation
import NIOCore

extension NodeCore {
  /// Seals a block for a view that this node leads: at once, unless several ordinary transactions wait and the parent has only just
  /// been sealed. Every block costs each node its votes, and under load a few milliseconds' patience spares many of them.
  func build(_ request: BuildRequest) {
    let (time, parentTime) = (now.unixMilliseconds, request.parentHeader.timeMilliseconds)
    // The parent's time is its leader's: where clocks differ by more than the pace there is no patience.
    guard mempool.count >= Self.busyCount, time >= parentTime, !hasDefence(on: request.parent) else { return seal(request) }
    let pace = pace(after: time - parentTime)
    guard time - parentTime < pace else { return seal(request) }
    let rest = TimeAmount.milliseconds(Int64(pace - (time - parentTime)))
    pacedBuild?.timer.cancel()
    let timer = loop.assumeIsolated().scheduleTask(in: rest) { [weak self] in
      guard let self, !isStopped else { return }
      hurry()
    }
    pacedBuild = (request, timer)
  }

  /// Milliseconds from one block to the next. During an alert all validators rest for three times as long as the block before took them,
  /// so that they are idle more often than not when the next transaction of the lane comes, however slow they are.
  ///
  /// - Parameter elapsed: since the parent was sealed, in milliseconds: about what it took until it was notarized.
  private func pace(after elapsed: UInt64) -> UInt64 {
    guard isAlert else { return Self.paceMilliseconds }
    return min(max(Self.paceMilliseconds, 4 * min(elapsed, Self.alertPaceLimit)), Self.alertPaceLimit)
  }

  /// Seals the block that waits for its time now.
  func hurry() {
    guard let (request, timer) = pacedBuild else { return }
    pacedBuild = nil
    timer.cancel()
    seal(request)
  }

  /// Whether a transaction of the defence lane waits that the block's ancestors do not have.
  private func hasDefence(on parent: Digest) -> Bool {
    guard mempool.defenceCount > 0, let state = executor.state(after: parent) else { return false }
    var found = false
    mempool.visitDefence { transaction in
      found = !state.contains(transaction: transaction.value.id)
      return !found
    }
    return found
  }

  /// What the execution of one block may take. Longer blocks would make better use of the votes, and everybody who is in a hurry wait.
  private static let buildTime = TimeAmount.milliseconds(20)
  /// The same while the alert is on.
  private static let alertBuildTime = TimeAmount.milliseconds(5)
  /// From one block to the next when transactions wait: about what four nodes on two cores take for a block.
  private static let paceMilliseconds: UInt64 = 18
  /// The most during an alert.
  private static let alertPaceLimit: UInt64 = 100
  /// Waiting transactions from which on more are to be expected within the pace; one or two are a lone client's.
  private static let busyCount = 3

  private func seal(_ request: BuildRequest) {
    let source = parts.flusher.isBehind ? Mempool() : mempool
    do throws(NodeFailure) {
      let end = loop.now + (isAlert ? Self.alertBuildTime : Self.buildTime)
      let built = try executor.build(
        request, from: source, now: now.unixMilliseconds, ordinaryLimit: isAlert ? .alert : .none
      ) { loop.now >= end }
      refuseFinally(built?.refused ?? [])
      guard let built else {
        isPendingReported = false
        return step(.nothingToBuild(view: request.view))
      }
      step(.built(built.block, view: request.view))
    } catch {
      fail(error)
    }
  }

  /// Executes another validator's block, from transactions that were verified when they came in where that was so.
  func execute(_ proposal: Verified<Proposal>) {
    let block = proposal.value.block
    var transactions: [Authorized<Transaction>?] = []
    var unknown: [(position: Int, bytes: [UInt8])] = []
    for (position, bytes) in block.transactions.enumerated() {
      let known = mempool[leafHash: LogEntry.transaction(bytes).leafHash]
      if known == nil { unknown.append((position, bytes)) }
      transactions.append(known)
    }
    guard !unknown.isEmpty else { return execute(block, transactions.compactMap(\.self)) }
    let known = transactions
    let positions = unknown.map(\.position)
    parts.signatures.verify(unknown.map(\.bytes), .proposal, on: loop).assumeIsolated().whenSuccess { [weak self] verdicts in
      guard let self else { return }
      var transactions = known
      for (position, verdict) in zip(positions, verdicts) {
        switch verdict {
        case .success(let transaction): transactions[position] = transaction
        case .failure(let error): return step(.executed(block.digest, .invalid(reason: error.reason)))
        }
      }
      execute(block, transactions.compactMap(\.self))
    }
  }

  private func execute(_ block: Block, _ transactions: [Authorized<Transaction>]) {
    do throws(NodeFailure) {
      step(.executed(block.digest, try executor.execute(block, transactions: transactions)))
      reportPending()
    } catch {
      fail(error)
    }
  }

  /// R5, the shell's part: the blocks become the ledger. They are durable before anybody is told.
  func commit(_ proposals: [Verified<Proposal>], finalization: Verified<Certificate>) {
    guard let last = proposals.last?.value.block.header else { return }
    let frontier = executor.finalized.frontier
    var leafHashes: [Digest] = []
    precondition(finalization.value.statement.epoch == epoch.number, "blocks are committed in their epoch")
    var batch = ChainBatch(validatorCount: validators.count)
    var blocks: [UnpublishedBlocks.Changed] = []
    for proposal in proposals.map(\.value) {
      let version = executor.finalize(proposal.block.digest)
      blocks.append((proposal.block, version.rows, version.superseded, version.transactionIDs))
      leafHashes += version.leafHashes
      if proposal.block.header != last { leafHashes.append(LogEntry.header(proposal.block.header.bytes).leafHash) }
      batch.commit.append(FinalizedBlock(proposal: proposal, finalization: proposal.block.header == last ? finalization.value : nil))
    }
    executor.prune()
    followParameters()
    remember(finalization)
    forgetCertificates(below: finalization.value.statement.view)
    batch.finalized = ViewPosition(epoch: finalization.value.statement.epoch, view: finalization.value.statement.view)
    unpublished.append(
      UnpublishedBlocks(
        state: executor.finalized, certificate: finalization.value.message(validatorCount: validators.count),
        log: LogExtension(of: frontier, appending: leafHashes), blocks: blocks))
    for id in blocks.flatMap(\.transactionIDs) { mempool.remove(id: id) }
    let changedKeys = Set(blocks.flatMap { $0.rows.map(\.key) })
    dropOutdated(changedKeys: changedKeys)
    updateRoom()
    observe(blocks)
    disk.write(batch) { [unowned self] edge in
      // When later blocks became durable with these, all are published together.
      if edge.size == last.logSize + 1 { publish(edge) }
    }
    reportPending()
    // Who may follow hangs on the open proposals. Of a new epoch the links come with its beginning.
    if changedKeys.contains(GovernanceRecord.stateKey), executor.finalized.epoch == epoch.number { updateLinks() }
  }

  /// Everything that is durable by now: the head first, so that whoever reads records of an older one finds a newer one to
  /// begin again with; then the records; then the receipts.
  private func publish(_ edge: LogTileEdge) {
    let count = unpublished.prefix { $0.state.header.logSize < edge.size }.count
    let published = Array(unpublished.prefix(count))
    unpublished.removeFirst(count)
    guard let newest = published.last else { return }
    parts.publisher.publish(PublishedHead(header: newest.state.header, certificate: newest.certificate, state: newest.state, edge: edge))
    for (block, rows, superseded, ids) in published.flatMap(\.blocks) {
      parts.records.add(height: block.header.height, rows: rows, superseded: superseded, transactionIDs: ids)
      parts.flusher.add(block, rows: rows, superseded: superseded)
    }
    executor.dropLayers(through: newest.state.height)
    for blocks in published { answerSubmitters(of: blocks) }
  }

  private func answerSubmitters(of published: UnpublishedBlocks) {
    precondition(published.log.root == published.state.header.logRoot, "the log that is proven is the one that is committed")
    var index = published.log.firstIndex
    for (block, _, _, ids) in published.blocks {
      for (id, bytes) in zip(ids, block.transactions) {
        let completions = submissions.take(id)
        if !completions.isEmpty {
          let receipt = published.receipt(of: bytes, at: index)
          for completion in completions { completion(.final(receipt)) }
        }
        index += 1
      }
      index += 1
    }
  }
}

/// Blocks that one finalization made final, on their way to the disk.
struct UnpublishedBlocks {
  typealias Changed = (block: Block, rows: [CairnLedger.StateRow], superseded: [SupersededRecord], transactionIDs: [Digest])

  /// The ledger after them.
  let state: LedgerState
  let certificate: ProtoCertificate
  /// Their entries without the last header, which states the root over all before it.
  let log: LogExtension
  let blocks: [Changed]

  func contains(_ id: Digest) -> Bool { blocks.contains { $0.transactionIDs.contains(id) } }

  func receipt(of transaction: [UInt8], at index: UInt64) -> ProtoProven {
    var receipt = ProtoProven()
    receipt.header = Data(state.header.bytes)
    receipt.certificate = certificate
    if let proof = log.proof(at: PlantedBug.wrongReceipt.isPlanted ? 0 : index) {
      receipt.log = [LogProof(entry: LogEntry.transaction(transaction).bytes, proof: proof).message]
    }
    return receipt
  }
}
