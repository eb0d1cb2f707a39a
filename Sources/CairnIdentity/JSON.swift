/// A JSON value (RFC 8259) that keeps what other parsers lose: the order of members, and the exact code points of keys.
public enum JSON: Sendable {
  /// A member of an object.
  public struct Member: Sendable {
    public let key: String
    public let value: JSON

    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  case null
  case bool(Bool)
  /// Finite when it comes from the parser.
  case number(Double)
  case string(String)
  case array([JSON])
  /// In the order of the text. No key twice when it comes from the parser.
  case object([Member])
}

extension JSON {
  /// The value of a member; `nil` when this is no object or has no such member. Keys are compared as UTF-8, not by Unicode's
  /// canonical equivalence.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  public var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  public var number: Double? {
    guard case .number(let value) = self else { return nil }
    return value
  }

  public var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  public var array: [JSON]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  public var object: [Member]? {
    guard case .object(let value) = self else { return nil }
    return value
  }
}

extension JSON {
  /// Whether this is exactly that text, compared as UTF-8.
  func isText(_ text: String) -> Bool { string.map { $0.utf8.elementsEqual(text.utf8) } ?? false }

  /// Whether this is exactly one of those texts.
  func isOne(of texts: [String]) -> Bool { texts.contains { isText($0) } }

  /// A text, or a set of texts, as a list of texts; `nil` when it is neither, or empty.
  var texts: [String]? {
    if let string { return [string] }
    guard let array, !array.isEmpty else { return nil }
    let texts = array.compactMap(\.string)
    return texts.count == array.count ? texts : nil
  }

  /// An object without one of its members; any other value as it is.
  func without(_ key: String) -> JSON {
    guard let object else { return self }
    return .object(object.filter { !$0.key.utf8.elementsEqual(key.utf8) })
  }

  /// An object with one more member; `nil` values are left out.
  static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
    .object(members.compactMap { key, value in value.map { Member(key, $0) } })
  }
}

extension Sequence<String> {
  /// Whether one of these is exactly that text, compared as UTF-8.
  func containsText(_ text: String) -> Bool { contains { $0.utf8.elementsEqual(text.utf8) } }
}

extension JSON: Equatable {
  /// Texts byte by byte, members in their order. To compare regardless of order, compare the bytes of ``JCS``.
  public static func == (left: JSON, right: JSON) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)):
      left.elementsEqual(right) { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
    default: false
    }
  }
}

/// Why bytes are not accepted as JSON, or a value cannot be written; offsets in bytes.
public enum JSONError: Error, Equatable, Sendable {
  case tooLong(limit: Int, actual: Int)
  case tooDeep(offset: Int)
  case invalidUTF8(offset: Int)
  case unexpectedEnd
  case unexpectedByte(offset: Int)
  case invalidEscape(offset: Int)
  case loneSurrogate(offset: Int)
  case duplicateKey(offset: Int)
  case numberTooLong(offset: Int)
  /// Beyond the range of IEEE 754 doubles.
  case numberOutOfRange(offset: Int)
  /// Writing: a number that is infinite or not a number.
  case notFinite
  /// Writing: an object with one key twice.
  case repeatedKey

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .tooLong: "json_too_long"
    case .tooDeep: "json_too_deep"
    case .invalidUTF8: "json_invalid_utf8"
    case .unexpectedEnd: "json_unexpected_end"
    case .unexpectedByte: "json_unexpected_byte"
    case .invalidEscape: "json_invalid_escape"
    case .loneSurrogate: "json_lone_surrogate"
    case .duplicateKey, .repeatedKey: "json_duplicate_key"
    case .numberTooLong: "json_number_too_long"
    case .numberOutOfRange: "json_number_out_of_range"
    case .notFinite: "json_not_finite"
    }
  }
}
