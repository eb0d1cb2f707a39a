/// Base32 in lowercase without padding (RFC 4648, section 6).
public enum Base32 {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
  private static let digits = digitTable("abcdefghijklmnopqrstuvwxyz234567")

  public static func encode(_ bytes: [UInt8]) -> String {
    var characters: [UInt8] = []
    characters.reserveCapacity((bytes.count * 8 + 4) / 5)
    regroup(bytes, from: 8, to: 5) { characters.append(alphabet[Int($0)]) }
    return String(decoding: characters, as: UTF8.self)
  }

  public static func decode(_ text: some StringProtocol) throws(TextDecodingError) -> [UInt8] {
    try decodeDigits(of: text, table: digits, bitsPerDigit: 5)
  }

  /// Whether every character is of the alphabet.
  static func isAlphabet(_ characters: some Sequence<UInt8>) -> Bool {
    characters.allSatisfy { digits[Int($0)] != 255 }
  }
}

/// Base64 with the URL and filename safe alphabet, without padding (RFC 4648, section 5).
public enum Base64URL {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let digits = digitTable("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

  public static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: characters(of: bytes), as: UTF8.self)
  }

  /// The characters of ``encode(_:)`` as ASCII.
  static func characters(of bytes: [UInt8]) -> [UInt8] {
    var characters: [UInt8] = []
    characters.reserveCapacity((bytes.count * 4 + 2) / 3)
    regroup(bytes, from: 8, to: 6) { characters.append(alphabet[Int($0)]) }
    return characters
  }

  /// Strict: padding, white space and set bits after the last whole byte are refused, so that every value has one text.
  public static func decode(_ text: some StringProtocol) throws(TextDecodingError) -> [UInt8] {
    try decodeDigits(of: text, table: digits, bitsPerDigit: 6)
  }
}

/// Reads the groups of `from` bits as one stream and emits it in groups of `to` bits, the last one filled up with zero bits.
private func regroup(_ groups: [UInt8], from: Int, to: Int, emit: (UInt8) -> Void) {
  var pending: UInt32 = 0
  var pendingBits = 0
  let mask = UInt32(1) << to - 1
  for group in groups {
    pending = (pending << from | UInt32(group)) & 0xffff
    pendingBits += from
    while pendingBits >= to {
      pendingBits -= to
      emit(UInt8(truncatingIfNeeded: pending >> pendingBits & mask))
    }
  }
  if pendingBits > 0 { emit(UInt8(truncatingIfNeeded: pending << (to - pendingBits) & mask)) }
}

private func decodeDigits(
  of text: some StringProtocol, table: [UInt8], bitsPerDigit: Int
) throws(TextDecodingError) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(text.utf8.count * bitsPerDigit / 8)
  var pending: UInt32 = 0
  var pendingBits = 0
  for (offset, character) in text.utf8.enumerated() {
    let digit = table[Int(character)]
    guard digit != 255 else { throw .invalidCharacter(offset: offset) }
    pending = (pending << bitsPerDigit | UInt32(digit)) & 0xffff
    pendingBits += bitsPerDigit
    if pendingBits >= 8 {
      pendingBits -= 8
      bytes.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
    }
  }
  guard pendingBits < bitsPerDigit else { throw .invalidLength }
  guard pending & (UInt32(1) << pendingBits - 1) == 0 else { throw .trailingBits }
  return bytes
}
