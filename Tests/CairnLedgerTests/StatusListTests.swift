import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct StatusListTests {
  private var world = World()

  private func refusal(
    _ operation: LedgerOperation, by submitter: CairnDID = World.registrar, signers: [Int] = [1]
  ) throws -> OperationError? {
    do {
      _ = try world.execute([world.transaction([operation], by: submitter, signers: signers)])
      return nil
    } catch TransactionError.operation(0, let error) {
      return error
    }
  }

  private func create(_ list: StatusListID = World.list, purpose: StatusListPurpose = .revocation) throws -> LedgerOperation {
    try .createStatusList(list, purpose: purpose, network: world.network)
  }

  private func shape(_ kind: ProtoOperation.OneOf_Kind) -> OperationError? {
    do throws(OperationError) {
      _ = try LedgerOperation.make(kind, network: World.network)
      return nil
    } catch {
      return error
    }
  }

  private func createShape(_ change: (inout ProtoStatusListCreate) -> Void) -> OperationError? {
    var create = ProtoStatusListCreate()
    create.list = World.list.description
    create.purpose = .revocation
    create.length = 131_072
    change(&create)
    return shape(.statusListCreate(create))
  }

  private var foreign: CairnDID { CairnDID(network: .zero, create: .zero) }

  private func strangers(_ count: Int) -> [String] {
    (0..<count).map { CairnDID(network: World.network, create: .sha256([UInt8($0)])).description }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  @Test("A list has a name, a known purpose, and as many bits as a list may have") func creationShape() {
    #expect(createShape { _ in } == nil)
    #expect(createShape { $0.list = "\(World.registrar)/status/UPPER" } == .malformed("list"))
    #expect(createShape { $0.list = "\(World.registrar)/sessions/\(Digest.zero)" } == .malformed("list"))
    #expect(createShape { $0.list = "\(foreign)/status/tools" } == .foreignDID)
    #expect(createShape { $0.purpose = .unspecified } == .malformed("purpose"))
    #expect(createShape { $0.purpose = .UNRECOGNIZED(4) } == .malformed("purpose"))
    #expect(createShape { $0.length = 131_071 } == .listLength(131_071))
    #expect(createShape { $0.length = 2_097_152 } == nil)
    #expect(createShape { $0.length = 2_097_153 } == .listLength(2_097_153))
  }

  @Test("Revokers are DIDs of this network in order, each once, and at most sixteen") func revokersShape() {
    #expect(createShape { $0.revokers = strangers(16) } == nil)
    #expect(createShape { $0.revokers = strangers(17) } == .malformed("revokers"))
    #expect(createShape { $0.revokers = strangers(2).reversed() } == .malformed("revokers"))
    #expect(createShape { $0.revokers = strangers(1) + strangers(1) } == .malformed("revokers"))
    #expect(createShape { $0.revokers = ["did:cairn:x"] } == .malformed("revokers"))
    #expect(createShape { $0.revokers = [foreign.description] } == .foreignDID)
    var delegate = ProtoStatusListDelegate()
    delegate.list = World.list.description
    #expect(shape(.statusListDelegate(delegate)) == nil)
    delegate.revokers = strangers(17)
    #expect(shape(.statusListDelegate(delegate)) == .malformed("revokers"))
    delegate.list = "\(foreign)/status/tools"
    #expect(shape(.statusListDelegate(delegate)) == .foreignDID)
  }

  private func updateShape(set: [UInt32] = [], clear: [UInt32] = [], list: String = World.list.description) -> OperationError? {
    var update = ProtoStatusListUpdate()
    (update.list, update.set, update.clear) = (list, set, clear)
    return shape(.statusListUpdate(update))
  }

  @Test("Indices are ascending, each once, and of a number that fits") func updateShape() {
    #expect(updateShape(set: [0, 1], clear: [2]) == nil)
    #expect(updateShape() == .indexCount(0))
    #expect(updateShape(set: Array(0..<16_384)) == nil)
    #expect(updateShape(set: Array(0..<16_384), clear: [16_384]) == .indexCount(16_385))
    #expect(updateShape(set: [1, 0]) == .malformed("set"))
    #expect(updateShape(set: [1, 1]) == .malformed("set"))
    #expect(updateShape(clear: [1, 0]) == .malformed("clear"))
    #expect(updateShape(clear: [1, 1]) == .malformed("clear"))
    #expect(updateShape(set: [1, 2], clear: [2]) == .malformed("clear"))
    #expect(updateShape(set: [1], list: "tools") == .malformed("list"))
    #expect(updateShape(set: [1], list: "\(foreign)/sessions/\(Digest.zero)") == .foreignDID)
  }

  private func sessionShape(_ change: (inout ProtoSessionBatchCreate) -> Void) -> OperationError? {
    var create = ProtoSessionBatchCreate()
    create.controller = World.trustee.description
    create.root = Data(Digest.zero.bytes)
    create.count = 1
    create.salt = Data(count: 16)
    change(&create)
    return shape(.sessionBatchCreate(create))
  }

  @Test("A session batch has a controller of this network, a root, a count and a salt") func sessionShape() {
    #expect(sessionShape { _ in } == nil)
    #expect(sessionShape { $0.controller = "x" } == .malformed("controller"))
    #expect(sessionShape { $0.controller = foreign.description } == .foreignDID)
    #expect(sessionShape { $0.root = Data(count: 31) } == .malformed("root"))
    #expect(sessionShape { $0.count = 0 } == .listLength(0))
    #expect(sessionShape { $0.count = 2_097_152 } == nil)
    #expect(sessionShape { $0.count = 2_097_153 } == .listLength(2_097_153))
    #expect(sessionShape { $0.salt = Data(count: 15) } == .malformed("salt"))
    #expect(sessionShape { $0.revokers = strangers(2).reversed() } == .malformed("revokers"))
  }

  @Test("An issuer makes a list of its own, once, with every bit clear") mutating func creation() throws {
    try world.createList(purpose: .refresh, revokers: [World.trustee])
    let record = try StatusListRecord(decoding: try #require(try world.state.record(forKey: World.list.stateKey)))
    #expect(record.list == World.list && record.purpose == .refresh && record.length == 131_072)
    #expect(record.revokers == [World.trustee] && record.sessions == nil && record.chunkCount == 64)
    #expect(record.createdHeight == 1 && record.createdMilliseconds == world.state.timeMilliseconds)
    let value = try StateValue(decoding: try #require(world.state.tree[World.list.stateKey]))
    #expect(value.type == .statusList && value.changedAt == 1 && value.recordHash == .sha256(record.bytes))
    #expect(try world.isSet(131_071) == false)
    #expect(try refusal(create()) == .listExists(World.list))
    #expect(try refusal(create(World.list("other"))) == nil)
  }

  @Test("Nobody makes a list of somebody else, or without the role") mutating func creationNeedsRole() throws {
    let own = World.list("tools", of: World.trustee)
    #expect(try refusal(create(own)) == .notListIssuer(own))
    #expect(try refusal(create(own), by: World.trustee, signers: [11]) == .notPermitted(World.refusal(of: .statusListCreate)))
  }

  @Test("The issuer and the revokers update a list, and nobody else") mutating func whoUpdates() throws {
    let (revoker, stranger) = (try world.enroll(30), try world.enroll(40))
    let update = try world.update(set: [7])
    #expect(try refusal(update) == .unknownList(World.list))
    try world.createList(revokers: [revoker])
    #expect(try refusal(update) == nil)
    #expect(try refusal(update, by: revoker, signers: [30]) == nil)
    #expect(try refusal(update, by: stranger, signers: [40]) == .notRevoker(World.list))
    try world.commitUpdate(set: [7], by: revoker, signers: [30])
    #expect(try world.isSet(7) == true)
    #expect(try world.isSet(6) == false)
  }

  @Test("The issuer alone names revokers, who replace those before them") mutating func delegation() throws {
    let (first, second) = (try world.enroll(30), try world.enroll(40))
    func delegate(_ dids: [CairnDID]) throws -> LedgerOperation {
      try .delegateStatusList(World.list, to: dids, network: World.network)
    }
    #expect(try refusal(delegate([first])) == .unknownList(World.list))
    try world.createList(revokers: [first])
    #expect(try refusal(delegate([second]), by: first, signers: [30]) == .notListIssuer(World.list))
    try world.commit(world.transaction([delegate([second])]))
    let update = try world.update(set: [7])
    #expect(try refusal(update, by: first, signers: [30]) == .notRevoker(World.list))
    #expect(try refusal(update, by: second, signers: [40]) == nil)
    let record = try StatusListRecord(decoding: try #require(try world.state.record(forKey: World.list.stateKey)))
    #expect(record.revokers == [second] && record.createdHeight == 3)
  }

  @Test("What is revoked or has a newer credential stays so; what is suspended may be reinstated", arguments: StatusListPurpose.allCases)
  mutating func clearing(purpose: StatusListPurpose) throws {
    try world.createList(purpose: purpose)
    try world.commitUpdate(set: [5])
    let clear = try world.update(clear: [5])
    #expect(try refusal(clear) == (purpose == .suspension ? nil : .clearRefused(purpose)))
    #expect(try refusal(world.update(set: [6], clear: [7])) == (purpose == .suspension ? nil : .clearRefused(purpose)))
    guard purpose == .suspension else { return }
    try world.commitUpdate(clear: [5])
    #expect(try world.isSet(5) == false)
    #expect(try world.isSet(5, at: .height(2)) == true)
  }

  @Test("An index beyond the list is refused, whichever way it is given") mutating func outOfRange() throws {
    try world.createList()
    #expect(try refusal(world.update(set: [131_071])) == nil)
    #expect(try refusal(world.update(set: [131_072])) == .indexOutOfRange(131_072, length: 131_072))
    #expect(try refusal(world.update(set: [1], clear: [.max])) == .indexOutOfRange(.max, length: 131_072))
  }

  @Test("An update that changes nothing leaves no version, and no row") mutating func idempotent() throws {
    try world.createList()
    #expect(try world.commitUpdate(clear: [3]).rows.isEmpty)
    #expect(try world.chunk() == nil)
    try world.commitUpdate(set: [3])
    let block = try world.commitUpdate(set: [3], clear: [4])
    #expect(block.rows.isEmpty && block.superseded.isEmpty)
    #expect(try world.chunk()?.version == 0)
    #expect(try world.chunk()?.updatedHeight == 3)
  }

  @Test("What one block changes is one version, however many operations and transactions it takes") mutating func oneVersion() throws {
    try world.createList()
    try world.commit(
      world.transaction([world.update(set: [1]), world.update(set: [2])], nonce: 100),
      world.transaction([world.update(set: [3])], nonce: 101))
    #expect(try world.chunk()?.version == 0)
    let block = try world.commit(
      world.transaction([world.update(clear: [1]), world.update(set: [4])], nonce: 102),
      world.transaction([world.update(clear: [2])], nonce: 103))
    let chunk = try #require(try world.chunk())
    #expect(chunk.version == 1 && chunk.updatedHeight == 3 && block.superseded.map(\.version) == [0])
    #expect((0..<8).map { chunk[$0] } == [false, false, false, true, true, false, false, false])
    #expect(chunk.bits[0] == 0b0001_1000)
  }

  @Test("A refused transaction leaves neither bits nor versions") mutating func atomic() throws {
    try world.createList()
    try world.commitUpdate(set: [1])
    var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 1_000)
    let broken = try world.transaction([world.update(set: [2]), world.update(set: [131_072])])
    #expect(throws: TransactionError.operation(1, .indexOutOfRange(131_072, length: 131_072))) { try execution.apply(broken) }
    let block = execution.finish()
    #expect(block.rows.isEmpty && block.superseded.isEmpty && block.stateRoot == world.state.tree.root)
  }

  @Test("An update touches the chunks of its indices and no others") mutating func chunks() throws {
    try world.createList()
    let block = try world.commitUpdate(set: [0, 2_047, 2_048, 131_071])
    #expect(Set(block.rows.map(\.key)) == Set([0, 1, 63].map { World.list.chunkKey($0) }))
    #expect(block.rows.allSatisfy { $0.value.count <= StateTree.valueLimit })
    for (index, expected) in [
      (UInt32(0), true), (1, false), (2_047, true), (2_048, true), (2_049, false), (131_070, false), (131_071, true),
    ] {
      #expect(try world.isSet(index) == expected)
    }
  }

  @Test("Every bit is provable at every past height and time") mutating func history() throws {
    var expected: [[UInt32: Bool]] = []
    var bits: [UInt32: Bool] = [10: false, 11: false, 3_000: false]
    try world.createList()
    expected.append(bits)
    let changes: [(set: [UInt32], clear: [UInt32])] = [
      ([10], []), ([11], []), ([], [10]), ([3_000], []), ([10], [11]), ([], []), ([11], []), ([], [10, 3_000]), ([10, 3_000], []),
    ]
    for change in changes {
      if change.set.isEmpty && change.clear.isEmpty {
        try world.commit()
      } else {
        try world.commitUpdate(set: change.set, clear: change.clear)
      }
      for index in change.set { bits[index] = true }
      for index in change.clear { bits[index] = false }
      expected.append(bits)
    }
    let start = World.genesis.timeMilliseconds
    for (offset, bits) in expected.enumerated() {
      let height = UInt64(offset + 1)
      for (index, value) in bits {
        #expect(try world.isSet(index, at: .height(height)) == value)
        #expect(try world.isSet(index, at: .time(milliseconds: start + 1_000 * height)) == value)
        #expect(try world.isSet(index, at: .time(milliseconds: start + 1_000 * height + 999)) == value)
      }
    }
    #expect(try world.isSet(10, at: .height(.max)) == bits[10])
    #expect(try world.isSet(10, at: .time(milliseconds: .max)) == bits[10])
    #expect(try world.chunk()?.version == 6)
    guard case .found(let status) = try world.status(11, at: .height(4)) else { throw MissingDID(did: World.registrar) }
    #expect(status.isSet && status.since.height == 4 && status.until?.height == 6)
    #expect(status.until?.milliseconds == start + 6_000)
  }

  @Test("Before the list was made it is proven not to have existed") mutating func before() throws {
    #expect(try world.status(0) == .noList)
    try world.commit()
    try world.createList()
    for moment in [StatusMoment.height(1), .height(0), .time(milliseconds: world.state.timeMilliseconds - 1)] {
      guard case .notYetCreated(let record) = try world.status(0, at: moment) else {
        Issue.record("a status at \(moment)")
        continue
      }
      #expect(record.createdHeight == 2)
    }
    #expect(try world.isSet(0, at: .height(2)) == false)
    try world.commitUpdate(set: [0])
    #expect(try world.isSet(0, at: .height(2)) == false)
    guard case .notYetCreated = try world.status(0, at: .height(1)) else {
      Issue.record("a status before the creation")
      return
    }
  }

  private func batch(
    controller: CairnDID = World.trustee, expires: UInt64? = nil, count: UInt32 = 3_000, revokers: [CairnDID] = []
  ) throws -> LedgerOperation {
    try .createSessionBatch(
      controller: controller, root: .sha256([1]), count: count, expiresMilliseconds: expires ?? nextTime + 1, salt: sixteen(1),
      revokers: revokers, network: world.network)
  }

  private var nextTime: UInt64 { world.state.timeMilliseconds + 1_000 }

  @Test("A registrar anchors sessions, and their controller signs") mutating func sessions() throws {
    #expect(try refusal(batch(), by: World.trustee, signers: [11]) == .notPermitted(World.refusal(of: .sessionBatchCreate)))
    #expect(try refusal(batch(), signers: [1]) == .thresholdNotMet(.controller))
    let stranger = CairnDID(network: world.network, create: .zero)
    #expect(try refusal(batch(controller: stranger), signers: [1, 11]) == .unknownController(stranger))
    let operation = try batch(revokers: [World.registrar])
    guard case .sessionBatchCreate(_, let list) = operation.kind, case .sessions = list.kind else { throw MissingDID(did: stranger) }
    try world.commit(world.transaction([operation], signers: [1, 11]))
    let record = try StatusListRecord(decoding: try #require(try world.state.record(forKey: list.stateKey)))
    #expect(record.purpose == .revocation && record.length == 3_000 && record.revokers == [World.registrar])
    #expect(record.sessions?.root == .sha256([1]) && record.sessions?.expiresMilliseconds == world.state.timeMilliseconds + 1)
    #expect(record.chunkCount == 2 && record.byteCount == 375)
    #expect(try refusal(world.update(list, set: [2_999])) == nil)
    #expect(try refusal(world.update(list, set: [3_000])) == .indexOutOfRange(3_000, length: 3_000))
    #expect(try refusal(world.update(list, clear: [1])) == .clearRefused(.revocation))
    try world.commitUpdate(list, set: [2_999], by: World.trustee, signers: [11])
    #expect(try world.isSet(2_999, of: list) == true)
  }

  @Test("The same batch is anchored once; another salt makes another") mutating func sameBatch() throws {
    let operation = try batch(expires: nextTime + 100_000)
    try world.commit(world.transaction([operation], signers: [1, 11]))
    guard case .sessionBatchCreate(_, let list) = operation.kind else { return }
    #expect(try refusal(operation, signers: [1, 11]) == .listExists(list))
  }

  @Test("Sessions expire after the block, and within a month") func sessionExpiry() throws {
    let limit = SessionBatchCreate.lifetimeLimitMilliseconds
    #expect(try refusal(batch(expires: nextTime), signers: [1, 11]) == .sessionExpiry(nextTime))
    #expect(try refusal(batch(expires: nextTime + 1), signers: [1, 11]) == nil)
    #expect(try refusal(batch(expires: nextTime + limit), signers: [1, 11]) == nil)
    #expect(try refusal(batch(expires: nextTime + limit + 1), signers: [1, 11]) == .sessionExpiry(nextTime + limit + 1))
    #expect(try refusal(batch(expires: .max), signers: [1, 11]) == .sessionExpiry(.max))
  }

  @Test("A chunk's record is the canonical Protobuf of what it says") mutating func chunkRecord() throws {
    try world.createList()
    for index in 0..<4 { try world.commitUpdate(set: [UInt32(index)]) }
    let chunk = try #require(try world.chunk())
    let message = ProtoStatusChunk.with {
      $0.bits = Data(chunk.bits)
      $0.updatedMs = chunk.updatedMilliseconds
      $0.updatedHeight = chunk.updatedHeight
      $0.version = 3
      $0.earlier = Data(chunk.earlier.peaks.flatMap(\.bytes))
    }
    #expect(chunk.bytes == Canonical.encode(message))
    func error(_ change: (inout ProtoStatusChunk) -> Void) -> RecordError? {
      var message = message
      change(&message)
      do throws(RecordError) {
        _ = try StatusChunk(decoding: Canonical.encode(message))
        return nil
      } catch { return error }
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.bits.removeLast() } == .field("bits"))
    #expect(error { $0.version = 4 } == .field("earlier"))
    #expect(error { $0.version = .max } == .field("earlier"))
    #expect(error { $0.earlier.removeLast() } == .field("earlier"))
    #expect(error { $0.bits = Data(count: 5_000) } == .encoding(.tooLong(limit: 4_096, actual: 5_077)))
  }

  @Test("A list's record is read as it was written, and refused when a field is wrong") mutating func listRecord() throws {
    try world.createList(revokers: [World.trustee])
    let bytes = try #require(try world.state.record(forKey: World.list.stateKey))
    #expect(try StatusListRecord(decoding: bytes).bytes == bytes)
    let good = try ProtoStatusListRecord(serializedBytes: bytes)
    func error(_ change: (inout ProtoStatusListRecord) -> Void) -> RecordError? {
      var message = good
      change(&message)
      do throws(RecordError) {
        _ = try StatusListRecord(decoding: Canonical.encode(message))
        return nil
      } catch { return error }
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.list = "x" } == .field("list"))
    #expect(error { $0.purpose = .unspecified } == .field("purpose"))
    #expect(error { $0.length = 0 } == .field("length"))
    #expect(error { $0.length = 2_097_153 } == .field("length"))
    #expect(error { $0.revokers = ["x"] } == .field("revokers"))
    #expect(error { $0.revokers = strangers(17) } == .field("revokers"))
    #expect(error { $0.sessions = ProtoSessionAnchor() } == .field("sessions"))
  }
}
