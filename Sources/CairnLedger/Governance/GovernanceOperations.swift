public import CairnCrypto
import CairnMessages
import Foundation

/// Proposes a change.
public struct GovernancePropose: Hashable, Sendable {
  public static let saltByteCount = 16
  /// A quarter: time for every trustee to come back from holidays, and not for a proposal to be forgotten.
  public static let lifetimeLimitMilliseconds: UInt64 = 90 * 86_400_000

  public let action: GovernanceAction
  /// Unix time.
  public let expiresMilliseconds: UInt64
  public let salt: [UInt8]

  init(_ message: ProtoGovernancePropose, network: Digest) throws(OperationError) {
    guard message.hasAction else { throw .malformed("action") }
    guard message.salt.count == Self.saltByteCount else { throw .malformed("salt") }
    action = try GovernanceAction(message.action, network: network)
    expiresMilliseconds = message.expiresMs
    salt = [UInt8](message.salt)
  }
}

extension LedgerOperation {
  /// The new proposal's id is ``Kind/proposal``.
  ///
  /// - Parameters:
  ///   - expiresMilliseconds: Unix time.
  ///   - salt: 16 bytes, by which two equal proposals differ.
  public static func propose(
    _ action: GovernanceAction, expiresMilliseconds: UInt64, salt: [UInt8], network: Digest
  ) throws(OperationError) -> LedgerOperation {
    var propose = ProtoGovernancePropose()
    propose.action = action.message
    propose.expiresMs = expiresMilliseconds
    propose.salt = Data(salt)
    return try make(.governancePropose(propose), network: network)
  }

  public static func approve(_ proposal: ProposalID, network: Digest) throws(OperationError) -> LedgerOperation {
    var approve = ProtoGovernanceApprove()
    approve.proposal = Data(proposal.digest.bytes)
    return try make(.governanceApprove(approve), network: network)
  }

  public static func withdraw(_ proposal: ProposalID, network: Digest) throws(OperationError) -> LedgerOperation {
    var withdraw = ProtoGovernanceWithdraw()
    withdraw.proposal = Data(proposal.digest.bytes)
    return try make(.governanceWithdraw(withdraw), network: network)
  }
}
