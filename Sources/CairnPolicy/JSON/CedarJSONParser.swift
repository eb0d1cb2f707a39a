extension CedarJSON {
  /// In bytes.
  public static let defaultByteLimit = 1 << 20
  /// Nested arrays and objects. A policy needs up to three for each level of its expressions.
  public static let defaultDepthLimit = 160

  /// Strict: valid UTF-8, no duplicate keys, no lone surrogates, nothing but white space after the value.
  ///
  /// - Parameters:
  ///   - byteLimit: checked before anything is parsed.
  ///   - depthLimit: bounds the parser's stack.
  public init(
    parsing bytes: [UInt8], byteLimit: Int = defaultByteLimit, depthLimit: Int = defaultDepthLimit
  ) throws(CedarJSONError) {
    guard bytes.count <= byteLimit else { throw CedarJSONError(.tooLong, "longer than \(byteLimit) bytes") }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw CedarJSONError(.invalidUTF8, "not UTF-8") }
    var parser = CedarJSONParser(bytes: bytes, depthLimit: min(depthLimit, Self.deepest))
    self = try parser.document()
  }

  /// No depth limit may be set beyond this.
  fileprivate static let deepest = 2048
}

private struct CedarJSONParser {
  let bytes: [UInt8]
  let depthLimit: Int
  private var index = 0

  init(bytes: [UInt8], depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
  }

  mutating func document() throws(CedarJSONError) -> CedarJSON {
    let value = try value(depth: 0)
    skipWhitespace()
    guard index == bytes.count else { throw malformed("more than one value") }
    return value
  }

  private mutating func value(depth: Int) throws(CedarJSONError) -> CedarJSON {
    skipWhitespace()
    switch try peek() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(Text(try string()))
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(CedarJSONError) -> CedarJSON {
    try checkDepth(depth)
    index += 1
    var members: [CedarJSON.Member] = []
    var keys: Set<Text> = []
    if try closes(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      skipWhitespace()
      guard try peek() == UInt8(ascii: "\"") else { throw malformed("a key has to be a string") }
      let key = Text(try string())
      guard keys.insert(key).inserted else { throw CedarJSONError(.duplicateKey, "the key `\(key)` occurs twice (byte \(index))") }
      skipWhitespace()
      guard try peek() == UInt8(ascii: ":") else { throw malformed("a colon has to follow the key") }
      index += 1
      members.append(CedarJSON.Member(key, try value(depth: depth + 1)))
    } while try continues(until: UInt8(ascii: "}"))
    return .object(members)
  }

  private mutating func array(depth: Int) throws(CedarJSONError) -> CedarJSON {
    try checkDepth(depth)
    index += 1
    var elements: [CedarJSON] = []
    if try closes(UInt8(ascii: "]")) { return .array([]) }
    repeat { elements.append(try value(depth: depth + 1)) } while try continues(until: UInt8(ascii: "]"))
    return .array(elements)
  }

  private func checkDepth(_ depth: Int) throws(CedarJSONError) {
    guard depth < depthLimit else { throw CedarJSONError(.tooDeep, "more than \(depthLimit) levels of nesting (byte \(index))") }
  }

  /// Takes the closing bracket of an empty array or object.
  private mutating func closes(_ bracket: UInt8) throws(CedarJSONError) -> Bool {
    skipWhitespace()
    guard try peek() == bracket else { return false }
    index += 1
    return true
  }

  /// Takes a comma, or the closing bracket.
  private mutating func continues(until bracket: UInt8) throws(CedarJSONError) -> Bool {
    skipWhitespace()
    let byte = try peek()
    guard byte == bracket || byte == UInt8(ascii: ",") else { throw malformed("a comma or the closing bracket is missing") }
    index += 1
    return byte != bracket
  }

  private mutating func literal(_ text: String, _ value: CedarJSON) throws(CedarJSONError) -> CedarJSON {
    guard bytes[index...].starts(with: text.utf8) else { throw malformed("no such value") }
    index += text.utf8.count
    return value
  }

  private mutating func number() throws(CedarJSONError) -> CedarJSON {
    let start = index
    let isNegative = bytes[index] == UInt8(ascii: "-")
    if isNegative { index += 1 }
    let digits = index
    if try peek() == UInt8(ascii: "0") { index += 1 } else { try skipDigits() }
    let whole = bytes[digits..<index]
    var isInteger = true
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      isInteger = false
      index += 1
      try skipDigits()
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      index += 1
      let sign = try peek()
      if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
      try skipDigits()
    }
    if isInteger, let value = Digits.int64(whole, isNegative: isNegative) { return .integer(value) }
    return .otherNumber(Text(String(decoding: bytes[start..<index], as: UTF8.self)))
  }

  private mutating func skipDigits() throws(CedarJSONError) {
    guard Digits.isDigit(try peek()) else { throw malformed("no such value") }
    while index < bytes.count, Digits.isDigit(bytes[index]) { index += 1 }
  }

  private mutating func string() throws(CedarJSONError) -> String {
    index += 1
    var text: [UInt8] = []
    while true {
      let byte = try peek()
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw malformed("a control character in a string")
      default:
        text.append(byte)
        index += 1
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(CedarJSONError) {
    index += 1
    let byte = try peek()
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: try unicodeEscape())
    default: throw malformed("no such escape")
    }
  }

  /// The UTF-8 of `\uXXXX`, or of a pair of them, of which `\u` has been taken.
  private mutating func unicodeEscape() throws(CedarJSONError) -> [UInt8] {
    var value = try hexUnit()
    if (0xd800...0xdbff).contains(value), bytes[index...].starts(with: #"\u"#.utf8) {
      index += 2
      let low = try hexUnit()
      guard (0xdc00...0xdfff).contains(low) else { throw malformed("a lone surrogate") }
      value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(value), let encoded = UTF8.encode(scalar) else { throw malformed("a lone surrogate") }
    return Array(encoded)
  }

  private mutating func hexUnit() throws(CedarJSONError) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Identifiers.hexDigit(try peek()) else { throw malformed("no such escape") }
      unit = unit << 4 | UInt32(digit)
      index += 1
    }
    return unit
  }

  private func peek() throws(CedarJSONError) -> UInt8 {
    guard index < bytes.count else { throw malformed("the text ends early") }
    return bytes[index]
  }

  private mutating func skipWhitespace() {
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x0a || bytes[index] == 0x0d || bytes[index] == 0x09 { index += 1 }
  }

  private func malformed(_ message: String) -> CedarJSONError { CedarJSONError(.malformed, "\(message) (byte \(index))") }
}
