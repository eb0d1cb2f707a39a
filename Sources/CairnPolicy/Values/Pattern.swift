/// The pattern of a `like`: literal pieces with a wildcard between each two, where a wildcard stands for any text, the empty one included
/// (`Cedar.Spec.Wildcard`).
///
/// Matching whole UTF-8 pieces is matching Unicode scalars, because no scalar's encoding begins inside another's.
public struct Pattern: Hashable, Sendable {
  /// One more than there are wildcards; `a*` is `["a", ""]`.
  public let pieces: [Text]
  /// For each piece and byte, how much of the piece still matches after a mismatch (Knuth, Morris, Pratt). Empty for the first and the last
  /// piece, which are anchored.
  private let failures: [[Int]]

  public init(pieces: [Text]) {
    self.pieces = pieces.isEmpty ? [""] : pieces
    failures = self.pieces.enumerated().map { index, piece in
      index == 0 || index == pieces.count - 1 ? [] : Self.failures(of: Array(piece.string.utf8))
    }
  }

  /// In UTF-8, without the wildcards.
  public var byteCount: Int { pieces.reduce(0) { $0 + $1.byteCount } }

  /// Linear in the length of the text and the pattern: each piece at its leftmost place, which leaves most to those that follow.
  public func matches(_ text: Text) -> Bool {
    let matched = text.string.utf8.withContiguousStorageIfAvailable { matches(bytes: $0[...]) }
    return matched ?? Array(text.string.utf8).withUnsafeBufferPointer { matches(bytes: $0[...]) }
  }

  private func matches(bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard let first = pieces.first, let last = pieces.last else { return bytes.isEmpty }
    guard pieces.count > 1 else { return bytes.elementsEqual(first.string.utf8) }
    guard bytes.count >= first.byteCount + last.byteCount, bytes.starts(with: first.string.utf8),
      bytes.suffix(last.byteCount).elementsEqual(last.string.utf8)
    else { return false }
    var rest = bytes.dropFirst(first.byteCount).dropLast(last.byteCount)
    for index in 1..<(pieces.count - 1) {
      guard let end = Self.end(of: Array(pieces[index].string.utf8), failures: failures[index], in: rest) else { return false }
      rest = rest[end...]
    }
    return true
  }

  /// Where the leftmost occurrence of the piece ends.
  private static func end(of piece: [UInt8], failures: [Int], in text: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    var matched = 0
    if piece.isEmpty { return text.startIndex }
    for index in text.indices {
      while matched > 0, piece[matched] != text[index] { matched = failures[matched - 1] }
      if piece[matched] == text[index] { matched += 1 }
      if matched == piece.count { return index + 1 }
    }
    return nil
  }

  private static func failures(of piece: [UInt8]) -> [Int] {
    var failures = [Int](repeating: 0, count: piece.count)
    var matched = 0
    for index in piece.indices.dropFirst() {
      while matched > 0, piece[matched] != piece[index] { matched = failures[matched - 1] }
      if piece[matched] == piece[index] { matched += 1 }
      failures[index] = matched
    }
    return failures
  }
}
