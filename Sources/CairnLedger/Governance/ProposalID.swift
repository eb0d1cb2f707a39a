public import CairnCrypto
import CairnMerkle
import CairnMessages
public import Foundation

/// Names a proposal: H("cairn/proposal/v1" || 0x00 || canonical `GovernancePropose`).
public struct ProposalID: Hashable, Comparable, Sendable, CustomStringConvertible {
  static let domain = Domain("cairn/proposal/v1")

  public let digest: Digest

  public init(_ digest: Digest) { self.digest = digest }

  init(of message: ProtoGovernancePropose) { digest = .sha256(Self.domain, Canonical.encode(message)) }

  /// `nil` unless there are 32 bytes.
  public init?(_ bytes: Data) {
    guard let digest = Digest(bytes) else { return nil }
    self.digest = digest
  }

  /// 64 hexadecimal digits.
  public init?(parsing text: String) {
    guard let bytes = Hex.decode(text), let digest = Digest(bytes) else { return nil }
    self.digest = digest
  }

  public var description: String { digest.description }
  /// The key of the proposal's row in the state tree.
  public var stateKey: Digest { .stateKey(type: StateType.proposal.rawValue, id: digest.bytes) }

  public static func < (left: ProposalID, right: ProposalID) -> Bool { left.digest < right.digest }
}
