public import CairnCrypto
import CairnMerkle

/// The name of a policy contract: 1 to 32 lowercase letters, digits and hyphens, the same for the whole network.
///
/// Not scoped by a DID, unlike a status list: the name is what agents and tool servers are configured with, and it outlives its owners, who can
/// be replaced by an upgrade. Nobody can squat on names who is not an author. A name is never used again, not even after the contract is retired.
public struct ContractID: Hashable, Sendable {
  /// In bytes. Names are for people; a contract needs no more.
  public static let byteLimit = 32

  public let name: String

  /// Accepts exactly the texts that ``description`` writes; `nil` for any other.
  public init?(_ text: some StringProtocol) {
    let bytes = text.utf8.prefix(Self.byteLimit + 1)
    guard (1...Self.byteLimit).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
    name = String(text)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
  }

  /// The key of the row with the contract's ``ContractRecord``.
  public var stateKey: Digest { .stateKey(type: StateType.contract.rawValue, id: Array(name.utf8)) }

  /// The key of the row with one ``ContractVersion``, which never changes.
  public func versionKey(_ version: UInt64) -> Digest {
    .stateKey(type: StateType.contractVersion.rawValue, id: stateKey.bytes + withUnsafeBytes(of: version.bigEndian, Array.init))
  }
}

extension ContractID: CustomStringConvertible {
  public var description: String { name }
}
