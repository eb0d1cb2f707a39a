import CairnIdentity
import Testing

@Suite struct JSONParserTests {
  @Test("Every kind of value is read, members in their order") func values() throws {
    let value = try JSON(text: " {\"b\" : [null, true,false ,\t-1.5e2],\r\n \"a\":{\"\":\"x\"} } ")
    #expect(
      value
        == .object([
          JSON.Member("b", .array([.null, .bool(true), .bool(false), .number(-150)])),
          JSON.Member("a", .object([JSON.Member("", .string("x"))])),
        ]))
    #expect(value["a"]?[""]?.string == "x")
    #expect(value["b"]?.array?.count == 4)
    #expect(value["c"] == nil)
  }

  @Test("Escapes are decoded") func escapes() throws {
    let value = try JSON(text: #""\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud83d\ude02\uffff""#)
    #expect(value == .string("\"\\/\u{8}\u{c}\n\r\t\0\u{e9}\u{20ac}\u{1f602}\u{ffff}"))
  }

  @Test(
    "What is not JSON is refused where it goes wrong",
    arguments: [
      ("", JSONError.unexpectedEnd), (" ", .unexpectedEnd), ("{", .unexpectedEnd), ("[1,", .unexpectedEnd), ("\"a", .unexpectedEnd),
      ("\"\\", .unexpectedEnd), ("tru", .unexpectedEnd), ("-", .unexpectedEnd), ("1.", .unexpectedEnd), ("1e", .unexpectedEnd),
      ("1e+", .unexpectedEnd), ("\"\\u12", .unexpectedEnd), ("{\"a\":1", .unexpectedEnd), ("{\"a\"", .unexpectedEnd),
      ("1 2", .unexpectedByte(offset: 2)), ("[1,]", .unexpectedByte(offset: 3)), ("[,1]", .unexpectedByte(offset: 1)),
      ("{\"a\":1,}", .unexpectedByte(offset: 7)), ("{a:1}", .unexpectedByte(offset: 1)), ("{1:1}", .unexpectedByte(offset: 1)),
      ("{\"a\" 1}", .unexpectedByte(offset: 5)), ("[1 2]", .unexpectedByte(offset: 3)), ("[1}", .unexpectedByte(offset: 2)),
      ("01", .unexpectedByte(offset: 1)), ("-01", .unexpectedByte(offset: 2)), ("+1", .unexpectedByte(offset: 0)),
      (".5", .unexpectedByte(offset: 0)), ("1.e5", .unexpectedByte(offset: 2)), ("0x10", .unexpectedByte(offset: 1)),
      ("NaN", .unexpectedByte(offset: 0)), ("Infinity", .unexpectedByte(offset: 0)), ("-Infinity", .unexpectedByte(offset: 1)),
      ("True", .unexpectedByte(offset: 0)), ("nul1", .unexpectedByte(offset: 3)), ("'a'", .unexpectedByte(offset: 0)),
      ("\"a\nb\"", .unexpectedByte(offset: 2)), ("\"\u{0}\"", .unexpectedByte(offset: 1)), ("// c\n1", .unexpectedByte(offset: 0)),
      ("\u{feff}1", .unexpectedByte(offset: 0)), ("\u{a0}1", .unexpectedByte(offset: 0)), ("[1]]", .unexpectedByte(offset: 3)),
      (#""\x41""#, .invalidEscape(offset: 1)), (#""\u12g4""#, .invalidEscape(offset: 1)), (#""\U0041""#, .invalidEscape(offset: 1)),
    ])
  func malformed(text: String, error: JSONError) {
    #expect(throws: error) { try JSON(text: text) }
  }

  @Test(
    "A lone surrogate is refused",
    arguments: [#""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\ud800""#, #""\ud800\u0041""#, #""\ude02\ud83d""#])
  func loneSurrogate(text: String) {
    #expect(throws: JSONError.loneSurrogate(offset: 1)) { try JSON(text: text) }
  }

  @Test(
    "Bytes that are not UTF-8 are refused",
    arguments: [[0x80], [0xc3], [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff]] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8]) {
    #expect(throws: JSONError.invalidUTF8(offset: 1)) { try JSON(parsing: [0x22] + bytes + [0x22]) }
  }

  @Test("One key twice is refused, also when one of them is escaped") func duplicateKeys() {
    #expect(throws: JSONError.duplicateKey(offset: 7)) { try JSON(text: #"{"a":1,"a":1}"#) }
    #expect(throws: JSONError.duplicateKey(offset: 7)) { try JSON(text: #"{"a":1,"\u0061":2}"#) }
    #expect(throws: JSONError.duplicateKey(offset: 14)) { try JSON(text: #"[{"b":{"a":1, "a":1}}]"#) }
  }

  @Test("Keys that only look the same are different keys") func canonicallyEquivalentKeys() throws {
    let value = try JSON(text: "{\"\u{e9}\":1,\"e\u{301}\":2}")
    #expect(value["\u{e9}"] == .number(1))
    #expect(value["e\u{301}"] == .number(2))
    #expect(try JSON(text: "\"\u{e9}\"") != JSON(text: "\"e\u{301}\""))
    #expect(try JSON(text: "{\"\u{e9}\":1}") != JSON(text: "{\"e\u{301}\":1}"))
  }

  @Test("Nesting is bounded", arguments: [("[", "]"), (#"{"a":"#, "}")])
  func depth(open: String, close: String) throws {
    func nested(_ count: Int) -> String { String(repeating: open, count: count) + "1" + String(repeating: close, count: count) }
    _ = try JSON(text: nested(JSON.depthLimit))
    #expect(throws: JSONError.tooDeep(offset: open.utf8.count * JSON.depthLimit)) { try JSON(text: nested(JSON.depthLimit + 1)) }
    #expect(throws: JSONError.tooDeep(offset: open.utf8.count * JSON.depthLimit)) {
      try JSON(text: String(repeating: open, count: 100_000))
    }
  }

  @Test("Length is bounded") func length() throws {
    #expect(try JSON(parsing: Array("[1]".utf8), limit: 3) == .array([.number(1)]))
    #expect(throws: JSONError.tooLong(limit: 3, actual: 4)) { try JSON(parsing: Array("[1] ".utf8), limit: 3) }
    let huge = [UInt8](repeating: 0x20, count: JSON.defaultByteLimit + 1)
    #expect(throws: JSONError.tooLong(limit: JSON.defaultByteLimit, actual: huge.count)) { try JSON(parsing: huge) }
  }

  @Test(
    "Numbers are the nearest doubles",
    arguments: [
      ("0", 0), ("1e21", 1e21), ("5e-324", .leastNonzeroMagnitude), ("1.7976931348623157e308", .greatestFiniteMagnitude), ("1e-400", 0),
      ("9007199254740993", 9_007_199_254_740_992), ("1E+2", 100), ("-1.25", -1.25),
    ] as [(String, Double)])
  func numbers(text: String, value: Double) throws {
    #expect(try JSON(text: text).number == value)
  }

  @Test("Minus zero keeps its sign until it is written") func minusZero() throws {
    #expect(try JSON(text: "-0").number?.sign == .minus)
  }

  @Test("A number beyond all doubles is refused", arguments: ["1e400", "-1e400", "1.7976931348623159e308", "1e99999999999999999999"])
  func outOfRange(text: String) {
    #expect(throws: JSONError.numberOutOfRange(offset: 1)) { try JSON(text: "[" + text + "]") }
  }

  @Test("A number's text is bounded") func numberLength() throws {
    let fraction = "0." + String(repeating: "1", count: JSON.numberByteLimit - 2)
    #expect(try JSON(text: fraction).number == 1.0 / 9)
    #expect(throws: JSONError.numberTooLong(offset: 0)) { try JSON(text: fraction + "1") }
  }

  @Test("No truncation or change of one byte makes the parser trap") func mutations() {
    let bytes = Array(#"{"a":[1.5e+3,-0,true,null,"\u00e9\ud83d\ude02\n"],"b":{"":""}}"#.utf8)
    var accepted = 0
    for count in bytes.indices { if (try? JSON(parsing: Array(bytes[..<count]))) != nil { accepted += 1 } }
    #expect(accepted == 0)
    for index in bytes.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = bytes
        changed[index] = byte
        guard let value = try? JSON(parsing: changed), let encoded = try? JCS.encode(value) else { continue }
        #expect((try? JSON(parsing: encoded)).flatMap { try? JCS.encode($0) } == encoded)
      }
    }
  }
}
