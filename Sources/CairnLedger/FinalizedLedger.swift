public import CairnCrypto

/// What the ledger asks of the store about finalized blocks.
public protocol FinalizedLedger: Sendable {
  /// The newest finalized record of a row of the state tree, `nil` when there is none. The caller checks its hash.
  func record(forKey key: Digest) throws -> [UInt8]?

  /// A version of a row's record that a newer one replaced, `nil` when there is none. The caller checks it.
  func supersededRecord(forKey key: Digest, version: UInt64) throws -> [UInt8]?

  /// RFC 6962 leaf hashes of the versions that newer ones replaced: of the first `count`, or as many as there are, in their order.
  func supersededLeafHashes(forKey key: Digest, count: UInt64) throws -> [Digest]

  /// Whether one of the last ``Parameters/maximumValidityBlocks`` finalized blocks has this transaction: as many whatever the parameter is, which
  /// governance may lower while a transaction is still valid. Asked for every transaction: answered from memory.
  func contains(transaction id: Digest) -> Bool
}

/// The store of a network that has no finalized block yet.
public struct EmptyLedger: FinalizedLedger {
  public init() {}
  public func record(forKey key: Digest) -> [UInt8]? { nil }
  public func supersededRecord(forKey key: Digest, version: UInt64) -> [UInt8]? { nil }
  public func supersededLeafHashes(forKey key: Digest, count: UInt64) -> [Digest] { [] }
  public func contains(transaction id: Digest) -> Bool { false }
}
