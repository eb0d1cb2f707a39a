import CairnChain
import CairnCrypto
import CairnStore
import Foundation
import Testing

@Suite struct CrashTests {
  /// Runs `step` again and again, each time failing at the next durable operation, and hands what is then on the disk to `check`.
  private func crashEverywhere(
    error: StoreError = .io(path: "test", detail: "crash"), prepare: (Store) throws -> Void, step: (Store) throws -> Void,
    check: (_ onDisk: TemporaryDirectory, _ event: ScriptedFaults.Event) throws -> Void
  ) throws -> [ScriptedFaults.Event] {
    let prepared = TemporaryDirectory()
    do { try prepare(Store.opened(prepared)) }
    var passed: [ScriptedFaults.Event] = []
    while true {
      let directory = try prepared.copy()
      let faults = ScriptedFaults()
      let store = try Store.opened(directory, faults: faults)
      faults.fail(at: passed.count, with: error)
      do { try step(store) } catch let thrown as StoreError {
        #expect(thrown == error)
        let event = try #require(faults.events.last)
        passed.append(event)
        try check(try directory.copy(), event)
        #expect(throws: error) { try step(store) }
        continue
      }
      return passed
    }
  }

  @Test("A crash anywhere in a step leaves all of it or nothing, and is never called damage")
  func chainStep() throws {
    var chain = try TestChain()
    let genesis = try chain.next()
    let first = try chain.batch(try chain.next(transactions: TestChain.transactions(300, seed: 1)))
    let second = try chain.batch(try chain.next(transactions: TestChain.transactions(300, seed: 2)))
    let third = try chain.batch(try chain.next())
    let events = try crashEverywhere { store in
      var batch = ChainBatch(validatorCount: 4)
      batch.commit = [genesis]
      try store.chain.write(batch)
      try store.chain.write(first)
    } step: { store in
      try store.chain.write(second)
    } check: { onDisk, event in
      let isCommitted = event != ScriptedFaults.Event(point: .chainCommit, isBefore: true)
      do {
        let store = try Store.opened(onDisk)
        let votes = first.votes + (isCommitted ? second.votes : [])
        #expect(store.recovery.safety == .intact(votes: votes, entered: ViewPosition(epoch: 0, view: isCommitted ? 2 : 1)))
        #expect(store.recovery.head == (isCommitted ? second : first).commit[0].block.header)
        if !isCommitted { try store.chain.write(second) }
        try store.chain.write(third)
      }
      let votes = first.votes + second.votes + third.votes
      #expect(try Store.opened(onDisk).recovery.safety == .intact(votes: votes, entered: ViewPosition(epoch: 0, view: 3)))
    }
    #expect(events.map(\.point) == [.chainCommit, .chainCommit, .safetyAppend, .safetyAppend, .safetySync, .safetySync])
  }

  @Test("A torn write at the end of the safety log is mended from chain.db", arguments: [1, 70, 139, 141, 280, 419])
  func tornAppend(lost: Int) throws {
    var chain = try TestChain()
    let directory = TemporaryDirectory()
    let batches = [try chain.batch(chain.next()), try chain.batch(chain.next())]
    do {
      let store = try Store.opened(directory)
      for batch in batches { try store.chain.write(batch) }
    }
    let whole = try Data(contentsOf: URL(filePath: directory.file("safety.log")))
    for tail in [Data(), Data(count: lost)] {
      let copy = try directory.copy()
      try (whole.dropLast(lost) + tail).write(to: URL(filePath: copy.file("safety.log")))
      #expect(
        try Store.opened(copy).recovery.safety
          == .intact(votes: batches.flatMap(\.votes), entered: ViewPosition(epoch: 0, view: 1)))
      #expect(try Data(contentsOf: URL(filePath: copy.file("safety.log"))) == whole)
    }
  }

  @Test("More than one lost batch is no torn write")
  func tooMuchLost() throws {
    var chain = try TestChain()
    let directory = TemporaryDirectory()
    do {
      let store = try Store.opened(directory)
      for _ in 0..<3 { try store.chain.write(chain.batch(chain.next())) }
    }
    let whole = try Data(contentsOf: URL(filePath: directory.file("safety.log")))
    try whole.dropLast(421).write(to: URL(filePath: directory.file("safety.log")))
    guard case .damaged = try Store.opened(directory).recovery.safety else {
      Issue.record("accepted")
      return
    }
  }

  @Test("A crash while a directory is set up leaves one that can be set up")
  func setUp() throws {
    var event = 0
    while true {
      let directory = TemporaryDirectory()
      let faults = ScriptedFaults()
      faults.fail(at: event)
      do { _ = try Store.opened(directory, faults: faults) } catch {
        #expect(try Store.opened(directory).recovery.safety == .fresh)
        event += 1
        continue
      }
      break
    }
    #expect(event > 20)
  }

  @Test("A crash while the safety log is compacted loses nothing")
  func compaction() throws {
    let chain = try TestChain()
    let signature = chain.vote(.nullify(epoch: 0, view: 0)).signature
    func batch(_ views: Range<UInt64>) -> ChainBatch {
      var batch = ChainBatch(validatorCount: 4)
      batch.votes = views.map { Vote(statement: .nullify(epoch: 0, view: $0), validator: 1, signature: signature) }
      batch.finalized = ViewPosition(epoch: 0, view: views.lowerBound)
      return batch
    }
    let events = try crashEverywhere { store in
      try store.chain.write(batch(1..<1_800))
    } step: { store in
      try store.chain.write(batch(1_800..<2_000))
    } check: { onDisk, event in
      guard event != ScriptedFaults.Event(point: .chainCommit, isBefore: true) else { return }
      guard case .intact(let votes, _) = try Store.opened(onDisk).recovery.safety else {
        Issue.record("damaged by a crash at \(event)")
        return
      }
      #expect(votes.count == 200 + 255)
    }
    #expect(events.contains(ScriptedFaults.Event(point: .fileRename, isBefore: false)))
    #expect(events.last == ScriptedFaults.Event(point: .directorySync, isBefore: false))
  }

  @Test("A full disk stops the writer with its own reason and harms nothing")
  func fullDisk() throws {
    var chain = try TestChain()
    let first = try chain.batch(chain.next())
    let second = try chain.batch(chain.next())
    let error = StoreError.full(path: "test")
    let events = try crashEverywhere(error: error) { store in
      try store.chain.write(first)
    } step: { store in
      try store.chain.write(second)
    } check: { onDisk, _ in
      guard case .intact = try Store.opened(onDisk).recovery.safety else {
        Issue.record("damaged")
        return
      }
    }
    #expect(events.count == 6)
  }

  @Test("A crash anywhere in a state or index step leaves the old or the new one")
  func derivedSteps() throws {
    var chain = try TestChain()
    var batch = ChainBatch(validatorCount: 4)
    batch.commit = [try chain.next(), try chain.next(transactions: [[1]]), try chain.next(transactions: [[2]])]
    let old = StateRow(key: .sha256([1]), value: [1], record: [1])
    let new = [StateRow(key: .sha256([1]), value: [2], record: [2]), StateRow(key: .sha256([2]), value: [3], record: [])]
    let stateEvents = try crashEverywhere { store in
      try store.chain.write(batch)
      try store.state.apply([old], height: 1, root: .sha256([1]))
    } step: { store in
      try store.state.apply(new, height: 2, root: .sha256([2]))
    } check: { onDisk, event in
      let store = try Store.opened(onDisk)
      let reader = try store.stateReader()
      #expect(store.state.head == StateHead(height: event.isBefore ? 1 : 2, root: .sha256([event.isBefore ? 1 : 2])))
      #expect(try reader.row(old.key) == (event.isBefore ? old : new[0]))
      #expect(try reader.row(new[1].key) == (event.isBefore ? nil : new[1]))
    }
    #expect(stateEvents.map(\.point) == [.stateCommit, .stateCommit])
    let indexEvents = try crashEverywhere { store in
      try store.chain.write(batch)
      try store.index.add(batch.commit.prefix(2).map(\.block))
    } step: { store in
      try store.index.add([batch.commit[2].block])
    } check: { onDisk, event in
      let store = try Store.opened(onDisk)
      #expect(store.index.height == (event.isBefore ? 1 : 2))
      try store.index.catchUp(from: store.chainReader())
      #expect(try store.indexReader().transaction(id: .sha256([2]))?.bytes == [2])
    }
    #expect(indexEvents.map(\.point) == [.indexCommit, .indexCommit])
  }
}
