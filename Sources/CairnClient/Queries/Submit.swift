import CairnChain
public import CairnCrypto
import CairnLedger
import CairnMessages
import CairnProtocol
import Foundation
import NIOCore

/// How long a submission waits.
public enum SubmitWait: Sendable {
  /// Until the transaction is final.
  case final
  /// Until the node has verified it and holds it.
  case noWait
}

/// What became of a submitted transaction.
public enum SubmitOutcome: Equatable, Sendable {
  /// Final. Proven.
  case final(Receipt)
  /// Asked for with ``SubmitWait/noWait``: the node says that it holds the transaction. It may be final soon, or never.
  case accepted(transactionID: Digest)
  /// The ledger refuses it, says the node.
  case refused(Refusal)
  /// Not known in time: it may be final, or become so. Submitting it again is harmless.
  case undecided([EndpointFailure])
}

extension Query<[SubmitOutcome]> {
  static func submit(_ transactions: [Transaction], wait: SubmitWait) -> Query {
    var request = ProtoSubmitRequest()
    request.transactions = transactions.map { Data($0.bytes) }
    request.wait = wait == .final ? .final : .noWait
    return Query(method: .submit) { [request] known in
      var request = request
      request.known = known.message
      return ByteBuffer(encoding: request)
    } accept: { answer, known, trust throws(EndpointProblem) in
      let response: ProtoSubmitResponse = try decode(answer.bytes)
      guard response.results.count == transactions.count else { throw .otherAnswer("result_count") }
      var outcomes: [SubmitOutcome] = []
      for (transaction, result) in zip(transactions, response.results) {
        outcomes.append(try outcome(of: transaction, result, wait, known, trust))
      }
      if let refusal = refusalByNode(outcomes) { throw .unavailable(refusal) }
      return outcomes
    }
  }

  private static func outcome(
    of transaction: Transaction, _ result: ProtoSubmitResult, _ wait: SubmitWait, _ known: Knowledge, _ trust: Trust
  ) throws(EndpointProblem) -> SubmitOutcome {
    guard Digest(result.transactionID) == transaction.id else { throw .otherAnswer("another_transaction") }
    switch result.outcome {
    case .receipt(let proven):
      let header = try trust.verifyReceipt(proven, since: known)
      return .final(try Receipt(of: transaction.id, proven, under: header, network: trust.network))
    case .accepted:
      guard wait == .noWait else { throw .otherAnswer("not_final") }
      return .accepted(transactionID: transaction.id)
    case .failure(let failure):
      var refusal = Refusal(failure)
      refusal.current = current(failure, transaction, known, trust)
      return .refused(refusal)
    case nil: throw .malformed
    }
  }

  /// The head that a refusal for being stale carries, when it proves itself.
  private static func current(_ failure: ProtoFailure, _ transaction: Transaction, _ known: Knowledge, _ trust: Trust) -> ResolvedDID? {
    guard failure.hasCurrent, failure.current.state.count == 1, let header = try? trust.verifyReceipt(failure.current, since: known) else {
      return nil
    }
    for did in transaction.operations.compactMap(\.did) {
      guard let value = try? header.value(of: did.stateKey, proof: failure.current.state[0]),
        let resolved = try? ResolvedDID(did, stateValue: value, payload: [UInt8](failure.current.payload))
      else { continue }
      return resolved
    }
    return nil
  }

  /// Why this node takes none of them now; another may.
  private static func refusalByNode(_ outcomes: [SubmitOutcome]) -> Refusal? {
    var last: Refusal?
    for outcome in outcomes {
      guard case .refused(let refusal) = outcome, refusal.isAboutNode else { return nil }
      last = refusal
    }
    return last
  }
}
