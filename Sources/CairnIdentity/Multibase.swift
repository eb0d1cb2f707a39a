/// The two Multibase encodings in use (Controlled Identifiers 1.0, section 2.4): `z` base58btc and `u` base64url without padding.
public enum Multibase {
  public static func base58(_ bytes: [UInt8]) -> String { "z" + Base58.encode(bytes) }

  public static func base64URL(_ bytes: [UInt8]) -> String { "u" + Base64URL.encode(bytes) }

  public static func decodeBase58(_ text: some StringProtocol) throws(TextDecodingError) -> [UInt8] {
    guard text.utf8.first == UInt8(ascii: "z") else { throw .wrongPrefix }
    return try Base58.decode(text.dropFirst())
  }

  public static func decodeBase64URL(_ text: some StringProtocol) throws(TextDecodingError) -> [UInt8] {
    guard text.utf8.first == UInt8(ascii: "u") else { throw .wrongPrefix }
    return try Base64URL.decode(text.dropFirst())
  }
}
