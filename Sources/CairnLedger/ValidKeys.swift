import CairnCrypto
import CairnIdentity
import Synchronization

/// Keys that were found valid before: the check costs as much as a signature's, and an agent that changes its document registers the
/// same key again and again. Only a memory of a pure function; what it forgets is computed again.
final class ValidKeys: Sendable {
  /// In each of two generations: 2 MiB together.
  private static let limit = 32_768

  private let generations = Mutex<(young: Set<PublicKey>, old: Set<PublicKey>)>(([], []))

  /// See ``CairnCrypto/PublicKey/isValidPoint``.
  func isValid(_ key: PublicKey) -> Bool {
    if generations.withLock({ $0.young.contains(key) || $0.old.contains(key) }) { return true }
    guard key.isValidPoint else { return false }
    generations.withLock { generations in
      if generations.young.count >= Self.limit { generations = ([], generations.young) }
      generations.young.insert(key)
    }
    return true
  }
}
