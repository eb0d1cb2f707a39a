import CairnCrypto
import Testing

@testable import CairnIdentity

/// Bytes of every length up to 80 that look random, some with leading zeros.
private let samples: [[UInt8]] = (0...80).flatMap { count -> [[UInt8]] in
  let bytes = (0..<count).map { Digest.sha256([UInt8($0), UInt8(count)]).bytes[0] }
  return [bytes, [0, 0] + bytes, [UInt8](repeating: 0, count: count), [UInt8](repeating: 255, count: count)]
}

@Suite struct Base58Tests {
  @Test(
    "The examples of draft-msporny-base58 hold both ways",
    arguments: [
      ("48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"),
      (
        "54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e",
        "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"
      ),
      ("0000287fb4cd", "11233QC4"),
      ("", ""), ("00", "1"), ("39", "z"), ("3a", "21"),
    ])
  func examples(hex: String, text: String) throws {
    let bytes = try bytes(hex: hex)
    #expect(Base58.encode(bytes) == text)
    #expect(try Base58.decode(text) == bytes)
  }

  @Test("Every value comes back from its text") func roundTrip() throws {
    for bytes in samples { #expect(try Base58.decode(Base58.encode(bytes)) == bytes) }
  }

  @Test("Characters that are easily confused, and any others, are refused", arguments: ["0", "O", "I", "l", "é", " ", "-"])
  func alphabet(character: String) {
    #expect(throws: TextDecodingError.invalidCharacter(offset: 2)) { try Base58.decode("1z" + character + "z") }
  }

  @Test("A text beyond the limit is refused before any work") func limit() throws {
    let longest = String(repeating: "z", count: Base58.characterLimit)
    #expect(try Base58.encode(Base58.decode(longest)) == longest)
    #expect(throws: TextDecodingError.tooLong(limit: 512, actual: 513)) { try Base58.decode(longest + "z") }
  }
}

@Suite struct Base32Tests {
  @Test(
    "The vectors of RFC 4648 hold both ways, in lowercase and without padding",
    arguments: [
      ("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb"), ("foobar", "mzxw6ytboi"),
    ])
  func vectors(plain: String, text: String) throws {
    #expect(Base32.encode(Array(plain.utf8)) == text)
    #expect(try Base32.decode(text) == Array(plain.utf8))
  }

  @Test("Every value comes back from its text") func roundTrip() throws {
    for bytes in samples { #expect(try Base32.decode(Base32.encode(bytes)) == bytes) }
  }

  @Test("Uppercase, padding and digits outside the alphabet are refused", arguments: ["MY", "my======", "m1", "m8", "é"])
  func alphabet(text: String) {
    #expect(throws: TextDecodingError.self) { try Base32.decode(text) }
  }

  @Test("A text that no bytes encode to is refused") func canonical() {
    #expect(throws: TextDecodingError.trailingBits) { try Base32.decode("mz") }
    for count in [1, 3, 6] {
      #expect(throws: TextDecodingError.invalidLength) { try Base32.decode(String(repeating: "a", count: count)) }
    }
  }
}

@Suite struct Base64URLTests {
  @Test(
    "The vectors of RFC 4648 hold both ways, without padding",
    arguments: [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ])
  func vectors(plain: String, text: String) throws {
    #expect(Base64URL.encode(Array(plain.utf8)) == text)
    #expect(try Base64URL.decode(text) == Array(plain.utf8))
  }

  @Test("Every value comes back from its text") func roundTrip() throws {
    for bytes in samples { #expect(try Base64URL.decode(Base64URL.encode(bytes)) == bytes) }
    #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
  }

  @Test("Padding, white space and the other alphabet are refused", arguments: ["Zg==", "Zm9v\n", "+/8", "Zm 8", "é"])
  func alphabet(text: String) {
    #expect(throws: TextDecodingError.self) { try Base64URL.decode(text) }
  }

  @Test("A text that no bytes encode to is refused") func canonical() {
    #expect(throws: TextDecodingError.trailingBits) { try Base64URL.decode("Zh") }
    #expect(throws: TextDecodingError.trailingBits) { try Base64URL.decode("Zm9") }
    #expect(throws: TextDecodingError.invalidLength) { try Base64URL.decode("Zm9vY") }
  }
}

@Suite struct MultibaseTests {
  @Test("The prefix names the encoding, and another one is refused") func prefix() throws {
    #expect(Multibase.base58([1, 2]) == "z5T")
    #expect(Multibase.base64URL([1, 2]) == "uAQI")
    #expect(try Multibase.decodeBase58("z5T") == [1, 2])
    #expect(try Multibase.decodeBase64URL("uAQI") == [1, 2])
    for text in ["", "5T", "uAQI", "Z5T"] {
      #expect(throws: TextDecodingError.wrongPrefix) { try Multibase.decodeBase58(text) }
    }
    for text in ["", "z5T", "UAQI", "mAQI"] {
      #expect(throws: TextDecodingError.wrongPrefix) { try Multibase.decodeBase64URL(text) }
    }
  }
}

@Suite struct VarintTests {
  @Test(
    "The multiformats examples hold both ways",
    arguments: [(1, "01"), (127, "7f"), (128, "8001"), (255, "ff01"), (300, "ac02"), (16384, "808001")])
  func examples(value: UInt64, hex: String) throws {
    let bytes = try bytes(hex: hex)
    #expect(Varint.encode(value) == bytes)
    let decoded = try #require(Varint.decodePrefix(of: bytes + [0xaa]))
    #expect(decoded.value == value)
    #expect(decoded.byteCount == bytes.count)
  }

  @Test(
    "What is truncated, longer than needed or beyond nine bytes is refused",
    arguments: ["", "80", "8000", "ff8000", "ffffffffffffffffff01"])
  func refused(hex: String) throws {
    #expect(Varint.decodePrefix(of: try bytes(hex: hex)) == nil)
  }

  @Test("Nine bytes are the longest") func longest() throws {
    let bytes = Varint.encode(UInt64.max >> 1)
    #expect(bytes.count == 9)
    #expect(try #require(Varint.decodePrefix(of: bytes)).value == UInt64.max >> 1)
  }
}
