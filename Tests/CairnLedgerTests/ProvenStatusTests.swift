import CairnCrypto
import CairnIdentity
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct ProvenStatusTests {
  private var world = World()

  /// Bit 5 set in block 2, cleared in 3, set in 5; bit 6 set in 4.
  private mutating func history() throws {
    try world.createList()
    try world.commitUpdate(set: [5])
    try world.commitUpdate(clear: [5])
    try world.commitUpdate(set: [6])
    try world.commitUpdate(set: [5])
  }

  private func refusal(
    at moment: StatusMoment = .now, index: UInt32 = 5, list: StatusListID = World.list, listValue: [UInt8]?? = nil,
    chunkValue: [UInt8]?? = nil, _ change: (inout ProtoStatusAnswer) throws -> Void = { _ in }
  ) throws -> StatusError? {
    var answer = try world.state.statusAnswer(5, of: World.list, at: moment)
    try change(&answer)
    do throws(StatusError) {
      _ = try ProvenStatus.verify(
        list, index: index, at: moment, listValue: listValue ?? world.state.tree[World.list.stateKey],
        chunkValue: chunkValue ?? world.state.tree[World.list.chunkKey(0)], answer)
      return nil
    } catch {
      return error
    }
  }

  @Test("A bit of now is what the newest chunk says, and nothing else") mutating func now() throws {
    try history()
    let old = try world.state.statusAnswer(5, of: World.list, at: .height(4)).chunk
    #expect(try refusal() == nil)
    #expect(try refusal { $0.chunk.record[2] ^= 4 } == .recordHash)
    #expect(try refusal { $0.chunk.record = old.version.record } == .recordHash)
    #expect(try refusal { $0.chunk.record = Data() } == .recordHash)
    #expect(try refusal { $0.chunk = old } == .version(.wrongMoment))
    #expect(try refusal(chunkValue: .some(nil)) == .absence)
    #expect(try refusal(chunkValue: .some(nil)) { $0.clearChunk() } == nil)
  }

  @Test("A status of the past is proven by its version and the next one") mutating func past() throws {
    try history()
    let answers = try (0...6).map { try world.state.statusAnswer(5, of: World.list, at: .height(UInt64($0))) }
    for height in 1...6 { #expect(try refusal(at: .height(UInt64(height))) { $0 = answers[height] } == nil) }
    // Of 5 and 6 alike: nothing changed in between.
    for height in 1...5 {
      for other in 1...5 where other != height {
        #expect(try refusal(at: .height(UInt64(height))) { $0 = answers[other] } != nil)
      }
    }
    #expect(try refusal(at: .height(4)) { $0.chunk.clearSuccessor() } == nil)
    #expect(try refusal(at: .height(3)) { $0.chunk.clearSuccessor() } == .version(.wrongSuccessor))
    #expect(try refusal(at: .height(3)) { $0.chunk.version.path[0][0] ^= 1 } == .version(.notCommitted))
    #expect(try refusal(at: .height(3)) { $0.chunk.version.path[0].removeLast() } == .version(.notCommitted))
    #expect(try refusal(at: .height(3)) { $0.chunk.version.record = Data([1]) } == .record(.encoding(.malformed)))
    #expect(
      try refusal(at: .height(3)) { answer in
        var chunk = try ProtoStatusChunk(serializedBytes: answer.chunk.version.record)
        chunk.bits[0] ^= 4
        answer.chunk.version.record = try chunk.serializedData()
      } == .version(.notCommitted))
    #expect(try refusal(at: .height(1)) { $0.chunk.clearSuccessor() } == .version(.wrongSuccessor))
  }

  @Test("A value of another row, type or list is not believed") mutating func otherRows() throws {
    try history()
    let other = World.list("other")
    #expect(try refusal(list: other) == .wrongList)
    #expect(try refusal(listValue: .some(nil)) == .absence)
    #expect(try refusal(listValue: world.state.tree[World.list.chunkKey(0)]) == .wrongType)
    #expect(try refusal(chunkValue: world.state.tree[World.list.stateKey]) == .wrongType)
    #expect(try refusal(listValue: [1]) == .stateValue(.encoding(.malformed)))
    #expect(try refusal { $0.list = Data() } == .recordHash)
    #expect(try refusal(index: 131_072) == .indexOutOfRange)
    #expect(try refusal(listValue: .some(nil)) { $0 = ProtoStatusAnswer() } == nil)
    let value = StateValue(type: .statusList, changedAt: 1, recordHash: .sha256([1])).bytes
    #expect(try refusal(listValue: value) { $0.list = Data([1]) } == .record(.encoding(.malformed)))
  }

  /// - Parameter answer: what the node answers from, by the moment that it is asked for.
  private func collect(
    _ collector: inout StatusListCollector, from state: LedgerState, count: UInt32, _ change: (inout ProtoStatusListPage) -> Void = { _ in }
  ) throws -> StatusListOutcome? {
    var page = ProtoStatusListPage()
    var values: [[UInt8]?] = []
    let list = collector.list
    if let record = try state.record(forKey: list.stateKey) {
      let total = try StatusListRecord(decoding: record).chunkCount
      page.list = Data(record)
      page.firstChunk = collector.nextChunk
      let end = min(total, collector.nextChunk + count)
      for chunk in collector.nextChunk..<end {
        page.chunks.append(try state.chunkAnswer(chunk, of: list, at: collector.moment))
        values.append(state.tree[list.chunkKey(chunk)])
      }
      page.nextChunk = end == total ? 0 : end
    }
    change(&page)
    return try collector.append(page, provenBy: state.header, listValue: state.tree[list.stateKey], chunkValues: values)
  }

  private func found(_ outcome: StatusListOutcome?) -> StatusListBits? {
    if case .found(let bits) = outcome { bits } else { nil }
  }

  @Test("A list is whole and of one moment, however many pages and headers it takes") mutating func pages() throws {
    try world.createList()
    try world.commitUpdate(set: [0, 5, 2_048, 131_071])
    var now = StatusListCollector(World.list, at: .now)
    var past = StatusListCollector(World.list, at: .height(2))
    var future = StatusListCollector(World.list, at: .time(milliseconds: .max))
    for page in 0..<4 {
      for outcome in [
        try collect(&now, from: world.state, count: 16), try collect(&past, from: world.state, count: 16),
        try collect(&future, from: world.state, count: 16),
      ] {
        guard page == 3 else {
          #expect(outcome == nil)
          continue
        }
        let bits = try #require(found(outcome))
        #expect(bits.bytes.count == 16_384 && bits.setIndices == [0, 5, 2_048, 131_071])
        #expect(bits.bytes[0] == 0b1000_0100 && bits[131_071] == true && bits[131_072] == nil)
      }
      // Between the pages bits change that were taken, and bits that were not.
      try world.commitUpdate(set: [1 + UInt32(page), 2_049 + UInt32(page), 131_000 + UInt32(page)], clear: [0])
    }
    #expect(now.moment == .height(2) && past.moment == .height(2) && future.moment == .height(2))
  }

  @Test("The last chunk of a short list gives as many bytes as the list has") mutating func shortList() throws {
    let operation = try LedgerOperation.createSessionBatch(
      controller: World.registrar, root: .zero, count: 2_049, expiresMilliseconds: world.state.timeMilliseconds + 2_000, salt: sixteen(1),
      network: world.network)
    guard case .sessionBatchCreate(_, let list) = operation.kind else { return }
    try world.commit(world.transaction([operation]))
    try world.commitUpdate(list, set: [2_048])
    var collector = StatusListCollector(list, at: .now)
    let bits = try #require(found(try collect(&collector, from: world.state, count: 9)))
    #expect(bits.bytes.count == 257 && bits.bytes.last == 0x80 && bits.setIndices == [2_048])
  }

  @Test("A list that does not exist, or did not yet, is proven so") mutating func absent() throws {
    var collector = StatusListCollector(World.list, at: .now)
    #expect(try collect(&collector, from: world.state, count: 64) == .noList)
    try world.createList()
    var early = StatusListCollector(World.list, at: .height(0))
    guard case .notYetCreated = try collect(&early, from: world.state, count: 64) else {
      Issue.record("a list before its creation")
      return
    }
  }

  @Test("A page that is another, incomplete, or older than the first is refused") mutating func wrongPages() throws {
    try world.createList()
    let old = world.state
    try world.commitUpdate(set: [5])
    func refusal(_ change: (inout ProtoStatusListPage) -> Void) throws -> StatusError? {
      var collector = StatusListCollector(World.list, at: .now)
      do {
        _ = try collect(&collector, from: world.state, count: 16, change)
        return nil
      } catch let error as StatusError { return error }
    }
    #expect(try refusal { _ in } == nil)
    #expect(try refusal { $0.firstChunk = 1 } == .wrongPage)
    #expect(try refusal { $0.nextChunk = 0 } == .wrongPage)
    #expect(try refusal { $0.nextChunk = 17 } == .wrongPage)
    #expect(try refusal { $0.chunks.removeLast() } == .wrongPage)
    #expect(try refusal { $0.chunks = [] } == .wrongPage)
    #expect(try refusal { $0.chunks[0] = ProtoChunkAnswer() } == .recordHash)
    #expect(try refusal { $0.chunks.swapAt(0, 1) } == .recordHash)
    #expect(try refusal { $0.chunks[1] = $0.chunks[0] } == .absence)
    var collector = StatusListCollector(World.list, at: .now)
    #expect(try collect(&collector, from: world.state, count: 16) == nil)
    #expect(throws: StatusError.wrongPage) { try collect(&collector, from: old, count: 16) }
    #expect(throws: StatusError.absence) { try collect(&collector, from: World().state, count: 16) }
  }
}
