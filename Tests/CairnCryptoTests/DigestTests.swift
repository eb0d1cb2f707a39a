import CairnCrypto
import Testing

@Suite struct DigestTests {
  @Test("The digest of nothing is FIPS 180-4's") func emptyDigest() {
    #expect(Digest.sha256([]).description == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("Bits count from the most significant bit of the first byte") func bits() {
    var bytes = [UInt8](repeating: 0, count: 32)
    bytes[9] = 0b0100_0000
    let digest = Digest(bytes)
    #expect(digest?.bit(73) == true)
    #expect(digest?.bit(72) == false)
    #expect(digest?.firstDifferingBit(from: .zero) == 73)
    #expect(Digest.zero.firstDifferingBit(from: .zero) == nil)
  }

  @Test("Digests order as their bytes do") func order() {
    let digests = (0..<200).map { Digest.sha256([UInt8($0)]) }
    #expect(digests.sorted().map(\.bytes) == digests.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) })
  }

  @Test("Only 32 bytes make a digest", arguments: [0, 31, 33, 64]) func length(count: Int) {
    #expect(Digest([UInt8](repeating: 1, count: count)) == nil)
  }
}
