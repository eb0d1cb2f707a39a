import CairnCrypto
import CairnLedger
import CairnStore
import Foundation
import Testing

@testable import CairnFuzz
@testable import CairnNode

/// `cairn verify --data` finds every bit that is not what was committed.
@Suite struct VerificationTests {
  /// Bits tried in each page of a database, frame of a write-ahead log and record of the safety log, besides those of its first bytes.
  private static let bitsPerRegion = 1
  private static let databases = ["chain.db", "state.db", "index.db"]

  @Test("What a node wrote follows from the genesis, stopped or killed") func whole() async throws {
    let long = try StoredChain.long.get()
    #expect(try await long.closed.damage() == nil)
    #expect(try await long.killed.damage() == nil)
    #expect(try long.killed.bytes(of: "chain.db-wal").count > 0)
    let short = try StoredChain.short.get().closed
    let archive = try StoreArchive(path: short.path, network: StoredChain.genesis.network)
    let summary = try await ChainVerification(genesis: StoredChain.genesis, archive: archive).run { _, _ in }
    let world = FuzzWorld.shared
    #expect(summary.transactions == world.transactions.count && summary.height == UInt64(world.blocks.count))
    #expect(summary.stateRows == world.rows.count && summary.storedStateHeight == summary.height)
    let kinds = try Set(world.rows.map { try StateValue(decoding: $0.value).type })
    #expect(kinds.isSuperset(of: [.contract, .contractVersion, .access, .evidence, .proposal, .constitution, .statusChunk, .isolation]))
  }

  @Test("A flipped bit of a database is found wherever SQLite reads it", arguments: databases) func flipped(_ name: String) async throws {
    let folder = try StoredChain.long.get().closed.copy()
    let pageSize = name == "state.db" ? 16_384 : 4_096
    try await flipEverywhere(in: name, of: folder, regions: pageSize, from: 0, content: folder.file(name))
  }

  @Test("A flipped bit of a write-ahead log is found wherever SQLite reads it", arguments: databases)
  func flippedLog(_ name: String) async throws {
    let folder = try StoredChain.long.get().killed.copy()
    let frameSize = 24 + (name == "state.db" ? 16_384 : 4_096)
    try await flipEverywhere(in: name + "-wal", of: folder, regions: frameSize, from: 32, content: folder.file(name))
  }

  /// In each region some bits of its first 32 bytes, where headers are, and some anywhere.
  private func flipEverywhere(in name: String, of folder: DataFolder, regions size: Int, from first: Int, content: String) async throws {
    var random = FuzzRandom(seed: 7)
    let bytes = try folder.bytes(of: name)
    let whole = DatabaseContent(content)
    var found = 0
    for start in [0] + stride(from: first, to: bytes.count, by: size) {
      let end = min(bytes.count, max(start + size, first))
      let head = (0..<Self.bitsPerRegion).map { _ in start + random.below(min(32, end - start)) }
      let rest = (0..<Self.bitsPerRegion).map { _ in start + random.below(end - start) }
      for position in head + rest {
        var damaged = bytes
        damaged[position] ^= 1 << UInt8(random.below(8))
        try folder.write(damaged, to: name)
        try? FileManager.default.removeItem(atPath: content + "-shm")
        guard DatabaseContent(content) != whole else { continue }
        let damage = try await folder.damage()
        #expect(damage != nil, "byte \(position) of \(name), \(bytes[position]) to \(damaged[position])")
        found += damage == nil ? 0 : 1
      }
    }
    #expect(found > bytes.count / size / 2)
  }

  @Test("A bit of the safety log or the format file is found, every one of them") func flippedFiles() async throws {
    let folder = try StoredChain.long.get().closed.copy()
    let files = try folder.contents()
    var random = FuzzRandom(seed: 8)
    for name in ["safety.log", "format"] {
      let bytes = try #require(files[name])
      for position in stride(from: 0, to: bytes.count, by: name == "format" ? 1 : 29) {
        var damaged = bytes
        damaged[position] ^= 1 << UInt8(random.below(8))
        try folder.restore(files, except: name, with: damaged)
        #expect(try await folder.damage() != nil, "byte \(position) of \(name)")
      }
    }
  }

  @Test("A file that was cut off, emptied or taken away is found", arguments: databases + ["safety.log", "format"])
  func truncated(_ name: String) async throws {
    let folder = try StoredChain.long.get().closed.copy()
    let files = try folder.contents()
    let bytes = try #require(files[name])
    for part in [0, 1, 5, 9] {
      try folder.restore(files, except: name, with: Array(bytes.prefix(bytes.count * part / 10)))
      #expect(try await folder.damage() != nil, "\(part) tenths of \(name)")
    }
    try folder.restore(files, except: name, with: nil)
    // Nothing depends on the index, which is made again.
    if name == "index.db" { #expect(try await folder.damage() == nil) } else { #expect(try await folder.damage() != nil) }
  }

  @Test("An older copy of one file beside newer ones is found", arguments: databases + ["safety.log"]) func older(_ name: String)
    async throws
  {
    let (older, folder) = (try StoredChain.long.get().closed, try StoredChain.long.get().killed.copy())
    var files = try folder.contents()
    files[name + "-wal"] = nil
    files[name + "-shm"] = nil
    try folder.restore(files, except: name, with: try older.bytes(of: name))
    let damage = try await folder.damage()
    // A state or an index that trails the chain is no damage: they always do.
    if name == "chain.db" || name == "safety.log" { #expect(damage?.reason == "safety_damaged") } else { #expect(damage == nil) }
  }

  @Test("One bit of any record of the state is found, its checksum made to match", arguments: recordTypes)
  func record(_ type: StateType) async throws {
    let folder = try StoredChain.short.get().closed.copy()
    let rows = try FuzzWorld.shared.rows.filter { try StateValue(decoding: $0.value).type == type }
    var row = try #require(rows.last?.stored)
    row.record[row.record.count / 2] ^= 4
    do {
      let store = try folder.store()
      let head = try #require(store.state.head)
      try store.state.apply([row], height: head.height, root: head.root)
    }
    guard case .stateRow(let key) = try await folder.damage() else {
      Issue.record("not found")
      return
    }
    #expect(key == row.key)
  }

  private static let recordTypes = StateType.allCases.filter { type in
    FuzzWorld.shared.rows.contains { (try? StateValue(decoding: $0.value))?.type == type }
  }
}

extension DataFolder {
  /// Of every file.
  func contents() throws -> [String: [UInt8]] {
    try Dictionary(uniqueKeysWithValues: names.map { ($0, try bytes(of: $0)) })
  }

  /// Everything as it was, but one file: with other bytes, or gone.
  func restore(_ files: [String: [UInt8]], except name: String, with bytes: [UInt8]?) throws {
    for other in try names where files[other] == nil || other == name { try FileManager.default.removeItem(atPath: file(other)) }
    for (other, bytes) in files where other != name { try write(bytes, to: other) }
    if let bytes { try write(bytes, to: name) }
  }
}
