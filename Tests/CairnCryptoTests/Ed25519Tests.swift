import CairnCrypto
import Testing

@Suite struct Ed25519Tests {
  /// RFC 8032, section 7.1, tests 1, 2, 3 and SHA(abc): seed, public key, message, signature.
  static let rfc8032 = [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    ),
    (
      "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
    ),
  ]

  @Test("Keys and signatures are those of RFC 8032", arguments: rfc8032)
  func examples(seed: String, publicKey: String, message: String, signature: String) throws {
    let key = try #require(SigningKey(seed: try bytes(hex: seed)))
    let message = try bytes(hex: message)
    #expect(key.publicKey.description == publicKey)
    #expect(Hex.encode(key.signature(for: message).bytes) == signature)
    #expect(Hex.encode(key.seed) == seed)
    let parsed = try #require(Signature(try bytes(hex: signature)))
    #expect(key.publicKey.isValid(parsed, for: message))
    #expect(!key.publicKey.isValid(parsed, for: message + [0]))
    #expect(key.publicKey.isValidPoint)
  }

  @Test("No flipped bit of a signature, key or message passes") func flippedBits() throws {
    let key = try #require(SigningKey(seed: [UInt8](repeating: 5, count: 32)))
    let message = Array("message".utf8)
    let signature = key.signature(for: message)
    for bit in 0..<512 {
      var changed = signature.bytes
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(!key.publicKey.isValid(try #require(Signature(changed)), for: message))
    }
    for bit in 0..<256 {
      var changed = key.publicKey.bytes
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(PublicKey(changed)?.isValid(signature, for: message) == false)
    }
    for index in message.indices {
      var changed = message
      changed[index] ^= 1
      #expect(!key.publicKey.isValid(signature, for: changed))
    }
  }

  @Test("Only 64 bytes are a signature, only 32 a key or seed", arguments: [0, 1, 31, 33, 63, 65, 128]) func lengths(count: Int) {
    let bytes = [UInt8](repeating: 1, count: count)
    #expect(Signature(bytes) == nil)
    #expect(PublicKey(bytes) == nil)
    #expect(SigningKey(seed: bytes) == nil)
  }

  @Test("A secret key does not print its secret") func printing() throws {
    let key = try #require(SigningKey(seed: [UInt8](repeating: 0xab, count: 32)))
    for text in ["\(key)", String(reflecting: key)] {
      #expect(text == "SigningKey(\(key.publicKey))")
      #expect(!text.contains("ababab"))
    }
  }

  private struct Wycheproof: Decodable {
    struct Group: Decodable {
      struct Key: Decodable { let pk: String }

      let publicKey: Key
      let tests: [Case]
    }

    struct Case: Decodable {
      let tcId: Int
      let msg: String
      let sig: String
      let result: String
    }

    let numberOfTests: Int
    let testGroups: [Group]
  }

  @Test("Project Wycheproof's verdicts are ours", .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func wycheproof() throws {
    let file = try Vectors.decode(Wycheproof.self, "ed25519/ed25519_test.json")
    var count = 0
    for group in file.testGroups {
      let key = try #require(PublicKey(try bytes(hex: group.publicKey.pk)))
      for test in group.tests {
        let message = try bytes(hex: test.msg)
        let isValid = Signature(try bytes(hex: test.sig)).map { key.isValid($0, for: message) } ?? false
        #expect(isValid == (test.result == "valid"), "test \(test.tcId)")
        count += 1
      }
    }
    #expect(count == file.numberOfTests)
  }

  private struct SpecialCase: Decodable {
    private enum CodingKeys: String, CodingKey {
      case message
      case publicKey = "pub_key"
      case signature
    }

    let message: String
    let publicKey: String
    let signature: String
  }

  @Test("Of the cases on which verifiers disagree, only number 3 passes", .disabled(if: Vectors.areMissing, "CAIRN_VECTORS is not set"))
  func speccheck() throws {
    let cases = try Vectors.decode([SpecialCase].self, "ed25519/speccheck_cases.json")
    var accepted: [Int] = []
    for (number, test) in cases.enumerated() {
      let key = try #require(PublicKey(try bytes(hex: test.publicKey)))
      let signature = try #require(Signature(try bytes(hex: test.signature)))
      if key.isValid(signature, for: try bytes(hex: test.message)) { accepted.append(number) }
    }
    #expect(cases.count == 12)
    #expect(accepted == [3])
  }
}

@Suite struct ValidPointTests {
  @Test("The base point is a key") func basePoint() throws {
    #expect(try #require(PublicKey(try bytes(hex: "58" + String(repeating: "66", count: 31)))).isValidPoint)
  }

  @Test(
    "Points of small order are not keys, however they are written",
    arguments: [
      "0100000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000080",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0000000000000000000000000000000000000000000000000000000000000080",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ])
  func smallOrder(hex: String) throws {
    #expect(try #require(PublicKey(try bytes(hex: hex))).isValidPoint == false)
  }

  @Test("Encodings that are not reduced are not keys", arguments: 3...18) func notReduced(residue: UInt8) throws {
    // y = p + residue, of which several are points: p = 2^255 - 19 is ed ff ... ff 7f.
    let encoding = [0xed + residue] + [UInt8](repeating: 0xff, count: 30) + [0x7f]
    #expect(try #require(PublicKey(encoding)).isValidPoint == false)
  }

  @Test("What is off the curve is no key", arguments: [2, 7, 8, 11, 12, 13, 17] as [UInt8]) func offCurve(y: UInt8) throws {
    #expect(try #require(PublicKey([y] + [UInt8](repeating: 0, count: 31))).isValidPoint == false)
  }

  @Test("The base point plus a point of order 8 is no key") func mixedOrder() throws {
    let encoding = try bytes(hex: "da99e28ba529cdde35a25fba9059e78ecaee239f99755b9b1aa4f65df00803e2")
    #expect(try #require(PublicKey(encoding)).isValidPoint == false)
  }
}
