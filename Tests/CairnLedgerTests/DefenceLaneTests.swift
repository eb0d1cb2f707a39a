import CairnCrypto
import CairnIdentity
import CairnMessages
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct DefenceLaneTests {
  private var world = World()
  private let list = World.list("cards")

  private mutating func lists() throws {
    try world.createList(list, purpose: .revocation)
    try world.createList(World.list("pauses"), purpose: .suspension)
    try world.createList(World.list("news"), purpose: .refresh)
  }

  private func isDefence(_ operations: LedgerOperation..., by submitter: CairnDID = World.registrar, signers: [Int] = [1]) throws -> Bool {
    let transaction = try world.transaction(operations, by: submitter, signers: signers)
    #expect(!world.state.isDefence(transaction) || Transaction.looksDefensive(transaction.value.bytes))
    return world.state.isDefence(transaction)
  }

  @Test("Revoking, suspending, isolating and freezing belong to the lane; nothing else does") mutating func kinds() throws {
    try lists()
    try world.deploy(Contracts.version())
    let did = try world.enroll(40)
    let isolate = try LedgerOperation.isolate(did, reason: "drill", network: world.network)
    #expect(try isDefence(world.update(list, set: [7, 9])))
    #expect(try isDefence(world.update(World.list("pauses"), set: [7])))
    let freeze = try LedgerOperation.freeze(Contracts.id, network: world.network)
    #expect(try isDefence(isolate, by: World.guardian, signers: [301]))
    #expect(try isDefence(freeze, by: World.guardian, signers: [301]))
    #expect(try isDefence(isolate, freeze, by: World.guardian, signers: [301]))
    #expect(try !isDefence(.retire(Contracts.id, network: world.network), by: World.author, signers: [321]))
    #expect(try !isDefence(world.update(World.list("pauses"), clear: [7])))
    #expect(try !isDefence(world.update(World.list("pauses"), set: [8], clear: [7])))
    #expect(try !isDefence(world.update(World.list("news"), set: [7])))
    #expect(try !isDefence(.release(did, network: world.network), by: World.guardian, signers: [301]))
    #expect(try !isDefence(.delegateStatusList(list, to: [], network: world.network)))
    // One operation of another kind takes the rest with it.
    #expect(try !isDefence(world.update(list, set: [7]), world.create(50), signers: [1, 50]))
  }

  @Test("Only whom the state allows it has a place in the lane") mutating func authority() throws {
    try lists()
    let (revoker, stranger) = (try world.enroll(40), try world.enroll(50))
    let theirs = World.list("shared")
    try world.createList(theirs, purpose: .revocation, revokers: [revoker])
    #expect(try isDefence(world.update(theirs, set: [1]), by: revoker, signers: [40]))
    #expect(try !isDefence(world.update(theirs, set: [1]), by: stranger, signers: [50]))
    #expect(try !isDefence(world.update(World.list("none"), set: [1])))
    let isolate = try LedgerOperation.isolate(stranger, reason: "drill", network: world.network)
    #expect(try !isDefence(isolate))
    try world.deploy(Contracts.version())
    let freeze = try LedgerOperation.freeze(Contracts.id, network: world.network)
    #expect(try !isDefence(freeze))
    #expect(try !isDefence(.freeze(Contracts.contract("none"), network: world.network), by: World.guardian, signers: [301]))
    // What the chain has is in nobody's way any more.
    let update = try world.transaction([world.update(list, set: [3])])
    #expect(world.state.isDefence(update))
    try world.commit(update)
    #expect(!world.state.isDefence(update))
    // Nor does a freeze of what is frozen already hold up anything.
    #expect(try isDefence(freeze, by: World.guardian, signers: [301]))
    try world.freeze()
    #expect(try !isDefence(freeze, by: World.guardian, signers: [301]))
    #expect(
      try !isDefence(.unfreeze(world.contract(), guardian: World.author, network: world.network), by: World.guardian, signers: [301, 321]))
  }

  @Test("A claim is looked at with the signatures that it says it has") mutating func claims() throws {
    try lists()
    let unsigned = UnsignedTransaction(
      network: world.network, submitter: World.registrar, notAfterHeight: world.height, nonce: sixteen(1),
      operations: [try world.update(list, set: [7])])
    let forged = try unsigned.transaction(signatures: [KeySignature(key: key(1).publicKey, signature: key(1).signature(for: [1]))])
    #expect(world.state.isClaimedDefence(forged))
    #expect(throws: TransactionError.badSignature(key(1).publicKey)) { try TransactionVerifier(network: world.network).verify(forged) }
    #expect(try !world.state.isClaimedDefence(unsigned.signed(by: [key(50)])))
  }

  @Test("A look at the bytes agrees with their decoding, and survives whatever they are") mutating func looks() throws {
    try lists()
    let did = try world.enroll(40)
    let network = world.network
    let operations: [(LedgerOperation, Bool)] = try [
      (world.update(list, set: [7]), true), (world.update(list, set: [7], clear: [8]), false), (world.update(list, clear: [8]), false),
      (.isolate(did, reason: "drill", network: network), true), (.freeze(Contracts.id, network: network), true),
      (.retire(Contracts.id, network: network), false),
      (.release(did, network: network), false), (world.create(50), false), (.delegateStatusList(list, to: [], network: network), false),
      (.update(did, after: world.head(did), document: document(41), network: network), false),
    ]
    for (operation, expected) in operations {
      let bytes = try world.transaction([operation], signers: [1, 40, 50]).value.bytes
      #expect(Transaction.looksDefensive(bytes) == expected)
      for length in 0..<bytes.count { _ = Transaction.looksDefensive(Array(bytes.prefix(length))) }
    }
    var random = SplitMix(seed: 7)
    for length in 0..<600 {
      #expect(!Transaction.looksDefensive((0..<length % 40).map { _ in UInt8.random(in: 0...255, using: &random) }))
    }
    // A length beyond the end, one beyond an integer, a varint without an end.
    for bytes: [UInt8] in [[0x0a, 0x7f], [0x0a] + [UInt8](repeating: 0xff, count: 9) + [0x01], [UInt8](repeating: 0xff, count: 20)] {
      #expect(!Transaction.looksDefensive(bytes))
    }
  }
}
