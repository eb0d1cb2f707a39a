import CairnChain
import CairnCrypto
import CairnMerkle
import Foundation
import Testing

@testable import CairnStore

enum FileManagerBridge {
  static func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

  static func replace(_ path: String, with other: String) throws {
    try remove(path)
    try FileManager.default.copyItem(atPath: other, toPath: path)
  }
}

@Suite struct DataDirectoryTests {
  let directory = TemporaryDirectory()

  @Test("A data directory is its owner's alone")
  func permissions() throws {
    _ = try Store.opened(directory)
    #expect(try FileManager.default.attributesOfItem(atPath: directory.path)[.posixPermissions] as? Int == 0o700)
    #expect(try FileManager.default.attributesOfItem(atPath: directory.file("safety.log"))[.posixPermissions] as? Int == 0o600)
  }

  @Test("A directory of another network is refused by name")
  func wrongNetwork() throws {
    _ = try Store.opened(directory)
    let other = Digest.sha256([9])
    let refused = StoreError.wrongNetwork(path: directory.file("format"), found: TestChain.network, expected: other)
    #expect(throws: refused) { _ = try Store(path: directory.path, network: other, indexKeys: TestChain.indexKeys) }
    let database = StoreError.wrongNetwork(path: directory.file("chain.db"), found: TestChain.network, expected: other)
    #expect(throws: database) { _ = try DataDirectory(path: directory.path).chainReader(network: other) }
  }

  @Test("A directory of another format is refused")
  func otherFormat() throws {
    _ = try Store.opened(directory)
    try Data("cairn-data 2 \(TestChain.network)\n".utf8).write(to: URL(filePath: directory.file("format")))
    #expect(throws: StoreError.schemaVersion(path: directory.file("format"), found: 2, expected: 1)) { _ = try Store.opened(directory) }
    try Data("something else".utf8).write(to: URL(filePath: directory.file("format")))
    #expect(throws: StoreError.corrupt(table: "format", key: directory.file("format"))) { _ = try Store.opened(directory) }
  }

  @Test("A chain.db of another schema is refused, never dropped")
  func otherSchema() throws {
    _ = try Store.opened(directory)
    try directory.sql("chain.db", "PRAGMA user_version = 7")
    #expect(throws: StoreError.schemaVersion(path: directory.file("chain.db"), found: 7, expected: 2)) { _ = try Store.opened(directory) }
  }

  @Test("A second opener is refused with the directory's name, until the first is gone")
  func locked() throws {
    var first: Store? = try Store.opened(directory)
    #expect(throws: StoreError.locked(directory: directory.path)) { _ = try Store.opened(directory) }
    #expect(first?.directory.path == directory.path)
    first = nil
    _ = try Store.opened(directory)
  }

  @Test("A chain without its format file is not taken for a new directory")
  func missingFormat() throws {
    do {
      var chain = try TestChain()
      var batch = ChainBatch(validatorCount: 4)
      batch.commit = [try chain.next()]
      try Store.opened(directory).chain.write(batch)
    }
    try FileManagerBridge.remove(directory.file("format"))
    #expect(throws: StoreError.missing(path: directory.file("format"))) { _ = try Store.opened(directory) }
  }

  @Test("A directory whose parent is not there is an error that says so")
  func noParent() throws {
    let error = #expect(throws: StoreError.self) {
      _ = try Store(path: directory.path + "/a/b", network: TestChain.network, indexKeys: TestChain.indexKeys)
    }
    #expect(error?.reason == "io")
  }

  @Test("A full device is told apart from other errors")
  func fullDevice() throws {
    let file = try File("/dev/full", .append)
    #expect(throws: StoreError.full(path: "/dev/full")) { try file.append([1]) }
    #expect(throws: StoreError.missing(path: directory.file("none"))) { _ = try File(directory.file("none"), .read) }
  }

  @Test("A database that may not grow reports a full disk")
  func fullDatabase() throws {
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    let database = try Database(directory.file("state.db"), .state, .writer, network: TestChain.network, files: FileSystem())
    _ = try database.first("PRAGMA max_page_count = 20") { _ in () }
    let table = StateTable(database: database)
    let error = #expect(throws: StoreError.self) {
      try database.transaction { () throws(StoreError) in
        for number in 0..<100 {
          try table.insert(
            StateRow(key: .sha256([UInt8(number)]), value: [], record: [UInt8](repeating: 1, count: 9_000)), at: Int64(number))
        }
      }
    }
    #expect(error == .full(path: directory.file("state.db")))
    #expect(try table.lastPosition() == 0)
  }

  @Test(
    "A flipped bit in a block's row is found",
    arguments: ["header", "justification", "finalization", "entries", "transactions", "checksum"])
  func flippedBlock(column: String) throws {
    var chain = try TestChain()
    do {
      let store = try Store.opened(directory)
      var batch = ChainBatch(validatorCount: 4)
      batch.commit = [try chain.next(), try chain.next(transactions: [[1], [2]]), try chain.next()]
      try store.chain.write(batch)
    }
    try directory.flipBit(ofColumn: column, table: "block", in: "chain.db")
    let reader = try DataDirectory(path: directory.path).chainReader(network: TestChain.network)
    #expect(throws: StoreError.corrupt(table: "block", key: "3")) { try reader.block(height: 1) }
    #expect(throws: StoreError.corrupt(table: "block", key: "3")) { try reader.entry(at: 2) }
  }

  @Test("A flipped bit in a tile, a candidate, a certificate or evidence is found")
  func flippedRows() throws {
    var chain = try TestChain()
    do {
      let store = try Store.opened(directory)
      let genesis = try chain.next(transactions: TestChain.transactions(300, seed: 1))
      var batch = try chain.batch(genesis)
      batch.candidates = [try chain.next().proposal]
      batch.evidence = [
        try #require(Evidence(chain.vote(.nullify(epoch: 0, view: 3)), chain.vote(.finalize(epoch: 0, view: 3, digest: .zero))))
      ]
      try store.chain.write(batch)
    }
    for (column, table) in [("hashes", "tile"), ("proposal", "candidate"), ("certificate", "certificate"), ("votes", "evidence")] {
      try directory.flipBit(ofColumn: column, table: table, in: "chain.db")
    }
    let reader = try DataDirectory(path: directory.path).chainReader(network: TestChain.network)
    #expect(throws: StoreError.corrupt(table: "tile", key: "0/0")) { try reader.fullTile(LogTileCoordinate(level: 0, index: 0)) }
    #expect(throws: StoreError.self) { try reader.candidates() }
    #expect(throws: StoreError.corrupt(table: "certificate", key: "0/0/1")) { try reader.certificates() }
    #expect(throws: StoreError.corrupt(table: "evidence", key: "0/0/3")) { try reader.evidence(epoch: 0) }
    // The log's edge cannot be restored from it.
    #expect(throws: StoreError.self) { _ = try Store.opened(directory) }
  }
}

@Suite struct IndexTableTests {
  @Test("Postings of every generation are found, the newest first")
  func generations() throws {
    let directory = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    let database = try Database(directory.file("index.db"), .index, .writer, network: TestChain.network, files: FileSystem())
    let table = IndexTable(database: database)
    #expect(try table.positions(7, before: nil, limit: 10).isEmpty)
    let positions: [UInt64] = [0, 5, 262_143, 262_144, 262_145, 900_000, 5_000_000]
    for position in positions {
      try table.insert(IndexTable.Posting(prefix: 7, logIndex: position))
      try table.insert(IndexTable.Posting(prefix: -7, logIndex: position))
    }
    #expect(try table.positions(7, before: nil, limit: 100) == positions.reversed())
    #expect(try table.positions(7, before: 900_000, limit: 3) == [262_145, 262_144, 262_143])
    #expect(try table.positions(7, before: 262_144, limit: 100) == [262_143, 5, 0])
    #expect(try table.positions(7, before: .max, limit: 1) == [5_000_000])
    #expect(try table.positions(7, before: 0, limit: 100).isEmpty)
    #expect(try table.positions(7, before: nil, limit: 0).isEmpty)
    #expect(try table.positions(8, before: nil, limit: 100).isEmpty)
  }
}
