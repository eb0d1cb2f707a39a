/// What an identifier is (policy grammar, `IDENT` and `RESERVED`).
enum Identifiers {
  /// Not identifiers anywhere but as the key of an annotation.
  static let keywords: Set<String> = ["true", "false", "if", "then", "else", "in", "is", "like", "has"]
  /// Reserved for the language itself (RFC 52).
  static let internalNamespace = "__cedar"

  static func isStart(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  static func isContinuation(_ byte: UInt8) -> Bool { isStart(byte) || Digits.isDigit(byte) }

  /// By its characters alone; keywords pass.
  static func isIdentifier(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first else { return false }
    return isStart(first) && text.utf8.allSatisfy(isContinuation)
  }

  /// An identifier that names may consist of.
  static func isName(_ text: some StringProtocol) -> Bool {
    isIdentifier(text) && !keywords.contains(String(text)) && text != internalNamespace
  }

  /// Names joined by `::`.
  static func isPath(_ text: some StringProtocol) -> Bool {
    guard text.utf8.allSatisfy({ isContinuation($0) || $0 == UInt8(ascii: ":") }) else { return false }
    return components(of: text).allSatisfy { isName($0) }
  }

  /// Splits at `::`; a single colon stays, and is no identifier.
  static func components(of path: some StringProtocol) -> [String] {
    var components: [[UInt8]] = [[]]
    var bytes = Array(path.utf8)[...]
    while let byte = bytes.popFirst() {
      if byte == UInt8(ascii: ":"), bytes.first == byte {
        bytes.removeFirst()
        components.append([])
      } else {
        components[components.count - 1].append(byte)
      }
    }
    return components.map { String(decoding: $0, as: UTF8.self) }
  }

  static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
