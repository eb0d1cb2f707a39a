import CairnChain
import CairnCrypto
import CairnMerkle
import CairnStore
import NIOCore

/// Makes the engine's steps durable, by a worker that may wait for the disk. Lives on the core's event loop.
///
/// Steps that come while the disk is busy are written together, as one transaction: the slower the disk, the fewer syncs.
final class DiskWriter {
  private let chain: ChainWriter
  private let worker: any Workers
  private let loop: any EventLoop
  private let validatorCount: Int
  private let fail: (StoreError) -> Void
  private var waiting: ChainBatch
  private var completions: [(LogTileEdge) -> Void] = []
  private var isBusy = false

  /// - Parameters:
  ///   - worker: one at a time, and this writer's own.
  ///   - fail: called once, on the loop; nothing is written afterwards.
  init(chain: ChainWriter, worker: any Workers, loop: any EventLoop, validatorCount: Int, fail: @escaping (StoreError) -> Void) {
    self.chain = chain
    self.worker = worker
    self.loop = loop
    self.validatorCount = validatorCount
    self.fail = fail
    waiting = ChainBatch(validatorCount: validatorCount)
  }

  /// - Parameter completion: called on the loop once everything in the batch, and in every earlier one, is durable; with the
  ///   log's right edge as it is then.
  func write(_ batch: ChainBatch, then completion: @escaping (LogTileEdge) -> Void) {
    waiting.append(batch)
    completions.append(completion)
    writeWaiting()
  }

  private func writeWaiting() {
    guard !isBusy, !completions.isEmpty else { return }
    isBusy = true
    let batch = waiting
    let completed = completions
    waiting = ChainBatch(validatorCount: validatorCount)
    completions = []
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
