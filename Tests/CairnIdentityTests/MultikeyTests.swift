import CairnCrypto
import Testing

@testable import CairnIdentity

@Suite struct MultikeyTests {
  private let key = Array(1...32) as [UInt8]

  @Test("The did:key vectors decode and encode back", .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func vectors() throws {
    var counts: [Multikey.Kind: Int] = [:]
    for file in ["ed25519-x25519", "secp256k1", "nist-curves"] {
      for member in try #require(try Vectors.json("did-key/\(file).json").object) {
        let multibase = String(member.key.dropFirst("did:key:".count))
        guard !multibase.hasPrefix("z2J9g") else {
          #expect(throws: MultikeyError.unknownHeader(0x1202)) { try Multikey(multibase: multibase) }
          continue
        }
        let multikey = try Multikey(multibase: multibase)
        #expect(multikey.multibase == multibase)
        #expect(try Multikey(multikey.bytes) == multikey)
        if let raw = member.value["verificationKeyPair"]?["publicKeyBase58"]?.string {
          #expect(Base58.encode(multikey.keyBytes) == raw)
        }
        if let jwk = member.value["verificationMethod"]?["publicKeyJwk"], let x = jwk["x"]?.string {
          #expect(try Base64URL.decode(x) == Array(multikey.keyBytes.dropFirst()))
        }
        counts[multikey.kind, default: 0] += 1
        if let agreement = member.value["keyAgreementKeyPair"]?["id"]?.string?.split(separator: "#").last {
          #expect(try Multikey(multibase: agreement).kind == .x25519)
        }
      }
    }
    #expect(counts == [.ed25519: 5, .secp256k1: 6, .p256: 3, .p384: 2])
  }

  @Test("A seed of the did:key vectors gives the key", .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func seeds() throws {
    let members = try #require(try Vectors.json("did-key/ed25519-x25519.json").object)
    for member in members {
      let seed = try bytes(hex: try #require(member.value["seed"]?.string))
      let signingKey = try #require(SigningKey(seed: seed))
      #expect("did:key:" + Multikey(signingKey.publicKey).multibase == member.key)
      #expect(try Multikey(multibase: member.key.dropFirst(8)).ed25519 == signingKey.publicKey)
    }
    #expect(members.count == 5)
  }

  @Test("RSA and BLS keys of the did:key vectors are refused", .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func unknownVectors() throws {
    for file in ["rsa", "bls12381"] {
      for member in try #require(try Vectors.json("did-key/\(file).json").object) {
        #expect(throws: MultikeyError.self) { try Multikey(multibase: member.key.dropFirst(8)) }
      }
    }
  }

  @Test("Each kind has its header and exactly its length", arguments: Multikey.Kind.allCases) func lengths(kind: Multikey.Kind) throws {
    let header = Varint.encode(kind.rawValue)
    let raw = [2] + [UInt8](repeating: 7, count: kind.keyByteCount - 1)
    let multikey = try Multikey(header + raw)
    #expect(multikey.kind == kind)
    #expect(multikey.keyBytes == raw)
    #expect(multikey.bytes == header + raw)
    #expect((multikey.ed25519 != nil) == (kind == .ed25519))
    for count in [0, kind.keyByteCount - 1, kind.keyByteCount + 1, 5000] {
      #expect(throws: MultikeyError.wrongLength(expected: kind.keyByteCount, actual: count)) {
        try Multikey(header + [UInt8](repeating: 2, count: count))
      }
    }
  }

  @Test("A private key is refused as such", arguments: [0x1300, 0x1301, 0x1302, 0x1306, 0x1307, 0x130a, 0x1310] as [UInt64])
  func privateKey(header: UInt64) {
    #expect(throws: MultikeyError.privateKey(header: header)) { try Multikey(Varint.encode(header) + key) }
  }

  @Test("The private key of the eddsa-jcs-2022 vectors is refused", .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func privateKeyVector() throws {
    let pair = try Vectors.json("eddsa-jcs-2022/keyPair.json")
    let secret = try #require(pair["privateKeyMultibase"]?.string)
    #expect(throws: MultikeyError.privateKey(header: 0x1300)) { try Multikey(multibase: secret) }
    let seed = Array(try Multibase.decodeBase58(secret).dropFirst(2))
    #expect(SigningKey(seed: seed).map { Multikey($0.publicKey).multibase } == pair["publicKeyMultibase"]?.string)
  }

  @Test("An unknown header is refused", arguments: [0x00, 0x12, 0xeb, 0xee, 0x1202, 0x1205, 0x12ff, 0x1320] as [UInt64])
  func unknownHeader(header: UInt64) {
    #expect(throws: MultikeyError.unknownHeader(header)) { try Multikey(Varint.encode(header) + key) }
  }

  @Test(
    "A header that is missing, cut off or longer than needed is refused",
    arguments: [[], [0xed], [0xed, 0x81, 0x00], [0x80, 0x00]] as [[UInt8]])
  func malformedHeader(header: [UInt8]) {
    #expect(throws: MultikeyError.malformedHeader) { try Multikey(header.count < 2 ? header : header + key) }
  }

  @Test("An uncompressed or hybrid point is refused", arguments: [0, 1, 4, 6] as [UInt8]) func compression(first: UInt8) {
    #expect(throws: MultikeyError.notCompressed) { try Multikey(Varint.encode(0x1200) + [first] + key) }
  }

  @Test("Only base58btc is read") func multibase() {
    #expect(throws: MultikeyError.text(.wrongPrefix)) { try Multikey(multibase: "u7QE") }
    #expect(throws: MultikeyError.text(.invalidCharacter(offset: 0))) { try Multikey(multibase: "z0") }
    #expect(throws: MultikeyError.text(.tooLong(limit: 512, actual: 600))) {
      try Multikey(multibase: "z" + String(repeating: "2", count: 600))
    }
  }
}

@Suite struct JSONWebKeyTests {
  @Test("The key and the thumbprint are those of RFC 8037, appendices A.2 and A.3") func rfc8037() throws {
    let key = try #require(PublicKey(try bytes(hex: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")))
    let jwk = JSONWebKey(key)
    #expect(text(jwk.json) == #"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)
    #expect(jwk.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    #expect(try JCS.encode(JSON(parsing: jwk.json)) == jwk.json)
  }
}
