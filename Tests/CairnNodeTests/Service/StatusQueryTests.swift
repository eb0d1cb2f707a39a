import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnNode

func statusRequest(_ list: String, _ index: UInt32, at moment: StatusMoment = .now) -> ProtoStatusRequest {
  var request = ProtoStatusRequest()
  (request.list, request.index) = (list, index)
  switch moment {
  case .now: break
  case .height(let height): request.atHeight = height
  case .time(let milliseconds): request.atMs = milliseconds
  }
  return request
}

func statusListRequest(
  _ list: String, from chunk: UInt32 = 0, limit: UInt32 = 0, at moment: StatusMoment = .now
) -> ProtoStatusListRequest {
  var request = ProtoStatusListRequest()
  (request.list, request.firstChunk, request.maxChunks) = (list, chunk, limit)
  switch moment {
  case .now: break
  case .height(let height): request.atHeight = height
  case .time(let milliseconds): request.atMs = milliseconds
  }
  return request
}

extension TestChain {
  var list: StatusListID {
    guard let list = try? StatusListID(issuer: registrar, name: "tools") else { preconditionFailure("a list can have this name") }
    return list
  }

  /// In a block of its own.
  func createList(length: UInt32 = 131_072) throws {
    let create = try LedgerOperation.createStatusList(list, purpose: .suspension, length: length, network: genesis.network)
    try commit([transaction([create], signers: [1])])
  }

  /// In a block of its own.
  func update(set: [UInt32] = [], clear: [UInt32] = [], afterLooks looks: Int = 0) throws {
    let update = try LedgerOperation.updateStatusList(list, set: set, clear: clear, network: genesis.network)
    try commit([transaction([update], signers: [1])], afterLooks: looks)
  }
}

extension TestReader {
  mutating func status(
    _ list: StatusListID, _ index: UInt32, at moment: StatusMoment = .now, _ answer: ProtoProven
  ) throws -> StatusOutcome {
    let header = try certify(answer)
    guard let first = answer.state.first else { throw LightClientError.missingProof }
    let chunkKey = list.chunkKey(StatusChunk.chunk(of: index))
    return try ProvenStatus.verify(
      list, index: index, at: moment, listValue: header.value(of: list.stateKey, proof: first),
      chunkValue: answer.state.count == 2 ? header.value(of: chunkKey, proof: answer.state[1]) : nil,
      ProtoStatusAnswer(serializedBytes: answer.payload))
  }

  mutating func append(_ answer: ProtoProven, to collector: inout StatusListCollector) throws -> StatusListOutcome? {
    let header = try certify(answer)
    guard let first = answer.state.first else { throw LightClientError.missingProof }
    var values: [[UInt8]?] = []
    for (offset, proof) in answer.state.dropFirst().enumerated() {
      values.append(try header.value(of: collector.list.chunkKey(collector.nextChunk + UInt32(offset)), proof: proof))
    }
    return try collector.append(
      ProtoStatusListPage(serializedBytes: answer.payload), provenBy: header.header,
      listValue: header.value(of: collector.list.stateKey, proof: first), chunkValues: values)
  }
}

@Suite struct StatusQueryTests {
  private let chain = TestChain()
  private let queries: QueryService
  private var reader: TestReader

  init() {
    queries = QueryService(chain, build: "test")
    reader = TestReader(chain)
  }

  private mutating func isSet(_ index: UInt32, at moment: StatusMoment = .now) throws -> Bool? {
    let answer = try queries.status(statusRequest(chain.list.description, index, at: moment)).message
    guard case .found(let status) = try reader.status(chain.list, index, at: moment, answer) else { return nil }
    return status.isSet
  }

  @Test("A status is proven now and at every height and time before") mutating func everyMoment() throws {
    try chain.createList()
    try chain.update(set: [5])
    try chain.update(clear: [5])
    try chain.update(set: [5, 6])
    try chain.update(set: [7])
    try chain.enroll(100)
    #expect(try isSet(5) == true && isSet(4) == false && isSet(4_000) == false)
    let start = chain.genesis.timeMilliseconds
    for (height, expected) in [Bool?.none, false, true, false, true, true, true].enumerated() {
      #expect(try isSet(5, at: .height(UInt64(height))) == expected)
      #expect(try isSet(5, at: .time(milliseconds: start + 1_000 * UInt64(height))) == expected)
      #expect(try isSet(5, at: .time(milliseconds: start + 1_000 * UInt64(height) + 999)) == expected)
    }
    #expect(try isSet(5, at: .height(.max)) == true && isSet(5, at: .time(milliseconds: .max)) == true)
    #expect(try isSet(4_000, at: .height(1)) == false && isSet(4_000, at: .height(0)) == nil)
  }

  @Test("Many versions are searched, and every one of them found") mutating func manyVersions() throws {
    try chain.createList()
    for index in 0..<40 { try chain.update(set: [UInt32(index)]) }
    for height in 1...41 {
      for index in [height - 3, height - 2, height - 1, height] where (0..<40).contains(index) {
        #expect(try isSet(UInt32(index), at: .height(UInt64(height))) == (index + 2 <= height))
      }
    }
  }

  @Test("A list that does not exist, or did not yet, is proven so") mutating func absent() throws {
    try chain.enroll(100)
    let answer = try queries.status(statusRequest(chain.list.description, 5)).message
    #expect(try reader.status(chain.list, 5, answer) == .noList)
    #expect(answer.payload.isEmpty && answer.state.count == 1)
    try chain.createList()
    var request = statusRequest(chain.list.description, 5, at: .height(1))
    request.known = reader.known
    let early = try queries.status(request).message
    guard case .notYetCreated(let record) = try reader.status(chain.list, 5, at: .height(1), early) else {
      Issue.record("a status before the list")
      return
    }
    #expect(record.createdHeight == 2)
  }

  @Test("What is not a list, an index or a chunk is refused with its reason") func refusals() throws {
    try chain.createList()
    let text = chain.list.description
    let foreign = text.replacingOccurrences(of: chain.registrar.networkPrefix, with: String(repeating: "a", count: 10))
    for (list, reason) in [
      ("", "invalid_status_list"), (chain.registrar.description, "invalid_status_list"), (text + "/", "invalid_status_list"),
      (String(repeating: "x", count: 10_000), "invalid_status_list"), (foreign, "wrong_network"),
    ] {
      let one = failure { () throws(ServiceFailure) in try queries.status(statusRequest(list, 0)) }
      let all = failure { () throws(ServiceFailure) in try queries.statusList(statusListRequest(list)) }
      #expect(one?.reason == reason && one?.status == .invalidArgument && all?.reason == reason)
    }
    let index = failure { () throws(ServiceFailure) in try queries.status(statusRequest(text, 131_072)) }
    #expect(index?.status == .outOfRange && index?.reason == "index_out_of_range" && index?.metadata["length"] == "131072")
    let chunk = failure { () throws(ServiceFailure) in try queries.statusList(statusListRequest(text, from: 64)) }
    #expect(chunk?.status == .outOfRange && chunk?.reason == "chunk_out_of_range")
    var request = statusListRequest(text)
    request.form = .UNRECOGNIZED(9)
    let refused = failure { () throws(ServiceFailure) in try queries.statusList(request) }
    #expect(refused?.status == .unimplemented && refused?.reason == "form_not_offered")
  }

  private mutating func whole(limit: UInt32 = 0, at moment: StatusMoment = .now) throws -> (bits: StatusListBits?, pages: Int) {
    var collector = StatusListCollector(chain.list, at: moment)
    for page in 1...2_000 {
      let request = statusListRequest(chain.list.description, from: collector.nextChunk, limit: limit, at: collector.moment)
      let answer = try queries.statusList(request)
      #expect(answer.byteCount < 700 << 10)
      guard let outcome = try reader.append(answer.message, to: &collector) else { continue }
      if case .found(let bits) = outcome { return (bits, page) }
      return (nil, page)
    }
    return (nil, 0)
  }

  @Test("A whole list comes in pages, now and of the past") mutating func pages() throws {
    #expect(try whole().bits == nil)
    try chain.createList()
    try chain.update(set: [0, 5_000, 131_071])
    try chain.update(clear: [0])
    for (limit, pages) in [(UInt32(0), 1), (64, 1), (63, 2), (1, 64), (.max, 1)] {
      let (bits, count) = try whole(limit: limit)
      #expect(count == pages && bits?.setIndices == [5_000, 131_071])
    }
    #expect(try whole(limit: 10, at: .height(2)).bits?.setIndices == [0, 5_000, 131_071])
    #expect(try whole(at: .height(1)).bits?.setIndices == [])
    #expect(try whole(at: .height(0)).bits == nil)
  }

  @Test("The largest list, every chunk with a past, stays below the limit of an answer") mutating func large() throws {
    try chain.createList(length: 2_097_152)
    let every = (0..<1_024).map { UInt32($0) * 2_048 }
    for _ in 0..<2 {
      try chain.update(set: every)
      try chain.update(clear: every)
    }
    let (now, pages) = try whole()
    #expect(now?.bytes.count == 262_144 && now?.setIndices == [] && pages >= 4)
    #expect(try whole(at: .height(4)).bits?.setIndices == every)
  }

  @Test("A chunk that is newer than the head makes the read start again") mutating func race() throws {
    try chain.createList()
    try chain.update(set: [5])
    try chain.update(set: [6], afterLooks: 2)
    #expect(try isSet(6) == true)
    try chain.update(clear: [6], afterLooks: 1_000)
    let refused = failure { () throws(ServiceFailure) in try queries.status(statusRequest(chain.list.description, 6)) }
    #expect(refused?.status == .unavailable && refused?.reason == "record_unavailable")
  }

  @Test("The bytes written by hand are those of the generated code") func encoding() throws {
    try chain.createList()
    try chain.update(set: [5])
    try chain.update(clear: [5])
    let text = chain.list.description
    let answers = [
      try queries.status(statusRequest(text, 5)), try queries.status(statusRequest(text, 5, at: .height(2))),
      try queries.statusList(statusListRequest(text, at: .height(2))),
    ]
    for answer in answers {
      #expect([UInt8](answer.encoded.readableBytesView) == Canonical.encode(answer.message))
      #expect(answer.encoded.readableBytes == answer.byteCount)
    }
  }
}
