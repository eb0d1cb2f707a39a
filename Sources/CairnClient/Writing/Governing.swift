import CairnCrypto
import CairnIdentity
public import CairnLedger

extension CairnClient {
  private static let proposalSaltByteCount = 16

  /// Who governs, by which rules, and the ids of all open proposals.
  public func governance() async throws(CairnError) -> GovernanceResolution { try await ask(.governance) }

  /// A proposal, open or not, or the proof that there is none.
  public func proposal(_ id: ProposalID) async throws(CairnError) -> ProposalResolution { try await ask(.proposal(id)) }

  /// Proposes a change; a trustee's proposal has that trustee's approval.
  ///
  /// - Parameter expiresMilliseconds: Unix time, at most 90 days ahead.
  public func propose(
    _ action: GovernanceAction, expiresMilliseconds: UInt64, by proposer: Signatory
  ) async throws(CairnError) -> (proposal: ProposalID, receipt: Receipt) {
    let operation: LedgerOperation
    do {
      operation = try .propose(
        action, expiresMilliseconds: expiresMilliseconds, salt: randomBytes(Self.proposalSaltByteCount), network: network)
    } catch {
      throw .invalidOperation(error)
    }
    guard let id = operation.kind.proposal else { throw .invalidOperation(.malformed("kind")) }
    return (id, try await perform([operation], keys: [], by: proposer))
  }

  /// Approves a proposal. With as many approvals as must agree it takes effect in the block of the receipt.
  @discardableResult
  public func approve(_ proposal: ProposalID, by trustee: Signatory) async throws(CairnError) -> Receipt {
    let operation: LedgerOperation
    do { operation = try .approve(proposal, network: network) } catch { throw .invalidOperation(error) }
    return try await perform([operation], keys: [], by: trustee)
  }

  /// By the proposer: ends the proposal. By another trustee: takes back the own approval.
  @discardableResult
  public func withdraw(_ proposal: ProposalID, by submitter: Signatory) async throws(CairnError) -> Receipt {
    let operation: LedgerOperation
    do { operation = try .withdraw(proposal, network: network) } catch { throw .invalidOperation(error) }
    return try await perform([operation], keys: [], by: submitter)
  }
}
