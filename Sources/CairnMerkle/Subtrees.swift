import CairnCrypto

/// Subtrees of the state tree side by side, on their way to being one: what is left of it when its nodes come in the order of
/// their keys and each inner node is made as soon as both its sides are there.
///
/// A subtree is a node with all that is below it. Its first key stands for all its keys: whatever lies outside differs from each of
/// them first in the same bit.
struct Subtrees<Content> {
  struct Subtree {
    let firstKey: Digest
    let hash: Digest
    var content: Content
  }

  /// Makes the content of a node from those of its sides.
  typealias Join = (_ left: Subtree, _ right: Subtree, _ hash: Digest) -> Content

  private var subtrees: [Subtree] = []
  /// First differing bit of each two neighbours, ascending: at most 255 of them.
  private var bits: [Int] = []

  /// - Returns: `false` when the key is not above all keys before it.
  mutating func append(_ subtree: Subtree, join: Join) -> Bool {
    if let last = subtrees.last {
      guard last.firstKey < subtree.firstKey, let bit = last.firstKey.firstDifferingBit(from: subtree.firstKey) else { return false }
      while let above = bits.last, above > bit { joinLast(join) }
      // Only keys that are out of order differ in the same bit twice.
      guard bits.last != bit else { return false }
      bits.append(bit)
    }
    subtrees.append(subtree)
    return true
  }

  /// The node over everything; `nil` when there was nothing.
  mutating func finish(join: Join) -> Subtree? {
    while !bits.isEmpty { joinLast(join) }
    return subtrees.popLast()
  }

  private mutating func joinLast(_ join: Join) {
    guard let bit = bits.popLast(), let right = subtrees.popLast(), let left = subtrees.popLast() else { return }
    let hash = StateHash.inner(bit: UInt8(bit), left: left.hash, right: right.hash)
    subtrees.append(Subtree(firstKey: left.firstKey, hash: hash, content: join(left, right, hash)))
  }
}
