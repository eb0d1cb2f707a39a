public import CairnCrypto

/// A place in the chain: after this block.
public struct EventPosition: Hashable, Sendable {
  public let height: UInt64
  /// Of the block's header. With it, what follows is proven to follow that very block.
  public let digest: Digest?

  public init(height: UInt64, digest: Digest? = nil) {
    (self.height, self.digest) = (height, digest)
  }
}

/// Which transactions a stream has as themselves: those with an operation that matches every list which is not empty.
///
/// The node applies the filter, and nothing proves that it does so honestly: it may leave out a transaction that matches. What it sends is
/// proven all the same, and so is how many it left out. Without a filter nothing can be left out.
public struct EventFilter: Hashable, Sendable {
  /// Names of operations as the protocol has them, for example `status_list_update`.
  public var kinds: Set<String>
  /// DIDs that an operation creates or changes.
  public var dids: Set<String>
  /// Issuers of status lists, and controllers of session batches.
  public var issuers: Set<String>
  /// Names of contracts that an operation makes or changes.
  public var contracts: Set<String>

  public init(kinds: Set<String> = [], dids: Set<String> = [], issuers: Set<String> = [], contracts: Set<String> = []) {
    (self.kinds, self.dids, self.issuers, self.contracts) = (kinds, dids, issuers, contracts)
  }

  /// Every transaction.
  public static let everything = EventFilter()

  public var isEmpty: Bool { kinds.isEmpty && dids.isEmpty && issuers.isEmpty && contracts.isEmpty }
}
