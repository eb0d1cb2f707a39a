public import CairnCrypto

/// The hash rules of the state tree (those of Torchwood's `mpt`).
enum StateHash {
  /// The root of the tree without rows: the hash of nothing.
  static let empty = Digest.sha256([])

  /// H(0x00 || uv(32) || key || uv(|value|) || value).
  static func leaf(key: Digest, value: [UInt8]) -> Digest {
    Preimage.hash(capacity: 4 + Digest.byteCount + StateTree.valueLimit) { preimage in
      preimage.append(byte: 0x00)
      preimage.append(shortVarint: Digest.byteCount)
      preimage.append(key)
      preimage.append(shortVarint: value.count)
      preimage.append(value)
    }
  }

  /// H(0x01 || uv(bit) || left || right).
  static func inner(bit: UInt8, left: Digest, right: Digest) -> Digest {
    Preimage.hash(capacity: 3 + 2 * Digest.byteCount) { preimage in
      preimage.append(byte: 0x01)
      preimage.append(shortVarint: Int(bit))
      preimage.append(left)
      preimage.append(right)
    }
  }
}

extension Digest {
  private static let stateDomain = Domain("cairn/state/v1")

  /// The key of a state row: H("cairn/state/v1" || 0x00 || type || id).
  public static func stateKey(type: UInt8, id: [UInt8]) -> Digest {
    var hasher = SHA256Hasher()
    hasher.update(stateDomain.prefix)
    hasher.update(byte: type)
    hasher.update(id)
    return hasher.finalize()
  }
}
