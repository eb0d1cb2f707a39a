import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnNode
import CairnTestKit
import Foundation
import HTTPTypes
import Testing

@testable import CairnGateway

@Suite struct IdentifierTests {
  @Test("A DID is answered with its document byte for byte, its metadata and its proof")
  func resolutionResult() async throws {
    let (gateway, _, lineage) = try Gateway.stubbed()
    let response = await gateway.get("/1.0/identifiers/\(lineage.did)")
    #expect(response.status == .ok)
    #expect(response.contentType == "application/did-resolution")
    #expect(response.headers[.cacheControl] == "no-cache")
    #expect(response.headers[.vary] == "Accept")
    #expect(response.headers[.accessControlAllowOrigin] == "*")
    #expect(response.headers[.xContentTypeOptions] == "nosniff")
    let document = String(decoding: lineage.document, as: UTF8.self)
    #expect(String(decoding: response.body, as: UTF8.self).hasPrefix(#"{"didDocument":\#(document),"didDocumentMetadata":"#))
    let json = try #require(response.json)
    #expect(json["didResolutionMetadata"]?["contentType"]?.string == "application/did")
    #expect(json["didResolutionMetadata"]?["error"] == nil)
    let metadata = try #require(json["didDocumentMetadata"])
    #expect(metadata["created"]?.string == "2023-11-14T22:13:20Z")
    #expect(metadata["keysChanged"]?.string == "2023-11-14T22:13:20Z")
    #expect(metadata["versionId"]?.string == "0")
    for absent in ["updated", "deactivated", "nextUpdate", "nextVersionId"] { #expect(metadata[absent] == nil) }
    let proof = try #require(metadata["proof"]?.array?.first)
    #expect(proof["type"]?.string == "CairnProof")
    #expect(proof["network"]?.string == "\(lineage.network.genesis.network)")
    let proven = try #require(proof["proven"]?.string)
    #expect(proven.utf8.allSatisfy { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") })
  }

  @Test(
    "Each form is had under its media types",
    arguments: [
      ("application/did-resolution", "didDocument"), ("application/did", "@context"), ("application/did+ld+json", "@context"),
      ("application/did+json", "@context"), ("application/json", "didDocument"), ("application/did-url-dereferencing", "content"),
      (#"application/ld+json;profile="https://w3id.org/did-resolution""#, "didDocument"),
    ])
  func forms(_ type: String, _ member: String) async throws {
    let (gateway, _, lineage) = try Gateway.stubbed()
    let response = await gateway.get("/1.0/identifiers/\(lineage.did)", accept: type)
    #expect(response.status == .ok)
    #expect(response.contentType == type)
    #expect(response.json?[member] != nil)
    if member == "@context" { #expect(response.body == lineage.document) }
  }

  @Test("Raw and percent-encoded identifiers are the same")
  func encodings() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let did = "\(lineage.did)"
    let raw = await gateway.get("/1.0/identifiers/\(did)")
    let encoded = did.replacing(":", with: "%3A")
    let all = did.utf8.map { "%" + Hex.encode([$0]) }.joined()
    for identifier in [encoded, encoded.lowercased().replacing(did.lowercased(), with: did), all, all.uppercased()] {
      guard identifier != encoded.lowercased() else { continue }
      #expect(await gateway.get("/1.0/identifiers/\(identifier)") == raw, "\(identifier)")
    }
    #expect(source.asked.allSatisfy { $0.did == did })
  }

  @Test("Everything that is no DID of this network is refused with its reason, and the node is not asked")
  func refusals() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let did = "\(lineage.did)"
    let foreign = CairnDID(network: .sha256(Array("other".utf8)), create: .sha256([1]))
    let cases: [(String, String)] = [
      ("", "400 INVALID_DID no_did_scheme"),
      ("nonsense", "400 INVALID_DID no_did_scheme"),
      ("did:", "400 INVALID_DID invalid_method_name"),
      ("did:cairn:", "400 INVALID_DID empty_identifier"),
      ("did:cairn:abc", "400 INVALID_DID wrong_did_part_count"),
      (did.dropLast() + "0", "400 INVALID_DID wrong_identifier_alphabet"),
      (did + "x", "400 INVALID_DID wrong_identifier_length"),
      (did + "%00", "400 INVALID_DID invalid_did_character"),
      ("%00", "400 INVALID_DID no_did_scheme"),
      ("%", "400 INVALID_DID bad_percent_encoding"),
      ("did%3", "400 INVALID_DID bad_percent_encoding"),
      ("did%3Acairn%3A%FF", "400 INVALID_DID bad_percent_encoding"),
      ("%C3%28", "400 INVALID_DID bad_percent_encoding"),
      ("did%253Acairn", "400 INVALID_DID no_did_scheme"),
      ("../../healthz", "400 INVALID_DID_URL no_did_scheme"),
      ("..%2F..%2Fhealthz", "400 INVALID_DID_URL no_did_scheme"),
      ("did:cairn:\u{e9}", "400 INVALID_DID invalid_did_character"),
      ("did:" + String(repeating: "a", count: 3000), "400 INVALID_DID did_too_long"),
      ("did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH", "501 METHOD_NOT_SUPPORTED wrong_did_method"),
      ("did:example:123/path?x=1", "501 METHOD_NOT_SUPPORTED wrong_did_method"),
      ("\(foreign)", "404 NOT_FOUND wrong_network"),
      (did + "/path", "404 NOT_FOUND no_such_path"),
      (did + "/%3Cscript%3E", "400 INVALID_DID_URL invalid_did_path"),
      (did + "%23%20", "400 INVALID_DID_URL invalid_did_fragment"),
      (did + "?versionId=1&versionId=2", "400 INVALID_DID_URL duplicate_did_parameter"),
      (did + "?versionId=1&%76ersionId=2", "400 INVALID_DID_URL duplicate_did_parameter"),
      (did + "%3FversionId%3D1%26versionId%3D2", "400 INVALID_DID_URL duplicate_did_parameter"),
      (did + "?versionId=1&versionTime=2024-01-01T00:00:00Z", "400 INVALID_OPTIONS two_versions"),
      (did + "?versionId=x", "400 INVALID_OPTIONS invalid_option"),
      (did + "?versionId=", "400 INVALID_OPTIONS invalid_option"),
      (did + "?versionId=01", "400 INVALID_OPTIONS invalid_option"),
      (did + "?versionId=+1", "400 INVALID_OPTIONS invalid_option"),
      (did + "?versionId=-1", "400 INVALID_OPTIONS invalid_option"),
      (did + "?versionId=18446744073709551616", "400 INVALID_OPTIONS invalid_option"),
      (did + "?versionTime=2024-01-01T00:00:00%2B01:00", "400 INVALID_OPTIONS invalid_option"),
      (did + "?versionTime=yesterday", "400 INVALID_OPTIONS invalid_option"),
      (did + "?noCache=maybe", "400 INVALID_OPTIONS invalid_option"),
      (did + "?expandRelativeUrls=1", "400 INVALID_OPTIONS invalid_option"),
      (did + "?service=files", "501 FEATURE_NOT_SUPPORTED unknown_option"),
      (did + "?transformKey=JsonWebKey", "501 FEATURE_NOT_SUPPORTED unknown_option"),
      (did + "?VERSIONID=1", "501 FEATURE_NOT_SUPPORTED unknown_option"),
    ]
    for (identifier, outcome) in cases {
      let response = await gateway.get("/1.0/identifiers/\(identifier)")
      #expect(response.outcome == outcome, "\(identifier)")
      #expect(response.contentType == "application/did-resolution")
      #expect(response.headers[.cacheControl] == "no-store")
      #expect(response.json?["didDocument"] == .null)
      #expect(response.json?["didDocumentMetadata"] == .object([]))
      #expect(response.error?["status"]?.number == Double(response.status.code))
      #expect(response.error?["title"]?.string?.isEmpty == false && response.error?["detail"]?.string?.isEmpty == false)
    }
    #expect(source.asked.isEmpty)
  }

  @Test("With an encoded DID the query has the options, and what is wrong there is wrong with the options")
  func options() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let encoded = "\(lineage.did)".replacing(":", with: "%3A")
    let cases: [(String, String)] = [
      ("?versionId=0", "200 - -"),
      ("?noCache=true&expandRelativeUrls=false", "200 - -"),
      ("?", "200 - -"),
      ("?versionId=1&versionId=2", "400 INVALID_OPTIONS duplicate_option"),
      ("%3FversionId%3D1?versionId=1", "400 INVALID_OPTIONS duplicate_option"),
      ("%3FversionId%3D1?versionTime=2024-01-01T00:00:00Z", "400 INVALID_OPTIONS two_versions"),
      ("?versionId=%FF", "400 INVALID_OPTIONS bad_percent_encoding"),
      ("?version%", "400 INVALID_OPTIONS bad_percent_encoding"),
      ("?unknown", "501 FEATURE_NOT_SUPPORTED unknown_option"),
    ]
    for (rest, outcome) in cases {
      #expect(await gateway.get("/1.0/identifiers/\(encoded)\(rest)").outcome == outcome, "\(rest)")
    }
    #expect(source.asked.map(\.version) == [.versionID(0), nil, nil])
  }

  @Test("What the node says becomes the error that the specification has for it")
  func failures() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let target = "/1.0/identifiers/\(lineage.did)"
    for (status, outcome) in [
      (RPCStatus.notFound, "404 NOT_FOUND why"), (.outOfRange, "404 NOT_FOUND why"), (.invalidArgument, "400 INVALID_OPTIONS why"),
      (.unimplemented, "501 FEATURE_NOT_SUPPORTED why"), (.unavailable, "500 INTERNAL_ERROR why"), (.internal, "500 INTERNAL_ERROR why"),
    ] {
      source.fail(ServiceFailure(status, "why", "Because."))
      let response = await gateway.get(target)
      #expect(response.outcome == outcome)
      #expect(response.headers[.retryAfter] == (status == .unavailable ? "1" : nil))
    }
    source.answer(with: nil as ProtoResolution?)
    #expect(await gateway.get(target).outcome == "404 NOT_FOUND unknown_did")
    source.answer(with: [0xff, 0xff])
    #expect(await gateway.get(target).outcome == "500 INTERNAL_ERROR damaged_answer")
    var damaged = ProtoResolution()
    damaged.record = Data([1, 2, 3])
    source.answer(with: damaged)
    #expect(await gateway.get(target).outcome == "500 INTERNAL_ERROR damaged_answer")
    // Another DID's record.
    source.answer(with: try Lineage().newest(0))
    #expect(await gateway.get(target).outcome == "500 INTERNAL_ERROR damaged_answer")
  }

  @Test("What nobody can write is not acceptable")
  func notAcceptable() async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    let response = await gateway.get("/1.0/identifiers/\(lineage.did)", accept: "text/html")
    #expect(response.outcome == "406 REPRESENTATION_NOT_SUPPORTED not_acceptable")
    #expect(source.asked.isEmpty)
    // A part of a document fits into no resolution result.
    let part = await gateway.get("/1.0/identifiers/\(lineage.did)%23key-1", accept: "application/did-resolution")
    #expect(part.outcome == "406 REPRESENTATION_NOT_SUPPORTED not_acceptable")
    let refusal = await gateway.get("/1.0/identifiers/nonsense", accept: "application/did-url-dereferencing")
    #expect(refusal.contentType == "application/did-url-dereferencing")
    #expect(refusal.outcome == "400 INVALID_DID no_did_scheme")
    #expect(refusal.json?["content"] == .null && refusal.json?["contentMetadata"] == .object([]))
  }

  @Test("A deactivated DID is gone: no document, but the proof", arguments: ["application/did-resolution", "application/did"])
  func deactivated(_ accept: String) async throws {
    let (gateway, source, lineage) = try Gateway.stubbed()
    source.answer(with: try lineage.newest(2, isDeactivated: true))
    for target in ["\(lineage.did)", "\(lineage.did)?versionId=2"] {
      let response = await gateway.get("/1.0/identifiers/\(target)", accept: accept)
      #expect(response.status == .gone)
      #expect(response.contentType == "application/did-resolution")
      #expect(response.json?["didDocument"] == .null)
      #expect(response.json?["didDocumentMetadata"]?["deactivated"] == .bool(true))
      #expect(response.json?["didDocumentMetadata"]?["versionId"]?.string == "2")
      #expect(response.json?["didDocumentMetadata"]?["proof"]?.array?.count == 1)
    }
    let part = await gateway.get("/1.0/identifiers/\(lineage.did)%23key-1")
    #expect(part.status == .gone)
    #expect(part.json?["content"] == .null && part.json?["contentMetadata"]?["deactivated"] == .bool(true))
  }
}
