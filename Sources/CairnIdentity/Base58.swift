/// Base58 with Bitcoin's alphabet (draft-msporny-base58-03): each leading zero byte is a leading `1`.
///
/// Every text has one value and every value one text. The work is quadratic in the length, therefore ``decode(_:)`` is bounded.
public enum Base58 {
  /// In characters: a signature takes 88, the largest key or hash in use here 72.
  public static let characterLimit = 512

  private static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
  private static let digits = digitTable("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
  /// 58^5, the largest power below 2^32: five characters for each long division.
  private static let chunkBase: UInt64 = 656_356_768
  private static let chunkLength = 5

  /// Quadratic: the caller bounds the count of bytes.
  public static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: characters(of: bytes), as: UTF8.self)
  }

  /// The characters of ``encode(_:)`` as ASCII.
  static func characters(of bytes: [UInt8]) -> [UInt8] {
    let zeros = bytes.prefix { $0 == 0 }.count
    var limbs = bigEndianLimbs(of: bytes.dropFirst(zeros))
    var reversed: [UInt8] = []
    reversed.reserveCapacity(bytes.count * 7 / 5 + chunkLength)
    var first = 0
    while first < limbs.count {
      var chunk = divide(&limbs, from: &first)
      for _ in 0..<chunkLength {
        reversed.append(alphabet[Int(chunk % 58)])
        chunk /= 58
      }
    }
    while reversed.last == alphabet[0] { reversed.removeLast() }
    reversed.append(contentsOf: repeatElement(alphabet[0], count: zeros))
    reversed.reverse()
    return reversed
  }

  public static func decode(_ text: some StringProtocol) throws(TextDecodingError) -> [UInt8] {
    let characters = Array(text.utf8)
    guard characters.count <= characterLimit else { throw .tooLong(limit: characterLimit, actual: characters.count) }
    let zeros = characters.prefix { $0 == alphabet[0] }.count
    var limbs: [UInt32] = []  // little-endian
    for (offset, character) in characters.enumerated().dropFirst(zeros) {
      let digit = digits[Int(character)]
      guard digit != 255 else { throw .invalidCharacter(offset: offset) }
      multiplyAdd(&limbs, digit)
    }
    let significant = limbs.reversed().flatMap { limb in (0..<4).map { UInt8(truncatingIfNeeded: limb >> (24 - 8 * $0)) } }
    return [UInt8](repeating: 0, count: zeros) + significant.drop { $0 == 0 }
  }

  private static func bigEndianLimbs(of bytes: ArraySlice<UInt8>) -> [UInt64] {
    var limbs: [UInt64] = []
    limbs.reserveCapacity(bytes.count / 4 + 1)
    var limb: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      limb = limb << 8 | UInt64(byte)
      if (bytes.count - 1 - index).isMultiple(of: 4) {
        limbs.append(limb)
        limb = 0
      }
    }
    return limbs
  }

  /// Divides the big-endian number in place by 58^5 and returns the remainder; `first` passes the limbs that became zero.
  private static func divide(_ limbs: inout [UInt64], from first: inout Int) -> UInt64 {
    var remainder: UInt64 = 0
    for index in first..<limbs.count {
      let value = remainder << 32 | limbs[index]
      limbs[index] = value / chunkBase
      remainder = value % chunkBase
    }
    while first < limbs.count, limbs[first] == 0 { first += 1 }
    return remainder
  }

  private static func multiplyAdd(_ limbs: inout [UInt32], _ digit: UInt8) {
    var carry = UInt64(digit)
    for index in limbs.indices {
      let value = UInt64(limbs[index]) * 58 + carry
      limbs[index] = UInt32(truncatingIfNeeded: value)
      carry = value >> 32
    }
    if carry > 0 { limbs.append(UInt32(truncatingIfNeeded: carry)) }
  }
}
