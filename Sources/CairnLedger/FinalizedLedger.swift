public import CairnCrypto

/// What the ledger asks of the store about finalized blocks.
public protocol FinalizedLedger: Sendable {
  /// The newest finalized record of a row of the state tree, `nil` when there is none. The caller checks its hash.
  func record(forKey key: Digest) throws -> [UInt8]?

  /// Whether one of the last `maxValidityBlocks` finalized blocks has this transaction. Asked for every transaction: answered from memory.
  func contains(transaction id: Digest) -> Bool
}

/// The store of a network that has no finalized block yet.
public struct EmptyLedger: FinalizedLedger {
  public init() {}
  public func record(forKey key: Digest) -> [UInt8]? { nil }
  public func contains(transaction id: Digest) -> Bool { false }
}
