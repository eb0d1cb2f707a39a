/// String literals: the escapes of Rust's string literals (policy grammar, `STR`), and `\*` in patterns (`PAT`).
enum StringEscapes {
  /// Why the inside of a literal is none; `offset` in bytes from its beginning.
  struct Failure: Error {
    let offset: Int
    let message: String
  }

  static func unescape(_ literal: ArraySlice<UInt8>) throws(Failure) -> String {
    var bytes: [UInt8] = []
    try decode(literal, allowsStar: false) { bytes.append(contentsOf: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func pattern(_ literal: ArraySlice<UInt8>) throws(Failure) -> Pattern {
    var pieces: [[UInt8]] = [[]]
    try decode(literal, allowsStar: true) { scalar in
      if scalar.isEmpty { pieces.append([]) } else { pieces[pieces.count - 1].append(contentsOf: scalar) }
    }
    return Pattern(pieces: pieces.map { Text(String(decoding: $0, as: UTF8.self)) })
  }

  /// Calls with the UTF-8 of each scalar, and with nothing for a wildcard.
  private static func decode(
    _ literal: ArraySlice<UInt8>, allowsStar: Bool, into append: ([UInt8]) -> Void
  ) throws(Failure) {
    var rest = literal
    while let byte = rest.popFirst() {
      let offset = rest.startIndex - 1 - literal.startIndex
      if byte == UInt8(ascii: "\\") {
        append(try escape(&rest, offset: offset, allowsStar: allowsStar))
      } else if byte == UInt8(ascii: "\r") {
        throw Failure(offset: offset, message: "a bare carriage return; write `\\r`")
      } else if byte == UInt8(ascii: "*"), allowsStar {
        append([])
      } else {
        append([byte])
      }
    }
  }

  private static func escape(_ rest: inout ArraySlice<UInt8>, offset: Int, allowsStar: Bool) throws(Failure) -> [UInt8] {
    guard let byte = rest.popFirst() else { throw Failure(offset: offset, message: "a backslash at the end") }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "'"): return [byte]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "0"): return [0]
    case UInt8(ascii: "*") where allowsStar: return [byte]
    case UInt8(ascii: "x"): return [try hexEscape(&rest, offset: offset)]
    case UInt8(ascii: "u"): return try unicodeEscape(&rest, offset: offset)
    default:
      let shown = allowsStar ? #"\n \r \t \0 \\ \" \' \* \xHH \u{…}"# : #"\n \r \t \0 \\ \" \' \xHH \u{…}"#
      throw Failure(offset: offset, message: "no such escape; there are \(shown)")
    }
  }

  private static func hexEscape(_ rest: inout ArraySlice<UInt8>, offset: Int) throws(Failure) -> UInt8 {
    guard let high = rest.popFirst().flatMap(Identifiers.hexDigit), let low = rest.popFirst().flatMap(Identifiers.hexDigit), high < 8 else {
      throw Failure(offset: offset, message: "`\\x` takes two hexadecimal digits, at most 7F")
    }
    return high << 4 | low
  }

  private static func unicodeEscape(_ rest: inout ArraySlice<UInt8>, offset: Int) throws(Failure) -> [UInt8] {
    let failure = Failure(offset: offset, message: "`\\u{…}` takes one to six hexadecimal digits of a Unicode scalar")
    guard rest.popFirst() == UInt8(ascii: "{") else { throw failure }
    var value: UInt32 = 0
    var digits = 0
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "}") {
        guard digits > 0, let scalar = Unicode.Scalar(value), let encoded = UTF8.encode(scalar) else { throw failure }
        return Array(encoded)
      }
      if byte == UInt8(ascii: "_"), digits > 0 { continue }
      guard let digit = Identifiers.hexDigit(byte), digits < 6 else { throw failure }
      value = value << 4 | UInt32(digit)
      digits += 1
    }
    throw failure
  }
}

extension StringEscapes {
  /// The literal of a text, quotes included.
  static func quoted(_ text: String) -> String { "\"\(escaped(text, star: false))\"" }

  static func quoted(_ pattern: Pattern) -> String {
    "\"\(pattern.pieces.map { escaped($0.string, star: true) }.joined(separator: "*"))\""
  }

  private static func escaped(_ text: String, star: Bool) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result.append(contentsOf: "\\\(scalar)".unicodeScalars)
      case "*" where star: result.append(contentsOf: "\\*".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case "\0": result.append(contentsOf: "\\0".unicodeScalars)
      case _ where isInvisible(scalar): result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// Controls, marks and format characters: what a reader would not see as a letter of its own.
  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .nonspacingMark, .enclosingMark: true
    case .spaceSeparator: scalar != " "
    default: false
    }
  }
}
