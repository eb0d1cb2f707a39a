import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import Testing

@testable import CairnLedger

/// The ledger as a reader of the rules would write it down, slowly and in one place.
private struct Model {
  struct Subject {
    var did: CairnDID
    var sequence: UInt64 = 0
    var head: Digest
    var control: Control
    var document: DIDDocument
    var isDeactivated = false
    var created: UInt64
    var updated: UInt64
    var changedAt: UInt64
    var previousChange: UInt64 = 0
    var keysChanged: UInt64
    /// Hashes of the records of the versions before this one.
    var earlier: [Digest] = []

    var record: [UInt8] {
      let json = document.json(did: did, controller: control.controller)
      var record = ProtoDidRecord()
      record.did = did.description
      record.sequence = sequence
      record.head = Data(head.bytes)
      record.control = control.message
      record.documentHash = Data(Digest.sha256(json).bytes)
      record.deactivated = isDeactivated
      record.createdMs = created
      record.updatedMs = updated
      record.previousChange = previousChange
      record.document = EncodedDocument(document).message
      record.earlier = Model.peaks(of: earlier)
      record.keysChangedMs = keysChanged
      return Canonical.encode(record)
    }
  }

  struct List {
    var id: StatusListID
    var purpose: ProtoStatusPurpose
    var length: UInt32
    var revokers: [CairnDID]
    var created: (time: UInt64, height: UInt64)
    var sessions: ProtoSessionAnchor?
    var changedAt: UInt64
    /// By its number; those that were touched.
    var chunks: [UInt32: Chunk] = [:]

    var record: [UInt8] {
      var record = ProtoStatusListRecord()
      record.list = id.description
      record.purpose = purpose
      record.length = length
      record.revokers = revokers.map(\.description)
      record.createdMs = created.time
      record.createdHeight = created.height
      if let sessions { record.sessions = sessions }
      return Canonical.encode(record)
    }

    var key: Digest { .stateKey(type: 4, id: Array(id.description.utf8)) }

    func key(ofChunk chunk: UInt32) -> Digest {
      .stateKey(type: 5, id: key.bytes + [UInt8(chunk >> 24), UInt8(chunk >> 16 & 255), UInt8(chunk >> 8 & 255), UInt8(chunk & 255)])
    }
  }

  struct Chunk {
    /// One for each block that changed any, the newest last: the indices in the chunk that are set.
    var versions: [(height: UInt64, time: UInt64, set: Set<UInt32>)] = []
    var earlier: [Digest] = []
    var changedAt: UInt64 = 0

    var set: Set<UInt32> { versions.last?.set ?? [] }

    var record: [UInt8] {
      var record = ProtoStatusChunk()
      record.bits = Data(count: 256)
      for index in set { record.bits[Int(index) / 8] += 128 >> (index % 8) }
      record.updatedMs = versions.last?.time ?? 0
      record.updatedHeight = versions.last?.height ?? 0
      record.version = UInt64(earlier.count)
      record.earlier = Model.peaks(of: earlier)
      return Canonical.encode(record)
    }
  }

  /// The roots of the perfect trees that the versions make, the largest first.
  fileprivate static func peaks(of leaves: [Digest]) -> Data {
    var peaks = Data()
    var rest = leaves[...]
    for bit in (0..<16).reversed() where leaves.count >> bit & 1 == 1 {
      peaks += LogTree.root(of: rest.prefix(1 << bit)).bytes
      rest = rest.dropFirst(1 << bit)
    }
    return peaks
  }

  struct Isolation {
    var since: (time: UInt64, height: UInt64)
    var until: UInt64
    var by: CairnDID
    var reason: String
    var release: (time: UInt64, by: CairnDID)?
    var changedAt: UInt64

    func holds(at time: UInt64) -> Bool { release == nil && (until == 0 || time < until) }

    func record(of did: CairnDID) -> [UInt8] {
      var record = ProtoIsolationRecord()
      record.did = did.description
      record.sinceMs = since.time
      record.sinceHeight = since.height
      record.untilMs = until
      record.by = by.description
      record.reason = reason
      record.releasedMs = release?.time ?? 0
      record.releasedBy = release?.by.description ?? ""
      return Canonical.encode(record)
    }
  }

  var subjects: [CairnDID: Subject] = [:]
  var isolations: [CairnDID: Isolation] = [:]
  var lists: [StatusListID: List] = [:]
  let registrars: Set<CairnDID>
  let issuers: Set<CairnDID>
  let otherRows: [StateRow]

  init(_ genesis: Genesis) {
    registrars = [genesis.dids[0]]
    issuers = [genesis.dids[0], genesis.dids[2]]
    for operation in genesis.identities {
      guard case .didCreate(let create) = operation.kind, let did = operation.did else { continue }
      subjects[did] = Subject(
        did: did, head: operation.hash, control: create.control, document: create.document.document,
        created: genesis.timeMilliseconds, updated: genesis.timeMilliseconds, changedAt: 0, keysChanged: genesis.timeMilliseconds)
    }
    let dids = Set(genesis.dids.map(\.stateKey))
    otherRows = GenesisBlock(genesis).rows.filter { !dids.contains($0.key) }
  }

  private static func weight(_ signers: Set<PublicKey>, _ keys: [WeightedKey]) -> Int {
    keys.filter { signers.contains($0.key) }.reduce(0) { $0 + Int($1.weight) }
  }

  private static func weight(_ signers: Set<PublicKey>, _ digests: [WeightedDigest]) -> Int {
    let revealed = Set(signers.map(Control.nextDigest(of:)))
    return digests.filter { revealed.contains($0.digest) }.reduce(0) { $0 + Int($1.weight) }
  }

  private static func hasUpdate(_ signers: Set<PublicKey>, _ control: Control) -> Bool {
    weight(signers, control.update) >= Int(control.updateThreshold)
  }

  /// The reason of a refusal, `nil` when the transaction was applied.
  mutating func apply(_ transaction: Transaction, time: UInt64, height: UInt64, logIndex: UInt64) -> String? {
    let signers = Set(transaction.signatures.map(\.key))
    guard let submitter = subjects[transaction.submitter] else { return "unknown_submitter" }
    if submitter.isDeactivated { return "submitter_deactivated" }
    if isIsolated(transaction.submitter, time) { return "isolated" }
    guard Self.hasUpdate(signers, submitter.control) else { return "submitter_threshold_not_met" }
    var after = self
    for operation in transaction.operations {
      let reason: String?
      switch operation.kind {
      case .agentIsolate, .agentRelease: reason = after.applyToIsolation(operation, by: transaction.submitter, (time, height), logIndex)
      case .governancePropose, .governanceApprove, .governanceWithdraw: reason = nil
      case .didCreate, .didUpdate, .didRotate, .didDeactivate:
        reason = after.apply(operation, by: transaction.submitter, signers, time, logIndex)
      default: reason = after.applyToList(operation, by: transaction.submitter, signers, (time, height), logIndex)
      }
      if let reason { return reason }
    }
    self = after
    return nil
  }

  private func isIsolated(_ did: CairnDID, _ time: UInt64) -> Bool { isolations[did]?.holds(at: time) ?? false }

  private mutating func applyToIsolation(
    _ operation: LedgerOperation, by submitter: CairnDID, _ now: (time: UInt64, height: UInt64), _ logIndex: UInt64
  ) -> String? {
    guard let did = operation.did, subjects[did] != nil else { return "unknown_did" }
    let current = isolations[did].flatMap { $0.holds(at: now.time) ? $0 : nil }
    guard case .agentIsolate(let isolate) = operation.kind else {
      guard [World.guardian, World.author].contains(submitter) else { return "not_permitted" }
      guard var current else { return nil }
      (current.release, current.changedAt) = ((now.time, submitter), logIndex)
      isolations[did] = current
      return nil
    }
    guard ![World.registrar, World.trustee].contains(did) else { return "trustee_protected" }
    let until = isolate.untilMilliseconds ?? 0
    guard until == 0 || (now.time + 1...now.time + 366 * 24 * 3_600_000).contains(until) else { return "isolation_end" }
    guard [World.guardian, World.author].contains(submitter) else { return "not_permitted" }
    if let current, (current.until, current.reason) == (until, isolate.reason) { return nil }
    isolations[did] = Isolation(
      since: current?.since ?? now, until: until, by: submitter, reason: isolate.reason, changedAt: logIndex)
    return nil
  }

  private mutating func apply(
    _ operation: LedgerOperation, by submitter: CairnDID, _ signers: Set<PublicKey>, _ time: UInt64, _ logIndex: UInt64
  ) -> String? {
    guard let did = operation.did else { return "malformed" }
    if case .didCreate(let create) = operation.kind {
      guard subjects[did] == nil else { return "already_exists" }
      if let controller = create.control.controller {
        if let reason = controllerRefusal(controller, signers, time) { return reason }
      } else if !Self.hasUpdate(signers, create.control) {
        return "new_update_threshold_not_met"
      }
      guard registrars.contains(submitter) else { return "not_permitted" }
      subjects[did] = Subject(
        did: did, head: operation.hash, control: create.control, document: create.document.document, created: time, updated: time,
        changedAt: logIndex, keysChanged: time)
      return nil
    }
    guard let succession = operation.succession, var subject = subjects[did] else { return "unknown_did" }
    if subject.isDeactivated { return "deactivated" }
    if succession.sequence > subject.sequence + 1 { return "future_sequence" }
    if succession.sequence < subject.sequence + 1 || succession.previous != subject.head { return "stale" }
    let replaced = LogTree.leafHash(subject.record)
    switch operation.kind {
    case .didUpdate(let update):
      guard Self.hasUpdate(signers, subject.control) else { return "update_threshold_not_met" }
      if isIsolated(did, time) { return "isolated" }
      subject.document = update.document.document
    case .didRotate(let rotate):
      if let reason = refusal(rotate.authority, subject, signers, time, isRotation: true) { return reason }
      if rotate.authority != .controller, !Self.hasUpdate(signers, rotate.control) { return "new_update_threshold_not_met" }
      if let controller = rotate.control.controller {
        guard let record = subjects[controller] else { return "unknown_controller" }
        if record.isDeactivated { return "controller_deactivated" }
        if isIsolated(controller, time) { return "controller_isolated" }
      }
      if subject.control.update != rotate.control.update { subject.keysChanged = time }
      subject.control = rotate.control
      subject.document = rotate.document?.document ?? subject.document
    case .didDeactivate(let deactivate):
      if let reason = refusal(deactivate.authority, subject, signers, time, isRotation: false) { return reason }
      subject.isDeactivated = true
    default: return nil
    }
    subject.earlier.append(replaced)
    subject.sequence += 1
    subject.head = operation.hash
    subject.updated = time
    subject.previousChange = subject.changedAt
    subject.changedAt = logIndex
    subjects[did] = subject
    return nil
  }

  private mutating func applyToList(
    _ operation: LedgerOperation, by submitter: CairnDID, _ signers: Set<PublicKey>, _ now: (time: UInt64, height: UInt64),
    _ logIndex: UInt64
  ) -> String? {
    switch operation.kind {
    case .statusListCreate(let create, let id):
      guard submitter == id.issuer else { return "not_list_issuer" }
      guard lists[id] == nil else { return "already_exists" }
      guard issuers.contains(submitter) else { return "not_permitted" }
      lists[id] = List(
        id: id, purpose: create.purpose.message, length: create.length, revokers: create.revokers, created: now, changedAt: logIndex)
    case .sessionBatchCreate(let create, let id):
      if let reason = controllerRefusal(create.controller, signers, now.time) { return reason }
      guard (now.time + 1...now.time + 31 * 24 * 3_600_000).contains(create.expiresMilliseconds) else { return "session_expiry" }
      guard lists[id] == nil else { return "already_exists" }
      guard registrars.contains(submitter) else { return "not_permitted" }
      var sessions = ProtoSessionAnchor()
      sessions.root = Data(create.root.bytes)
      sessions.expiresMs = create.expiresMilliseconds
      lists[id] = List(
        id: id, purpose: .revocation, length: create.count, revokers: create.revokers, created: now, sessions: sessions, changedAt: logIndex
      )
    case .statusListDelegate(let delegate, let id):
      guard var list = lists[id] else { return "unknown_status_list" }
      guard submitter == id.issuer else { return "not_list_issuer" }
      (list.revokers, list.changedAt) = (delegate.revokers, logIndex)
      lists[id] = list
    case .statusListUpdate(let update, let id):
      guard var list = lists[id] else { return "unknown_status_list" }
      guard submitter == id.issuer || list.revokers.contains(submitter) else { return "not_revoker" }
      guard update.clear.isEmpty || list.purpose == .suspension else { return "clear_refused" }
      guard (update.set + update.clear).allSatisfy({ $0 < list.length }) else { return "index_out_of_range" }
      for number in Set((update.set + update.clear).map { $0 / 2048 }) {
        var chunk = list.chunks[number] ?? Chunk()
        var bits = chunk.set
        for index in update.set where index / 2048 == number { bits.insert(index % 2048) }
        for index in update.clear where index / 2048 == number { bits.remove(index % 2048) }
        guard bits != chunk.set else { continue }
        if chunk.versions.last?.height == now.height {
          chunk.versions.removeLast()
        } else if !chunk.versions.isEmpty {
          chunk.earlier.append(LogTree.leafHash(chunk.record))
        }
        chunk.versions.append((now.height, now.time, bits))
        chunk.changedAt = logIndex
        list.chunks[number] = chunk
      }
      lists[id] = list
    default: return nil
    }
    return nil
  }

  private func refusal(
    _ authority: Authority, _ subject: Subject, _ signers: Set<PublicKey>, _ time: UInt64, isRotation: Bool
  ) -> String? {
    switch authority {
    case .next where isRotation:
      return Self.weight(signers, subject.control.next) >= Int(subject.control.nextThreshold) ? nil : "next_threshold_not_met"
    case .next:
      return Self.hasUpdate(signers, subject.control) ? nil : "update_threshold_not_met"
    case .recovery:
      if subject.control.recovery.isEmpty { return "no_recovery" }
      let weight = Self.weight(signers, subject.control.recovery)
      return weight >= Int(subject.control.recoveryThreshold) ? nil : "recovery_threshold_not_met"
    case .controller:
      guard let controller = subject.control.controller else { return "no_controller" }
      return controllerRefusal(controller, signers, time)
    }
  }

  private func controllerRefusal(_ did: CairnDID, _ signers: Set<PublicKey>, _ time: UInt64) -> String? {
    guard let controller = subjects[did] else { return "unknown_controller" }
    if controller.isDeactivated { return "controller_deactivated" }
    if isIsolated(did, time) { return "controller_isolated" }
    return Self.hasUpdate(signers, controller.control) ? nil : "controller_threshold_not_met"
  }

  /// The state's root, from nothing.
  var root: Digest {
    var rows = otherRows.map { ($0.key, $0.value) }
    func add(_ key: Digest, _ type: ProtoStateType, _ record: [UInt8], changedAt: UInt64, isTombstone: Bool = false) {
      var value = ProtoStateValue()
      value.type = type
      value.changedAt = changedAt
      value.recordHash = Data(Digest.sha256(record).bytes)
      value.flags = isTombstone ? 1 : 0
      rows.append((key, Canonical.encode(value)))
    }
    for subject in subjects.values {
      let key = Digest.stateKey(type: 1, id: Array(subject.did.description.utf8))
      add(key, .did, subject.record, changedAt: subject.changedAt, isTombstone: subject.isDeactivated)
    }
    for (did, isolation) in isolations {
      add(
        .stateKey(type: 7, id: Array(did.description.utf8)), ProtoStateType(rawValue: 7) ?? .unspecified, isolation.record(of: did),
        changedAt: isolation.changedAt)
    }
    for list in lists.values {
      add(list.key, .statusList, list.record, changedAt: list.changedAt)
      for (number, chunk) in list.chunks {
        add(list.key(ofChunk: number), .statusChunk, chunk.record, changedAt: chunk.changedAt)
      }
    }
    return StateTree(rows: rows.map { (key: $0.0, value: $0.1) }).root
  }
}

/// Random transactions, most of them right in most respects.
private struct Generator {
  var random: SplitMix
  private var nonce = 0
  private var salt = 1_000_000
  private var keys: [PublicKey: Int] = [:]
  private var digests: [Digest: Int] = [:]
  /// Few, so that one key serves several DIDs.
  private let keyRange = 0..<24

  init(seed: UInt64) {
    random = SplitMix(seed: seed)
    for number in Array(keyRange) + [301, 302, 303] {
      keys[key(number).publicKey] = number
      digests[Control.nextDigest(of: key(number).publicKey)] = number
    }
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private mutating func control(among dids: [CairnDID], besides own: CairnDID?) throws -> Control {
    var numbers = keyRange.shuffled(using: &random)
    func take(_ count: Int) -> [Int] {
      defer { numbers.removeFirst(count) }
      return Array(numbers.prefix(count))
    }
    let update = take(Int.random(in: 1...2, using: &random)).map {
      WeightedKey(key($0).publicKey, weight: UInt32.random(in: 1...2, using: &random))
    }
    let next = take(Int.random(in: 1...2, using: &random)).map { WeightedDigest(Control.nextDigest(of: key($0).publicKey)) }
    let recovery = take(Int.random(in: 0...1, using: &random)).map { WeightedDigest(Control.nextDigest(of: key($0).publicKey)) }
    let controller = chance(35) ? dids.randomElement(using: &random) : nil
    return try Control(
      update: update, updateThreshold: UInt32.random(in: 1...UInt32(update.count), using: &random), next: next,
      nextThreshold: UInt32.random(in: 1...UInt32(next.count), using: &random), recovery: recovery,
      recoveryThreshold: recovery.isEmpty ? 0 : 1, controller: controller == own ? nil : controller)
  }

  /// The numbers of all keys that could be asked for.
  private func signers(_ subject: Model.Subject?, _ model: Model, new: Control?) -> Set<Int> {
    var numbers = Set<Int>()
    for control in [subject?.control, new].compactMap(\.self) {
      numbers.formUnion(control.update.compactMap { keys[$0.key] })
      numbers.formUnion((control.next + control.recovery).compactMap { digests[$0.digest] })
      if let controller = control.controller, let record = model.subjects[controller] {
        numbers.formUnion(record.control.update.compactMap { keys[$0.key] })
      }
    }
    return numbers
  }

  mutating func transaction(_ model: Model, network: Digest, notAfter: UInt64) throws -> Transaction {
    let dids = model.subjects.keys.sorted { $0.digest < $1.digest }
    let isGuarding = chance(12)
    let submitter = chance(85) ? (isGuarding ? World.guardian : World.registrar) : dids.randomElement(using: &random) ?? World.registrar
    var numbers = signers(model.subjects[submitter], model, new: nil)
    var heads = model.subjects.mapValues { DIDHead(sequence: $0.sequence, hash: $0.head) }
    var operations: [LedgerOperation] = []
    for _ in 0..<(chance(70) ? 1 : Int.random(in: 2...4, using: &random)) {
      let operation =
        try isGuarding ? isolation(dids, network) : chance(35) ? listOperation(model, dids, network) : self.operation(dids, &heads, network)
      numbers.formUnion(signers(operation.did.flatMap { model.subjects[$0] }, model, new: operation.control))
      operations.append(operation)
    }
    var chosen = numbers.sorted()
    if chance(40), chosen.count > 1 { chosen.remove(at: Int.random(in: 0..<chosen.count, using: &random)) }
    nonce += 1
    return try UnsignedTransaction(
      network: network, submitter: submitter, notAfterHeight: notAfter, nonce: sixteen(nonce), operations: operations
    ).signed(by: chosen.map(key))
  }

  /// Mostly of whom others rely on, for a few blocks or for long; never of the guardian, or nobody would be released any more.
  private mutating func isolation(_ dids: [CairnDID], _ network: Digest) throws -> LedgerOperation {
    let others = dids.filter { $0 != World.guardian }
    let did = chance(5) ? CairnDID(network: network, create: .zero) : others.randomElement(using: &random) ?? World.trustee
    guard chance(75) else { return try .release(did, network: network) }
    let until = chance(40) ? nil : World.genesis.timeMilliseconds + UInt64.random(in: 1...300, using: &random)
    return try .isolate(did, reason: chance(50) ? "drill" : "stolen key", untilMilliseconds: until, network: network)
  }

  /// Few lists, few bits of them, and now and then one too many.
  private mutating func listOperation(_ model: Model, _ dids: [CairnDID], _ network: Digest) throws -> LedgerOperation {
    let issuer = chance(90) ? World.registrar : dids.randomElement(using: &random) ?? World.trustee
    let known = model.lists.keys.sorted { $0.description < $1.description }
    let new = World.list(["a", "b", "c", "d"].randomElement(using: &random) ?? "a", of: issuer)
    let list = chance(5) ? new : known.randomElement(using: &random) ?? new
    let revokers = Array(dids.shuffled(using: &random).prefix(Int.random(in: 0...2, using: &random)))
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<15:
      let purpose: StatusListPurpose = chance(60) ? .suspension : chance(50) ? .revocation : .refresh
      return try .createStatusList(new, purpose: purpose, revokers: revokers, network: network)
    case 15..<25:
      let month: UInt64 = 31 * 86_400_000
      let expires = World.genesis.timeMilliseconds + (chance(85) ? month : chance(50) ? 0 : month + 1_000_000)
      return try .createSessionBatch(
        controller: dids.randomElement(using: &random) ?? World.trustee, root: .sha256([1]), count: 5_000, expiresMilliseconds: expires,
        salt: sixteen(Int.random(in: 0...3, using: &random)), revokers: revokers, network: network)
    case 25..<33:
      return try .delegateStatusList(list, to: revokers, network: network)
    default:
      var indices = [0, 1, 7, 8, 2_047, 2_048, 4_999, chance(5) ? 131_072 : 4_998].shuffled(using: &random).map(UInt32.init)
      let set = indices.prefix(Int.random(in: 1...3, using: &random))
      indices.removeFirst(set.count)
      return try .updateStatusList(list, set: set, clear: indices.prefix(chance(30) ? 2 : 0), network: network)
    }
  }

  private mutating func operation(
    _ dids: [CairnDID], _ heads: inout [CairnDID: DIDHead], _ network: Digest
  ) throws -> LedgerOperation {
    if chance(35) {
      if chance(95) { salt += 1 }
      let operation = try LedgerOperation.create(
        control: control(among: dids, besides: nil), document: document(salt % 20), salt: sixteen(salt), network: network)
      if let did = operation.did { heads[did] = operation.head }
      return operation
    }
    // The registrar and the guardian are not changed, or nothing else would happen any more.
    let others = dids.filter { $0 != World.registrar && $0 != World.guardian }
    let did = chance(5) ? CairnDID(network: network, create: .zero) : others.randomElement(using: &random) ?? World.trustee
    var head = heads[did] ?? DIDHead(sequence: 0, hash: .zero)
    if chance(8) { head = DIDHead(sequence: head.sequence + UInt64.random(in: 0...2, using: &random), hash: .sha256([1])) }
    let authority = Authority.allCases.randomElement(using: &random) ?? .next
    let operation: LedgerOperation
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<45:
      operation = try .update(did, after: head, document: document(Int.random(in: 0..<20, using: &random)), network: network)
    case 45..<92:
      operation = try .rotate(
        did, after: head, authority: authority, control: control(among: dids, besides: did),
        document: chance(30) ? document(Int.random(in: 0..<20, using: &random)) : nil, network: network)
    default:
      operation = try .deactivate(did, after: head, authority: authority, network: network)
    }
    heads[did] = operation.head
    return operation
  }
}

@Suite struct ModelTests {
  @Test("Any sequence of transactions is accepted, refused and recorded as the model says", arguments: 1..<4)
  func random(seed: UInt64) throws {
    var world = World()
    var model = Model(World.genesis)
    var generator = Generator(seed: seed)
    let verifier = TransactionVerifier(network: world.network)
    var reasons: [String: Int] = [:]
    for _ in 0..<25 {
      var execution = BlockExecution(on: world.state, timeMilliseconds: world.state.timeMilliseconds + 7)
      for _ in 0..<12 {
        let transaction = try generator.transaction(model, network: world.network, notAfter: world.height)
        let expected = model.apply(
          transaction, time: execution.timeMilliseconds, height: execution.height, logIndex: execution.logIndex)
        var actual: String?
        do { try execution.apply(verifier.verify(transaction.bytes)) } catch { actual = error.reason }
        try #require(actual == expected)
        reasons[actual ?? "accepted", default: 0] += 1
      }
      let block = execution.finish()
      world.state = try block.sealed(with: world.header(of: block))
      try #require(world.state.header.stateRoot == model.root)
    }
    #expect(reasons["accepted", default: 0] > 60)
    #expect(reasons.count > 15)
    try checkStatuses(of: world, model)
  }

  /// Every bit that was ever touched, at every height, proven.
  private func checkStatuses(of world: World, _ model: Model) throws {
    var (set, clear) = (0, 0)
    for list in model.lists.values {
      for (number, chunk) in list.chunks {
        for index in Set(chunk.versions.flatMap(\.set)) {
          for height in list.created.height...world.state.height {
            let expected = chunk.versions.last { $0.height <= height }?.set.contains(index) ?? false
            if expected { set += 1 } else { clear += 1 }
            try #require(try world.isSet(number * 2_048 + index, of: list.id, at: .height(height)) == expected)
          }
        }
      }
    }
    #expect(set > 20 && clear > 20)
  }
}
