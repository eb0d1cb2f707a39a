import CairnChain
import CairnCrypto
import CairnMerkle
import CairnStore
import NIOCore

/// Makes the engine's steps durable, by a worker that may wait for the disk. Lives on the core's event loop.
///
/// Steps that come while the disk is busy are written together, as one transaction: the slower the disk, the fewer syncs. Only those of
/// epochs with different numbers of validators are not.
final class DiskWriter {
  private let chain: ChainWriter
  private let worker: any Workers
  private let loop: any EventLoop
  private let fail: (StoreError) -> Void
  private var waiting: [Waiting] = []
  private var isBusy = false

  /// Steps that become one transaction.
  private struct Waiting {
    var batch: ChainBatch
    var completions: [(LogTileEdge) -> Void]
  }

  /// - Parameters:
  ///   - worker: one at a time, and this writer's own.
  ///   - fail: called once, on the loop; nothing is written afterwards.
  init(chain: ChainWriter, worker: any Workers, loop: any EventLoop, fail: @escaping (StoreError) -> Void) {
    self.chain = chain
    self.worker = worker
    self.loop = loop
    self.fail = fail
  }

  /// - Parameter completion: called on the loop once everything in the batch, and in every earlier one, is durable; with the
  ///   log's right edge as it is then.
  func write(_ batch: ChainBatch, then completion: @escaping (LogTileEdge) -> Void) {
    if waiting.last?.batch.validatorCount == batch.validatorCount {
      waiting[waiting.count - 1].batch.append(batch)
      waiting[waiting.count - 1].completions.append(completion)
    } else {
      waiting.append(Waiting(batch: batch, completions: [completion]))
    }
    writeWaiting()
  }

  private func writeWaiting() {
    guard !isBusy, !waiting.isEmpty else { return }
    isBusy = true
    let next = waiting.removeFirst()
    let (batch, completed) = (next.batch, next.completions)
    worker.run(on: loop) { [chain] in
      try chain.write(batch)
      return chain.edge
    }.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let edge):
        self.isBusy = false
        for completion in completed { completion(edge) }
        self.writeWaiting()
      case .failure(let error as StoreError):
        self.fail(error)
      case .failure:
        // The worker was stopped: so is the node.
        break
      }
    }
  }
}

extension ChainBatch {
  fileprivate mutating func append(_ other: ChainBatch) {
    entered += other.entered
    votes += other.votes
    candidates += other.candidates
    certificates += other.certificates
    commit += other.commit
    evidence += other.evidence
    finalized = other.finalized ?? finalized
  }
}
