import CairnChain
import CairnCrypto
import Foundation
import Testing

@Suite struct TrustAnchorTests {
  private func anchor(count: Int = 4) throws -> TrustAnchor {
    TrustAnchor(
      network: testNetwork, epoch: .max, height: (1 << 53) + 1, digest: testDigest("header"), validators: try Committee(count: count).set)
  }

  @Test("An anchor comes back from its file", arguments: [1, 31]) func roundTrip(count: Int) throws {
    let anchor = try anchor(count: count)
    #expect(try TrustAnchor(decoding: anchor.fileBytes) == anchor)
  }

  @Test("The largest set fits its file") func largest() throws {
    var validators = try Committee(count: 31).set.validators
    for index in validators.indices {
      validators[index].name = String(repeating: "n", count: 30) + "\(10 + index)"
      validators[index].peerAddress = String(repeating: "a", count: 253) + ":65535"
      validators[index].clientAddress = validators[index].peerAddress
    }
    var anchor = try anchor()
    anchor.validators = try ValidatorSet(validators)
    #expect(try TrustAnchor(decoding: anchor.fileBytes) == anchor)
  }

  @Test("A file is JSON with these fields") func format() throws {
    let object = try JSONSerialization.jsonObject(with: Data(anchor().fileBytes)) as? [String: Any]
    #expect(object?.keys.sorted() == ["digest", "epoch", "height", "network", "validators", "version"])
    #expect(object?["network"] as? String == testNetwork.description)
    #expect(object?["validators"] as? String == Golden.validatorSet)
  }

  @Test("A field that is wrong is named") func badFields() throws {
    try expect(.version(2), replacing: "\"version\" : 1", with: "\"version\" : 2")
    try expect(.version(0), replacing: "\"version\" : 1", with: "\"version\" : -1")
    try expect(.field("network"), replacing: testNetwork.description, with: "00")
    try expect(.field("digest"), replacing: testDigest("header").description, with: String(repeating: "g", count: 64))
    try expect(.field("validators"), replacing: Golden.validatorSet, with: "0")
    try expect(.validatorSet(.count(0)), replacing: Golden.validatorSet, with: "")
    try expect(.encoding(.notCanonical), replacing: Golden.validatorSet, with: Golden.validatorSet + "1001")
    try expect(.encoding(.malformed), replacing: "\"epoch\" : 18446744073709551615", with: "\"epoch\" : 18446744073709551616")
    try expect(.encoding(.malformed), replacing: "\"epoch\" : 18446744073709551615", with: "\"epoch\" : -1")
    try expect(.encoding(.malformed), replacing: "\"epoch\"", with: "\"era\"")
  }

  @Test("Anything else is malformed", arguments: ["", "{}", "[]", "{\"version\":1}", String(repeating: "[", count: 100_000)])
  func garbage(text: String) {
    #expect(throws: ChainError.encoding(.malformed)) { try TrustAnchor(decoding: Array(text.utf8)) }
  }

  @Test("A file has at most 128 KiB") func size() throws {
    let bytes = try anchor().fileBytes + [UInt8](repeating: 0x20, count: 128 << 10)
    #expect(throws: ChainError.encoding(.tooLong(limit: 128 << 10, actual: bytes.count))) { try TrustAnchor(decoding: bytes) }
  }

  private func expect(
    _ error: ChainError, replacing old: String, with new: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let text = String(decoding: try anchor().fileBytes, as: UTF8.self)
    try #require(text.contains(old), sourceLocation: sourceLocation)
    #expect(throws: error, sourceLocation: sourceLocation) { try TrustAnchor(decoding: Array(text.replacing(old, with: new).utf8)) }
  }
}
