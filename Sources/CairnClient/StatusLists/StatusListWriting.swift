public import CairnIdentity
public import CairnLedger

extension CairnClient {
  /// Makes a status list, every bit clear.
  ///
  /// - Parameters:
  ///   - length: bits, as ``CairnLedger/StatusList/lengths`` allows.
  ///   - revokers: may set and clear bits, beside the issuer.
  ///   - issuer: whose DID the list's identifier starts with.
  public func createStatusList(
    _ list: StatusListID, purpose: StatusListPurpose, length: UInt32 = StatusList.lengths.lowerBound, revokers: [CairnDID] = [],
    by issuer: Signatory
  ) async throws(CairnError) -> Receipt {
    let operation: LedgerOperation
    do {
      operation = try .createStatusList(list, purpose: purpose, length: length, revokers: revokers, network: network)
    } catch {
      throw .invalidOperation(error)
    }
    return try await perform([operation], keys: [], by: issuer)
  }

  /// Sets and clears bits: revokes, suspends, reinstates. What is so already stays so, so that a call may be repeated.
  ///
  /// Any number of indices, in as few transactions as fit; within one transaction all or none take effect.
  ///
  /// - Parameters:
  ///   - set: in any order; twice is once.
  ///   - clear: likewise; refused where a bit is for ever.
  ///   - submitter: the list's issuer, or one of its revokers.
  /// - Returns: a receipt for each transaction; none without indices.
  /// - Throws: the first failure. Other transactions of the call may have become final.
  public func updateStatusList(
    _ list: StatusListID, set: some Collection<UInt32> & Sendable, clear: some Collection<UInt32> & Sendable = [],
    by submitter: Signatory
  ) async throws(CairnError) -> [Receipt] {
    let changes =
      Set(set).sorted().map { StatusChange(index: $0, isSet: true) } + Set(clear).sorted().map { StatusChange(index: $0, isSet: false) }
    var transactions: [Transaction] = []
    for start in stride(from: 0, to: changes.count, by: StatusList.updateLimit) {
      let part = changes[start..<min(start + StatusList.updateLimit, changes.count)]
      let operation: LedgerOperation
      do {
        operation = try .updateStatusList(
          list, set: part.filter(\.isSet).map(\.index), clear: part.filter { !$0.isSet }.map(\.index), network: network)
      } catch {
        throw .invalidOperation(error)
      }
      transactions.append(try await transaction(of: [operation], keys: [], by: submitter))
    }
    guard !transactions.isEmpty else { return [] }
    return try Self.receipts(of: try await submit(transactions), for: transactions)
  }

  /// Replaces the DIDs that may set and clear bits beside the issuer.
  public func delegateStatusList(
    _ list: StatusListID, to revokers: [CairnDID], by issuer: Signatory
  ) async throws(CairnError) -> Receipt {
    let operation: LedgerOperation
    do { operation = try .delegateStatusList(list, to: revokers, network: network) } catch { throw .invalidOperation(error) }
    return try await perform([operation], keys: [], by: issuer)
  }

  static func receipts(of outcomes: [SubmitOutcome], for transactions: [Transaction]) throws(CairnError) -> [Receipt] {
    var receipts: [Receipt] = []
    for (outcome, transaction) in zip(outcomes, transactions) {
      switch outcome {
      case .final(let receipt): receipts.append(receipt)
      case .refused(let refusal): throw .refused(refusal)
      case .undecided(let failures): throw .undecided(transactions: [transaction.id], failures)
      case .accepted: throw .undecided(transactions: [transaction.id], [])
      }
    }
    return receipts
  }
}

private struct StatusChange {
  let index: UInt32
  let isSet: Bool
}
