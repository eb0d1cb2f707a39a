import Testing

@testable import CairnGateway

@Suite struct AcceptTests {
  private static let offers: [(MediaType, Int)] = [
    (.didResolution, 0), (.did, 1), (.olderDIDResolution, 2), (.json, 3),
  ]

  @Test(
    "The best of what is offered is chosen as RFC 9110 says",
    arguments: [
      (nil, 0), ("", 0), ("*/*", 0), ("application/*", 0), ("application/did", 1), ("Application/DID", 1),
      ("application/did;q=0.5, application/did-resolution;q=0.4", 1), ("application/did;q=0.5, application/*;q=0.9", 0),
      ("application/did-resolution;q=0, */*", 1), ("text/html, */*;q=0.1", 0), ("text/html", nil), ("application/did;q=0", nil),
      ("application/ld+json", nil), (#"application/ld+json;profile="https://w3id.org/did-resolution""#, 2),
      (#"application/ld+json; profile=https://w3id.org/did-resolution ;q=1.0"#, 2), (#"application/ld+json;profile="other""#, nil),
      ("application/json", 3), ("application/did;q=1.5", nil), ("application/did;q=x", nil), ("nonsense", nil), ("/", nil), ("*/did", nil),
      (",,,application/did,,", 1), ("application/did;q=0.001", 1), ("application/did;q=0.0001", nil),
    ] as [(String?, Int?)])
  func chooses(_ header: String?, _ expected: Int?) {
    #expect(Accept(header).preferred(of: Self.offers)?.1 == expected)
  }

  @Test("Of a header without end only the beginning is read")
  func bounded() {
    let header = String(repeating: "text/plain,", count: 10_000) + "application/did"
    #expect(Accept(header).preferred(of: Self.offers) == nil)
  }
}
