public import CairnIdentity
import CairnLedger

extension CairnClient {
  /// Stops an agent: from the block of the receipt on it submits nothing, and verifiers refuse what it signs. May be repeated; what is
  /// so already stays so.
  ///
  /// - Parameters:
  ///   - reason: for people, 1 to ``CairnLedger/AgentIsolate/reasonByteLimit`` bytes without control characters.
  ///   - untilMilliseconds: Unix time; `nil` until it is released.
  ///   - guardian: a DID with that role.
  public func isolate(
    _ did: CairnDID, reason: String, untilMilliseconds: UInt64? = nil, by guardian: Signatory
  ) async throws(CairnError) -> Receipt {
    let operation: LedgerOperation
    do {
      operation = try .isolate(did, reason: reason, untilMilliseconds: untilMilliseconds, network: network)
    } catch {
      throw .invalidOperation(error)
    }
    return try await perform([operation], keys: [], by: guardian)
  }

  /// Ends an isolation. May be repeated.
  public func release(_ did: CairnDID, by guardian: Signatory) async throws(CairnError) -> Receipt {
    let operation: LedgerOperation
    do { operation = try .release(did, network: network) } catch { throw .invalidOperation(error) }
    return try await perform([operation], keys: [], by: guardian)
  }
}
