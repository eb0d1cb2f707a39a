import CairnChain
import CairnCrypto
import Foundation
import Testing

@testable import CairnStore

/// What is found when a directory is opened, and what is made of it.
@Suite struct DamageTests {
  let directory = TemporaryDirectory()

  private func fill(blocks: Int = 3) throws {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    for _ in 0..<blocks { try store.chain.write(try chain.batch(chain.next(transactions: [[1, 2, 3]]))) }
    try store.state.apply([StateRow(key: .sha256([1]), value: [1], record: [2])], height: 1, root: .sha256([3]))
    try store.index.catchUp(from: store.chainReader())
  }

  @Test("A derived database of another network, or that is none, is made again, and named", arguments: ["state.db", "index.db"])
  func derived(name: String) throws {
    try fill()
    let other = try directory.copy()
    try directory.sql(name, "UPDATE meta SET value = zeroblob(32) WHERE key = 'network'")
    try Data("no database".utf8).write(to: URL(filePath: other.file(name)))
    for damaged in [directory, other] {
      let store = try Store.opened(damaged)
      #expect(store.dropped.map(\.path) == [damaged.file(name)] && store.recovery.safety != .fresh)
      #expect(name == "state.db" ? store.state.head == nil : store.index.height == nil)
    }
  }

  @Test("Damage to chain.db is no reason to drop what is derived from it") func chainDamage() throws {
    try fill()
    try directory.flipBit(ofColumn: "checksum", table: "block", in: "chain.db")
    let size = try directory.size(of: "index.db")
    let error = #expect(throws: StoreError.self) { _ = try Store.opened(directory) }
    #expect(error.map { !$0.isAboutDerivedData } ?? false)
    #expect(try directory.size(of: "index.db") == size)
  }

  @Test("What was found damaged while the node ran is made again once, at the next opening") func distrust() throws {
    try fill()
    try Store.opened(directory).distrustDerivedData()
    do {
      let store = try Store.opened(directory)
      #expect(store.state.head == nil && store.index.height == nil && store.dropped.count == 1)
      try store.state.apply([StateRow](), height: 2, root: .zero)
    }
    let store = try Store.opened(directory)
    #expect(store.state.head?.height == 2 && store.dropped.isEmpty)
  }

  @Test("A look-up that leads to no row, or to another one, is found before anybody needs it") func lookUps() throws {
    try fill()
    for change in ["UPDATE leaf_position SET prefix = prefix + 1", "DELETE FROM leaf_position", "UPDATE leaf SET position = 7"] {
      let copy = try directory.copy()
      try copy.sql("state.db", change)
      let reader = try Store.opened(copy).stateReader()
      #expect(throws: StoreError.corrupt(table: "leaf_position", key: "sum")) { try reader.checkLookUps() }
    }
  }

  @Test("Evidence filed under another view, validator or epoch is found", arguments: ["epoch", "validator", "view"])
  func evidence(column: String) throws {
    do {
      let store = try Store.opened(directory)
      let chain = try TestChain()
      var batch = ChainBatch(validatorCount: 4)
      batch.evidence = [
        try #require(Evidence(chain.vote(.nullify(epoch: 0, view: 3)), chain.vote(.finalize(epoch: 0, view: 3, digest: .zero))))
      ]
      try store.chain.write(batch)
    }
    try directory.sql("chain.db", "UPDATE evidence SET \(column) = \(column) + 1")
    let reader = try DataDirectory(path: directory.path).chainReader(network: TestChain.network)
    #expect(throws: StoreError.self) { try reader.evidence(epoch: column == "epoch" ? 1 : 0) }
  }

  @Test("A database whose triggers are not the ones that it was made with is refused") func schema() throws {
    try fill()
    try directory.sql("chain.db", "DROP TRIGGER safety_excludes")
    #expect(throws: StoreError.corrupt(table: "chain.db", key: "schema")) { _ = try Store.opened(directory) }
  }

  @Test("A write-ahead log is whole, cut off in the middle of a commit, or damaged") func writeAheadLog() {
    let log = WriteAheadLog.written((0..<5).map { [UInt8](repeating: $0, count: 512) })
    #expect(WriteAheadLog(log).problem == nil && WriteAheadLog([]).problem == nil)
    // A process that was killed before the commit's last frame.
    #expect(WriteAheadLog(Array(log.dropLast(1))).problem == nil)
    for position in log.indices where position % 7 == 0 || position < 32 {
      var damaged = log
      damaged[position] ^= 1
      #expect(WriteAheadLog(damaged).problem != nil, "byte \(position)")
    }
  }
}
