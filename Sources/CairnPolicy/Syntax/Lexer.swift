/// Splits a text into tokens (policy grammar, lexical part; schemas share it).
struct Lexer {
  private let source: [UInt8]
  private var index = 0

  private init(_ source: [UInt8]) { self.source = source }

  /// - Returns: the tokens, the last of kind `end`. There are no more of them than bytes, plus one.
  static func tokens(of source: [UInt8]) throws(PolicySyntaxError) -> [Token] {
    guard String(validating: source, as: UTF8.self) != nil else {
      throw PolicySyntaxError(.invalidUTF8, "the text is not UTF-8", at: 0, in: source)
    }
    var lexer = Lexer(source)
    var tokens: [Token] = []
    tokens.reserveCapacity(source.count / 4)
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private mutating func next() throws(PolicySyntaxError) -> Token {
    skipBlank()
    let start = index
    guard start < source.count else { return Token(kind: .end, range: start..<start) }
    let kind = try kind(startingWith: source[start])
    return Token(kind: kind, range: start..<index)
  }

  private mutating func kind(startingWith byte: UInt8) throws(PolicySyntaxError) -> Token.Kind {
    switch byte {
    case UInt8(ascii: "\""):
      try skipString()
      return .string
    case UInt8(ascii: "?") where index + 1 < source.count && Identifiers.isStart(source[index + 1]):
      index += 1
      skip(while: Identifiers.isContinuation)
      return .slot
    case _ where Identifiers.isStart(byte):
      skip(while: Identifiers.isContinuation)
      return .identifier
    case _ where Digits.isDigit(byte):
      skip(while: Digits.isDigit)
      return .number
    default:
      return .symbol(try symbol())
    }
  }

  /// The longest that fits. Only of ASCII: the Greek question mark is canonically equivalent to a semicolon, and none.
  private mutating func symbol() throws(PolicySyntaxError) -> Token.Symbol {
    for length in [2, 1] where index + length <= source.count {
      let bytes = source[index..<(index + length)]
      guard bytes.allSatisfy({ $0 < 0x80 }), let symbol = Token.Symbol(rawValue: String(decoding: bytes, as: UTF8.self)) else { continue }
      index += length
      return symbol
    }
    let rest = String(decoding: source[index..<min(index + 4, source.count)], as: UTF8.self)
    let shown = rest.unicodeScalars.first.map { StringEscapes.quoted(String($0)) } ?? ""
    let suggestion: String? =
      switch source[index] {
      case UInt8(ascii: "&"): "&&"
      case UInt8(ascii: "|"): "||"
      case UInt8(ascii: "'"): "\""
      default: nil
      }
    throw PolicySyntaxError(.unexpectedCharacter, "unexpected character \(shown)", at: index, in: source, suggestion: suggestion)
  }

  private mutating func skipString() throws(PolicySyntaxError) {
    let start = index
    index += 1
    while index < source.count {
      switch source[index] {
      case UInt8(ascii: "\""):
        index += 1
        return
      case UInt8(ascii: "\\") where index + 1 < source.count && source[index + 1] != UInt8(ascii: "\n"):
        index += 2
      case UInt8(ascii: "\\"):
        throw PolicySyntaxError(.invalidEscape, "a backslash before the end of the line", at: index, in: source)
      default:
        index += 1
      }
    }
    throw PolicySyntaxError(.unterminatedString, "the string has no closing quote", at: start, in: source)
  }

  private mutating func skip(while condition: (UInt8) -> Bool) {
    while index < source.count, condition(source[index]) { index += 1 }
  }

  /// White space as Unicode defines it, and comments up to the end of their line.
  private mutating func skipBlank() {
    while index < source.count {
      let length = whitespaceLength()
      if length > 0 {
        index += length
      } else if source[index...].starts(with: "//".utf8) {
        skip { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      } else {
        return
      }
    }
  }

  /// In bytes; 0 when there is none.
  private func whitespaceLength() -> Int {
    switch source[index] {
    case 0x09...0x0d, 0x20: 1
    case 0xc2 where follows(0x85) || follows(0xa0): 2
    case 0xe1 where follows(0x9a, 0x80): 3
    case 0xe2 where follows(0x80) && index + 2 < source.count && Self.isGeneralSpace(source[index + 2]): 3
    case 0xe2 where follows(0x81, 0x9f): 3
    case 0xe3 where follows(0x80, 0x80): 3
    default: 0
    }
  }

  private func follows(_ bytes: UInt8...) -> Bool { source[(index + 1)...].starts(with: bytes) }

  /// The third byte of U+2000 to U+200A, U+2028, U+2029 and U+202F.
  private static func isGeneralSpace(_ byte: UInt8) -> Bool { (0x80...0x8a).contains(byte) || byte == 0xa8 || byte == 0xa9 || byte == 0xaf }
}
