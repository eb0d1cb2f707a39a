import CairnIdentity
import CairnMessages
import Foundation
import HTTPTypes
import Testing

@testable import CairnGateway

@Suite struct VersionTests {
  private static func text(_ version: UInt64) -> String { DateTime.text(milliseconds: Lineage.milliseconds(ofVersion: version)) }

  @Test("An earlier version says what replaced it and when, and may be kept for ever", arguments: [0, 1] as [UInt64])
  func earlier(_ version: UInt64) async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    source.answer(with: try lineage.earlier(version, newest: 2))
    for option in ["versionId=\(version)", "versionTime=\(Self.text(version))"] {
      let response = await gateway.get("/1.0/identifiers/\(lineage.did)?\(option)")
      #expect(response.status == .ok, "\(option)")
      #expect(response.headers[.cacheControl] == "public, max-age=31536000, immutable")
      let metadata = try #require(response.json?["didDocumentMetadata"])
      #expect(metadata["versionId"]?.string == "\(version)")
      #expect(metadata["updated"]?.string == (version == 0 ? nil : Self.text(1)))
      #expect(metadata["nextVersionId"]?.string == "\(version + 1)")
      #expect(metadata["nextUpdate"]?.string == Self.text(version + 1))
      #expect(metadata["deactivated"] == nil)
    }
    #expect(
      source.asked.map(\.version) == [.versionID(version), .versionTimeMs((Lineage.milliseconds(ofVersion: version) / 1000) * 1000 + 999)])
  }

  @Test("The newest version, asked for by name or time, is not for ever")
  func newest() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    source.answer(with: try lineage.newest(2))
    for option in ["versionId=2", "versionTime=\(Self.text(2))", "versionTime=2030-01-01T00:00:00.5Z"] {
      let response = await gateway.get("/1.0/identifiers/\(lineage.did)?\(option)")
      #expect(response.headers[.cacheControl] == "no-cache", "\(option)")
      #expect(response.json?["didDocumentMetadata"]?["versionId"]?.string == "2")
      #expect(response.json?["didDocumentMetadata"]?["updated"]?.string == Self.text(2))
      #expect(response.json?["didDocumentMetadata"]?["nextVersionId"] == nil)
    }
  }

  @Test("Versions that are not there, and times before the creation, are not found")
  func absent() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    source.answer(with: try lineage.newest(2))
    #expect(await gateway.get("/1.0/identifiers/\(lineage.did)?versionId=3").outcome == "404 NOT_FOUND unknown_version")
    for newest in [0, 2] as [UInt64] {
      source.answer(with: try lineage.beforeCreation(newest: newest))
      let response = await gateway.get("/1.0/identifiers/\(lineage.did)?versionTime=2001-01-01T00:00:00Z")
      #expect(response.outcome == "404 NOT_FOUND not_yet_created")
    }
  }

  @Test("An answer about another version, or one that the newest does not commit to, is not passed on")
  func wrong() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let damaged = "500 INTERNAL_ERROR damaged_answer"
    let target = "/1.0/identifiers/\(lineage.did)?versionId=0"
    source.answer(with: try lineage.earlier(1, newest: 2))
    #expect(await gateway.get(target).outcome == damaged)
    source.answer(with: try lineage.newest(2))
    #expect(await gateway.get(target).outcome == damaged)
    var forged = try lineage.earlier(0, newest: 2)
    forged.version.record = Data(try lineage.record(0, isDeactivated: true))
    source.answer(with: forged)
    #expect(await gateway.get(target).outcome == damaged)
    // Of another time.
    source.answer(with: try lineage.earlier(0, newest: 2))
    #expect(await gateway.get("/1.0/identifiers/\(lineage.did)?versionTime=\(Self.text(1))").outcome == damaged)
  }
}
