import CairnCrypto

/// The JSON Canonicalization Scheme (RFC 8785): one byte string per value.
public enum JCS {
  /// - Throws: for a number that is not finite and for a repeated key, which only values that were not parsed can have.
  public static func encode(_ value: JSON) throws(JSONError) -> [UInt8] {
    var bytes: [UInt8] = []
    try append(value, to: &bytes)
    return bytes
  }

  private static func append(_ value: JSON, to bytes: inout [UInt8]) throws(JSONError) {
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let value):
      guard value.isFinite else { throw .notFinite }
      bytes.append(contentsOf: ECMAScriptNumber.description(of: value).utf8)
    case .string(let value): appendString(value, to: &bytes)
    case .array(let elements): try append(elements, to: &bytes)
    case .object(let members): try append(members, to: &bytes)
    }
  }

  private static func append(_ elements: [JSON], to bytes: inout [UInt8]) throws(JSONError) {
    bytes.append(UInt8(ascii: "["))
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      try append(element, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// Members ascending by the UTF-16 code units of their keys (section 3.2.3).
  private static func append(_ members: [JSON.Member], to bytes: inout [UInt8]) throws(JSONError) {
    let sorted = members.map { (key: Array($0.key.utf16), member: $0) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    bytes.append(UInt8(ascii: "{"))
    for (index, (key, member)) in sorted.enumerated() {
      if index > 0 {
        guard sorted[index - 1].key != key else { throw .repeatedKey }
        bytes.append(UInt8(ascii: ","))
      }
      appendString(member.key, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      try append(member.value, to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  static func appendString(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    appendEscaped(text, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// With only the escapes that JSON demands, the short ones where they exist (section 3.2.2.2).
  static func appendEscaped(_ text: String, to bytes: inout [UInt8]) {
    // Nearly every text; copied whole.
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      bytes.append(contentsOf: text.utf8)
      return
    }
    for byte in text.utf8 { appendEscaped(byte, to: &bytes) }
  }

  private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
    case 0x08: bytes.append(contentsOf: #"\b"#.utf8)
    case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
    case 0x0a: bytes.append(contentsOf: #"\n"#.utf8)
    case 0x0c: bytes.append(contentsOf: #"\f"#.utf8)
    case 0x0d: bytes.append(contentsOf: #"\r"#.utf8)
    case 0..<0x20: bytes.append(contentsOf: (#"\u00"# + Hex.encode([byte])).utf8)
    default: bytes.append(byte)
    }
  }
}

/// Numbers as ECMAScript writes them (ECMA-262, Number::toString), which RFC 8785, section 3.2.2.3, prescribes.
enum ECMAScriptNumber {
  /// - Parameter value: finite.
  static func description(of value: Double) -> String {
    if value == 0 { return "0" }
    let (digits, point) = shortestDigits(of: value.magnitude)
    let sign = value < 0 ? "-" : ""
    switch point {
    case digits.count...21 where digits.count <= 21:
      return sign + digits + String(repeating: "0", count: point - digits.count)
    case 1...21:
      return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    case -5...0:
      return sign + "0." + String(repeating: "0", count: -point) + digits
    default:
      let exponent = point - 1
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+") + String(exponent.magnitude)
    }
  }

  /// The fewest significant digits that read back as this number, and the place of the decimal point after them:
  /// value = 0.digits * 10^point. Swift's own description has the same digits, laid out differently.
  private static func shortestDigits(of magnitude: Double) -> (digits: String, point: Int) {
    let parts = magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = mantissa[0]
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let all = whole + fraction
    let leadingZeros = all.prefix { $0 == "0" }.count
    var digits = all.dropFirst(leadingZeros)
    while digits.last == "0" { digits.removeLast() }
    return (String(digits), whole.count + exponent - leadingZeros)
  }
}
