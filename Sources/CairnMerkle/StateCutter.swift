public import CairnCrypto

/// Cuts the sorted rows of the state into its largest subtrees of at most so many bytes.
///
/// Where the cuts are depends on the rows alone, so that all who cut the same state have the same pieces. A row that is longer than
/// the limit is a piece of its own.
public struct StateCutter<Row> {
  public struct Piece {
    public let firstKey: Digest
    /// Of the node over the rows.
    public let hash: Digest
    /// Ascending.
    public let rows: [Row]
  }

  private struct Content {
    var byteCount: Int
    /// Empty when they were handed out.
    var rows: [Row]
  }

  private let byteLimit: Int
  private var subtrees = Subtrees<Content>()

  public init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// - Parameters:
  ///   - value: at most `StateTree.valueLimit` bytes.
  ///   - byteCount: what the row weighs.
  /// - Returns: what is a piece by now, in no order; `nil` when the key is not above the one before.
  public mutating func append(key: Digest, value: [UInt8], row: Row, byteCount: Int) -> [Piece]? {
    var pieces: [Piece] = []
    let leaf = Subtrees.Subtree(
      firstKey: key, hash: StateHash.leaf(key: key, value: value), content: Content(byteCount: byteCount, rows: [row]))
    let limit = byteLimit
    guard subtrees.append(leaf, join: { left, right, _ in Self.join(left, right, limit, into: &pieces) }) else { return nil }
    return pieces
  }

  /// - Returns: the last pieces, and the root.
  public mutating func finish() -> (pieces: [Piece], root: Digest) {
    var pieces: [Piece] = []
    let limit = byteLimit
    guard let top = subtrees.finish(join: { left, right, _ in Self.join(left, right, limit, into: &pieces) }) else {
      return ([], StateHash.empty)
    }
    Self.hand(top, to: &pieces)
    return (pieces, top.hash)
  }
}

extension StateCutter {
  private typealias Subtree = Subtrees<Content>.Subtree

  private static func join(_ left: Subtree, _ right: Subtree, _ byteLimit: Int, into pieces: inout [Piece]) -> Content {
    let byteCount = left.content.byteCount + right.content.byteCount
    guard byteCount > byteLimit else { return Content(byteCount: byteCount, rows: left.content.rows + right.content.rows) }
    hand(left, to: &pieces)
    hand(right, to: &pieces)
    return Content(byteCount: byteCount, rows: [])
  }

  private static func hand(_ subtree: Subtree, to pieces: inout [Piece]) {
    guard !subtree.content.rows.isEmpty else { return }
    pieces.append(Piece(firstKey: subtree.firstKey, hash: subtree.hash, rows: subtree.content.rows))
  }
}
