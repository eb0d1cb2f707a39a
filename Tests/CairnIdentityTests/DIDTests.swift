import CairnCrypto
import CairnIdentity
import Testing

@Suite struct DIDTests {
  @Test(
    "DIDs of any method are read and written back",
    arguments: [
      ("did:example:123456789abcdefghi", "example", "123456789abcdefghi"), ("did:web:a.example:b:c", "web", "a.example:b:c"),
      ("did:a:::x", "a", "::x"), ("did:0x9:%20%aF", "0x9", "%20%aF"), ("did:m:A.-_z", "m", "A.-_z"),
    ])
  func valid(text: String, method: String, identifier: String) throws {
    let did = try DID(parsing: text)
    #expect(did.description == text)
    #expect(did.method == method)
    #expect(did.methodSpecificIdentifier == identifier)
  }

  @Test(
    "What the grammar does not admit is refused",
    arguments: [
      ("", DIDError.noScheme), ("did", .noScheme), ("DID:a:b", .noScheme), ("urn:a:b", .noScheme), (" did:a:b", .noScheme),
      ("did:", .invalidMethodName), ("did::b", .invalidMethodName), ("did:a", .invalidMethodName), ("did:A:b", .invalidMethodName),
      ("did:a-b:c", .invalidMethodName), ("did:é:c", .invalidMethodName), ("did:a:", .emptyIdentifier), ("did:a:b:", .emptyIdentifier),
      ("did:a::", .emptyIdentifier), ("did:a:b c", .invalidCharacter(offset: 7)), ("did:a:b/c", .invalidCharacter(offset: 7)),
      ("did:a:b?c", .invalidCharacter(offset: 7)), ("did:a:b#c", .invalidCharacter(offset: 7)), ("did:a:é", .invalidCharacter(offset: 6)),
      ("did:a:b\0", .invalidCharacter(offset: 7)), ("did:a:b\n", .invalidCharacter(offset: 7)), ("did:a:%", .invalidCharacter(offset: 6)),
      ("did:a:%2", .invalidCharacter(offset: 6)), ("did:a:%2g", .invalidCharacter(offset: 6)), ("did:a:b%2", .invalidCharacter(offset: 7)),
    ])
  func invalid(text: String, error: DIDError) {
    #expect(throws: error) { try DID(parsing: text) }
  }

  @Test("Length is bounded") func length() throws {
    let longest = "did:a:" + String(repeating: "b", count: DID.byteLimit - 6)
    #expect(try DID(parsing: longest).description == longest)
    #expect(throws: DIDError.tooLong(limit: 2048, actual: 2049)) { try DID(parsing: longest + "b") }
    #expect(throws: DIDError.tooLong(limit: 2048, actual: 1_000_000)) { try DID(parsing: String(repeating: "d", count: 1_000_000)) }
  }
}

@Suite struct DIDURLTests {
  @Test("Every part is found") func parts() throws {
    let text = "did:example:123/path/a%2Fb?versionId=4&relativeRef=%2Fx?y#key-1"
    let url = try DIDURL(parsing: text)
    #expect(url.did.description == "did:example:123")
    #expect(url.path == "/path/a%2Fb")
    #expect(url.query == "versionId=4&relativeRef=%2Fx?y")
    #expect(url.fragment == "key-1")
    #expect(url.parameter("versionId") == "4")
    #expect(url.parameter("relativeRef") == "/x?y")
    #expect(url.parameter("versionid") == nil)
    #expect(url.description == text)
  }

  @Test(
    "Absent and empty parts differ, and both come back",
    arguments: ["did:a:b", "did:a:b?", "did:a:b#", "did:a:b/", "did:a:b?#", "did:a:b#?"])
  func empty(text: String) throws {
    let url = try DIDURL(parsing: text)
    #expect(url.description == text)
    #expect((url.query != nil) == text.split(separator: "#", omittingEmptySubsequences: false)[0].contains("?"))
    #expect((url.fragment != nil) == text.contains("#"))
    #expect(url.parameters.isEmpty)
  }

  @Test("Parameters are decoded in order") func parameters() throws {
    let url = try DIDURL(parsing: "did:a:b?a&b=&c=d=e&&%66=g%20h+%C3%A9")
    #expect(url.parameters.map(\.name) == ["a", "b", "c", "f"])
    #expect(url.parameters.map(\.value) == ["", "", "d=e", "g h+\u{e9}"])
  }

  @Test("One parameter twice is refused, also when one of them is encoded", arguments: ["a=1&a=1", "a=1&b&a=2", "a=1&%61=2", "a&a"])
  func duplicates(query: String) {
    #expect(throws: DIDError.duplicateParameter("a")) { try DIDURL(parsing: "did:a:b?" + query) }
  }

  @Test(
    "What the grammar does not admit is refused",
    arguments: [
      ("did:a:b c", DIDError.invalidCharacter(offset: 7)), ("/path", .noScheme), ("#key", .noScheme), ("did:a:/x", .emptyIdentifier),
      ("did:a:b/ ", .invalidPath), ("did:a:b/é", .invalidPath), ("did:a:b/%", .invalidPath), ("did:a:b/[", .invalidPath),
      ("did:a:b?a b", .invalidQuery), ("did:a:b?%zz", .invalidQuery), ("did:a:b?a=%ff", .invalidQuery), ("did:a:b?\"", .invalidQuery),
      ("did:a:b#c#d", .invalidFragment), ("did:a:b#c d", .invalidFragment), ("did:a:b#%4", .invalidFragment),
      ("did:a:b#\\", .invalidFragment),
    ])
  func invalid(text: String, error: DIDError) {
    #expect(throws: error) { try DIDURL(parsing: text) }
  }

  @Test("Length is bounded") func length() {
    #expect(throws: DIDError.tooLong(limit: 2048, actual: 3008)) {
      try DIDURL(parsing: "did:a:b?" + String(repeating: "&", count: 3000))
    }
  }
}

@Suite struct CairnDIDTests {
  private let network = Digest.sha256(Array("network".utf8))
  private let create = Digest.sha256(Array("create".utf8))

  @Test("The text of all zeros is the known one") func zeros() {
    let did = CairnDID(network: .zero, create: .zero)
    // The identifier is the well-known CID version 0 of a multihash of zeros.
    #expect(did.description == "did:cairn:aaaaaaaaaa:QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51")
  }

  @Test("A DID comes back from its text") func roundTrip() throws {
    for index in 0..<200 {
      let did = CairnDID(network: .sha256([UInt8(index), 1]), create: .sha256([UInt8(index), 2]))
      let parsed = try CairnDID(parsing: did.description)
      #expect(parsed == did)
      #expect(parsed.hashValue == did.hashValue)
      #expect(parsed.digest == did.digest)
      #expect(parsed.description == did.description)
      #expect(did.description.utf8.count == 67)
      #expect(try DID(parsing: did.description).method == CairnDID.method)
    }
  }

  @Test("A DID is of one network only") func networks() {
    let did = CairnDID(network: network, create: create)
    #expect(did.isOf(network: network))
    #expect(!did.isOf(network: create))
    #expect(did != CairnDID(network: create, create: create))
    #expect(did.networkPrefix == CairnDID.networkPrefix(of: network))
    #expect(Base32.encode(network.bytes).hasPrefix(did.networkPrefix))
  }

  @Test("Each way to be no DID of this method has its own error") func errors() {
    let did = CairnDID(network: network, create: create).description
    let net = did.dropFirst(10).prefix(10)
    let scid = did.suffix(46)
    let zeroDigest = [UInt8](repeating: 0, count: 32)
    let cases: [(String, DIDError)] = [
      ("", .noScheme), ("cairn:" + net, .noScheme), (" " + did, .noScheme), ("DID:cairn:\(net):\(scid)", .noScheme),
      ("did:web:\(net):\(scid)", .wrongMethod), ("did:cairn", .wrongMethod), ("did:Cairn:\(net):\(scid)", .wrongMethod),
      ("did:cairn:", .wrongPartCount), ("did:cairn:\(net)", .wrongPartCount), ("\(did):", .wrongPartCount),
      ("did:cairn::\(net):\(scid)", .wrongPartCount),
      ("did:cairn:\(net.dropLast()):\(scid)", .wrongNetworkLength), ("did:cairn:\(net)a:\(scid)", .wrongNetworkLength),
      ("did:cairn::\(scid)", .wrongNetworkLength),
      ("did:cairn:\(net.dropLast())1:\(scid)", .wrongNetworkAlphabet),
      ("did:cairn:\(net.dropLast())A:\(scid)", .wrongNetworkAlphabet), ("did:cairn:\(net.uppercased()):\(scid)", .wrongNetworkAlphabet),
      ("did:cairn:\(net):", .wrongIdentifierLength), ("did:cairn:\(net):\(scid.dropLast())", .wrongIdentifierLength),
      (did + "1", .wrongIdentifierLength), (did + "#key", .wrongIdentifierLength), (did + "\n", .wrongIdentifierLength),
      ("did:cairn:\(net):1\(scid)", .wrongIdentifierLength),
      ("did:cairn:\(net):\(scid.dropLast())0", .wrongIdentifierAlphabet),
      ("did:cairn:\(net):\(scid.dropLast())#", .wrongIdentifierAlphabet),
      ("did:cairn:\(net):" + Base58.encode([0x13, 0x20] + zeroDigest), .wrongMultihash),
      ("did:cairn:\(net):" + Base58.encode([0x12, 0x21] + zeroDigest), .wrongMultihash),
      ("did:cairn:\(net):" + String(repeating: "1", count: 46), .wrongMultihash),
      ("did:cairn:\(net):" + String(repeating: "z", count: 46), .wrongMultihash),
      ("did:cairn:" + String(repeating: "a", count: 1_000_000), .tooLong(limit: 67, actual: 1_000_010)),
    ]
    for (text, error) in cases { #expect(throws: error, "\(text.prefix(80))") { try CairnDID(parsing: text) } }
    #expect(Set(cases.map(\.1.reason)).count == 9)
  }

  @Test("No change of one character gives another text of the same DID") func malleability() {
    let did = CairnDID(network: network, create: create)
    let bytes = Array(did.description.utf8)
    for index in bytes.indices {
      for byte in UInt8.min...UInt8.max where byte != bytes[index] {
        var changed = bytes
        changed[index] = byte
        guard let parsed = try? CairnDID(parsing: String(decoding: changed, as: UTF8.self)) else { continue }
        #expect(parsed != did)
        #expect(Array(parsed.description.utf8) == changed)
      }
    }
  }
}
