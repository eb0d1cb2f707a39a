import CairnCrypto

/// RFC 6962 section 2.1 word for word, over leaf hashes; slow and independent of the code under test.
enum NaiveLog {
  static func hash(_ bytes: [UInt8]) -> Digest { .sha256(bytes) }

  static func split(_ count: Int) -> Int {
    var half = 1
    while half * 2 < count { half *= 2 }
    return half
  }

  static func root(_ leaves: ArraySlice<Digest>) -> Digest {
    guard let first = leaves.first else { return hash([]) }
    guard leaves.count > 1 else { return first }
    let middle = leaves.startIndex + split(leaves.count)
    return hash([0x01] + root(leaves[..<middle]).bytes + root(leaves[middle...]).bytes)
  }

  static func path(_ index: Int, _ leaves: ArraySlice<Digest>) -> [Digest] {
    guard leaves.count > 1 else { return [] }
    let half = split(leaves.count)
    let (left, right) = (leaves.prefix(half), leaves.dropFirst(half))
    return index < half ? path(index, left) + [root(right)] : path(index - half, right) + [root(left)]
  }

  static func subproof(_ old: Int, _ leaves: ArraySlice<Digest>, _ complete: Bool) -> [Digest] {
    if old == leaves.count { return complete ? [] : [root(leaves)] }
    let half = split(leaves.count)
    let (left, right) = (leaves.prefix(half), leaves.dropFirst(half))
    return old <= half
      ? subproof(old, left, complete) + [root(right)]
      : subproof(old - half, right, false) + [root(left)]
  }

  /// `count` leaf hashes that only depend on their index.
  static func leaves(_ count: Int) -> [Digest] {
    (0..<count).map { index in hash([0x00] + withUnsafeBytes(of: UInt64(index).littleEndian) { Array($0) }) }
  }
}
