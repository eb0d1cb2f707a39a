import CairnIdentity
import Testing

@Suite struct StatusBitsTests {
  @Test("Index 0 is the most significant bit of the first byte") func order() {
    var bits = StatusBits(length: 24)
    #expect(bits.length == 24)
    #expect(bits.bytes == [0, 0, 0])
    bits.set(0)
    bits.set(9)
    bits.set(23)
    #expect(bits.bytes == [0b1000_0000, 0b0100_0000, 0b0000_0001])
    #expect((0..<24).filter { bits[$0] == true } == [0, 9, 23])
    #expect(bits.setCount == 3)
    bits.set(9)
    #expect(bits.setCount == 3)
    bits.clear(0)
    bits.clear(1)
    #expect(bits.bytes == [0, 0b0100_0000, 0b0000_0001])
  }

  @Test("Beyond the end there is nothing, and nothing happens", arguments: [24, 25, UInt64(Int64.max), .max])
  func bounds(index: UInt64) {
    var bits = StatusBits(bytes: [0xff, 0xff, 0xff])
    #expect(bits[index] == nil)
    let (isSet, isCleared) = (bits.set(index), bits.clear(index))
    #expect(!isSet && !isCleared)
    #expect(bits.bytes == [0xff, 0xff, 0xff])
    #expect(StatusBits(bytes: [])[0] == nil)
  }

  @Test("A length is rounded up to bytes, and bounded") func lengths() {
    #expect(StatusBits(length: 0).length == 0)
    #expect(StatusBits(length: 1).length == 8)
    #expect(StatusBits(length: 131_072).bytes.count == 16_384)
    #expect(StatusBits(length: .max).length == StatusBits.maximumLength)
  }
}
