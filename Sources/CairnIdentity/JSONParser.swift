extension JSON {
  /// In bytes; a credential is a few thousand.
  public static let defaultByteLimit = 1 << 20
  /// Nested arrays and objects. Bounds the parser's stack; a presentation nests about ten.
  public static let depthLimit = 64
  /// In bytes: the longest decimal that could matter, a denormal written out in full.
  public static let numberByteLimit = 1100

  /// Strict: valid UTF-8 without a byte order mark, no duplicate keys, no lone surrogates, numbers within the range of doubles,
  /// nothing but white space after the value (RFC 8259, and the demands of RFC 7493).
  ///
  /// - Parameter limit: in bytes, checked before anything is parsed.
  public init(parsing bytes: [UInt8], limit: Int = JSON.defaultByteLimit) throws(JSONError) {
    guard bytes.count <= limit else { throw .tooLong(limit: limit, actual: bytes.count) }
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  private var index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSON {
    let value = try value(depth: 0)
    skipWhitespace()
    guard index == bytes.count else { throw .unexpectedByte(offset: index) }
    return value
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    skipWhitespace()
    switch try peek() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    guard depth < JSON.depthLimit else { throw .tooDeep(offset: index) }
    index += 1
    var members: [JSON.Member] = []
    var keys: Set<[UInt8]> = []
    if try closes(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      skipWhitespace()
      let start = index
      guard try peek() == UInt8(ascii: "\"") else { throw .unexpectedByte(offset: index) }
      let key = try string()
      guard keys.insert(Array(key.utf8)).inserted else { throw .duplicateKey(offset: start) }
      skipWhitespace()
      guard try peek() == UInt8(ascii: ":") else { throw .unexpectedByte(offset: index) }
      index += 1
      members.append(JSON.Member(key, try value(depth: depth + 1)))
    } while try continues(until: UInt8(ascii: "}"))
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    guard depth < JSON.depthLimit else { throw .tooDeep(offset: index) }
    index += 1
    var elements: [JSON] = []
    if try closes(UInt8(ascii: "]")) { return .array([]) }
    repeat { elements.append(try value(depth: depth + 1)) } while try continues(until: UInt8(ascii: "]"))
    return .array(elements)
  }

  /// Takes the closing bracket of an empty array or object.
  private mutating func closes(_ bracket: UInt8) throws(JSONError) -> Bool {
    skipWhitespace()
    guard try peek() == bracket else { return false }
    index += 1
    return true
  }

  /// Takes a comma, or the closing bracket.
  private mutating func continues(until bracket: UInt8) throws(JSONError) -> Bool {
    skipWhitespace()
    let byte = try peek()
    guard byte == bracket || byte == UInt8(ascii: ",") else { throw .unexpectedByte(offset: index) }
    index += 1
    return byte != bracket
  }

  private mutating func literal(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    for position in 0..<text.utf8CodeUnitCount {
      guard try peek() == text.withUTF8Buffer({ $0[position] }) else { throw .unexpectedByte(offset: index) }
      index += 1
    }
    return value
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = index
    if try peek() == UInt8(ascii: "-") { index += 1 }
    if try peek() == UInt8(ascii: "0") { index += 1 } else { try digits() }
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      try digits()
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      let sign = try peek()
      if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
      try digits()
    }
    guard index - start <= JSON.numberByteLimit else { throw .numberTooLong(offset: start) }
    guard let value = Double(String(decoding: bytes[start..<index], as: UTF8.self)), value.isFinite else {
      throw .numberOutOfRange(offset: start)
    }
    return .number(value)
  }

  private mutating func digits() throws(JSONError) {
    guard isDigit(try peek()) else { throw .unexpectedByte(offset: index) }
    while index < bytes.count, isDigit(bytes[index]) { index += 1 }
  }

  private mutating func string() throws(JSONError) -> String {
    index += 1
    let start = index
    var text: [UInt8] = []
    while true {
      let byte = try peek()
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw .invalidUTF8(offset: start) }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw .unexpectedByte(offset: index)
      default:
        text.append(byte)
        index += 1
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let start = index
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
    case UInt8(ascii: "u"): text.append(contentsOf: try unicodeEscape(start: start))
    default: throw .invalidEscape(offset: start)
    }
  }

  /// The UTF-8 of `\uXXXX`, or of a pair of them, of which `\u` has been taken.
  private mutating func unicodeEscape(start: Int) throws(JSONError) -> [UInt8] {
    let unit = try hexUnit(start: start)
    guard (0xd800...0xdfff).contains(unit) else { return utf8(of: UInt32(unit), start: start) }
    guard unit < 0xdc00, bytes[index...].starts(with: #"\u"#.utf8) else { throw .loneSurrogate(offset: start) }
    index += 2
    let low = try hexUnit(start: start)
    guard (0xdc00...0xdfff).contains(low) else { throw .loneSurrogate(offset: start) }
    return utf8(of: 0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(low) - 0xdc00), start: start)
  }

  private func utf8(of value: UInt32, start: Int) -> [UInt8] {
    guard let scalar = Unicode.Scalar(value) else { preconditionFailure("not a surrogate and below 0x110000") }
    return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  private mutating func hexUnit(start: Int) throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      let byte = try peek()
      guard URISyntax.isHexDigit(byte) else { throw .invalidEscape(offset: start) }
      unit = unit << 4 | UInt16(byte < UInt8(ascii: "A") ? byte - UInt8(ascii: "0") : (byte | 0x20) - UInt8(ascii: "a") + 10)
      index += 1
    }
    return unit
  }

  private func peek() throws(JSONError) -> UInt8 {
    guard index < bytes.count else { throw .unexpectedEnd }
    return bytes[index]
  }

  private mutating func skipWhitespace() {
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x0a || bytes[index] == 0x0d || bytes[index] == 0x09 {
      index += 1
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
