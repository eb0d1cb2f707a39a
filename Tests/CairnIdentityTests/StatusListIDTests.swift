import CairnCrypto
import CairnIdentity
import Testing

@Suite struct StatusListPurposeTests {
  @Test("Purposes are known by their words, and only suspension is reversible") func names() {
    for purpose in StatusListPurpose.allCases { #expect(StatusListPurpose(name: purpose.name) == purpose) }
    #expect(StatusListPurpose.allCases.map(\.name) == ["revocation", "suspension", "refresh"])
    #expect(StatusListPurpose.allCases.map(\.isReversible) == [false, true, false])
    for name in ["", "Revocation", "message", "revocation "] { #expect(StatusListPurpose(name: name) == nil) }
  }
}

@Suite struct StatusListIDTests {
  private static let issuer = Sample.did
  private static let root = Digest.sha256([7])

  @Test(
    "A named list and a batch of sessions come back from their texts", arguments: ["a", "agents-2026", String(repeating: "x", count: 32)])
  func roundTrip(name: String) throws {
    let list = try StatusListID(issuer: Self.issuer, name: name)
    #expect(list.description == "\(Self.issuer)/status/\(name)")
    #expect(try StatusListID(parsing: list.description) == list)
    #expect(list.kind == .named(name))
    let sessions = StatusListID(issuer: Self.issuer, sessions: Self.root)
    #expect(sessions.description == "\(Self.issuer)/sessions/\(Self.root)")
    #expect(try StatusListID(parsing: sessions.description) == sessions)
    #expect(sessions.kind == .sessions(Self.root))
    #expect(sessions.issuer == Self.issuer)
    #expect(sessions != list)
  }

  @Test("Every other text has its reason") func errors() {
    let did = Self.issuer.description
    let hex = Self.root.description
    let cases: [(String, StatusListIDError)] = [
      ("", .did(.noScheme)), ("/status/a", .did(.noScheme)), ("did:web:a/status/a", .did(.wrongMethod)),
      (did, .wrongPath), (did + "/", .wrongPath), (did + "/status", .wrongPath), (did + "/Status/a", .wrongPath),
      (did + "/other/a", .wrongPath), (did + "/sessions", .wrongPath),
      (did + "/status/", .invalidName), (did + "/status/A", .invalidName), (did + "/status/a_b", .invalidName),
      (did + "/status/a/b", .invalidName), (did + "/status/a#b", .invalidName), (did + "/status/a?b", .invalidName),
      (did + "/status/%61", .invalidName), (did + "/status/é", .invalidName), (did + "/status/a\n", .invalidName),
      (did + "/status/\u{212a}", .invalidName), (did + "/status/" + String(repeating: "x", count: 33), .invalidName),
      (did + "/sessions/" + hex.dropLast(), .invalidBatch), (did + "/sessions/" + hex + "0", .invalidBatch),
      (did + "/sessions/" + hex.uppercased(), .invalidBatch), (did + "/sessions/" + hex.dropLast() + "g", .invalidBatch),
      (did + "/status/" + String(repeating: "x", count: 1_000_000), .tooLong(limit: 160, actual: 1_000_075)),
    ]
    for (text, error) in cases { #expect(throws: error, "\(text.prefix(100))") { try StatusListID(parsing: text) } }
    #expect(throws: StatusListIDError.invalidName) { try StatusListID(issuer: Self.issuer, name: "a b") }
  }

  @Test(
    "A list has a URL at a node, and comes back from it",
    arguments: ["https://node.example", "http://127.0.0.1:8080/", "https://a.example/x/y"])
  func urls(base: String) throws {
    let lists = [try StatusListID(issuer: Self.issuer, name: "agents"), StatusListID(issuer: Self.issuer, sessions: Self.root)]
    for list in lists {
      let url = list.url(base: base)
      #expect(url.hasPrefix(base))
      #expect(!url.dropFirst(8).contains("//"))
      #expect(try StatusListID(url: url) == list)
      #expect(try StatusListID(reference: url) == list)
      #expect(try StatusListID(reference: list.description) == list)
    }
    #expect(lists[0].url(base: "https://n.example") == "https://n.example/status-lists/\(Self.issuer)/agents")
    #expect(lists[1].url(base: "https://n.example") == "https://n.example/status-lists/\(Self.issuer)/sessions/\(Self.root)")
  }

  @Test("The DID in a URL may be percent-encoded, the scheme in any case") func percentEncoding() throws {
    let encoded = Self.issuer.description.split(separator: ":").joined(separator: "%3A")
    let list = try StatusListID(issuer: Self.issuer, name: "sessions")
    #expect(try StatusListID(url: "https://n.example/status-lists/\(encoded)/sessions") == list)
    #expect(try StatusListID(url: "HTTPS://n.example/status-lists/\(Self.issuer)/sessions") == list)
  }

  @Test("Every other URL has its reason") func urlErrors() {
    let did = Self.issuer.description
    let cases: [(String, StatusListIDError)] = [
      ("", .notHTTP), ("https:", .notHTTP), ("ftp://n.example/status-lists/\(did)/a", .notHTTP), ("/status-lists/\(did)/a", .notHTTP),
      ("https:///status-lists/ \(did)/a", .notHTTP), ("https:/n.example/status-lists/\(did)/a", .notHTTP),
      ("https://n.example/status-lists/\(did)/é", .notHTTP), ("https://n.example/status-lists/\(did)/%4", .notHTTP),
      ("https://n.example/status-lists/\(did)/a?t=1", .notBare), ("https://n.example/status-lists/\(did)/a#1", .notBare),
      ("https://n.example/status-lists/\(did)", .wrongPath), ("https://n.example/lists/\(did)/a", .wrongPath),
      ("https://status-lists/\(did)/a", .wrongPath), ("https://n.example/status-lists/\(did)/a/b", .wrongPath),
      ("https://n.example/status-lists/\(did)/", .invalidName), ("https://n.example/status-lists/\(did)/%61", .invalidName),
      ("https://n.example/status-lists/\(did)/A", .invalidName), ("https://n.example/status-lists/\(did)/sessions/a", .invalidBatch),
      ("https://n.example/status-lists/did:web:a/a", .did(.wrongMethod)), ("https://n.example/status-lists/%ff/a", .did(.noScheme)),
      ("https://n.example/" + String(repeating: "x", count: 1_000_000), .tooLong(limit: 2048, actual: 1_000_018)),
    ]
    for (text, error) in cases { #expect(throws: error, "\(text.prefix(120))") { try StatusListID(url: text) } }
    #expect(Set(cases.map(\.1.reason)).count == 8)
  }
}
