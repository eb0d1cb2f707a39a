import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import Foundation

/// Submits the operations of a fleet in few transactions, some at a time, so that a long work shows how far it is and what fails
/// does not stop the rest.
struct FleetSubmission {
  /// Transactions that are on their way at a time: enough to fill blocks, and few enough that the nodes' queues stay short.
  private static let inFlight = 4
  /// Bytes of operations in one transaction; the rest is for signatures and framing.
  private static let operationByteLimit = 48 << 10

  /// One DID's part of the work.
  struct Item: Sendable {
    let operation: LedgerOperation
    /// That must sign, beside the submitter's.
    var keys: [SigningKey] = []
  }

  /// What became of one DID.
  struct Result: Sendable {
    let did: CairnDID
    /// Or why there is none.
    let outcome: Swift.Result<Receipt, CairnError>
  }

  let client: CairnClient
  let submitter: Signatory
  /// Of the progress bar.
  let label: String

  /// - Returns: the results, in the order of the items.
  func submit(_ items: [Item]) async -> [Result] {
    let batches = Self.batches(of: items)
    let bar = ProgressBar(label)
    var results = [[Result]](repeating: [], count: batches.count)
    var done = 0
    await withTaskGroup(of: (Int, [Result]).self) { group in
      var waiting = batches.indices[...]
      func start() {
        guard let index = waiting.popFirst() else { return }
        let batch = batches[index]
        group.addTask { (index, await submit(batch: batch)) }
      }
      for _ in 0..<Self.inFlight { start() }
      for await (index, part) in group {
        results[index] = part
        done += part.count
        bar.update(UInt64(done), of: UInt64(items.count))
        start()
      }
    }
    bar.finish()
    return results.flatMap(\.self)
  }

  /// All of it, or nothing.
  private func submit(batch: [Item]) async -> [Result] {
    let outcome: Swift.Result<Receipt, CairnError>
    do throws(CairnError) {
      outcome = .success(try await client.perform(batch.map(\.operation), keys: batch.flatMap(\.keys), by: submitter))
    } catch {
      outcome = .failure(error)
    }
    return batch.compactMap { $0.operation.did }.map { Result(did: $0, outcome: outcome) }
  }

  /// As few transactions as the limits allow.
  static func batches(of items: [Item]) -> [[Item]] {
    var batches: [[Item]] = []
    var (byteCount, signatureCount) = (0, 0)
    for item in items {
      let bytes = item.operation.bytes.count
      // One is the submitter's, which may have a few keys more.
      let isFull = byteCount + bytes > operationByteLimit || signatureCount + item.keys.count > Transaction.signatureLimit / 2
      if let last = batches.last, !isFull, last.count < Transaction.operationLimit {
        batches[batches.count - 1].append(item)
        byteCount += bytes
        signatureCount += item.keys.count
      } else {
        batches.append([item])
        (byteCount, signatureCount) = (bytes, item.keys.count)
      }
    }
    return batches
  }
}

/// What became of a fleet, for people and programs.
struct FleetReport {
  /// A line for each of so many; of more only the sum.
  private static let lineLimit = 100

  let results: [FleetSubmission.Result]

  /// Those of which it is certain that nothing happened.
  var refused: Set<CairnDID> {
    Set(
      results.compactMap { result in
        guard case .failure(let error) = result.outcome, ClientSentence.failure(error).status == .refused else { return nil }
        return result.did
      })
  }

  /// Prints what was done.
  ///
  /// - Parameters:
  ///   - verb: for example `Created`.
  ///   - wallet: with the keys; `nil` when nobody needs to know.
  /// - Returns: why the rest was not done; `nil` when everything was.
  func print(_ verb: String, wallet: String?, _ output: OutputOptions) -> CommandFailure? {
    let changes = results.compactMap { result in
      if case .success(let receipt) = result.outcome { ShownChange(result.did, receipt, wallet: wallet) } else { nil }
    }
    if output.isJSON || changes.count <= Self.lineLimit {
      for change in changes {
        output.print(change, text: "\(verb) \(change.did) at height \(change.height)\(wallet.map { "; its keys are in \($0)" } ?? "").")
      }
    } else {
      let heights = changes.map(\.height)
      let transactions = Set(changes.map(\.transaction)).count
      let range = "heights \(heights.min() ?? 0) to \(heights.max() ?? 0)"
      Output.write(
        "\(verb) \(changes.count) DIDs in \(transactions) transactions, \(range)\(wallet.map { "; their keys are in \($0)" } ?? "").\n",
        to: .standardOutput)
    }
    return failure(done: changes.count)
  }

  private func failure(done: Int) -> CommandFailure? {
    let errors = results.compactMap { result in
      if case .failure(let error) = result.outcome { error } else { nil }
    }
    guard let first = errors.first else { return nil }
    let failure = ClientSentence.failure(first)
    guard results.count > 1 else { return failure }
    return CommandFailure(
      status: failure.status, reason: failure.reason,
      description: "\(errors.count) of \(results.count) DIDs were not done, \(done) were. The first reason: \(failure.description)")
  }
}
