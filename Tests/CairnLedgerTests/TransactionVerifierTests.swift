import CairnCrypto
import CairnIdentity
import CairnMessages
import SwiftProtobuf
import Synchronization
import Testing

@testable import CairnLedger

@Suite struct TransactionVerifierTests {
  private let world = World()
  private var verifier: TransactionVerifier { TransactionVerifier(network: world.network) }

  /// Accepts everything and counts.
  private final class CountingScheme: SignatureScheme {
    private let counter = Mutex(0)
    var count: Int { counter.withLock { $0 } }

    func isValid(_ signature: Signature, by key: PublicKey, for message: [UInt8]) -> Bool {
      counter.withLock { $0 += 1 }
      return true
    }
  }

  @Test("Every signature is checked once, over the domain and the body") func signatures() throws {
    let transaction = try world.transaction([world.create(30), world.create(31)], signers: [1, 30, 31]).value
    let scheme = CountingScheme()
    _ = try TransactionVerifier(network: world.network, scheme: scheme).verify(transaction.bytes)
    #expect(scheme.count == 3)
    #expect(
      transaction.signatures.allSatisfy { $0.key.isValid($0.signature, for: Array("cairn/tx/v1\u{0}".utf8) + transaction.body) })
  }

  @Test("A signature for another body or by another key is refused") func badSignature() throws {
    let create = try world.create(30)
    let unsigned = { (nonce: Int) in
      UnsignedTransaction(
        network: world.network, submitter: World.registrar, notAfterHeight: 5, nonce: sixteen(nonce), operations: [create])
    }
    let other = unsigned(2).signature(by: key(1))
    #expect(throws: TransactionError.badSignature(key(1).publicKey)) {
      try verifier.verify(unsigned(1).transaction(signatures: [other]).bytes)
    }
    let stolen = KeySignature(key: key(5).publicKey, signature: unsigned(1).signature(by: key(1)).signature)
    #expect(throws: TransactionError.badSignature(key(5).publicKey)) {
      try verifier.verify(unsigned(1).transaction(signatures: [stolen, unsigned(1).signature(by: key(1))]).bytes)
    }
  }

  @Test("A transaction read for another network is refused") func otherNetwork() throws {
    let transaction = try world.transaction([world.create(30)]).value
    #expect(throws: TransactionError.wrongNetwork) { try TransactionVerifier(network: .zero).verify(transaction) }
    #expect(throws: TransactionError.wrongNetwork) { try TransactionVerifier(network: .zero).verify(transaction.bytes) }
  }

  @Test("A document is judged, and the operation named that has it") func documents() throws {
    var bad = document(31)
    bad.verificationMethods[0].fragment = "not a fragment"
    let create = try LedgerOperation.create(control: world.control(31), document: bad, salt: sixteen(31), network: world.network)
    #expect(throws: TransactionError.operation(1, .document(.invalidMethodFragment(at: 0)))) {
      try world.transaction([world.create(30), create])
    }
    let update = try LedgerOperation.update(
      World.registrar, after: DIDHead(sequence: 0, hash: .zero), document: bad, network: world.network)
    #expect(throws: TransactionError.operation(0, .document(.invalidMethodFragment(at: 0)))) { try world.transaction([update]) }
  }

  @Test("A private key in a document is refused") func privateKey() throws {
    var bad = document(31)
    bad.verificationMethods[0].multikey = [0x80, 0x26] + key(31).seed
    let create = try LedgerOperation.create(control: world.control(31), document: bad, salt: sixteen(31), network: world.network)
    #expect(throws: TransactionError.operation(0, .document(.unacceptableKey(.privateKey(header: 0x1300), at: 0)))) {
      try world.transaction([create])
    }
  }

  @Test("An update key that is no point of the group is refused, in a creation and in a rotation") func keyPoints() throws {
    let one = try #require(PublicKey([1] + [UInt8](repeating: 0, count: 31)))
    let off = try #require(PublicKey([2] + [UInt8](repeating: 0, count: 31)))
    for bad in [one, off] {
      let control = try Control(update: [WeightedKey(key(30).publicKey), WeightedKey(bad)], next: [WeightedDigest(.zero)])
      let create = try LedgerOperation.create(control: control, document: document(30), salt: sixteen(30), network: world.network)
      #expect(throws: TransactionError.operation(0, .control(.invalidKey(.update)))) { try world.transaction([create]) }
      let head = try world.head(World.registrar)
      let rotate = try LedgerOperation.rotate(World.registrar, after: head, control: control, network: world.network)
      #expect(throws: TransactionError.operation(0, .control(.invalidKey(.update)))) { try world.transaction([rotate]) }
    }
  }

  @Test("The document hash that execution will want is that of the JSON document") func documentHashes() throws {
    let operations = [try world.create(30), try world.create(33, controller: World.trustee)]
    let authorized = try world.transaction(operations, signers: [1, 11, 30])
    for (operation, hash) in zip(operations, authorized.documentHashes) {
      let controller = operation.control?.controller
      let did = try #require(operation.did)
      #expect(hash == operation.document.map { .sha256($0.document.json(did: did, controller: controller)) })
      #expect(hash != nil)
    }
  }

  @Test("Hostile bytes never trap and never authorize", arguments: 0..<8) func hostileBytes(seed: UInt64) throws {
    let operations = [
      try world.create(30),
      try LedgerOperation.rotate(
        World.trustee, after: DIDHead(sequence: 0, hash: .zero), authority: .recovery, control: world.control(40), document: document(40),
        network: world.network),
      try LedgerOperation.deactivate(World.registrar, after: DIDHead(sequence: 9, hash: .zero), network: world.network),
    ]
    let valid = try world.transaction(operations, signers: [1, 30]).value.bytes
    var random = SplitMix(seed: seed)
    for _ in 0..<400 {
      let bytes = random.mutation(of: valid)
      guard bytes != valid else { continue }
      #expect(throws: TransactionError.self) { try verifier.verify(bytes) }
    }
  }

  @Test("Hostile contents under good signatures never trap, and what is authorized is canonical", arguments: 0..<8)
  func hostileContents(seed: UInt64) throws {
    let operations = [
      try world.create(30),
      try LedgerOperation.update(
        World.trustee, after: DIDHead(sequence: 0, hash: .zero), document: document(3, alias: "https://a.example/"), network: world.network),
    ]
    let body = try world.transaction(operations, signers: [1, 30]).value.body
    var random = SplitMix(seed: seed &+ 100)
    var authorized = 0
    for _ in 0..<300 {
      let unsigned = UnsignedTransaction(body: random.mutation(of: body), network: world.network)
      guard let transaction = try? unsigned.signed(by: [key(1)]), let valid = try? verifier.verify(transaction.bytes) else { continue }
      authorized += 1
      #expect(Canonical.encode(try ProtoTransaction(serializedBytes: valid.value.bytes)) == valid.value.bytes)
      _ = try? world.execute([valid])
    }
    #expect(authorized < 300)
  }
}

/// Sebastiano Vigna's SplitMix64: the same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  /// The bytes with one to three of them changed, removed, inserted or repeated.
  mutating func mutation(of original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...3, using: &self) {
      let index = Int.random(in: 0..<bytes.count, using: &self)
      switch Int.random(in: 0..<5, using: &self) {
      case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 1: bytes[index] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &self) ?? 0
      case 2: bytes.remove(at: index)
      case 3: bytes.insert(UInt8.random(in: 0...255, using: &self), at: index)
      default: bytes.removeSubrange(index..<min(index + 20, bytes.count))
      }
      if bytes.isEmpty { bytes = [0] }
    }
    return bytes
  }
}
