public import CairnCrypto
public import CairnIdentity
import CairnMessages

/// Puts a new version of a contract into force.
public struct ContractUpgrade: Hashable, Sendable {
  public let version: ContractVersion
  /// Who lets a `forbid` go, when one goes.
  public let guardian: CairnDID?

  init(_ message: ProtoContractUpgrade, network: Digest) throws(OperationError) {
    guard message.hasContract else { throw .malformed("contract") }
    version = try ContractVersion(message.contract, network: network)
    guard version.version > 1 else { throw .malformed("version") }
    guardian = message.guardian.isEmpty ? nil : try .guardian(message.guardian, network: network)
  }
}

/// Two guardians let a frozen contract decide again: the submitter, and the one that is named.
public struct ContractUnfreeze: Hashable, Sendable {
  public let id: ContractID
  /// Of the record that the two have seen: an older permission to unfreeze does not lift a later freeze.
  public let sequence: UInt64
  /// Of the version in force.
  public let hash: Digest
  public let guardian: CairnDID

  init(_ message: ProtoContractUnfreeze, network: Digest) throws(OperationError) {
    id = try .parsing(message.contract)
    guard let hash = Digest(message.hash) else { throw .malformed("hash") }
    (sequence, self.hash) = (message.sequence, hash)
    guardian = try .guardian(message.guardian, network: network)
  }
}

/// An auditor's word on the version in force.
public struct ContractAttest: Hashable, Sendable {
  /// A sentence or two, or where the report is to be found.
  public static let statementByteLimit = 1_024

  public let id: ContractID
  /// Of the version in force.
  public let hash: Digest
  /// UTF-8; may be empty.
  public let statement: [UInt8]

  init(_ message: ProtoContractAttest) throws(OperationError) {
    id = try .parsing(message.contract)
    guard let hash = Digest(message.hash) else { throw .malformed("hash") }
    self.hash = hash
    statement = Array(message.statement.utf8)
    guard statement.count <= Self.statementByteLimit else { throw .malformed("statement") }
  }
}

extension ContractID {
  static func parsing(_ text: String) throws(OperationError) -> ContractID {
    guard let id = ContractID(text) else { throw .malformed("contract") }
    return id
  }
}

extension CairnDID {
  fileprivate static func guardian(_ text: String, network: Digest) throws(OperationError) -> CairnDID {
    guard let did = try? CairnDID(parsing: text) else { throw .malformed("guardian") }
    guard did.isOf(network: network) else { throw .foreignDID }
    return did
  }
}
