import CairnChain
import CairnCrypto
import CairnMerkle
import CairnStore
import Testing

@Suite struct SupersededTests {
  let directory = TemporaryDirectory()

  /// A state may not be ahead of the chain.
  private func opened() throws -> Store {
    let store = try Store.opened(directory)
    var chain = try TestChain()
    var batch = ChainBatch(validatorCount: 4)
    for _ in 0..<3 { batch.commit.append(try chain.next()) }
    try store.chain.write(batch)
    return store
  }

  private func key(_ number: UInt8) throws -> Digest {
    try #require(Digest([UInt8](repeating: 9, count: 31) + [number]))
  }

  private func row(_ key: Digest, _ version: Int, _ text: String = "") -> SupersededRow {
    SupersededRow(key: key, version: UInt64(version), record: Array("\(version)\(text)".utf8))
  }

  private func all(_ reader: StateReader) throws -> [SupersededRow] {
    var rows: [SupersededRow] = []
    try reader.forEachSuperseded { row throws(StoreError) in rows.append(row) }
    return rows
  }

  @Test("Versions come back in their order, also after the store was opened again")
  func roundTrip() throws {
    let (first, second) = (Digest.sha256([1]), Digest.sha256([2]))
    do {
      let store = try opened()
      try store.state.apply([StateRow](), superseded: [row(first, 0), row(second, 0), row(first, 1)], height: 1, root: .zero)
    }
    let store = try Store.opened(directory)
    try store.state.apply([StateRow](), superseded: (2..<2_000).map { row(first, $0) }, height: 2, root: .zero)
    let reader = try store.stateReader()
    for version in [0, 1, 2, 1_999] { #expect(try reader.supersededRecord(first, version: UInt64(version)) == row(first, version).record) }
    #expect(try reader.supersededRecord(first, version: 2_000) == nil)
    #expect(try reader.supersededRecord(second, version: 1) == nil)
    #expect(try reader.supersededRecord(.zero, version: 0) == nil)
    let hashes = (0..<2_000).map { LogTree.leafHash(row(first, $0).record) }
    for count in [0, 1, 1_999, 2_000, 9_999] {
      #expect(try reader.supersededLeafHashes(first, count: UInt64(count)) == Array(hashes.prefix(count)))
    }
    #expect(try all(reader) == [row(first, 0), row(second, 0)] + (1..<2_000).map { row(first, $0) })
  }

  @Test("Keys that share their first eight bytes are told apart")
  func collisions() throws {
    let store = try opened()
    let keys = try (0..<20).map { try key(UInt8($0)) }
    for version in 0..<5 {
      try store.state.apply([StateRow](), superseded: keys.prefix(19).map { row($0, version, "of \($0)") }, height: 1, root: .zero)
    }
    let reader = try store.stateReader()
    for key in keys.prefix(19) {
      #expect(try reader.supersededRecord(key, version: 3) == row(key, 3, "of \(key)").record)
      #expect(try reader.supersededLeafHashes(key, count: 5) == (0..<5).map { row(key, $0, "of \(key)").leafHash })
    }
    #expect(try reader.supersededRecord(keys[19], version: 0) == nil)
    #expect(try reader.supersededLeafHashes(keys[19], count: 5).isEmpty)
  }

  @Test("A gap ends the versions: what follows it proves nothing")
  func gap() throws {
    let store = try opened()
    let key = try key(1)
    try store.state.apply([StateRow](), superseded: [row(key, 0), row(key, 1), row(key, 3)], height: 1, root: .zero)
    #expect(try store.stateReader().supersededLeafHashes(key, count: 4).count == 2)
  }

  @Test("A version that has changed on the disk is refused when it is read", arguments: ["record", "leaf_hash"])
  func corruption(column: String) throws {
    let key = try key(1)
    do {
      let store = try opened()
      try store.state.apply([StateRow](), superseded: [row(key, 0, "a")], height: 1, root: .zero)
    }
    try directory.flipBit(ofColumn: column, table: "superseded", in: "state.db")
    let reader = try Store.opened(directory).stateReader()
    let damage = StoreError.corrupt(table: "superseded", key: key.description)
    #expect(throws: damage) { try reader.supersededRecord(key, version: 0) }
    #expect(throws: damage) { try all(reader) }
  }

  @Test("A state.db from before there were versions is made again")
  func olderSchema() throws {
    do {
      let store = try opened()
      try store.state.apply([StateRow](), superseded: [row(.zero, 0)], height: 1, root: .zero)
    }
    try directory.sql("state.db", "PRAGMA user_version = 1")
    let store = try Store.opened(directory)
    #expect(store.state.head == nil)
    #expect(try all(store.stateReader()).isEmpty)
  }
}
