import CairnChain
import CairnCrypto
import CairnMerkle
import CairnStore
import Testing

@Suite struct StateStoreTests {
  let directory = TemporaryDirectory()

  private func row(_ number: Int, _ text: String = "") -> StateRow {
    let bytes = Array("\(number)\(text)".utf8)
    return StateRow(key: .sha256(Array("\(number)".utf8)), value: bytes, record: bytes + bytes)
  }

  /// A state may not be ahead of the chain.
  private func opened(blocks: Int = 3) throws -> Store {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    var batch = ChainBatch(validatorCount: 4)
    for _ in 0..<blocks { batch.commit.append(try chain.next()) }
    try store.chain.write(batch)
    return store
  }

  private func rows(_ store: Store) throws -> [StateRow] {
    var rows: [StateRow] = []
    try store.stateReader().forEachRow { row throws(StoreError) in rows.append(row) }
    return rows.sorted { $0.key < $1.key }
  }

  @Test("Rows come back, the last change of each, with height and root")
  func roundTrip() throws {
    do {
      let store = try opened()
      #expect(store.state.head == nil)
      try store.state.apply((0..<3_000).map { row($0) }, height: 1, root: .sha256([1]))
      try store.state.apply((1_000..<3_500).map { row($0, "b") }, height: 2, root: .sha256([2]))
    }
    let store = try Store.opened(directory)
    let expected = (0..<3_500).map { $0 < 1_000 ? row($0) : row($0, "b") }
    #expect(try rows(store) == expected.sorted { $0.key < $1.key })
    #expect(store.state.head == StateHead(height: 2, root: .sha256([2])))
    let reader = try store.stateReader()
    #expect(try reader.head() == store.state.head)
    #expect(try reader.record(row(2_000).key) == row(2_000, "b").record)
    #expect(try reader.row(.zero) == nil)
  }

  @Test("Keys that share their first eight bytes are told apart")
  func collisions() throws {
    let store = try opened()
    let keys = try (0..<20).map { try #require(Digest([UInt8](repeating: 9, count: 31) + [UInt8($0)])) }
    for (number, key) in keys.enumerated() {
      try store.state.apply([StateRow(key: key, value: [UInt8(number)], record: [])], height: 1, root: .zero)
    }
    try store.state.apply([StateRow(key: keys[7], value: [99], record: [])], height: 1, root: .zero)
    let reader = try store.stateReader()
    for (number, key) in keys.enumerated() {
      #expect(try reader.row(key)?.value == [number == 7 ? 99 : UInt8(number)])
    }
    #expect(try reader.row(try #require(Digest([UInt8](repeating: 9, count: 31) + [20]))) == nil)
  }

  @Test("Values and records beyond their limits are refused")
  func limits() throws {
    let store = try opened()
    let value = StateRow(key: .zero, value: [UInt8](repeating: 1, count: StateTree.valueLimit + 1), record: [])
    #expect(throws: StoreError.tooLarge(what: "state value", limit: 256, actual: 257)) {
      try store.state.apply([value], height: 1, root: .zero)
    }
    // Nothing is written after an error.
    #expect(throws: StoreError.self) { try store.state.apply([], height: 1, root: .zero) }
  }

  @Test("A flipped bit in a row is found", arguments: ["value", "record", "checksum", "key"])
  func flippedRow(column: String) throws {
    do { try opened().state.apply([row(1)], height: 1, root: .zero) }
    try directory.flipBit(ofColumn: column, table: "leaf", in: "state.db")
    do {
      let error = try #require(throws: StoreError.self) { try rows(Store.opened(directory)) }
      #expect(error.reason == "corrupt")
    }
    let anew = try Store(path: directory.path, network: TestChain.network, indexKeys: TestChain.indexKeys, discardsDerived: true)
    #expect(anew.state.head == nil)
  }

  @Test("A position that leads to another key's row is found")
  func flippedPosition() throws {
    do { try opened().state.apply([row(1), row(2)], height: 1, root: .zero) }
    try directory.sql("state.db", "UPDATE leaf_position SET position = position + 100")
    let reader = try Store.opened(directory).stateReader()
    #expect(throws: StoreError.corrupt(table: "leaf_position", key: row(1).key.description)) { try reader.row(row(1).key) }
  }

  @Test("A state.db that is no database, or ahead of the chain, is begun anew")
  func begunAnew() throws {
    do { try opened().state.apply([row(1)], height: 2, root: .zero) }
    let damaged = try directory.copy()
    for byte in 0..<100 { try damaged.flipBit(ofByte: byte, in: "state.db") }
    #expect(try Store.opened(damaged).state.head == nil)
    try directory.sql("state.db", "UPDATE state_head SET height = 3")
    #expect(try Store.opened(directory).state.head == nil)
  }
}

@Suite struct IndexStoreTests {
  let directory = TemporaryDirectory()

  private func fill(blocks: Int) throws -> [[UInt8]] {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    var batch = ChainBatch(validatorCount: 4)
    batch.commit = [try chain.next()]
    for number in 1..<blocks { batch.commit.append(try chain.next(transactions: TestChain.transactions(3, seed: UInt8(number)))) }
    try store.chain.write(batch)
    try store.index.catchUp(from: store.chainReader())
    #expect(store.index.height == UInt64(blocks - 1))
    return batch.commit.flatMap(\.block.transactions)
  }

  private func expectAll(_ transactions: [[UInt8]], in store: Store) throws {
    let reader = try store.indexReader()
    let chain = try store.chainReader()
    for transaction in transactions {
      let found = try #require(try reader.transaction(id: .sha256(transaction)))
      #expect(found.bytes == transaction)
      #expect(try chain.entry(at: found.logIndex) == .transaction(transaction))
    }
    #expect(try reader.transaction(id: .zero) == nil)
  }

  @Test("Transactions are found by id, and by any other key with the newest first")
  func lookup() throws {
    let transactions = try fill(blocks: 100)
    let store = try Store.opened(directory)
    #expect(store.index.height == 99)
    try expectAll(transactions, in: store)
    let reader = try store.indexReader()
    let ofSeven = transactions.filter { $0.first == 7 }
    let found = try reader.transactions(under: .sha256([7]))
    #expect(found.map(\.bytes) == ofSeven.reversed())
    #expect(try reader.transactions(under: .sha256([7]), before: found[0].logIndex, limit: 1).map(\.bytes) == [found[1].bytes])
    #expect(try reader.transactions(under: .sha256([7]), limit: 0).isEmpty)
  }

  @Test("A missing or damaged index is made again", arguments: [true, false])
  func rebuilt(missing: Bool) throws {
    let transactions = try fill(blocks: 10)
    if missing {
      try FileManagerBridge.remove(directory.file("index.db"))
    } else {
      try directory.sql("index.db", "UPDATE posting SET log_index = log_index + 1024 WHERE prefix = (SELECT min(prefix) FROM posting)")
    }
    let store = try Store.opened(directory)
    #expect(store.index.height == nil)
    try store.index.catchUp(from: store.chainReader())
    try expectAll(transactions, in: store)
  }

  @Test("An index of another chain is made again")
  func otherChain() throws {
    _ = try fill(blocks: 10)
    try directory.sql("index.db", "UPDATE index_head SET digest = zeroblob(32)")
    #expect(try Store.opened(directory).index.height == nil)
  }

  @Test("A posting that changes while the node runs is found when it is used")
  func flippedWhileRunning() throws {
    let transactions = try fill(blocks: 10)
    let store = try Store.opened(directory)
    try directory.sql("index.db", "UPDATE posting SET log_index = log_index + 5")
    let reader = try store.indexReader()
    let id = Digest.sha256(transactions[0])
    #expect(throws: StoreError.corrupt(table: "posting", key: id.description)) { try reader.transaction(id: id) }
  }

  @Test("Blocks are added in order")
  func order() throws {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    let blocks = [try chain.next().block, try chain.next().block]
    #expect(throws: StoreError.notLinked(height: 1, link: .height)) { try store.index.add([blocks[1]]) }
  }
}
