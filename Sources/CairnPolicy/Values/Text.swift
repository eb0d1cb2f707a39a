/// A string that compares, orders and hashes as its UTF-8 bytes.
///
/// Swift's `String` compares by canonical equivalence, which Cedar does not: `"\u{e9}"` and `"e\u{301}"` are different strings, and a
/// node that took them for one would disagree with every other. The order is the one of Unicode scalars.
public struct Text: Hashable, Comparable, Sendable {
  public let string: String

  public init(_ string: some StringProtocol) { self.string = String(string) }

  /// In UTF-8.
  public var byteCount: Int { string.utf8.count }

  public static func == (left: Text, right: Text) -> Bool {
    guard left.byteCount == right.byteCount else { return false }
    let equal = left.string.utf8.withContiguousStorageIfAvailable { left in
      right.string.utf8.withContiguousStorageIfAvailable { right in left.elementsEqual(right) }
    }
    if let equal, let equal { return equal }
    return left.string.utf8.elementsEqual(right.string.utf8)
  }

  public static func < (left: Text, right: Text) -> Bool {
    let less = left.string.utf8.withContiguousStorageIfAvailable { left in
      right.string.utf8.withContiguousStorageIfAvailable { right in left.lexicographicallyPrecedes(right) }
    }
    if let less, let less { return less }
    return left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    let hashed: Void? = string.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if hashed == nil { for byte in string.utf8 { hasher.combine(byte) } }
    hasher.combine(UInt8.max)
  }
}

extension Text: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { string = value }
}

extension Text: CustomStringConvertible {
  public var description: String { string }
}
