/// Absolute URIs by the character rules of RFC 3986: what a document may point to.
enum URISyntax {
  /// A scheme and a rest that is not empty, only characters of the grammar, whole percent-encodings, at most one fragment,
  /// brackets only around an IP literal in the authority. Therefore ASCII, and no control character or space.
  static func isAbsolute(_ text: some StringProtocol) -> Bool {
    let bytes = Array(text.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), isScheme(bytes[..<colon]) else { return false }
    var rest = bytes[(colon + 1)...]
    guard !rest.isEmpty else { return false }
    if rest.starts(with: "//".utf8) {
      let end = rest.dropFirst(2).firstIndex { isDelimiter($0) } ?? rest.endIndex
      guard isAuthority(rest[(rest.startIndex + 2)..<end]) else { return false }
      rest = rest[end...]
    }
    guard rest.count(where: { $0 == UInt8(ascii: "#") }) <= 1 else { return false }
    return isComponent(rest, also: "/?#:@")
  }

  /// `pchar` of RFC 3986 and the characters of `also`.
  static func isComponent(_ bytes: ArraySlice<UInt8>, also: StaticString) -> Bool {
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index] == UInt8(ascii: "%") {
        guard bytes.endIndex - index > 2, isHexDigit(bytes[index + 1]), isHexDigit(bytes[index + 2]) else { return false }
        index += 3
        continue
      }
      let byte = bytes[index]
      guard isUnreserved(byte) || isSubDelimiter(byte) || also.withUTF8Buffer({ $0.contains(byte) }) else { return false }
      index += 1
    }
    return true
  }

  static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
    default: false
    }
  }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    default: false
    }
  }

  /// - Parameter bytes: with whole percent-encodings only.
  static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var decoded: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      if let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) { decoded.append(value) }
      rest = rest.dropFirst(2)
    }
    return decoded
  }

  private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, isAlphanumeric(first), first > UInt8(ascii: "9") else { return false }
    return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
  }

  private static func isAuthority(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let open = bytes.firstIndex(of: UInt8(ascii: "[")) else { return isComponent(bytes, also: ":@") }
    guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > open + 1 else { return false }
    guard open == bytes.startIndex || bytes[open - 1] == UInt8(ascii: "@") else { return false }
    let literal = bytes[(open + 1)..<close].allSatisfy {
      isUnreserved($0) || isSubDelimiter($0) || $0 == UInt8(ascii: ":")
    }
    let port = bytes[(close + 1)...]
    let isPort = port.isEmpty || port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    return literal && isPort && isComponent(bytes[..<open], also: ":@")
  }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "~")
  }

  private static func isSubDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&")...UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="): true
    default: false
    }
  }
}
