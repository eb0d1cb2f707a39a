import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@Suite("Events, verified") struct EventStreamTests {
  private func heights(_ client: CairnClient, after height: UInt64, to last: UInt64) async throws -> [UInt64] {
    var heights: [UInt64] = []
    for try await block in client.events(after: EventPosition(height: height)) {
      heights.append(block.header.height)
      if block.header.height >= last { break }
    }
    return heights
  }

  @Test("Every block comes once, in order, with its transactions where they stand in the log") func history() async throws {
    let test = try await Fixture.start()
    try test.grow(by: 4)
    let client = try test.client()
    var stream = client.events(after: EventPosition(height: 0)).makeAsyncIterator()
    var blocks: [FinalizedBlock] = []
    for _ in 1...7 { blocks.append(try #require(try await stream.next())) }
    #expect(blocks.map(\.header.height) == Array(1...7))
    #expect(blocks.map { $0.transactions.count } == [1, 1, 0, 0, 0, 0, 0])
    let entries = test.shared.chain.entries
    for logged in blocks.flatMap(\.transactions) {
      #expect(entries[Int(logged.index)] == .transaction(logged.transaction.bytes))
    }
    #expect(blocks.allSatisfy { $0.provenBy.header.height >= $0.header.height && $0.omittedCount == 0 })
    // The client knows the newest header from its events.
    #expect(client.newest?.header == blocks.last?.header)
    // And what is added comes, too.
    try test.grow()
    try test.node.sendEvents()
    #expect(try await stream.next()?.header.height == 8)
    await test.stop(client)
  }

  @Test("Without a position the stream begins with the next block") func newest() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    var stream = client.events().makeAsyncIterator()
    let next = Task { [test] in
      try await eventually { test.node.count(.events) > 0 }
      try test.grow()
      try test.node.sendEvents()
    }
    let block = try await stream.next()
    try await next.value
    #expect(block?.header.height == 4)
    await test.stop(client)
  }

  @Test("With a filter the rest is counted, and proven to be there") func filtered() async throws {
    let test = try await Fixture.start()
    try test.shared.change { try $0.update(test.alice, of: "alice", to: "changed") }
    let client = try test.client()
    var stream = client.events(after: EventPosition(height: 0), filter: EventFilter(kinds: ["did_update"])).makeAsyncIterator()
    var blocks: [FinalizedBlock] = []
    for _ in 1...4 { blocks.append(try #require(try await stream.next())) }
    #expect(blocks.map { $0.transactions.count } == [0, 0, 0, 1] && blocks.map(\.omittedCount) == [1, 1, 0, 0])
    await test.stop(client)
  }

  @Test("A position names its block: another chain is not a continuation") func otherPosition() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    var stream = client.events(after: EventPosition(height: 1, digest: .zero)).makeAsyncIterator()
    await #expect(throws: CairnError.self) { try await stream.next() }
    #expect(test.problems.reasons.contains("wrong_parent"))
    await test.stop(client)
  }

  @Test("Nothing is checked from before the anchor") func beforeAnchor() async throws {
    let test = try await Fixture.start()
    let header = test.shared.chain.blocks[2].header
    let genesis = test.shared.chain.genesis
    let anchor = TrustAnchor(network: genesis.network, epoch: 0, height: 2, digest: header.digest, validators: genesis.validators)
    let client = try CairnClient(to: [test.nodes[0].endpoint], trusting: .anchor(anchor), options: test.options())
    var early = client.events(after: EventPosition(height: 1)).makeAsyncIterator()
    await #expect(throws: CairnError.beforeAnchor(height: 2)) { try await early.next() }
    var stream = client.events(after: EventPosition(height: 2)).makeAsyncIterator()
    #expect(try await stream.next()?.header.height == 3)
    await test.stop(client)
  }

  @Test("A block that became final with a later one is proven by it") func finalizedLater() async throws {
    let test = try await Fixture.start()
    let chain = test.shared.chain
    test.node.behave(
      .lieAboutEvents { batch, count in
        guard count == 0 else { return }
        let (last, newest) = (chain.blocks[2].header, chain.newest)
        batch.finalized = Data(newest.header.bytes)
        if let certificate = newest.certificate { batch.certificate = certificate }
        batch.path = try LogProver(edge: newest.edge, source: NoTiles())
          .inclusionProof(index: last.logSize, size: newest.header.logSize).path.map { Data($0.bytes) }
      }, on: .events)
    let client = try test.client()
    var stream = client.events(after: EventPosition(height: 0)).makeAsyncIterator()
    for _ in 1...2 { #expect(try await stream.next()?.provenBy.header == chain.newest.header) }
    #expect(try await stream.next()?.header.height == 3)
    await test.stop(client)
  }

  @Test("A height that no node has is refused with the node's reason") func unknownHeight() async throws {
    let test = try await Fixture.start(nodes: 2)
    for node in test.nodes { node.node.behave(.refuse(.failedPrecondition, reason: "unknown_height"), on: .events) }
    let client = try test.client()
    var stream = client.events(after: EventPosition(height: 1_000)).makeAsyncIterator()
    let error = await failure(of: { () async throws(CairnError) in try await stream.next() })
    #expect(error?.reason == "unknown_height")
    await test.stop(client)
  }

  @Test("A stream that breaks goes on at another endpoint, without gap or repetition", arguments: [0, 1, 2]) func failover(after count: Int)
    async throws
  {
    let test = try await Fixture.start(nodes: 2)
    try test.grow(by: 6)
    test.nodes[0].node.behave(.breakEvents(after: count), on: .events)
    let client = try test.client()
    #expect(try await heights(client, after: 0, to: 9) == Array(1...9))
    #expect(test.nodes[1].node.count(.events) == 1)
    await test.stop(client)
  }

  @Test("An endpoint that has nothing new for too long is passed over") func silent() async throws {
    let test = try await Fixture.start(nodes: 2)
    try test.grow(by: 3)
    test.nodes[0].node.stay(at: 3)
    let client = try test.client { $0.maximumStalenessMilliseconds = 200 }
    #expect(try await heights(client, after: 0, to: 6) == Array(1...6))
    #expect(test.problems.reasons.contains("stale"))
    #expect(client.endpoints[0].dishonestCount == 0)
    await test.stop(client)
  }

  @Test("When no endpoint has anything the stream ends with each one's reason, and goes on from its position") func ended() async throws {
    let test = try await Fixture.start(nodes: 2)
    for node in test.nodes { node.node.behave(.breakEvents(after: 1), on: .events) }
    let client = try test.client()
    var stream = client.events(after: EventPosition(height: 0)).makeAsyncIterator()
    for _ in 1...2 { _ = try await stream.next() }
    for node in test.nodes { node.node.behave(.refuse(.unavailable, reason: "shutting_down"), on: .events) }
    let error = await failure(of: { () async throws(CairnError) in try await stream.next() })
    #expect(error?.reason == "no_answer" && error?.endpointReasons.isEmpty == false)
    for node in test.nodes { node.node.behave(.honest) }
    #expect(try await stream.next()?.header.height == 3)
    await test.stop(client)
  }
}

/// One way to stream what is not so.
struct EventLie: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// As which it is reported.
  let reason: String
  let change: @Sendable (inout ProtoEventBatch, Int, TestChain) throws -> Void

  /// In the second batch, of blocks 3 and 4, which have one and two transactions.
  static func later(
    _ description: String, _ reason: String, _ change: @escaping @Sendable (inout ProtoEventBatch, TestChain) throws -> Void
  ) -> EventLie {
    EventLie(testDescription: description, reason: reason) { batch, count, chain in if count == 1 { try change(&batch, chain) } }
  }

  static let all: [EventLie] = [
    later("a missing entry", "wrong_log_size") { batch, _ in batch.blocks[1].entries.removeLast() },
    later("a surplus entry", "wrong_log_size") { batch, _ in batch.blocks[0].entries.append(batch.blocks[1].entries[0]) },
    later("entries in another order", "wrong_log_root") { batch, _ in batch.blocks[1].entries.swapAt(0, 1) },
    later("a changed entry", "wrong_log_root") { batch, _ in
      var bytes = batch.blocks[1].entries[0].transaction
      bytes[bytes.count - 1] ^= 1
      batch.blocks[1].entries[0].transaction = bytes
    },
    later("an entry hidden behind its leaf hash", "hidden_entry") { batch, chain in
      batch.blocks[1].entries[0].leafHash = Data(Transaction.leafHash(of: [UInt8](batch.blocks[1].entries[0].transaction)).bytes)
    },
    later("an entry that is nothing", "malformed_answer") { batch, _ in batch.blocks[1].entries[0] = ProtoEventEntry() },
    later("a changed header", "certificate_of_other_block") { batch, _ in try change(&batch.blocks[1]) { $0.stateRoot[0] ^= 1 } },
    later("a changed header in the middle", "wrong_parent") { batch, _ in try change(&batch.blocks[0]) { $0.stateRoot[0] ^= 1 } },
    later("a header of another network", "wrong_network") { batch, _ in try change(&batch.blocks[0]) { $0.network[0] ^= 1 } },
    later("a block that is left out", "wrong_height") { batch, _ in batch.blocks.removeFirst() },
    later("a block twice", "wrong_height") { batch, _ in batch.blocks.insert(batch.blocks[0], at: 0) },
    later("blocks in another order", "wrong_height") { batch, _ in batch.blocks.swapAt(0, 1) },
    later("blocks that came before", "wrong_first_index") { batch, chain in batch = try chain.events(1...2, isFirst: false) },
    later("blocks that come later", "wrong_first_index") { batch, chain in batch = try chain.events(5...6, isFirst: false) },
    later("no blocks", "empty_batch") { batch, _ in batch.blocks = [] },
    later("an edge where none is due", "wrong_edge") { batch, chain in batch.edge = try chain.events(3...4).edge },
    later("no certificate", "missing_certificate") { batch, _ in batch.clearCertificate() },
    later("the certificate of another block", "certificate_of_other_block") { batch, chain in
      batch.certificate = chain.certificate(of: chain.blocks[3].header)
    },
    later("a certificate with a wrong signature", "bad_certificate") { batch, _ in batch.certificate.signatures[3] ^= 1 },
    later("a later finalization without a path", "bad_proof") { batch, chain in
      batch.finalized = Data(chain.newest.header.bytes)
      batch.certificate = chain.certificate(of: chain.newest.header)
    },
    EventLie(testDescription: "a wrong peak", reason: "wrong_edge") { batch, count, _ in if count == 0 { batch.edge[0][0] ^= 1 } },
    EventLie(testDescription: "a peak too many", reason: "wrong_edge") { batch, count, _ in
      if count == 0 { batch.edge.append(batch.edge[0]) }
    },
    EventLie(testDescription: "a wrong first index", reason: "wrong_log_size") { batch, count, _ in if count == 0 { batch.firstIndex = 2 }
    },
    EventLie(testDescription: "a first index beyond every log", reason: "wrong_edge") { batch, count, _ in
      guard count == 0 else { return }
      (batch.firstIndex, batch.edge) = (.max, Array(repeating: Data(repeating: 1, count: 32), count: 64))
    },
    EventLie(testDescription: "no edge", reason: "wrong_edge") { batch, count, _ in if count == 0 { batch.edge = [] } },
  ]

  private static func change(_ block: inout ProtoEventBlock, _ body: (inout ProtoHeader) -> Void) throws {
    var header = try ProtoHeader(serializedBytes: block.header)
    body(&header)
    block.header = Data(Canonical.encode(header))
  }
}

@Suite("Endpoints that stream lies") struct EventLieTests {
  /// Six blocks; the fourth has two transactions.
  private func start() async throws -> Fixture {
    let test = try await Fixture.start(nodes: 2)
    try test.shared.change { chain in
      try chain.append([
        chain.transaction([chain.creation("carol")], keys: ["carol"], nonce: 1),
        chain.transaction([chain.creation("dave")], keys: ["dave"], nonce: 2),
      ])
      for _ in 0..<2 { try chain.append() }
    }
    test.clock.set(unixMilliseconds: test.shared.chain.newest.header.timeMilliseconds)
    return test
  }

  @Test("A lie is found, reported and not handed out; the next endpoint goes on with the right block", arguments: EventLie.all)
  func lies(_ lie: EventLie) async throws {
    let test = try await start()
    let chain = test.shared.chain
    test.nodes[0].node.behave(.lieAboutEvents { batch, count in try lie.change(&batch, count, chain) }, on: .events)
    let client = try test.client()
    var stream = client.events(after: EventPosition(height: 0)).makeAsyncIterator()
    for height in 1...6 {
      let block = try #require(try await stream.next())
      #expect(block.header == chain.blocks[height].header)
      #expect(block.transactions.count == [1, 1, 0, 2, 0, 0][height - 1])
    }
    #expect(test.problems.reasons == [lie.reason])
    #expect(client.endpoints[0].dishonestCount == 1 && test.nodes[1].node.count(.events) == 1)
    await test.stop(client)
  }

  @Test("With a filter, a leaf hash that is not the log's is found") func swappedLeafHash() async throws {
    let test = try await start()
    test.nodes[0].node.behave(
      .lieAboutEvents { batch, count in
        if count == 1 { batch.blocks[1].entries.swapAt(0, 1) }
      }, on: .events)
    let client = try test.client()
    let filter = EventFilter(kinds: ["did_update"])
    var stream = client.events(after: EventPosition(height: 0), filter: filter).makeAsyncIterator()
    for height in 1...6 { #expect(try await stream.next()?.header.height == UInt64(height)) }
    #expect(test.problems.reasons == ["wrong_log_root"])
    await test.stop(client)
  }

  @Test("When every endpoint lies, the stream ends with their reasons") func allLie() async throws {
    let test = try await start()
    for node in test.nodes {
      node.node.behave(.lieAboutEvents { batch, _ in batch.blocks.removeFirst() }, on: .events)
    }
    let client = try test.client()
    var stream = client.events(after: EventPosition(height: 0)).makeAsyncIterator()
    let error = await failure(of: { () async throws(CairnError) in try await stream.next() })
    #expect(error?.endpointReasons == ["wrong_height", "wrong_height"])
    await test.stop(client)
  }
}
