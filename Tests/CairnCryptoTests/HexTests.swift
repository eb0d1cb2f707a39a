import CairnCrypto
import Testing

@Suite struct HexTests {
  @Test("Every byte comes back, from either case") func roundTrip() {
    let bytes = Array(UInt8.min...UInt8.max)
    let text = Hex.encode(bytes)
    #expect(text.count == 512 && text == text.lowercased())
    #expect(Hex.decode(text) == bytes)
    #expect(Hex.decode(text.uppercased()) == bytes)
    #expect(Hex.decode("") == [])
  }

  @Test("Odd counts and other characters are refused", arguments: ["0", "0g", "g0", " 00", "0x00", "é", "0 0", "//", "::", "@@", "``"])
  func refused(text: String) {
    #expect(Hex.decode(text) == nil)
  }
}
