public import CairnCrypto

/// The hash rules of the log: the Merkle tree of RFC 6962 section 2.1 (the same in RFC 9162) with SHA-256.
public enum LogTree {
  /// More entries than any log ever has. No larger size from outside is believed, so that sizes never overflow by growing.
  public static let sizeLimit: UInt64 = 1 << 62

  /// The root of the log without entries: the hash of nothing.
  public static let emptyRoot = Digest.sha256([])

  /// H(0x00 || entry).
  public static func leafHash(_ entry: [UInt8]) -> Digest {
    var hasher = SHA256Hasher()
    hasher.update(byte: 0x00)
    hasher.update(entry)
    return hasher.finalize()
  }

  /// H(0x01 || left || right).
  public static func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
    Preimage.hash(capacity: 1 + 2 * Digest.byteCount) { preimage in
      preimage.append(byte: 0x01)
      preimage.append(left)
      preimage.append(right)
    }
  }

  /// The root of the tree over these leaves.
  public static func root(of leafHashes: some Sequence<Digest>) -> Digest {
    var frontier = LogFrontier()
    for leafHash in leafHashes { frontier.append(leafHash) }
    return frontier.root
  }
}
