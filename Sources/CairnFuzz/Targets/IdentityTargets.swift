import CairnCrypto
import CairnIdentity

extension FuzzTarget {
  static let did = FuzzTarget(
    "did", "DIDs, DID URLs, Multikeys, and times of credentials", byteLimit: 4 << 10,
    words: ["did:", "cairn", "key", ":", "%20", "%", "#", "?", "/", "versionId=", "&", "z6Mk", "Z", "+00:00", "2024-02-29T23:59:59"],
    seeds: {
      let world = FuzzWorld.shared
      return [
        world.agent.description, "\(world.agent)?versionId=3#key-10", "did:web:example.org%3A8080:a", "2030-01-01T00:00:00.5Z",
        world.list.description,
        Multibase.base58(Multikey(FuzzWorld.key(1).publicKey).bytes),
      ].map { Array($0.utf8) }
    }
  ) { input in
    guard let text = String(validating: input, as: UTF8.self) else { return false }
    var isAccepted = false
    if let did = try? CairnDID(parsing: text) {
      try require(did.description.utf8.elementsEqual(input), "a DID that reads back otherwise")
      isAccepted = true
    }
    if let did = try? DID(parsing: text) {
      try require(did.description.utf8.elementsEqual(input), "a DID that reads back otherwise")
      isAccepted = true
    }
    if let list = try? StatusListID(parsing: text) {
      try require(try StatusListID(parsing: list.description) == list, "a list's id that reads back otherwise")
      isAccepted = true
    }
    if let key = try? Multikey(multibase: text) {
      try require(try Multikey(key.bytes) == key, "a key that reads back otherwise")
      isAccepted = true
    }
    if let bytes = try? Base58.decode(text) {
      try require(Base58.encode(bytes).utf8.elementsEqual(input), "base 58 that reads back otherwise")
    }
    return isAccepted || (try? DIDURL(parsing: text)) != nil || Timestamp(parsing: text) != nil
  }

  static let json = FuzzTarget(
    "json", "JSON, and its canonical form (RFC 8785)", words: jsonWords + ["1E-7", "9007199254740993", "-0", "0.1", "\\ud83d\\ude00"],
    vectors: ["jcs/input", "jcs/output"], seeds: { [Array(#"{"b":[1,2.5,-0,1e21,"\u20ac"],"a":{"":null}}"#.utf8)] }
  ) { input in
    guard let json = try? JSON(parsing: input), let canonical = try? JCS.encode(json) else { return false }
    let again = try JSON(parsing: canonical)
    try require(try JCS.encode(again) == canonical, "the canonical form is not its own")
    return true
  }

  static let credential = FuzzTarget(
    "credential", "credentials and presentations, with Data Integrity and as JWT",
    words: jsonWords + [".", "eyJ", "proof", "proofValue", "@context"],
    vectors: ["eddsa-jcs-2022"], seeds: { FuzzWorld.shared.credentials }
  ) { input in
    let inspection = CredentialInspection(of: input)
    var facts = CredentialFacts()
    for did in inspection.dids { facts.documents[did] = .unknown }
    let verdict = inspection.verify(with: facts, under: VerificationPolicy(now: Timestamp(milliseconds: 1_700_000_000_000)))
    try require(verdict.accepted == nil, "accepted, although nobody knows the issuer")
    return inspection.refusals.isEmpty
  }

  static let statusListDocument = FuzzTarget(
    "status-list", "status lists as credentials and as tokens, compressed",
    words: jsonWords + ["encodedList", "lst", "bits", "uH4sI", "eNr"],
    seeds: {
      let (bits, url, start) = (StatusBits(length: 131_072), "https://cairn.example/list", Timestamp(milliseconds: 1_700_000_000_000))
      let credential = StatusListCredential(
        url: url, issuer: try DID(parsing: FuzzWorld.shared.owner.description), purpose: .revocation, bits: bits, validFrom: start)
      let token = StatusListToken(url: url, issuedAt: start, statuses: TokenStatusList(bits))
      return [try JCS.encode(credential.json()), try JCS.encode(token.claims)]
    }
  ) { input in
    guard let json = try? JSON(parsing: input) else { return false }
    let isCredential = (try? StatusListCredential(parsing: json)) != nil
    let isToken = (try? StatusListToken(parsing: json)) != nil
    return isCredential || isToken
  }

  /// Compressed lists that a document carries, without the document. What is unpacked is bounded, and the same again.
  static let statusListCoding = FuzzTarget(
    "status-list-coding", "compressed status lists of both kinds, and what they unpack to", byteLimit: 32 << 10,
    seeds: {
      var bits = StatusBits(length: 131_072)
      for index in stride(from: UInt64(0), to: bits.length, by: 997) { bits.set(index) }
      return [try BitstringStatusList.encode(bits), TokenStatusList(bits).encode()].map { Array($0.utf8) }
    }
  ) { input in
    guard let text = String(validating: input, as: UTF8.self) else { return false }
    var isAccepted = false
    if let bits = try? BitstringStatusList.decode(text) {
      try require(bits.length <= StatusBits.maximumLength, "longer than any list may be")
      try require(try BitstringStatusList.decode(BitstringStatusList.encode(bits)) == bits, "bits that read back otherwise")
      isAccepted = true
    }
    for count in TokenStatusList.BitCount.allCases {
      guard let list = try? TokenStatusList(decoding: text, bits: count.rawValue) else { continue }
      try require(UInt64(list.bytes.count) * 8 <= TokenStatusList.bitLimit, "longer than any list may be")
      try require(try TokenStatusList(decoding: list.encode(), bits: count.rawValue) == list, "statuses that read back otherwise")
      _ = list[list.count &- 1]
      isAccepted = true
    }
    return isAccepted
  }

  /// With two keys under the cheapest passphrase hashing: what is accepted is opened with the right passphrase, and has these keys or none.
  static let keyFile = FuzzTarget(
    "key-file", "encrypted key files, and what they decrypt to", byteLimit: 16 << 10,
    words: jsonWords + ["argon2id", "8192", "1073741824"],
    seeds: {
      let keys = [(name: "consensus", key: FuzzWorld.key(1)), (name: "node", key: FuzzWorld.key(2))]
      return [try KeyFile(encrypting: keys, passphrase: passphrase, hashing: .minimal).bytes]
    }
  ) { input in
    guard let file = try? KeyFile(decoding: input) else { return false }
    try require(try KeyFile(decoding: file.bytes).entries == file.entries, "keys that read back otherwise")
    guard file.isCheap, let keys = try? file.decrypt(passphrase: passphrase) else { return true }
    try require(
      keys.map(\.key.publicKey) == [1, 2].map { FuzzWorld.key($0).publicKey } && keys.map(\.name) == ["consensus", "node"],
      "it opens to other keys than those that were encrypted")
    return true
  }

  private static let passphrase = Array("fuzz".utf8)
}
