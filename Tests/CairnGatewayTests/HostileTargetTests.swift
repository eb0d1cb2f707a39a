import HTTPTypes
import Testing

@testable import CairnGateway

@Suite struct HostileTargetTests {
  /// SplitMix64, so that a failure can be repeated.
  private struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var value = state
      value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
      value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
      return value ^ (value >> 31)
    }
  }

  private static let pieces = [
    "%", "%2", "%00", "%FF", "%C3%A9", "%25", "?", "&", "=", "#", "%23", "%3F", "%26", "/", "//", "..", "%2e%2e", ":", "%3A", "did:",
    "did:cairn:",
    "versionId", "versionTime=2026-01-01T00:00:00Z", "versionId=1", "noCache=true", "key-1", "\u{e9}", "e\u{301}", "\u{0}", "\u{10ffff}",
    " ", "\t",
    "+", ";", "\\", "18446744073709551615", "-1", "verificationRelationship=authentication",
  ]

  @Test("No target is answered otherwise than with a status that the documentation has") func targets() async throws {
    let (gateway, _, lineage) = try Gateway.stubbed()
    var random = Random(state: 7)
    var counts: [Int: Int] = [:]
    for _ in 0..<20_000 {
      var target = Bool.random(using: &random) ? "/1.0/identifiers/\(lineage.did)" : "/1.0/identifiers/"
      for _ in 0..<Int.random(in: 0...6, using: &random) { target += Self.pieces.randomElement(using: &random) ?? "" }
      if Int.random(in: 0..<4, using: &random) == 0 {
        var bytes = Array(target.utf8)
        bytes[Int.random(in: 17..<bytes.count + 1, using: &random) - 1] = UInt8.random(in: 1...255, using: &random)
        target = String(decoding: bytes, as: UTF8.self)
      }
      let response = await gateway.get(target, accept: Bool.random(using: &random) ? nil : "application/did")
      counts[response.status.code, default: 0] += 1
      if response.status != .ok { #expect(response.json != nil, "\(target)") }
    }
    #expect(Set(counts.keys) == [200, 400, 404, 500, 501], "\(counts)")
  }
}
