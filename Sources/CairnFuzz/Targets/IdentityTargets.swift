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

  static let keyFile = FuzzTarget(
    "key-file", "encrypted key files, before any passphrase", byteLimit: 16 << 10, words: jsonWords, seeds: { [Array("{}".utf8)] }
  ) { input in (try? KeyFile(decoding: input)) != nil }
}
