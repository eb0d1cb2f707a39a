import CairnChain
import CairnCrypto
import CairnMessages
import Foundation
import Testing

@Suite struct ValidatorSetTests {
  @Test("A set's bytes and hash are the golden ones") func golden() throws {
    let set = try Committee(count: 4).set
    #expect(Hex.encode(set.bytes) == Golden.validatorSet)
    #expect(set.hash.description == Golden.validatorSetHash)
  }

  @Test("A set comes back from its bytes") func roundTrip() throws {
    let set = try Committee(count: 31).set
    let decoded = try ValidatorSet(decoding: set.bytes)
    #expect(decoded == set)
    #expect(decoded.validators == set.validators)
    #expect(decoded.bytes == set.bytes)
  }

  @Test("Faults and quorum fit n = 3f + 1", arguments: 1...31) func quorum(count: Int) throws {
    let set = try Committee(count: count).set
    #expect(set.count == count)
    #expect(3 * set.faults < count && 3 * (set.faults + 1) >= count)
    #expect(set.quorum == count - set.faults)
    // Two quorums share an honest validator.
    #expect(2 * set.quorum - count > set.faults)
  }

  @Test("Known sizes have their known quorums") func knownQuorums() throws {
    for (count, quorum) in [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (6, 5), (7, 5), (10, 7), (31, 21)] {
      #expect(try Committee(count: count).set.quorum == quorum)
    }
  }

  @Test("A set has 1 to 31 validators") func count() {
    #expect(throws: ValidatorSetError.count(0)) { try ValidatorSet([]) }
    #expect(throws: ValidatorSetError.count(32)) { try Committee(count: 32) }
    #expect(throws: ChainError.validatorSet(.count(0))) { try ValidatorSet(decoding: []) }
    var message = ProtoValidatorSet()
    message.validators = Array(repeating: ProtoValidator(), count: 32)
    #expect(throws: ChainError.validatorSet(.count(32))) { try ValidatorSet(decoding: Canonical.encode(message)) }
    let long = [UInt8](repeating: 0x0a, count: (32 << 10) + 1)
    #expect(throws: ChainError.encoding(.tooLong(limit: 32 << 10, actual: long.count))) { try ValidatorSet(decoding: long) }
  }

  @Test("Another order is another set") func order() throws {
    let set = try Committee(count: 4).set
    let reversed = try ValidatorSet(set.validators.reversed())
    #expect(reversed.hash != set.hash)
    #expect(reversed != set)
    #expect(reversed.index(ofConsensusKey: set.validators[0].consensusKey) == 3)
  }

  @Test("An index or key that nobody has finds nobody") func lookUp() throws {
    let set = try Committee(count: 4).set
    #expect(set[3]?.name == "node-3")
    #expect(set[4] == nil)
    #expect(set[-1] == nil)
    #expect(set.index(ofConsensusKey: set.validators[2].consensusKey) == 2)
    #expect(set.index(ofConsensusKey: set.validators[2].nodeKey) == nil)
  }

  @Test("No name stands twice") func duplicateName() {
    expect(.duplicateName("node-0")) { $0[2].name = "node-0" }
  }

  @Test("No key stands twice, in whatever role") func duplicateKey() {
    expect(.duplicateKey(validator: "node-2")) { $0[2].consensusKey = $0[0].consensusKey }
    expect(.duplicateKey(validator: "node-2")) { $0[2].nodeKey = $0[0].nodeKey }
    expect(.duplicateKey(validator: "node-2")) { $0[2].consensusKey = $0[0].nodeKey }
    expect(.duplicateKey(validator: "node-2")) { $0[2].nodeKey = $0[0].consensusKey }
    expect(.duplicateKey(validator: "node-2")) { $0[0].consensusKey = $0[2].nodeKey }
    expect(.key(validator: "node-2")) { $0[2].nodeKey = $0[2].consensusKey }
  }

  @Test("A key is a canonical point of the prime-order subgroup") func invalidKeys() throws {
    var notReduced = [UInt8](repeating: 0xff, count: 32)
    notReduced[0] = 0xee  // p + 1, which is the identity written differently
    notReduced[31] = 0x7f
    // The zero point of order 4, the identity, the point of order 2, one of order 8, and numbers that are no points at all.
    let ofOrder8 = try #require(Hex.decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
    let ofOrder2 = try #require(Hex.decode("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"))
    let identity: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
    let notOnCurve: [UInt8] = [2] + [UInt8](repeating: 0, count: 31)
    let all: [[UInt8]] = [
      [UInt8](repeating: 0, count: 32), identity, ofOrder2, ofOrder8, notOnCurve, notReduced, [UInt8](repeating: 0xff, count: 32),
    ]
    for bytes in all {
      let key = try #require(PublicKey(bytes))
      #expect(!key.isValidPoint)
      expect(.key(validator: "node-1")) { $0[1].consensusKey = key }
      expect(.key(validator: "node-1")) { $0[1].nodeKey = key }
    }
    #expect(testKey(1).publicKey.isValidPoint)
  }

  @Test("A key of another length is refused", arguments: [0, 31, 33]) func keyLength(count: Int) throws {
    for keyPath in [\ProtoValidator.consensusKey, \ProtoValidator.nodeKey] as [WritableKeyPath<ProtoValidator, Data> & Sendable] {
      var message = try Committee(count: 4).set.message
      message.validators[3][keyPath: keyPath] = Data(repeating: 1, count: count)
      #expect(throws: ChainError.validatorSet(.key(validator: "node-3"))) { try ValidatorSet(decoding: Canonical.encode(message)) }
    }
  }

  @Test("A name is 1 to 32 of a-z, 0-9 and -") func names() throws {
    for name in ["", "A", "a_b", "a b", "a.b", "ä", "a\n", String(repeating: "a", count: 33)] {
      expect(.name(name)) { $0[0].name = name }
    }
    for name in ["a", "-", "0", String(repeating: "z", count: 32)] {
      var validators = try Committee(count: 4).set.validators
      validators[0].name = name
      #expect(try ValidatorSet(validators).validators[0].name == name)
    }
  }

  @Test("An address is a host and a port that can be reached") func addresses() {
    for address in ["", "host", "host:", ":1", "host:0", "host:65536", String(repeating: "a", count: 254) + ":65535"] {
      expect(.address(validator: "node-0")) { $0[0].peerAddress = address }
      expect(.address(validator: "node-0")) { $0[0].clientAddress = address }
    }
  }

  @Test("Other bytes for the same set are refused") func canonical() throws {
    let bytes = try Committee(count: 4).set.bytes
    #expect(throws: ChainError.encoding(.notCanonical)) { try ValidatorSet(decoding: bytes + [0x10, 1]) }
    // An unknown field inside the last validator.
    var inner = bytes
    inner[bytes.count / 4 * 3 + 1] += 2
    #expect(throws: ChainError.encoding(.notCanonical)) { try ValidatorSet(decoding: inner + [0x30, 1]) }
    #expect(throws: ChainError.encoding(.malformed)) { try ValidatorSet(decoding: bytes.dropLast()) }
    #expect(throws: ChainError.encoding(.malformed)) { try ValidatorSet(decoding: [0x0a, 3, 0x0a, 1, 0xff]) }
  }

  private func expect(
    _ error: ValidatorSetError, sourceLocation: SourceLocation = #_sourceLocation, when change: (inout [Validator]) -> Void
  ) {
    var validators = (0..<4).map { testValidator($0) }
    change(&validators)
    #expect(throws: error, sourceLocation: sourceLocation) { try ValidatorSet(validators) }
  }
}

@Suite struct HostAndPortTests {
  @Test(
    "An address comes back as it was written",
    arguments: [
      ("localhost:1", "localhost", 1), ("10.0.0.1:65535", "10.0.0.1", 65_535), ("a-b.c_d.example:443", "a-b.c_d.example", 443),
      ("[::1]:80", "::1", 80), ("[fe80::1%eth0]:80", "fe80::1%eth0", 80), ("127.0.0.1:0", "127.0.0.1", 0),
    ]) func accepted(text: String, host: String, port: Int)
  {
    let parsed = HostAndPort(text)
    #expect(parsed == HostAndPort(host: host, port: port))
    #expect(parsed?.description == text)
  }

  @Test(
    "Anything else is refused",
    arguments: [
      "", ":", "host", "host:", ":80", "[]:80", "[:80", "]:80", "[host]:80", "[[::1]]:80", "[::1:80", "::1]:80", "::1:80", "[::1]80",
      "host:+80", "host:-1", "host:080", "host:00", "host: 80", "host:80 ", "host:65536", "host:99999999999999999999", "host:8o",
      "a b:80", "a/b:80", "user@host:80", "host\n:80", "h\u{f6}st:80", "host:\u{0668}0", "[::1/64]:80", "[::1]]:80", "<b>:80",
      "host\u{0}:80", "[\u{301}::1]:80",
    ]) func refused(text: String)
  {
    #expect(HostAndPort(text) == nil)
  }
}
