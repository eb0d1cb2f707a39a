import CairnChain
import CairnCrypto
import CairnLedger
package import CairnMessages
import CairnNetwork
import Foundation
package import NIOCore
import SwiftProtobuf

/// Takes transactions and tells what became of each.
package struct SubmitService: Sendable {
  /// What a receipt has beside its transaction, header and certificate: a path and a consistency proof in a log of 2^32 entries,
  /// 34 bytes a hash, and framing.
  private static let proofByteCount = 2400
  /// A certificate of the largest validator set.
  private static let certificateByteCount = 2 << 10

  private let queries: QueryService
  private var backend: any NodeBackend { queries.backend }

  package init(_ queries: QueryService) { self.queries = queries }

  /// The outcome of every transaction, in order. Fails as a whole only when nothing was submitted.
  package func submit(
    _ request: ProtoSubmitRequest, from connection: ClientConnection, on loop: any EventLoop
  ) -> EventLoopFuture<ProtoSubmitResponse> {
    let isFinal = request.wait == .final
    do throws(ServiceFailure) {
      try checkRoom(for: request)
      try check(request)
    } catch {
      return loop.makeFailedFuture(error)
    }
    let transactions = request.transactions.map { [UInt8]($0) }
    let arrival = NIODeadline.now()
    return backend.submit(transactions, wait: isFinal, from: connection, on: loop).flatMapThrowing { outcomes in
      precondition(outcomes.count == transactions.count, "every transaction has an outcome")
      backend.metrics.submitted(outcomes, nanoseconds: isFinal ? (NIODeadline.now() - arrival).nanoseconds : nil)
      var response = ProtoSubmitResponse()
      var proofs = BatchProofs(queries: queries, known: request.known)
      response.results = zip(transactions, outcomes).map { result(of: $0, $1, &proofs) }
      return response
    }
  }

  /// Refuses a request as a whole when none of its transactions would be looked at: a flood shall cost a node next to nothing.
  private func checkRoom(for request: ProtoSubmitRequest) throws(ServiceFailure) {
    guard let milliseconds = backend.busyMilliseconds, !request.transactions.allSatisfy({ Transaction.looksDefensive([UInt8]($0)) }) else {
      return
    }
    backend.metrics.overloaded(request.transactions.count)
    throw .overloaded(after: milliseconds)
  }

  private func check(_ request: ProtoSubmitRequest) throws(ServiceFailure) {
    guard request.wait == .final || request.wait == .noWait else {
      throw ServiceFailure(.invalidArgument, "unknown_wait", "The wait of the request is not known: use FINAL or NO_WAIT.")
    }
    guard !request.transactions.isEmpty else {
      throw ServiceFailure(.invalidArgument, "empty_batch", "The request has no transaction: submit at least one.")
    }
    let limit = ServiceLimits.transactionsPerBatch
    guard request.transactions.count <= limit else {
      throw ServiceFailure(
        .invalidArgument, "batch_too_large",
        "The request has \(request.transactions.count) transactions where \(limit) are allowed: split it.")
    }
    guard request.wait == .final else { return }
    // Known now, rather than when the transactions are final and their receipts do not fit.
    let each =
      Header.byteLimit + Self.certificateByteCount * backend.head.state.validators.count / ValidatorSet.countLimit + Self.proofByteCount
    let answer = request.transactions.reduce(0) { $0 + $1.count + each }
    guard request.transactions.count == 1 || answer <= ServiceLimits.batchMessageByteCount * 3 / 4 else {
      throw ServiceFailure(
        .invalidArgument, "batch_too_large", "The receipts of the batch would not fit into one answer: split it, or submit with NO_WAIT.")
    }
  }

  private func result(of transaction: [UInt8], _ outcome: SubmitOutcome, _ proofs: inout BatchProofs) -> ProtoSubmitResult {
    var result = ProtoSubmitResult()
    if let id = transactionID(transaction) { result.transactionID = Data(id.bytes) }
    switch outcome {
    case .final(let receipt):
      result.receipt = receipt
      if let consistency = proofs.consistency(to: receipt) { result.receipt.consistency = consistency }
    case .pending:
      result.accepted = ProtoAccepted()
    case .refused(let error):
      var failure = ServiceFailure(error)
      failure.current = proofs.current(transaction, error)
      result.failure = failure.proto
    case .overloaded(let retryAfterMilliseconds):
      result.failure = ServiceFailure.overloaded(after: retryAfterMilliseconds).proto
    case .undecided:
      let failure = ServiceFailure(
        .deadlineExceeded, "undecided", "The transaction was not decided in time and may still become final: submit the same bytes again.")
      result.failure = failure.proto
    }
    return result
  }

  private func transactionID(_ bytes: [UInt8]) -> Digest? {
    guard let transaction = try? ProtoTransaction(serializedBytes: bytes), !transaction.body.isEmpty else { return nil }
    return UnsignedTransaction(body: [UInt8](transaction.body), network: backend.genesis.network).id
  }
}

/// What the outcomes of one batch are proven with.
private struct BatchProofs {
  /// A proven head beyond this is left out of a failure: the client asks for it.
  private static let currentByteLimit = 64 << 10

  private let queries: QueryService
  private let known: ProtoKnown
  /// What is left of the answer for proven heads.
  private var spareByteCount = ServiceLimits.batchMessageByteCount / 4
  /// By the log size of the receipt's header. Transactions of one batch end in few blocks.
  private var consistency: [UInt64: ProtoConsistencyProof] = [:]

  init(queries: QueryService, known: ProtoKnown) {
    self.queries = queries
    self.known = known
  }

  /// That the receipt's log continues the one that the client knows; `nil` when there is nothing to prove.
  mutating func consistency(to receipt: ProtoProven) -> ProtoConsistencyProof? {
    guard known.logSize > 0, let header = try? Header(decoding: [UInt8](receipt.header)), known.logSize < header.logSize else {
      return nil
    }
    if let proof = consistency[header.logSize] { return proof }
    let (view, size) = (queries.view, header.logSize)
    guard size <= view.header.logSize,
      let proof = try? queries.consistencyProof(from: known.logSize, to: size, root: header.logRoot, in: view).message
    else { return nil }
    consistency[size] = proof
    return proof
  }

  /// The version that the refused operation should have followed, proven.
  mutating func current(_ bytes: [UInt8], _ error: TransactionError) -> ProtoProven? {
    guard case .operation(let index, let error) = error, error.head != nil,
      let transaction = try? Transaction(decoding: bytes, network: queries.backend.genesis.network),
      index < transaction.operations.count,
      let did = transaction.operations[index].did,
      let answer = try? queries.resolve(did.stateKey, known),
      answer.byteCount <= min(Self.currentByteLimit, spareByteCount)
    else { return nil }
    spareByteCount -= answer.byteCount
    return answer.message
  }
}
