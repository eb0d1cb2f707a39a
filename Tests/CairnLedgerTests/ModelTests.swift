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
      record.earlier = Data(peaks.flatMap(\.bytes))
      record.keysChangedMs = keysChanged
      return Canonical.encode(record)
    }

    /// The roots of the perfect trees that the versions make, the largest first.
    private var peaks: [Digest] {
      var peaks: [Digest] = []
      var rest = earlier[...]
      for bit in (0..<16).reversed() where earlier.count >> bit & 1 == 1 {
        peaks.append(LogTree.root(of: rest.prefix(1 << bit)))
        rest = rest.dropFirst(1 << bit)
      }
      return peaks
    }
  }

  var subjects: [CairnDID: Subject] = [:]
  let registrars: Set<CairnDID>
  let otherRows: [StateRow]

  init(_ genesis: Genesis) {
    registrars = [genesis.dids[0]]
    for operation in genesis.identities {
      guard case .didCreate(let create) = operation.kind else { continue }
      subjects[operation.did] = Subject(
        did: operation.did, head: operation.hash, control: create.control, document: create.document.document,
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
  mutating func apply(_ transaction: Transaction, time: UInt64, logIndex: UInt64) -> String? {
    let signers = Set(transaction.signatures.map(\.key))
    guard let submitter = subjects[transaction.submitter] else { return "unknown_submitter" }
    if submitter.isDeactivated { return "submitter_deactivated" }
    guard Self.hasUpdate(signers, submitter.control) else { return "submitter_threshold_not_met" }
    var after = self
    for operation in transaction.operations {
      if let reason = after.apply(operation, by: transaction.submitter, signers, time, logIndex) { return reason }
    }
    self = after
    return nil
  }

  private mutating func apply(
    _ operation: LedgerOperation, by submitter: CairnDID, _ signers: Set<PublicKey>, _ time: UInt64, _ logIndex: UInt64
  ) -> String? {
    if case .didCreate(let create) = operation.kind {
      guard registrars.contains(submitter) else { return "not_permitted" }
      guard subjects[operation.did] == nil else { return "already_exists" }
      if let controller = create.control.controller {
        if let reason = controllerRefusal(controller, signers) { return reason }
      } else if !Self.hasUpdate(signers, create.control) {
        return "new_update_threshold_not_met"
      }
      subjects[operation.did] = Subject(
        did: operation.did, head: operation.hash, control: create.control, document: create.document.document, created: time, updated: time,
        changedAt: logIndex, keysChanged: time)
      return nil
    }
    guard let succession = operation.succession, var subject = subjects[operation.did] else { return "unknown_did" }
    if subject.isDeactivated { return "deactivated" }
    if succession.sequence > subject.sequence + 1 { return "future_sequence" }
    if succession.sequence < subject.sequence + 1 || succession.previous != subject.head { return "stale" }
    let replaced = LogTree.leafHash(subject.record)
    switch operation.kind {
    case .didCreate, .statusListCreate, .statusListUpdate, .statusListDelegate, .sessionBatchCreate: return nil
    case .didUpdate(let update):
      guard Self.hasUpdate(signers, subject.control) else { return "update_threshold_not_met" }
      subject.document = update.document.document
    case .didRotate(let rotate):
      if let reason = refusal(rotate.authority, subject, signers, isRotation: true) { return reason }
      if rotate.authority != .controller, !Self.hasUpdate(signers, rotate.control) { return "new_update_threshold_not_met" }
      if let controller = rotate.control.controller {
        guard let record = subjects[controller] else { return "unknown_controller" }
        if record.isDeactivated { return "controller_deactivated" }
      }
      if subject.control.update != rotate.control.update { subject.keysChanged = time }
      subject.control = rotate.control
      subject.document = rotate.document?.document ?? subject.document
    case .didDeactivate(let deactivate):
      if let reason = refusal(deactivate.authority, subject, signers, isRotation: false) { return reason }
      subject.isDeactivated = true
    }
    subject.earlier.append(replaced)
    subject.sequence += 1
    subject.head = operation.hash
    subject.updated = time
    subject.previousChange = subject.changedAt
    subject.changedAt = logIndex
    subjects[operation.did] = subject
    return nil
  }

  private func refusal(_ authority: Authority, _ subject: Subject, _ signers: Set<PublicKey>, isRotation: Bool) -> String? {
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
      return controllerRefusal(controller, signers)
    }
  }

  private func controllerRefusal(_ did: CairnDID, _ signers: Set<PublicKey>) -> String? {
    guard let controller = subjects[did] else { return "unknown_controller" }
    if controller.isDeactivated { return "controller_deactivated" }
    return Self.hasUpdate(signers, controller.control) ? nil : "controller_threshold_not_met"
  }

  /// The state's root, from nothing.
  var root: Digest {
    var rows = otherRows.map { ($0.key, $0.value) }
    for subject in subjects.values {
      var value = ProtoStateValue()
      value.type = .did
      value.changedAt = subject.changedAt
      value.recordHash = Data(Digest.sha256(subject.record).bytes)
      value.flags = subject.isDeactivated ? 1 : 0
      rows.append((Digest.stateKey(type: 1, id: Array(subject.did.description.utf8)), Canonical.encode(value)))
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
    for number in keyRange {
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
    let submitter = chance(85) ? World.registrar : dids.randomElement(using: &random) ?? World.registrar
    var numbers = signers(model.subjects[submitter], model, new: nil)
    var heads = model.subjects.mapValues { DIDHead(sequence: $0.sequence, hash: $0.head) }
    var operations: [LedgerOperation] = []
    for _ in 0..<(chance(70) ? 1 : Int.random(in: 2...4, using: &random)) {
      let operation = try self.operation(dids, &heads, network)
      numbers.formUnion(signers(model.subjects[operation.did], model, new: operation.control))
      operations.append(operation)
    }
    var chosen = numbers.sorted()
    if chance(40), chosen.count > 1 { chosen.remove(at: Int.random(in: 0..<chosen.count, using: &random)) }
    nonce += 1
    return try UnsignedTransaction(
      network: network, submitter: submitter, notAfterHeight: notAfter, nonce: sixteen(nonce), operations: operations
    ).signed(by: chosen.map(key))
  }

  private mutating func operation(
    _ dids: [CairnDID], _ heads: inout [CairnDID: DIDHead], _ network: Digest
  ) throws -> LedgerOperation {
    if chance(35) {
      if chance(95) { salt += 1 }
      let operation = try LedgerOperation.create(
        control: control(among: dids, besides: nil), document: document(salt % 20), salt: sixteen(salt), network: network)
      heads[operation.did] = operation.head
      return operation
    }
    // The registrar itself is rarely changed, or nothing else would happen any more.
    let others = dids.filter { $0 != World.registrar }
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
  @Test("Any sequence of transactions is accepted, refused and recorded as the model says", arguments: 0..<4)
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
        let expected = model.apply(transaction, time: execution.timeMilliseconds, logIndex: execution.logIndex)
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
    #expect(reasons.count > 10)
  }
}
