import CairnIdentity
import HTTPTypes
import Testing

@testable import CairnGateway

@Suite struct FragmentTests {
  @Test("A fragment names one verification method", arguments: ["key-1", "key-1-jwk"])
  func method(_ fragment: String) async throws {
    let (gateway, _, lineage) = try Gateway.stubbed()
    let target = "/1.0/identifiers/\(lineage.did)%23\(fragment)"
    let result = await gateway.get(target)
    #expect(result.status == .ok && result.contentType == "application/did-url-dereferencing")
    #expect(result.json?["content"]?["id"]?.string == "\(lineage.did)#\(fragment)")
    #expect(result.json?["contentMetadata"]?["versionId"]?.string == "0")
    #expect(result.json?["dereferencingMetadata"]?["contentType"]?.string == "application/did")
    let alone = await gateway.get(target, accept: "application/did")
    #expect(alone.contentType == "application/did" && alone.json == result.json?["content"])
  }

  @Test("A fragment that the document has not is not found, however similar", arguments: ["key-2", "", "KEY-1", "key-1%20", "key%2D1"])
  func absent(_ fragment: String) async throws {
    let (gateway, _, lineage) = try Gateway.stubbed()
    let escaped = fragment.replacing("%", with: "%25")
    #expect(await gateway.get("/1.0/identifiers/\(lineage.did)%23\(escaped)").outcome == "404 NOT_FOUND unknown_fragment")
  }

  @Test("A key is not given for a relationship in which the document does not have it")
  func relationship() async throws {
    let (gateway, _, lineage) = try Gateway.stubbed()
    let encoded = "\(lineage.did)".replacing(":", with: "%3A")
    let cases: [(String, String)] = [
      ("%23key-1?verificationRelationship=authentication", "200 - -"),
      ("%23key-1?verificationRelationship=assertionMethod", "200 - -"),
      ("%23key-1?verificationRelationship=keyAgreement", "500 INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD other_relationship"),
      ("%23key-1?verificationRelationship=verificationMethod", "500 INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD other_relationship"),
      ("?verificationRelationship=authentication", "500 INVALID_VERIFICATION_METHOD no_verification_method"),
    ]
    for (rest, outcome) in cases {
      #expect(await gateway.get("/1.0/identifiers/\(encoded)\(rest)").outcome == outcome, "\(rest)")
    }
  }
}
