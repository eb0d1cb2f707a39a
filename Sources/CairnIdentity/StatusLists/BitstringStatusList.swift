/// `encodedList` of a Bitstring Status List (1.0, sections 3.3 and 3.4): gzip, multibase base64url, index 0 most significant.
public enum BitstringStatusList {
  /// - Throws: ``StatusListEncodingError/tooFewEntries(minimum:actual:)``, ``StatusListEncodingError/tooLong(limit:)``.
  public static func encode(_ bits: StatusBits) throws(StatusListEncodingError) -> String {
    try checkMinimum(bits)
    guard bits.length <= StatusBits.maximumLength else { throw .tooLong(limit: StatusBits.maximumLength) }
    return Multibase.base64URL(Compression.gzip.compress(bits.bytes))
  }

  /// - Parameter limit: in bits, of what is unpacked.
  public static func decode(
    _ text: some StringProtocol, limit: UInt64 = StatusBits.maximumLength
  ) throws(StatusListEncodingError) -> StatusBits {
    let compressed: [UInt8]
    do { compressed = try Multibase.decodeBase64URL(text) } catch { throw .text(error) }
    let byteLimit = Int(min(limit, StatusBits.maximumLength) / 8)
    let bits = StatusBits(bytes: try Compression.gzip.decompress(compressed, limit: byteLimit))
    try checkMinimum(bits)
    return bits
  }

  private static func checkMinimum(_ bits: StatusBits) throws(StatusListEncodingError) {
    guard bits.length >= StatusBits.minimumLength else {
      throw .tooFewEntries(minimum: StatusBits.minimumLength, actual: bits.length)
    }
  }
}
