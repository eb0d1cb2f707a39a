import CairnChain
import CairnCrypto
import CairnStore
import Testing

@testable import struct CairnStore.SafetyRecord

@Suite struct SafetyTests {
  let directory = TemporaryDirectory()

  /// Genesis and then blocks that this node voted for; returns every vote.
  private func vote(_ store: Store, _ chain: inout TestChain, blocks: Int) throws -> [Vote] {
    var votes: [Vote] = []
    for _ in 0..<blocks {
      let batch = try chain.batch(chain.next(transactions: [[1, 2, 3]]))
      try store.chain.write(batch)
      votes += batch.votes
    }
    return votes
  }

  private func recovery(_ directory: TemporaryDirectory) throws -> SafetyRecovery { try Store.opened(directory).recovery.safety }

  @Test("A new directory is fresh, and stays so until something is recorded")
  func fresh() throws {
    #expect(try recovery(directory) == .fresh)
    #expect(try recovery(directory) == .fresh)
  }

  @Test("Votes and the entered view come back")
  func roundTrip() throws {
    var chain = try TestChain()
    let votes = try vote(Store.opened(directory), &chain, blocks: 5)
    let recovery = try Store.opened(directory).recovery
    #expect(recovery.safety == .intact(votes: votes, entered: ViewPosition(epoch: 0, view: 4)))
    #expect(recovery.highestVote == votes.last)
  }

  @Test("A node that never voted is intact, not damaged")
  func follower() throws {
    var chain = try TestChain()
    var batch = ChainBatch(validatorCount: 4)
    batch.commit = [try chain.next()]
    try Store.opened(directory).chain.write(batch)
    #expect(try recovery(directory) == .intact(votes: [], entered: nil))
  }

  @Test("A view entered twice in a row is recorded once")
  func reentered() throws {
    let store = try Store.opened(directory)
    var batch = ChainBatch(validatorCount: 4)
    batch.entered = [ViewPosition(epoch: 0, view: 1)]
    try store.chain.write(batch)
    let size = try directory.size(of: "safety.log")
    try store.chain.write(batch)
    #expect(try directory.size(of: "safety.log") == size)
    #expect(size == 2 * SafetyRecord.byteCount)
  }

  @Test("The writer refuses votes that exclude each other", arguments: [(1, 1), (3, 3), (2, 2), (2, 3), (3, 2), (1, 3), (3, 1)])
  func conflictRefused(kinds: (Int, Int)) throws {
    let chain = try TestChain()
    func vote(_ kind: Int, _ digest: Digest) throws -> Vote {
      let kind = try #require(Statement.Kind(rawValue: UInt8(kind)))
      return chain.vote(try #require(Statement(kind: kind, epoch: 0, view: 7, digest: kind == .nullify ? nil : digest)))
    }
    let first = try vote(kinds.0, .sha256([1]))
    let second = try vote(kinds.1, .sha256([2]))
    for inOneBatch in [true, false] {
      let directory = TemporaryDirectory()
      let store = try Store.opened(directory)
      var batch = ChainBatch(validatorCount: 4)
      batch.votes = inOneBatch ? [first, second] : [first]
      if !inOneBatch {
        try store.chain.write(batch)
        batch.votes = [second]
      }
      let error = try #require(throws: StoreError.self) { try store.chain.write(batch) }
      #expect(error.reason == "constraint")
      batch.votes = []
      #expect(throws: error) { try store.chain.write(batch) }
    }
  }

  @Test("Nullify after Notarize and Finalize after Notarize of one block are allowed")
  func compatibleVotes() throws {
    let chain = try TestChain()
    let store = try Store.opened(directory)
    var batch = ChainBatch(validatorCount: 4)
    batch.votes = [
      chain.vote(.notarize(epoch: 0, view: 1, digest: .zero)), chain.vote(.nullify(epoch: 0, view: 1)),
      chain.vote(.notarize(epoch: 0, view: 2, digest: .zero)), chain.vote(.finalize(epoch: 0, view: 2, digest: .zero)),
      chain.vote(.nullify(epoch: 1, view: 2)),
    ]
    try store.chain.write(batch)
  }

  @Test(
    "The database itself refuses conflicting safety rows, whatever the code does",
    arguments: [
      "INSERT OR REPLACE INTO safety SELECT epoch, view, kind, 99, x'00', record FROM safety WHERE kind = 1",
      "INSERT OR IGNORE INTO safety SELECT epoch, view, 2, 99, NULL, record FROM safety WHERE kind = 3",
      "INSERT INTO safety SELECT epoch, view, 3, 99, digest, record FROM safety WHERE kind = 2",
      "INSERT INTO safety SELECT 0, 2, 3, 99, x'00', record FROM safety WHERE kind = 1",
      "UPDATE safety SET record = x'00'",
    ])
  func triggers(sql: String) throws {
    do {
      let chain = try TestChain()
      let store = try Store.opened(directory)
      var batch = ChainBatch(validatorCount: 4)
      batch.votes = [
        chain.vote(.finalize(epoch: 0, view: 0, digest: .zero)), chain.vote(.nullify(epoch: 0, view: 1)),
        chain.vote(.notarize(epoch: 0, view: 2, digest: .zero)),
      ]
      try store.chain.write(batch)
    }
    let before = try recovery(directory)
    _ = try? directory.sql("chain.db", sql)
    #expect(try recovery(directory) == before)
  }

  @Test("A flipped bit anywhere in the safety log is damage")
  func flippedLog() throws {
    var chain = try TestChain()
    _ = try vote(Store.opened(directory), &chain, blocks: 3)
    let size = try directory.size(of: "safety.log")
    for offset in stride(from: 0, to: size, by: 31) + [size - 1] {
      let copy = try directory.copy()
      try copy.flipBit(offset % 8, ofByte: offset, in: "safety.log")
      let store = try Store.opened(copy)
      guard case .damaged(.logChecksum) = store.recovery.safety else {
        Issue.record("bit at \(offset): \(store.recovery.safety)")
        continue
      }
    }
  }

  @Test("A damaged or lost safety row in chain.db is damage")
  func flippedRow() throws {
    var chain = try TestChain()
    _ = try vote(Store.opened(directory), &chain, blocks: 3)
    let flipped = try directory.copy()
    try flipped.flipBit(ofColumn: "record", table: "safety", in: "chain.db")
    #expect(try recovery(flipped) == .damaged(.databaseChecksum))
    let digest = try directory.copy()
    try digest.flipBit(ofColumn: "digest", table: "safety", in: "chain.db")
    #expect(try recovery(digest) == .damaged(.databaseChecksum))
    let highest = try directory.copy()
    try highest.flipBit(ofColumn: "highest", table: "safety_state", in: "chain.db")
    #expect(try recovery(highest) == .damaged(.databaseChecksum))
    let lost = try directory.copy()
    try lost.sql("chain.db", "DELETE FROM safety WHERE view = 1 AND kind = 1")
    #expect(try recovery(lost) == .damaged(.different(sequence: 5)))
    let last = try directory.copy()
    try last.sql("chain.db", "DELETE FROM safety WHERE view = 2 AND kind = 3")
    #expect(try recovery(last) == .damaged(.different(sequence: 9)))
  }

  @Test("A missing safety log is damage")
  func missingLog() throws {
    var chain = try TestChain()
    _ = try vote(Store.opened(directory), &chain, blocks: 1)
    try FileManagerBridge.remove(directory.file("safety.log"))
    #expect(try recovery(directory) == .damaged(.logMissing))
    // Nothing that the store does by itself heals it.
    #expect(try recovery(directory) == .damaged(.logMissing))
  }

  @Test("A missing chain.db is damage when the log has records")
  func missingDatabase() throws {
    var chain = try TestChain()
    _ = try vote(Store.opened(directory), &chain, blocks: 1)
    try FileManagerBridge.remove(directory.file("chain.db"))
    #expect(try recovery(directory) == .damaged(.databaseMissing))
  }

  @Test("Both copies gone is damage when there are blocks")
  func bothMissing() throws {
    var chain = try TestChain()
    _ = try vote(Store.opened(directory), &chain, blocks: 2)
    try FileManagerBridge.remove(directory.file("safety.log"))
    try directory.sql(
      "chain.db", "DELETE FROM safety; UPDATE safety_state SET last_sequence = 0, last_batch_start = 0, highest = NULL")
    #expect(try recovery(directory) == .damaged(.logMissing))
  }

  @Test("An older copy of the safety log is damage")
  func olderLog() throws {
    var chain = try TestChain()
    let store = try Store.opened(directory)
    _ = try vote(store, &chain, blocks: 2)
    let older = try directory.copy()
    _ = try vote(store, &chain, blocks: 2)
    let copy = try directory.copy()
    try FileManagerBridge.replace(copy.file("safety.log"), with: older.file("safety.log"))
    #expect(try recovery(copy) == .damaged(.logOlder(has: 6, expected: 12)))
  }

  @Test("An older copy of chain.db is damage")
  func olderDatabase() throws {
    var chain = try TestChain()
    let store = try Store.opened(directory)
    _ = try vote(store, &chain, blocks: 2)
    let older = try directory.copy()
    _ = try vote(store, &chain, blocks: 1)
    try FileManagerBridge.replace(older.file("safety.log"), with: directory.file("safety.log"))
    #expect(try recovery(older) == .damaged(.databaseOlder(has: 6, expected: 9)))
  }

  @Test("Rows that SQLite drops with the end of its WAL after a flipped bit are missed")
  func flippedWAL() throws {
    var chain = try TestChain()
    let store = try Store.opened(directory)
    _ = try vote(store, &chain, blocks: 4)
    let copy = try directory.copy()
    try copy.flipBit(ofByte: try copy.size(of: "chain.db-wal") - 100, in: "chain.db-wal")
    let recovered = try recovery(copy)
    guard case .damaged(.databaseOlder(_, expected: 12)) = recovered else {
      Issue.record("\(recovered)")
      return
    }
  }

  @Test("While the records are damaged no vote is taken, blocks are, and the damage stays")
  func damagedNode() throws {
    var chain = try TestChain()
    _ = try vote(Store.opened(directory), &chain, blocks: 2)
    try directory.flipBit(ofByte: 200, in: "safety.log")
    let block = try chain.next()
    do {
      let store = try Store.opened(directory)
      var batch = ChainBatch(validatorCount: 4)
      batch.commit = [block]
      batch.entered = [ViewPosition(epoch: 0, view: 3)]
      batch.finalized = ViewPosition(epoch: 0, view: 900)
      try store.chain.write(batch)
      #expect(try store.chainReader().head() == block.block.header)
      batch = ChainBatch(validatorCount: 4)
      batch.votes = [chain.vote(.nullify(epoch: 0, view: 1_000))]
      #expect(throws: StoreError.safetyDamaged(.logChecksum(after: 0))) { try store.chain.write(batch) }
    }
    #expect(try recovery(directory) == .damaged(.logChecksum(after: 0)))
  }

  @Test("After an explicit restart votes are taken again, and an interrupted restart is still damage")
  func restart() throws {
    var chain = try TestChain()
    _ = try vote(Store.opened(directory), &chain, blocks: 2)
    try directory.flipBit(ofByte: 200, in: "safety.log")
    let faults = ScriptedFaults()
    let floor = ViewPosition(epoch: 0, view: 500)
    var interrupted = 0
    while true {
      let copy = try directory.copy()
      let store = try Store.opened(copy, faults: faults)
      faults.fail(at: interrupted)
      do { try store.chain.restartSafety(above: floor) } catch {
        let after = try recovery(try copy.copy())
        #expect({ if case .damaged = after { true } else { after == .intact(votes: [], entered: nil) } }())
        interrupted += 1
        continue
      }
      break
    }
    #expect(interrupted == 10)
    let vote = chain.vote(.nullify(epoch: 0, view: 501))
    do {
      let store = try Store.opened(directory)
      try store.chain.restartSafety(above: floor)
      var batch = ChainBatch(validatorCount: 4)
      batch.votes = [vote]
      try store.chain.write(batch)
    }
    #expect(try recovery(directory) == .intact(votes: [vote], entered: nil))
  }

  @Test("Votes 256 views below the finalized one are dropped, the highest is remembered, and a compacted log still agrees")
  func pruning() throws {
    let chain = try TestChain()
    let signed = chain.vote(.nullify(epoch: 0, view: 0))
    let store = try Store.opened(directory)
    // Signatures cost time and nobody looks at them here.
    for first in stride(from: UInt64(1), to: 9_001, by: 1_000) {
      var batch = ChainBatch(validatorCount: 4)
      batch.votes = (first..<first + 1_000).map {
        Vote(statement: .nullify(epoch: 0, view: $0), validator: 1, signature: signed.signature)
      }
      batch.finalized = ViewPosition(epoch: 0, view: first + 500)
      try store.chain.write(batch)
    }
    #expect(try directory.size(of: "safety.log") < 512 << 10)
    let copy = try directory.copy()
    let reopened = try Store.opened(copy)
    guard case .intact(let votes, _) = reopened.recovery.safety else {
      Issue.record("\(reopened.recovery.safety)")
      return
    }
    #expect(votes.first?.statement.view == 8_501 - 256 + 1)
    #expect(votes.last?.statement.view == 9_000)
    var batch = ChainBatch(validatorCount: 4)
    batch.finalized = ViewPosition(epoch: 1, view: 0)
    try reopened.chain.write(batch)
    let pruned = try Store.opened(try copy.copy()).recovery
    #expect(pruned.safety == .intact(votes: [], entered: nil))
    #expect(pruned.highestVote?.statement.view == 9_000)
  }
}
