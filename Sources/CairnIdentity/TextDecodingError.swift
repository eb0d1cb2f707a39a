/// Why a text is not the encoding of any bytes.
public enum TextDecodingError: Error, Equatable, Sendable {
  case tooLong(limit: Int, actual: Int)
  /// Not of the alphabet; `offset` in UTF-8 bytes.
  case invalidCharacter(offset: Int)
  /// No count of bytes encodes to this count of characters.
  case invalidLength
  /// The bits after the last whole byte are not zero.
  case trailingBits
  /// Multibase: an encoding other than the expected one.
  case wrongPrefix

  /// For logs and metric labels.
  public var reason: String {
    switch self {
    case .tooLong: "text_too_long"
    case .invalidCharacter: "invalid_character"
    case .invalidLength: "invalid_length"
    case .trailingBits: "trailing_bits"
    case .wrongPrefix: "wrong_multibase_prefix"
    }
  }
}

/// The inverse of an alphabet: a byte's digit, or 255 for a byte that is none.
func digitTable(_ alphabet: StaticString) -> [UInt8] {
  var table = [UInt8](repeating: 255, count: 256)
  alphabet.withUTF8Buffer { alphabet in
    for (digit, character) in alphabet.enumerated() { table[Int(character)] = UInt8(digit) }
  }
  return table
}
