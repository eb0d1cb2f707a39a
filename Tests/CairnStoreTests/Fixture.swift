import CSQLite
import CairnChain
import CairnCrypto
import CairnMerkle
import CairnStore
import Foundation
import Synchronization
import Testing

/// A directory under the system's temporary one that goes with the last reference to it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "cairn-store-" + UUID().uuidString
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// What a machine that stops now would find on its disk.
  func copy() throws -> TemporaryDirectory {
    let copy = TemporaryDirectory()
    try FileManager.default.copyItem(atPath: path, toPath: copy.path)
    return copy
  }

  func flipBit(_ bit: Int = 0, ofByte offset: Int, in name: String) throws {
    var bytes = try Data(contentsOf: URL(filePath: file(name)))
    let index = offset < 0 ? bytes.count + offset : offset
    bytes[index] ^= 1 << UInt8(bit)
    try bytes.write(to: URL(filePath: file(name)))
  }

  func size(of name: String) throws -> Int { try Data(contentsOf: URL(filePath: file(name))).count }

  /// Runs SQL behind the store's back.
  func sql(_ name: String, _ sql: String) throws {
    var handle: OpaquePointer?
    defer { sqlite3_close_v2(handle) }
    try #require(sqlite3_open_v2(file(name), &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
      throw SQLRefused(message: String(cString: sqlite3_errmsg(handle)))
    }
  }

  /// Flips the lowest bit of the last byte of one column in every row of a table.
  func flipBit(ofColumn column: String, table: String, in name: String) throws {
    let last = "substr(\(column), length(\(column)), 1)"
    var digits = ""
    for byte in 0..<256 { digits += " WHEN x'\(Hex.encode([UInt8(byte)]))' THEN x'\(Hex.encode([UInt8(byte) ^ 1]))'" }
    // The trigger that stands in the way is there again afterwards.
    let (drop, create) =
      table == "safety"
      ? (
        "DROP TRIGGER safety_stays;",
        "; CREATE TRIGGER safety_stays BEFORE UPDATE ON safety BEGIN SELECT RAISE(ABORT, 'a safety record never changes'); END"
      ) : ("", "")
    try sql(
      name,
      """
      \(drop) UPDATE \(table) SET \(column) = CAST(substr(\(column), 1, length(\(column)) - 1) || CASE \(last)\(digits) END AS BLOB)
      WHERE length(\(column)) > 0 \(create)
      """)
  }
}

struct SQLRefused: Error {
  let message: String
}

/// A chain of valid blocks and everything that a node would record about it.
struct TestChain {
  static let network = Digest.sha256([1])
  static let validatorCount = 4
  static let indexKeys: IndexKeys = { transaction in [.sha256(transaction), .sha256([transaction.first ?? 0])] }

  let keys: [SigningKey]
  private(set) var head: Header?
  private(set) var edge = LogTileEdge()
  private(set) var view: UInt64 = 0

  init() throws {
    keys = try (0..<Self.validatorCount).map { try #require(SigningKey(seed: [UInt8](repeating: UInt8($0 + 1), count: 32))) }
  }

  func vote(_ statement: Statement, validator: Int = 0) -> Vote {
    Verified<Vote>.signed(statement, network: Self.network, validator: validator, key: keys[validator]).value
  }

  func certificate(_ statement: Statement) throws -> Certificate {
    let votes = (0..<3).map { Verified<Vote>.signed(statement, network: Self.network, validator: $0, key: keys[$0]) }
    return try #require(Verified<Certificate>.assembled(from: votes, quorum: 3)).value
  }

  /// The next block; `transactions` also decides its bytes.
  mutating func next(
    transactions: [[UInt8]] = [], finalized: Bool = true, skipping: UInt64 = 0, stateRoot: Digest? = nil
  ) throws -> FinalizedBlock {
    let previous = head
    let parentView = view
    if previous != nil { view += 1 + skipping }
    for transaction in transactions { _ = edge.append(LogEntry.transaction(transaction).leafHash) }
    let header = Header(
      Header.Fields(
        network: Self.network, epoch: 0, view: view, height: previous.map { $0.height + 1 } ?? 0, timeMilliseconds: 1_000 + view,
        parent: previous?.digest ?? .zero, logSize: edge.size, logRoot: edge.root, stateRoot: stateRoot ?? .sha256([UInt8(view & 0xff)]),
        validatorsHash: .sha256([2]), proposer: 0))
    _ = edge.append(LogEntry.header(header.bytes).leafHash)
    head = header
    let block = Block(header: header, transactions: transactions)
    guard let previous else {
      return FinalizedBlock(proposal: Proposal(block: block, vote: nil, parent: nil, skips: []), finalization: nil)
    }
    let proposal = Proposal(
      block: block, vote: vote(.notarize(epoch: 0, view: view, digest: header.digest)),
      parent: try certificate(.notarize(epoch: 0, view: parentView, digest: previous.digest)),
      skips: try (0..<skipping).map { try certificate(.nullify(epoch: 0, view: parentView + 1 + $0)) })
    return FinalizedBlock(
      proposal: proposal, finalization: finalized ? try certificate(.finalize(epoch: 0, view: view, digest: header.digest)) : nil)
  }

  /// What one step of a node that takes part records about a block.
  func batch(_ block: FinalizedBlock) throws -> ChainBatch {
    let header = block.block.header
    var batch = ChainBatch(validatorCount: Self.validatorCount)
    batch.entered = [ViewPosition(epoch: 0, view: header.view)]
    batch.votes = [
      vote(.notarize(epoch: 0, view: header.view, digest: header.digest), validator: 1),
      vote(.finalize(epoch: 0, view: header.view, digest: header.digest), validator: 1),
    ]
    batch.certificates = [try certificate(.notarize(epoch: 0, view: header.view, digest: header.digest))]
    batch.commit = [block]
    batch.finalized = ViewPosition(epoch: 0, view: header.view)
    return batch
  }

  static func transactions(_ count: Int, seed: UInt8, size: Int = 40) -> [[UInt8]] {
    (0..<count).map { [seed, UInt8($0 >> 8), UInt8($0 & 0xff)] + [UInt8](repeating: seed, count: size) }
  }
}

extension Store {
  /// A store of the test network.
  static func opened(_ directory: TemporaryDirectory, faults: any StoreFaults = NoFaults()) throws -> Store {
    try Store(path: directory.path, network: TestChain.network, indexKeys: TestChain.indexKeys, faults: faults)
  }
}

/// Counts what passes, and fails the one that it is set to.
final class ScriptedFaults: StoreFaults {
  struct Event: Hashable, Sendable {
    let point: DurablePoint
    let isBefore: Bool
  }

  private struct State {
    var events: [Event] = []
    var failing: Int?
    var error = StoreError.io(path: "test", detail: "crash")
  }

  private let state = Mutex(State())

  var events: [Event] { state.withLock { $0.events } }

  /// Starts to count anew and throws at the event with this number.
  func fail(at event: Int?, with error: StoreError = .io(path: "test", detail: "crash")) {
    state.withLock { $0 = State(failing: event, error: error) }
  }

  func before(_ point: DurablePoint) throws(StoreError) { try pass(Event(point: point, isBefore: true)) }
  func after(_ point: DurablePoint) throws(StoreError) { try pass(Event(point: point, isBefore: false)) }

  private func pass(_ event: Event) throws(StoreError) {
    let error: StoreError? = state.withLock { state in
      state.events.append(event)
      return state.failing == state.events.count - 1 ? state.error : nil
    }
    if let error { throw error }
  }
}
