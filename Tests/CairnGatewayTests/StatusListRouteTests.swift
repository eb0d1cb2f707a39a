import CairnIdentity
import CairnMessages
import CairnNetwork
import CairnNode
import Foundation
import HTTPTypes
import SwiftProtobuf
import Testing

@testable import CairnGateway

@Suite struct StatusListRouteTests {
  private let document = Array(#"{"id":"x","type":["VerifiableCredential"]}"#.utf8)

  private func page(_ source: StubSource, isSigned: Bool, document: [UInt8]? = nil, nextChunk: UInt32 = 0) throws {
    let page = ProtoStatusListPage.with {
      $0.list = Data([1])
      $0.document = Data(document ?? self.document)
      $0.isSigned = isSigned
      $0.nextChunk = nextChunk
    }
    source.answer(with: try ProtoProven.with { $0.payload = try page.serializedData() }.serializedBytes() as [UInt8])
  }

  @Test("What the issuer signed is handed on as it is") func signed() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    try page(source, isSigned: true)
    let target = "/1.0/status-lists/\(lineage.did)/main"
    for (accept, type, form) in [
      (nil, "application/vc", .credential), ("application/vc", "application/vc", .credential),
      ("application/statuslist+jwt", "application/statuslist+jwt", .token), ("application/json", "application/vc", .credential),
    ] as [(String?, String, ProtoStatusListForm)] {
      let response = await gateway.get(target, accept: accept)
      #expect(response.status == .ok && response.contentType == type && response.body == document)
      #expect(response.headers[.cacheControl] == "no-cache" && response.headers[.eTag] != nil && response.headers[.vary] == "Accept")
      #expect(source.askedLists.last?.form == form)
      #expect(source.askedLists.last?.list == "\(lineage.did)/status/main")
    }
    #expect(await gateway.get(target, accept: "text/html").outcome == "406 - not_acceptable")
  }

  @Test("What nobody signed comes with the ledger's proof, or not as a token") func unsigned() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    try page(source, isSigned: false)
    let target = "/1.0/status-lists/\(lineage.did)/main"
    let response = await gateway.get(target)
    let proof = try #require(response.json?["proof"])
    #expect(proof["type"]?.string == "CairnProof" && proof["network"]?.string == "\(source.network)")
    let proven = try ProtoProven(serializedBytes: Data(try Base64URL.decode(try #require(proof["proven"]?.string))))
    // The document is not in it twice.
    #expect(try ProtoStatusListPage(serializedBytes: proven.payload).document.isEmpty)
    #expect(response.json?["id"]?.string == "x")
    #expect(await gateway.get(target, accept: "application/statuslist+jwt").outcome == "406 - status_list_not_signed")
    try page(source, isSigned: false, nextChunk: 256)
    #expect(await gateway.get(target).body == document)
  }

  @Test("An earlier moment is asked for in seconds") func past() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    try page(source, isSigned: false)
    let target = "/1.0/status-lists/\(lineage.did)/main"
    #expect(await gateway.get(target + "?time=1700000000").status == .ok)
    #expect(source.askedLists.last?.atMs == 1_700_000_000_000)
    for query in ["time=", "time=-1", "time=1.5", "time=1&time=2", "time", "at=1", "time=9999999999999"] {
      #expect(await gateway.get(target + "?" + query).outcome == "400 - invalid_options", "\(query)")
    }
    try page(source, isSigned: false, document: [])
    #expect(await gateway.get(target + "?time=1").outcome == "404 - unknown_status_list")
  }

  @Test("Hostile names do not reach the ledger") func refusals() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let digest = String(repeating: "0a", count: 32)
    try page(source, isSigned: true)
    #expect(await gateway.get("/1.0/status-lists/\(lineage.did)/sessions/\(digest)").status == .ok)
    #expect(source.askedLists.last?.list == "\(lineage.did)/sessions/\(digest)")
    for rest in [
      "", "x", "\(lineage.did)", "\(lineage.did)/", "\(lineage.did)/main/", "\(lineage.did)/..", "\(lineage.did)/%00", "did:key:x/main",
      "\(lineage.did)/%FF", "\(lineage.did)/" + String(repeating: "a", count: 33), "\(lineage.did)/Main",
      "\(lineage.did)/sessions/\(digest)0",
    ] {
      #expect(await gateway.get("/1.0/status-lists/\(rest)").outcome == "400 - invalid_status_list", "\(rest)")
    }
    source.fail(ServiceFailure(.notFound, "unknown_list", "There is no such list."))
    #expect(await gateway.get("/1.0/status-lists/\(lineage.did)/other").outcome == "404 - unknown_list")
  }
}
