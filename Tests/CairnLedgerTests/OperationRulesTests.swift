import CairnCrypto
import CairnIdentity
import CairnMerkle
import Testing

@testable import CairnLedger

@Suite struct OperationRulesTests {
  private var world = World()

  private func expect(
    _ error: OperationError, _ operation: LedgerOperation, by submitter: CairnDID = World.registrar, signers: [Int],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let transaction = try world.transaction([operation], by: submitter, signers: signers)
    #expect(throws: TransactionError.operation(0, error), sourceLocation: sourceLocation) { try world.execute([transaction]) }
  }

  private func accepts(_ operation: LedgerOperation, by submitter: CairnDID = World.registrar, signers: [Int]) throws -> Bool {
    try world.execute([world.transaction([operation], by: submitter, signers: signers)]).rows.count == 1
  }

  private func rotate(
    _ did: CairnDID, authority: Authority = .next, to first: Int, controller: CairnDID? = nil, document: DIDDocument? = nil
  ) throws -> LedgerOperation {
    try .rotate(
      did, after: world.head(did), authority: authority, control: world.control(first, controller: controller), document: document,
      network: world.network)
  }

  private mutating func deactivate(_ did: CairnDID, signers: [Int], by submitter: CairnDID = World.registrar) throws {
    try world.commit(
      world.transaction(
        [.deactivate(did, after: world.head(did), network: world.network)], by: submitter, signers: signers, nonce: Int(world.height)))
  }

  @Test("A new DID is at sequence 0 with all that its creation says") mutating func creation() throws {
    let create = try world.create(30)
    let block = try world.commit(world.transaction([create], signers: [1, 30]))
    let version = try #require(try world.state.version(of: create.subject))
    let record = version.record
    #expect(version.changedAt == 1)
    #expect(record.did == create.subject)
    #expect(record.head == DIDHead(sequence: 0, hash: create.hash))
    #expect(record.control == (try world.control(30)))
    #expect(record.document.document == document(30))
    #expect(record.documentHash == .sha256(document(30).json(did: create.subject, controller: nil)))
    #expect(record.documentHash == .sha256(record.documentJSON))
    #expect(!record.isDeactivated)
    #expect(record.createdMilliseconds == block.timeMilliseconds)
    #expect(record.updatedMilliseconds == block.timeMilliseconds)
    #expect(record.previousChange == 0)
    #expect(block.rows.map(\.key) == [create.subject.stateKey])
    #expect(world.state.tree[create.subject.stateKey] == block.rows.first?.value)
    #expect(block.rows.first?.record == record.bytes)
  }

  @Test("Only a registrar creates") func creationNeedsRole() throws {
    try expect(.notPermitted(World.refusal(of: .didCreate)), world.create(30), by: World.trustee, signers: [11, 30])
    #expect(try accepts(world.create(30), signers: [1, 30]))
  }

  @Test("A DID is created once") mutating func creationOnce() throws {
    let did = try world.enroll(30)
    try expect(.alreadyExists(did), world.create(30), signers: [1, 30])
    try deactivate(did, signers: [30], by: did)
    try expect(.alreadyExists(did), world.create(30), signers: [1, 30])
  }

  @Test("A DID that controls itself shows that it has its keys") func possession() throws {
    try expect(.thresholdNotMet(.newUpdate), world.create(30), signers: [1])
    try expect(.thresholdNotMet(.newUpdate), world.create(30), signers: [1, 31, 32])
  }

  @Test("A DID with a controller is made by the controller, without its own keys") mutating func controlledCreation() throws {
    let create = try world.create(30, controller: World.trustee)
    try expect(.thresholdNotMet(.controller), create, signers: [1, 30])
    try expect(.thresholdNotMet(.controller), create, signers: [1, 12])
    #expect(try accepts(create, signers: [1, 11]))
    let stranger = CairnDID(network: world.network, create: .zero)
    try expect(.unknownController(stranger), world.create(30, controller: stranger), signers: [1, 30])
    let gone = try world.enroll(40)
    try deactivate(gone, signers: [40], by: gone)
    try expect(.controllerDeactivated(gone), world.create(30, controller: gone), signers: [1, 40])
  }

  @Test("An update replaces the document and nothing else") mutating func update() throws {
    let did = try world.enroll(30)
    let before = try world.record(did)
    try world.commit()
    let update = try LedgerOperation.update(
      did, after: before.head, document: document(31, alias: "https://x.example/"), network: world.network)
    let block = try world.commit(world.transaction([update], by: did, signers: [30]))
    let version = try #require(try world.state.version(of: did))
    #expect(version.record.head == DIDHead(sequence: 1, hash: update.hash))
    #expect(version.record.control == before.control)
    #expect(version.record.document.document.alsoKnownAs == ["https://x.example/"])
    #expect(version.record.documentHash == .sha256(version.record.documentJSON))
    #expect(version.record.documentHash != before.documentHash)
    #expect(version.record.createdMilliseconds == before.createdMilliseconds)
    #expect(version.record.updatedMilliseconds == block.timeMilliseconds)
    #expect(version.record.previousChange == 1)
    #expect(version.changedAt == 4)
  }

  @Test("The update keys alone update") mutating func updateAuthority() throws {
    let did = try world.enroll(30, controller: World.trustee)
    let update = try LedgerOperation.update(did, after: world.head(did), document: document(31), network: world.network)
    try expect(.thresholdNotMet(.update), update, signers: [1, 31, 32, 11])
    #expect(try accepts(update, signers: [1, 30]))
  }

  @Test("The updated document of a controlled DID names its controller") mutating func updateOfControlled() throws {
    let did = try world.enroll(30, controller: World.trustee)
    let update = try LedgerOperation.update(did, after: world.head(did), document: document(31), network: world.network)
    try world.commit(world.transaction([update], signers: [1, 30]))
    #expect(try world.record(did).documentHash == .sha256(document(31).json(did: did, controller: World.trustee)))
  }

  @Test("An operation on nothing is refused") func unknown() throws {
    let did = CairnDID(network: world.network, create: .zero)
    let head = DIDHead(sequence: 0, hash: .zero)
    let network = world.network
    try expect(.unknownDID(did), .update(did, after: head, document: document(30), network: network), signers: [1])
    try expect(.unknownDID(did), .rotate(did, after: head, control: world.control(30), network: network), signers: [1])
    try expect(.unknownDID(did), .deactivate(did, after: head, network: network), signers: [1])
  }

  @Test("What does not follow the head is stale or too early, and the answer has the head") mutating func succession() throws {
    let did = try world.enroll(30)
    let first = try world.head(did)
    let network = world.network
    let update = try LedgerOperation.update(did, after: first, document: document(31), network: network)
    try world.commit(world.transaction([update], by: did, signers: [30]))
    let head = update.head
    let after = { (head: DIDHead) in try LedgerOperation.update(did, after: head, document: document(32), network: network) }
    try expect(.stale(head: head), after(first), signers: [1, 30])
    try expect(.stale(head: head), after(DIDHead(sequence: 1, hash: first.hash)), signers: [1, 30])
    try expect(.futureSequence(head: head), after(DIDHead(sequence: 2, hash: head.hash)), signers: [1, 30])
    try expect(.futureSequence(head: head), after(DIDHead(sequence: .max - 1, hash: head.hash)), signers: [1, 30])
    try expect(.stale(head: head), after(DIDHead(sequence: .max, hash: head.hash)), signers: [1, 30])
    #expect(try accepts(after(head), signers: [1, 30]))
  }

  @Test("A rotation reveals the next keys and has the new ones") mutating func rotation() throws {
    let did = try world.enroll(30)
    let before = try world.record(did)
    let rotate = try rotate(did, to: 40)
    try expect(.thresholdNotMet(.next), rotate, signers: [1, 30, 40])
    try expect(.thresholdNotMet(.next), rotate, signers: [1, 30, 32, 40])
    try expect(.thresholdNotMet(.newUpdate), rotate, signers: [1, 30, 31])
    try world.commit(world.transaction([rotate], signers: [1, 31, 40]))
    let record = try world.record(did)
    #expect(record.control == (try world.control(40)))
    #expect(record.documentHash == before.documentHash)
    #expect(record.head == DIDHead(sequence: 1, hash: rotate.hash))
    let update = try LedgerOperation.update(did, after: record.head, document: document(31), network: world.network)
    try expect(.thresholdNotMet(.update), update, signers: [1, 30, 31])
    #expect(try accepts(update, signers: [1, 40]))
  }

  @Test("The revealed key may become the update key") mutating func rotationToRevealed() throws {
    let did = try world.enroll(30)
    #expect(try accepts(rotate(did, to: 31), signers: [1, 31]))
  }

  @Test("Next keys count by their weight") mutating func weightedNext() throws {
    let next = [(31, 2), (32, 1), (33, 1)].map { WeightedDigest(Control.nextDigest(of: key($0.0).publicKey), weight: UInt32($0.1)) }
    let control = try Control(update: [WeightedKey(key(30).publicKey)], next: next, nextThreshold: 3)
    let create = try LedgerOperation.create(control: control, document: document(30), salt: sixteen(30), network: world.network)
    try world.commit(world.transaction([create], signers: [1, 30]))
    let rotate = try rotate(create.subject, to: 40)
    try expect(.thresholdNotMet(.next), rotate, signers: [1, 40, 31])
    try expect(.thresholdNotMet(.next), rotate, signers: [1, 40, 32, 33])
    #expect(try accepts(rotate, signers: [1, 40, 31, 33]))
  }

  @Test("A rotation can replace the document as well") mutating func rotationWithDocument() throws {
    let did = try world.enroll(30)
    try world.commit(world.transaction([rotate(did, to: 40, document: document(41))], signers: [1, 31, 40]))
    #expect(try world.record(did).documentHash == .sha256(document(41).json(did: did, controller: nil)))
  }

  @Test("Recovery keys replace everything, together with the new keys") mutating func recovery() throws {
    let did = try world.enroll(30)
    let rotate = try rotate(did, authority: .recovery, to: 40)
    try expect(.thresholdNotMet(.recovery), rotate, signers: [1, 30, 31, 40])
    try expect(.thresholdNotMet(.newUpdate), rotate, signers: [1, 32])
    #expect(try accepts(rotate, signers: [1, 32, 40]))
  }

  @Test("Without recovery keys there is no recovery") mutating func noRecovery() throws {
    let control = try Control(update: key(30).publicKey, next: key(31).publicKey)
    let create = try LedgerOperation.create(control: control, document: document(30), salt: sixteen(30), network: world.network)
    try world.commit(world.transaction([create], signers: [1, 30]))
    try expect(.noRecovery, rotate(create.subject, authority: .recovery, to: 40), signers: [1, 30, 31, 40])
    try expect(
      .noRecovery, .deactivate(create.subject, after: create.head, authority: .recovery, network: world.network), signers: [1, 30, 31])
  }

  @Test("A controller rotates without the agent's keys") mutating func controllerRotation() throws {
    let did = try world.enroll(30, controller: World.trustee)
    let rotate = try rotate(did, authority: .controller, to: 40, controller: World.trustee)
    try expect(.thresholdNotMet(.controller), rotate, signers: [1, 30, 31, 32, 40])
    #expect(try accepts(rotate, signers: [1, 11]))
    let free = try world.enroll(50)
    try expect(.noController, self.rotate(free, authority: .controller, to: 60), signers: [1, 11, 50, 51])
  }

  @Test("Only the nearest controller counts") mutating func oneLevel() throws {
    let middle = try world.enroll(30, controller: World.trustee)
    let create = try world.create(40, controller: middle)
    try world.commit(world.transaction([create], signers: [1, 30]))
    let rotate = try rotate(create.subject, authority: .controller, to: 50, controller: middle)
    try expect(.thresholdNotMet(.controller), rotate, signers: [1, 11])
    #expect(try accepts(rotate, signers: [1, 30]))
  }

  @Test("A controller that a rotation names exists and is active") mutating func newController() throws {
    let did = try world.enroll(30)
    let stranger = CairnDID(network: world.network, create: .zero)
    try expect(.unknownController(stranger), rotate(did, to: 40, controller: stranger), signers: [1, 31, 40])
    let gone = try world.enroll(50)
    try deactivate(gone, signers: [50], by: gone)
    try expect(.controllerDeactivated(gone), rotate(did, to: 40, controller: gone), signers: [1, 31, 40])
    try world.commit(world.transaction([rotate(did, to: 40, controller: World.trustee)], signers: [1, 31, 40]))
    let record = try world.record(did)
    #expect(record.control.controller == World.trustee)
    #expect(record.documentHash == .sha256(document(30).json(did: did, controller: World.trustee)))
    try world.commit(world.transaction([rotate(did, to: 60)], signers: [1, 41, 60]))
    #expect(try world.record(did).documentHash == .sha256(document(30).json(did: did, controller: nil)))
  }

  @Test("A deactivated controller has no say any more") mutating func deactivatedController() throws {
    let controller = try world.enroll(50)
    let create = try world.create(30, controller: controller)
    try world.commit(world.transaction([create], signers: [1, 50]))
    try deactivate(controller, signers: [50], by: controller)
    try expect(.controllerDeactivated(controller), rotate(create.subject, authority: .controller, to: 40), signers: [1, 50])
    #expect(try accepts(rotate(create.subject, to: 40), signers: [1, 31, 40]))
  }

  @Test("Update keys, recovery keys or the controller deactivate", arguments: [(Authority.next, 30), (.recovery, 32), (.controller, 11)])
  mutating func deactivation(authority: Authority, signer: Int) throws {
    let did = try world.enroll(30, controller: World.trustee)
    let before = try world.record(did)
    let operation = try LedgerOperation.deactivate(did, after: before.head, authority: authority, network: world.network)
    let threshold: OperationError.Threshold = authority == .next ? .update : authority == .recovery ? .recovery : .controller
    try expect(.thresholdNotMet(threshold), operation, signers: [1] + [30, 31, 32, 11].filter { $0 != signer })
    try world.commit(world.transaction([operation], signers: [1, signer]))
    let record = try world.record(did)
    #expect(record.isDeactivated)
    #expect(record.documentHash == before.documentHash)
    #expect(record.head == operation.head)
    let value = try StateValue(decoding: try #require(world.state.tree[did.stateKey]))
    #expect(value.isTombstone)
  }

  @Test("Deactivation is for ever") mutating func terminal() throws {
    let did = try world.enroll(30)
    try deactivate(did, signers: [30], by: did)
    let head = try world.head(did)
    let network = world.network
    try expect(.deactivated(did), .update(did, after: head, document: document(30), network: network), signers: [1, 30])
    try expect(.deactivated(did), rotate(did, authority: .recovery, to: 40), signers: [1, 32, 40])
    try expect(.deactivated(did), .deactivate(did, after: head, network: network), signers: [1, 30])
  }

  @Test("Later operations of a transaction see what earlier ones did") mutating func batch() throws {
    let create = try world.create(30)
    let update = try LedgerOperation.update(create.subject, after: create.head, document: document(31), network: world.network)
    let rotate = try LedgerOperation.rotate(create.subject, after: update.head, control: world.control(40), network: world.network)
    let fleet = try world.create(50, controller: create.subject)
    try world.commit(world.transaction([create, update, rotate, fleet], signers: [1, 30, 31, 40]))
    let version = try #require(try world.state.version(of: create.subject))
    #expect(version.record.head == rotate.head)
    #expect(version.record.previousChange == 1)
    #expect(version.changedAt == 1)
    #expect(try world.record(fleet.subject).control.controller == create.subject)
  }

  @Test("A batch is applied whole or not at all") func atomicity() throws {
    let creates = try [30, 33, 36].map { try world.create($0, controller: World.trustee) }
    let broken = creates + [try world.create(39)]
    var execution = BlockExecution(on: world.state, timeMilliseconds: 2_000_000)
    #expect(throws: TransactionError.operation(3, .thresholdNotMet(.newUpdate))) {
      try execution.apply(world.transaction(broken, signers: [1, 11]))
    }
    #expect(execution.finish().stateRoot == world.state.tree.root)
    #expect(try world.execute([world.transaction(creates, signers: [1, 11])]).rows.count == 3)
  }

  @Test("One controller's signature enrols a hundred agents") mutating func fleet() throws {
    let creates = try (0..<100).map { try world.create(200 + 3 * $0, controller: World.registrar) }
    let transaction = try world.transaction(creates)
    #expect(transaction.value.signatures.count == 1)
    #expect(try world.commit(transaction).rows.count == 100)
  }

  @Test("Every reason is a name of its own") func reasons() throws {
    let did = World.trustee
    let head = DIDHead(sequence: 0, hash: .zero)
    var errors: [OperationError] = [
      .malformed("x"), .foreignDID, .notPermitted(World.refusal(of: .didCreate)), .alreadyExists(did), .unknownDID(did), .deactivated(did),
      .stale(head: head),
      .futureSequence(head: head), .unknownController(did), .controllerDeactivated(did), .noController, .noRecovery,
      .isolated(did), .controllerIsolated(did), .trusteeProtected(did), .isolationEnd(1), .unavailable(.storage("x")),
      .document(.tooManyServices),
    ]
    errors += OperationError.Threshold.allCases.map { .thresholdNotMet($0) }
    #expect(Set(errors.map(\.reason)).count == errors.count)
    #expect(errors.allSatisfy { $0.reason.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f } })
  }
}
