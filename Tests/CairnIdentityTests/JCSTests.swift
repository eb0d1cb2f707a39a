import CairnCrypto
import CairnIdentity
import Testing

@Suite struct JCSTests {
  @Test(
    "The vectors of RFC 8785's authors hold", .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"),
    arguments: ["arrays", "french", "structures", "unicode", "values", "weird"])
  func vectors(name: String) throws {
    let canonical = try JCS.encode(try Vectors.json("jcs/input/\(name).json"))
    let output = try Vectors.bytes("jcs/output/\(name).json")
    let hex = text(try Vectors.bytes("jcs/outhex/\(name).txt")).split(whereSeparator: \.isWhitespace).joined()
    #expect(canonical == output)
    #expect(Hex.encode(canonical) == hex)
    #expect(try JCS.encode(JSON(parsing: canonical)) == canonical)
  }

  @Test(
    "A credential and its proof options canonicalize as in the eddsa-jcs-2022 vectors",
    .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func credential() throws {
    #expect(try JCS.encode(Vectors.json("eddsa-jcs-2022/unsigned.json")) == Vectors.bytes("eddsa-jcs-2022/canonDocJCS.txt"))
    #expect(try JCS.encode(Vectors.json("eddsa-jcs-2022/proofConfigJCS.json")) == Vectors.bytes("eddsa-jcs-2022/proofCanonJCS.txt"))
  }

  /// RFC 8785, appendix B.
  static let numbers: [(UInt64, String)] = [
    (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
    (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
    (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
    (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
    (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
    (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
    (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
  ]

  @Test("Numbers are written as in appendix B", arguments: numbers) func appendixB(bits: UInt64, expected: String) throws {
    #expect(text(try JCS.encode(.number(Double(bitPattern: bits)))) == expected)
  }

  @Test(
    "Numbers at the edges of each notation",
    arguments: [
      ("1e20", "100000000000000000000"), ("123e18", "123000000000000000000"), ("1e21", "1e+21"), ("1e-6", "0.000001"), ("1e-7", "1e-7"),
      ("12e-8", "1.2e-7"), ("0.1", "0.1"), ("-0", "0"), ("-0.0e5", "0"), ("100", "100"), ("1.0", "1"), ("10.50", "10.5"),
      ("123456.789", "123456.789"), ("4294967296", "4294967296"), ("0.00001", "0.00001"),
      ("2.2250738585072014e-308", "2.2250738585072014e-308"),
      ("5.684341886080802e-14", "5.684341886080802e-14"), ("1.5e300", "1.5e+300"), ("0.30000000000000004", "0.30000000000000004"),
    ])
  func notations(input: String, expected: String) throws {
    #expect(text(try JCS.encode(JSON(text: input))) == expected)
  }

  @Test("Every double comes back from its text") func numberRoundTrip() throws {
    for index in 0..<2000 {
      let word = Digest.sha256([UInt8(index & 255), UInt8(index >> 8)]).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let value = Double(bitPattern: word)
      guard value.isFinite else { continue }
      let written = text(try JCS.encode(.number(value)))
      #expect(Double(written) == value)
      #expect(try JSON(text: written).number == value)
    }
  }

  @Test("A number that is not finite is refused", arguments: [Double.nan, .infinity, -.infinity]) func notFinite(value: Double) {
    #expect(throws: JSONError.notFinite) { try JCS.encode(.array([.number(value)])) }
  }

  @Test("Keys are sorted by UTF-16 code units, not by code points") func order() throws {
    let value = try JSON(text: #"{"\uff5e":1,"\ud83d\ude02":2,"b":3,"aa":4,"a":5,"B":6,"":7}"#)
    #expect(text(try JCS.encode(value)) == "{\"\":7,\"B\":6,\"a\":5,\"aa\":4,\"b\":3,\"\u{1f602}\":2,\"\u{ff5e}\":1}")
  }

  @Test("Keys that only look the same both stay") func canonicallyEquivalentKeys() throws {
    let value = try JSON(text: "{\"\u{e9}\":1,\"e\u{301}\":2}")
    #expect(text(try JCS.encode(value)).utf8.elementsEqual("{\"e\u{301}\":2,\"\u{e9}\":1}".utf8))
  }

  @Test("A repeated key of a value that was not parsed is refused") func repeatedKey() {
    let value = JSON.object([JSON.Member("a", .null), JSON.Member("b", .null), JSON.Member("a", .null)])
    #expect(throws: JSONError.repeatedKey) { try JCS.encode(value) }
  }

  @Test("Only what must be escaped is escaped") func escapes() throws {
    let every = String(String.UnicodeScalarView((0...0x7f).compactMap { Unicode.Scalar(UInt32($0)) }))
    let expected =
      #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
      + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"#
      + ##" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"## + "\u{7f}\""
    #expect(text(try JCS.encode(.string(every))) == expected)
    #expect(text(try JCS.encode(.string("\u{2028}\u{80}\u{1f602}/"))) == "\"\u{2028}\u{80}\u{1f602}/\"")
  }
}
