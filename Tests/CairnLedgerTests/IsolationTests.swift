import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct IsolationTests {
  private var world = World()

  private func isolation(of did: CairnDID) throws -> IsolationRecord? {
    let value = world.state.tree[did.isolationKey]
    return try IsolationRecord.verify(did, stateValue: value, record: world.state.record(forKey: did.isolationKey) ?? [])
  }

  private func isolate(_ did: CairnDID, _ reason: String = "stolen key", until: UInt64? = nil) throws -> LedgerOperation {
    try .isolate(did, reason: reason, untilMilliseconds: until, network: world.network)
  }

  @discardableResult
  private mutating func guarding(_ operations: LedgerOperation...) throws -> ExecutedBlock {
    try world.commit(world.transaction(operations, by: World.guardian, signers: [301], nonce: Int(world.height)))
  }

  private func refusal(
    _ operations: [LedgerOperation], by submitter: CairnDID = World.registrar, signers: [Int] = [1]
  ) throws -> TransactionError? {
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    let transaction = try world.transaction(operations, by: submitter, signers: signers)
    do throws(TransactionError) { try execution.apply(transaction) } catch { return error }
    return nil
  }

  @Test("What is said twice changes nothing, what is said anew keeps the beginning") mutating func absolute() throws {
    let did = try world.enroll(40)
    #expect(try isolation(of: did) == nil)
    try guarding(isolate(did))
    let first = try #require(try isolation(of: did))
    #expect(first.sinceHeight == world.state.height && first.sinceMilliseconds == world.state.timeMilliseconds)
    #expect(first.by == World.guardian && first.reason == "stolen key" && first.untilMilliseconds == nil && first.release == nil)
    #expect(try guarding(isolate(did)).rows.isEmpty)
    try guarding(isolate(did, "a drill", until: 5_000_000))
    let second = try #require(try isolation(of: did))
    #expect((second.reason, second.untilMilliseconds, second.sinceHeight) == ("a drill", 5_000_000, first.sinceHeight))
    try guarding(.release(did, network: world.network))
    let released = try #require(try isolation(of: did))
    #expect(released.release == .init(milliseconds: world.state.timeMilliseconds, by: World.guardian))
    #expect(try guarding(.release(did, network: world.network)).rows.isEmpty)
    try guarding(isolate(did))
    #expect(try isolation(of: did)?.sinceHeight == world.state.height)
    // Of somebody who was never isolated.
    let rows = try guarding(.release(World.registrar, network: world.network)).rows
    #expect(rows.isEmpty)
  }

  @Test("It ends by the block's time") mutating func end() throws {
    let did = try world.enroll(40)
    let update = try LedgerOperation.update(did, after: world.head(did), document: document(41), network: world.network)
    // In force in the block after the next one, over in the one after that.
    try guarding(isolate(did, until: world.state.timeMilliseconds + 3_000))
    #expect(try refusal([update], by: did, signers: [40]) == .submitterIsolated(did))
    try world.commit()
    #expect(try refusal([update], by: did, signers: [40]) == nil)
    let now = world.state.timeMilliseconds + 1_000
    for end in [1, now, now + AgentIsolate.durationLimitMilliseconds + 1] {
      #expect(try refusal([isolate(did, until: end)], by: World.guardian, signers: [301]) == .operation(0, .isolationEnd(end)))
    }
    #expect(try refusal([isolate(did, until: now + 1)], by: World.guardian, signers: [301]) == nil)
  }

  @Test("Only guardians isolate, only who exists, and no trustee") mutating func permissions() throws {
    let did = try world.enroll(40)
    let nobody = try world.create(60).subject
    let release = try LedgerOperation.release(did, network: world.network)
    for (operation, action) in [(try isolate(did), LedgerAction.agentIsolate), (release, .agentRelease)] {
      let refused = ConstitutionRefusal(action: action, submitter: World.registrar, policies: [])
      #expect(try refusal([operation]) == .operation(0, .notPermitted(refused)))
    }
    let nothing = try LedgerOperation.release(nobody, network: world.network)
    #expect(try refusal([nothing], by: World.guardian, signers: [301]) == .operation(0, .unknownDID(nobody)))
    #expect(try refusal([isolate(nobody)], by: World.guardian, signers: [301]) == .operation(0, .unknownDID(nobody)))
    #expect(try refusal([isolate(World.trustee)], by: World.guardian, signers: [301]) == .operation(0, .trusteeProtected(World.trustee)))
    // A guardian may stop itself, and then not go on by itself.
    try guarding(isolate(World.guardian))
    let own = try LedgerOperation.release(World.guardian, network: world.network)
    #expect(try refusal([own], by: World.guardian, signers: [301]) == .submitterIsolated(World.guardian))
  }

  @Test("It holds at once, for what follows in the same block and the same transaction") mutating func atOnce() throws {
    let did = try world.enroll(40)
    let update = try LedgerOperation.update(did, after: world.head(did), document: document(41), network: world.network)
    let own = try world.transaction([update], by: did, signers: [40])
    let through = try world.transaction([update], by: World.registrar, signers: [1, 40])
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    try execution.apply(world.transaction([isolate(did)], by: World.guardian, signers: [301]))
    #expect(throws: TransactionError.submitterIsolated(did)) { try execution.apply(own) }
    #expect(throws: TransactionError.operation(0, .isolated(did))) { try execution.apply(through) }
    #expect(
      try refusal([isolate(did), update], by: World.guardian, signers: [301, 40]) == .operation(1, .isolated(did)))
    #expect(try refusal([update], by: did, signers: [40]) == nil)
  }

  @Test("Its other keys and its controller can still rotate and end it; an isolated controller can do nothing") mutating func others()
    throws
  {
    let controller = try world.enroll(50)
    let create = try world.create(40, controller: controller)
    try world.commit(world.transaction([create], signers: [1, 50]))
    let did = create.subject
    try guarding(isolate(did))
    let head = try world.head(did)
    func rotate(_ authority: Authority) throws -> LedgerOperation {
      try .rotate(did, after: head, authority: authority, control: world.control(80, controller: controller), network: world.network)
    }
    #expect(try refusal([rotate(.controller)], by: controller, signers: [50]) == nil)
    #expect(try refusal([rotate(.next)], signers: [1, 41, 80]) == nil)
    #expect(try refusal([rotate(.recovery)], signers: [1, 42, 80]) == nil)
    #expect(try refusal([.deactivate(did, after: head, authority: .controller, network: world.network)], signers: [1, 50]) == nil)
    try guarding(isolate(controller))
    #expect(try refusal([rotate(.controller)], by: controller, signers: [50]) == .submitterIsolated(controller))
    #expect(try refusal([rotate(.controller)], signers: [1, 50]) == .operation(0, .controllerIsolated(controller)))
    let another = try world.create(90, controller: controller)
    #expect(try refusal([another], signers: [1, 50]) == .operation(0, .controllerIsolated(controller)))
    let sessions = try LedgerOperation.createSessionBatch(
      controller: controller, root: .zero, count: 1, expiresMilliseconds: world.state.timeMilliseconds + 5_000, salt: sixteen(1),
      network: world.network)
    #expect(try refusal([sessions], signers: [1, 50]) == .operation(0, .controllerIsolated(controller)))
  }

  @Test("The lists of an isolated issuer are its revokers' to update") mutating func lists() throws {
    let revoker = try world.enroll(40)
    let list = World.list("cards", of: World.guardian)
    try guarding(.createStatusList(list, purpose: .revocation, revokers: [revoker], network: world.network))
    try guarding(isolate(World.guardian))
    let update = try world.update(list, set: [7])
    #expect(try refusal([update], by: World.guardian, signers: [301]) == .submitterIsolated(World.guardian))
    #expect(try refusal([update], by: revoker, signers: [40]) == nil)
  }

  @Test("A reason is short and without control characters") func reasons() throws {
    let good = ["a", String(repeating: "x", count: 256), "clé volée – 鍵 🔑", String(repeating: "é", count: 128)]
    let bad = ["", String(repeating: "x", count: 257), String(repeating: "é", count: 129), "a\nb", "\u{1b}[2J", "\u{7f}", "\u{85}"]
    for text in good { #expect(throws: Never.self) { try isolate(World.registrar, text) } }
    for text in bad + ["\u{202e}gnp", "\u{2028}", "a\u{0}"] {
      #expect(throws: OperationError.malformed("reason")) { try isolate(World.registrar, text) }
    }
  }

  @Test("Records are read strictly, and only of whom they are about") mutating func records() throws {
    let did = try world.enroll(40)
    try guarding(isolate(did, until: 5_000_000))
    let (value, record) = (try #require(world.state.tree[did.isolationKey]), try #require(try isolation(of: did)))
    #expect(try IsolationRecord(decoding: record.bytes) == record)
    #expect(throws: RecordError.encoding(.malformed)) { try IsolationRecord(decoding: record.bytes.dropLast()) }
    var message = try ProtoIsolationRecord(serializedBytes: record.bytes)
    message.releasedBy = World.guardian.description
    #expect(throws: RecordError.field("released_by")) { try IsolationRecord(decoding: Canonical.encode(message)) }
    #expect(throws: ResolutionError.recordHash) { try IsolationRecord.verify(did, stateValue: value, record: []) }
    #expect(throws: ResolutionError.recordHash) { try IsolationRecord.verify(did, stateValue: nil, record: record.bytes) }
    #expect(throws: ResolutionError.wrongDID) { try IsolationRecord.verify(World.trustee, stateValue: value, record: record.bytes) }
    let other = StateValue(type: .roles, changedAt: 1, recordHash: .sha256(record.bytes))
    #expect(throws: ResolutionError.wrongType) { try IsolationRecord.verify(did, stateValue: other.bytes, record: record.bytes) }
  }

  @Test("It is found under its own row, apart from the DID's history") mutating func lookUp() throws {
    let did = try world.enroll(40)
    let transaction = try world.transaction([isolate(did)], by: World.guardian, signers: [301]).value
    #expect(transaction.operations[0].stateKey == did.isolationKey && !transaction.operations[0].changes(did))
    #expect(Transaction.lookUpKeys(ofFinalized: transaction.bytes, network: world.network) == [transaction.id, did.isolationKey])
    let subjects = Transaction.subjects(ofFinalized: transaction.bytes, network: world.network)
    #expect(subjects.map(\.kind) == ["agent_isolate"] && subjects.map(\.did) == [did.description])
  }
}
