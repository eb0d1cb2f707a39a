import Testing

@testable import CairnIdentity

@Suite struct BitstringStatusListTests {
  @Test("A list comes back from its text, its entries where they were") func roundTrip() throws {
    var bits = StatusBits(length: StatusBits.minimumLength)
    for index in [0, 7, 8, 94_567, 131_071] as [UInt64] { bits.set(index) }
    let text = try BitstringStatusList.encode(bits)
    #expect(text.hasPrefix("uH4sI"))
    #expect(try BitstringStatusList.decode(text) == bits)
  }

  @Test("The specification's example is a list of 131,072 clear bits") func example() throws {
    let bits = try BitstringStatusList.decode("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA")
    #expect(bits == StatusBits(length: 131_072))
  }

  @Test("The first index is the left-most bit (Bitstring Status List, section 2.2)") func order() throws {
    let bytes = [0b1010_0000] + [UInt8](repeating: 0, count: 16_382) + [0b0000_0001]
    let bits = try BitstringStatusList.decode(Multibase.base64URL(Compression.gzip.compress(bytes)))
    #expect((0..<bits.length).filter { bits[$0] == true } == [0, 2, 131_071])
  }

  @Test("Fewer entries than 131,072 are neither written nor read") func minimum() {
    let bits = StatusBits(length: 131_064)
    #expect(throws: StatusListEncodingError.tooFewEntries(minimum: 131_072, actual: 131_064)) { try BitstringStatusList.encode(bits) }
    let text = Multibase.base64URL(Compression.gzip.compress(bits.bytes))
    #expect(throws: StatusListEncodingError.tooFewEntries(minimum: 131_072, actual: 131_064)) { try BitstringStatusList.decode(text) }
  }

  @Test("More than the longest list is neither written nor read, the longest is") func maximum() throws {
    let longest = StatusBits(length: StatusBits.maximumLength)
    #expect(try BitstringStatusList.decode(BitstringStatusList.encode(longest)) == longest)
    let longer = StatusBits(bytes: longest.bytes + [0])
    let limit = StatusBits.maximumLength
    #expect(throws: StatusListEncodingError.tooLong(limit: limit)) { try BitstringStatusList.encode(longer) }
    let text = Multibase.base64URL(Compression.gzip.compress(longer.bytes))
    #expect(throws: StatusListEncodingError.tooLong(limit: limit)) { try BitstringStatusList.decode(text) }
    #expect(throws: StatusListEncodingError.tooLong(limit: limit)) { try BitstringStatusList.decode(text, limit: .max) }
    let short = try BitstringStatusList.encode(StatusBits(length: 262_144))
    #expect(throws: StatusListEncodingError.tooLong(limit: 131_072)) { try BitstringStatusList.decode(short, limit: 131_072) }
  }

  @Test("What is no multibase base64url of one gzip stream is refused") func malformed() throws {
    let text = try BitstringStatusList.encode(StatusBits(length: 131_072))
    let stream = try Base64URL.decode(text.dropFirst())
    let cases: [(String, StatusListEncodingError)] = [
      ("", .text(.wrongPrefix)), (String(text.dropFirst()), .text(.wrongPrefix)), ("z" + text.dropFirst(), .text(.wrongPrefix)),
      (text + "=", .text(.invalidCharacter(offset: text.utf8.count - 1))), ("u", .truncated), ("uA", .text(.invalidLength)),
      ("uAB", .text(.trailingBits)),
      (Multibase.base64URL(stream.dropLast()), .truncated), (Multibase.base64URL(Array(stream.prefix(11))), .truncated),
      (Multibase.base64URL(stream + [0]), .trailingBytes), (Multibase.base64URL(stream + stream), .trailingBytes),
      (Multibase.base64URL(Compression.zlib.compress([1])), .malformedCompression),
      (Multibase.base64URL([1, 2, 3]), .malformedCompression),
    ]
    for (text, error) in cases { #expect(throws: error, "\(text.prefix(60))") { try BitstringStatusList.decode(text) } }
    var wrongChecksum = stream
    wrongChecksum[stream.count - 8] ^= 1
    #expect(throws: StatusListEncodingError.malformedCompression) { try BitstringStatusList.decode(Multibase.base64URL(wrongChecksum)) }
  }
}

@Suite struct TokenStatusListTests {
  @Test("Index 0 is the least significant bit (Token Status List, section 4.1)") func order() throws {
    let one = TokenStatusList(bits: .one, bytes: [0xb9, 0xa3])
    #expect((0..<16).map { one[$0] } == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
    let two = TokenStatusList(bits: .two, bytes: [0xc9, 0x44, 0xf9])
    #expect((0..<12).map { two[$0] } == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])
    let four = TokenStatusList(bits: .four, bytes: [0x21, 0xf3])
    #expect((0..<4).map { four[$0] } == [1, 2, 3, 15])
    let eight = TokenStatusList(bits: .eight, bytes: [0x21, 0xf3])
    #expect((0..<2).map { eight[$0] } == [0x21, 0xf3])
    for list in [one, two, four, eight] {
      #expect(list[list.count] == nil)
      #expect(list[.max] == nil)
    }
    #expect([one, two, four, eight].map(\.count) == [16, 12, 4, 2])
  }

  @Test("Our bits keep their indices in either order") func conversion() throws {
    var bits = StatusBits(length: 64)
    for index in [0, 9, 13, 63] as [UInt64] { bits.set(index) }
    let list = TokenStatusList(bits)
    #expect(list.bytes == [0b0000_0001, 0b0010_0010, 0, 0, 0, 0, 0, 0b1000_0000])
    #expect((0..<64).allSatisfy { index in list[index] == (bits[index] == true ? 1 : 0) })
    #expect(list.statusBits == bits)
    #expect(TokenStatusList(bits: .two, bytes: [1]).statusBits == nil)
    #expect(try TokenStatusList(decoding: list.encode(), bits: 1) == list)
  }

  @Test(
    "The draft's short examples are written and read so",
    arguments: [
      (1, [0xb9, 0xa3], "eNrbuRgAAhcBXQ"), (2, [0xc9, 0x44, 0xf9], "eNo76fITAAPfAgc"),
    ] as [(Int, [UInt8], String)])
  func examples(bits: Int, bytes: [UInt8], text: String) throws {
    let list = try TokenStatusList(decoding: text, bits: bits)
    #expect(list.bytes == bytes)
    #expect(list.encode() == text)
  }

  @Test("What is no base64url of one zlib stream, or too long, is refused") func malformed() throws {
    let stream = Compression.zlib.compress([1, 2, 3, 4])
    let cases: [([UInt8], StatusListEncodingError)] = [
      ([], .truncated), (stream.dropLast(), .truncated), (stream + [0], .trailingBytes), ([0xff] + stream, .malformedCompression),
      (stream.dropLast() + [0], .malformedCompression), (Compression.gzip.compress([1]), .malformedCompression),
    ]
    for (bytes, error) in cases { #expect(throws: error) { try TokenStatusList(decoding: Base64URL.encode(bytes), bits: 1) } }
    let text = Base64URL.encode(stream)
    for bits in [0, 3, 16, -1] {
      #expect(throws: StatusListEncodingError.unsupportedBitCount) { try TokenStatusList(decoding: text, bits: bits) }
    }
    #expect(throws: StatusListEncodingError.text(.invalidCharacter(offset: 0))) { try TokenStatusList(decoding: "+", bits: 1) }
    #expect(try TokenStatusList(decoding: text, bits: 8, limit: 32).count == 4)
    #expect(throws: StatusListEncodingError.tooLong(limit: 24)) { try TokenStatusList(decoding: text, bits: 8, limit: 24) }
  }

  @Test("A bomb is refused at the bound") func bomb() {
    // 64 MiB of zeros in 65 kB.
    let bomb = Compression.zlib.compress([UInt8](repeating: 0, count: 1 << 26))
    #expect(bomb.count < 1 << 17)
    #expect(throws: StatusListEncodingError.tooLong(limit: 1 << 23)) {
      try TokenStatusList(decoding: Base64URL.encode(bomb), bits: 1)
    }
    #expect(throws: StatusListEncodingError.tooLong(limit: 1 << 23)) {
      try TokenStatusList(decoding: Base64URL.encode(bomb), bits: 1, limit: .max)
    }
  }

  @Test("No change of one byte makes the reader trap, and what is accepted has its checksum") func mutations() {
    let stream = Compression.zlib.compress(Array("status".utf8))
    for index in stream.indices {
      for byte in UInt8.min...UInt8.max where byte != stream[index] {
        var changed = stream
        changed[index] = byte
        if let list = try? TokenStatusList(decoding: Base64URL.encode(changed), bits: 1) { #expect(list.bytes == Array("status".utf8)) }
      }
    }
  }
}

@Suite(.disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
struct TokenStatusListVectorTests {
  /// The example of that name; line breaks within `lst` are the draft's layout.
  private static func list(_ name: String) throws -> TokenStatusList {
    let page = text(try Vectors.bytes("token-status-list/\(name).md"))
    let start = try #require(page.firstIndex(of: "{"))
    let json = try JSON(text: page[start...].filter { !$0.isWhitespace })
    return try TokenStatusList(decoding: try #require(json["lst"]?.string), bits: Int(try #require(json["bits"]?.number)))
  }

  /// Of the draft's appendix "Test vectors for Status List encoding".
  static let appendix: [(String, [UInt64: UInt8])] = [
    (
      "status_list_encoding1_long_json",
      [0: 1, 1993: 1, 25460: 1, 159_495: 1, 495_669: 1, 554_353: 1, 645_645: 1, 723_232: 1, 854_545: 1, 934_534: 1, 1_000_345: 1]
    ),
    (
      "status_list_encoding2_long_json",
      [0: 1, 1993: 2, 25460: 1, 159_495: 3, 495_669: 1, 554_353: 1, 645_645: 2, 723_232: 1, 854_545: 1, 934_534: 2, 1_000_345: 3]
    ),
    (
      "status_list_encoding4_json",
      [
        0: 1, 1993: 2, 35460: 3, 459_495: 4, 595_669: 5, 754_353: 6, 845_645: 7, 923_232: 8, 924_445: 9, 934_534: 10, 1_004_534: 11,
        1_000_345: 12, 1_030_203: 13, 1_030_204: 14, 1_030_205: 15,
      ]
    ),
  ]

  @Test("The lists of the appendix hold what it says, and nothing else", arguments: appendix)
  func statuses(name: String, statuses: [UInt64: UInt8]) throws {
    let list = try Self.list(name)
    #expect(list.count == 1 << 20)
    for (index, status) in statuses { #expect(list[index] == status) }
    #expect((0..<list.count).count { list[$0] != 0 } == statuses.count)
  }

  @Test("The list of eight bits holds each value once") func eightBits() throws {
    let list = try Self.list("status_list_encoding8_json")
    #expect(list.count == 1 << 20)
    #expect([52451, 576_778, 66653, 554_740].map { list[$0] } == [1, 2, 9, 34])
    var counts = [Int](repeating: 0, count: 256)
    for byte in list.bytes { counts[Int(byte)] += 1 }
    #expect(counts.dropFirst().allSatisfy { $0 == 1 })
  }

  @Test("The short lists are the draft's bytes") func short() throws {
    #expect(try Self.list("status_list_encoding_json").bytes == [0xb9, 0xa3])
    #expect(try Self.list("status_list_encoding2_json").bytes == [0xc9, 0x44, 0xf9])
  }
}
