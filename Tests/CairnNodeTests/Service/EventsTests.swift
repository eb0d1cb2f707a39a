import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import GRPCCore
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnNode

@Suite struct EventsTests {
  private let chain = TestChain()

  @Test("The whole history comes in batches, each proven, and then what is new", arguments: [0, 1, 40, 69])
  func history(start: UInt64) async throws {
    for number in 0..<70 { if number % 10 == 3 { try chain.enroll(100 + 2 * number) } else { try chain.commit([]) } }
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      var stream = connection.events(eventsRequest(after: start)).makeAsyncIterator()
      var reader = EventReader(chain, after: start)
      let first = try reader.read(try #require(try await stream.next()))
      #expect(first.count == min(64, 70 - Int(start)))
      var seen = try await first + reader.read(&stream, to: 70)
      try chain.enroll(500)
      try chain.commit([])
      seen += try await reader.read(&stream, to: 72)
      #expect(seen.map(\.header.height) == Array(start + 1...72))
      #expect(seen.last { !$0.transactions.isEmpty }?.header.height == 71)
      #expect(seen.allSatisfy { !$0.transactions.contains(nil) })
      await connection.close()
    }
  }

  @Test("A stream from the newest block begins with the next") func newest() async throws {
    try chain.enroll(100)
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      var request = ProtoEventsRequest()
      request.newest = true
      var stream = connection.events(request).makeAsyncIterator()
      try await eventually { faces.faces.eventStreamCount == 1 }
      try chain.commit([])
      var reader = EventReader(chain, after: 1)
      #expect(try await reader.read(&stream, to: 2).count == 1)
      await connection.close()
    }
  }

  @Test("A position a little ahead is waited for; one far ahead is unknown") func ahead() async throws {
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      var stream = connection.events(eventsRequest(after: 2)).makeAsyncIterator()
      try await eventually { faces.faces.eventStreamCount == 1 }
      for _ in 0..<3 { try chain.commit([]) }
      var reader = EventReader(chain, after: 2)
      #expect(try await reader.read(&stream, to: 3).map(\.header.height) == [3])
      for height in [3 + ServiceLimits.eventHeightsAhead + 1, .max] {
        let unknown = await end(of: connection.events(eventsRequest(after: height)))
        #expect(unknown?.status == .failedPrecondition && unknown?.failure.reason == "unknown_height")
        #expect(unknown?.failure.metadata["height"] == "3")
      }
      let nowhere = await end(of: connection.events(ProtoEventsRequest()))
      #expect(nowhere?.status == .invalidArgument && nowhere?.failure.reason == "start_not_named")
      await connection.close()
    }
  }

  @Test("Blocks that became final with a later one are proven by it") func finalizedLater() async throws {
    try chain.commit([], isFinalizedLater: true)
    try chain.commit([])
    // The last of 64 has no finalization of its own.
    for number in 2..<70 { try chain.commit([], isFinalizedLater: number > 60 && number < 67) }
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      var stream = connection.events(eventsRequest(after: 0)).makeAsyncIterator()
      var reader = EventReader(chain, after: 0)
      #expect(try await reader.read(&stream, to: 70).count == 70)
      await connection.close()
    }
  }

  @Test("Both faces give the same bytes") func faces() async throws {
    for number in 0..<5 { try chain.enroll(100 + 2 * number) }
    try await TestFaces.with(chain) { faces in
      let request = eventsRequest(after: 2)
      let connection = try await faces.connect()
      var stream = connection.events(request).makeAsyncIterator()
      let first = try #require(try await stream.next())
      try await faces.withGRPC { client in
        let other: [UInt8]? = try await client.serverStreaming(
          request: ClientRequest(message: Canonical.encode(request)), descriptor: CairnMethod.events.descriptor, serializer: RawBytes(),
          deserializer: RawBytes(), options: .defaults
        ) { response in
          for try await message in response.messages { return message }
          return nil
        }
        #expect(other == [UInt8](first.readableBytesView))
        try await eventually { faces.faces.eventStreamCount == 1 }
      }
      await connection.close()
    }
  }
}

@Suite struct EventFilterTests {
  private let chain = TestChain()

  /// A creation, an update and a list, in one block each; then both changes in one transaction.
  private func fill() throws -> (first: CairnDID, second: CairnDID) {
    let (first, second) = (try chain.enroll(100), try chain.enroll(200))
    try chain.update(first, 100, aliases: ["https://example.com/"])
    return (first, second)
  }

  private func seen(_ change: (inout ProtoEventFilter) -> Void) throws -> [UInt64] {
    var message = ProtoEventFilter()
    change(&message)
    let filter = try EventFilter(message, network: chain.genesis.network)
    let window = try EventWindow(from: 1, under: chain.head, in: chain)
    return window.message(filter, edge: []).blocks.enumerated().flatMap { position, block in
      block.entries.filter { !$0.transaction.isEmpty }.map { _ in UInt64(position + 1) }
    }
  }

  @Test("A transaction comes as itself when one of its operations matches every list") func matching() throws {
    let (first, second) = try fill()
    #expect(try seen { _ in } == [1, 2, 3])
    #expect(try seen { $0.kinds = ["did_create"] } == [1, 2])
    #expect(try seen { $0.kinds = ["did_create", "did_update"] } == [1, 2, 3])
    #expect(try seen { $0.dids = [first.description] } == [1, 3])
    #expect(try seen { ($0.kinds, $0.dids) = (["did_update"], [second.description]) } == [])
    #expect(try seen { ($0.kinds, $0.dids) = (["did_create"], [first.description, second.description]) } == [1, 2])
    #expect(try seen { $0.issuers = [first.description] } == [])
    #expect(try seen { $0.kinds = ["status_list_update"] } == [])
  }

  @Test("What does not match is there as its leaf hash, and the roots agree") func proven() async throws {
    let (first, _) = try fill()
    var filter = ProtoEventFilter()
    filter.dids = [first.description]
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      var stream = connection.events(eventsRequest(after: 0, filter)).makeAsyncIterator()
      var reader = EventReader(chain, after: 0)
      let seen = try await reader.read(&stream, to: 3)
      #expect(seen.map { $0.transactions.map { $0 != nil } } == [[true], [false], [true]])
      await connection.close()
    }
  }

  @Test("Operations on status lists are found by issuer") func issuers() throws {
    let did = try chain.enroll(100)
    let network = chain.genesis.network
    let list = try StatusListID(issuer: did, name: "revoked")
    let subjects = try [
      LedgerOperation.updateStatusList(list, set: [1, 5000], network: network),
      .deactivate(did, after: DIDHead(sequence: 0, hash: .zero), network: network),
    ].map { try #require(OperationSubject($0, network: network)) }
    #expect(subjects.map(\.kind) == ["status_list_update", "did_deactivate"])
    #expect(subjects.map(\.issuer) == [did.description, nil] && subjects.map(\.did) == [nil, did.description])
  }

  @Test("A filter that is too large, or names what does not exist, is refused") func refused() async throws {
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let foreign = "did:cairn:" + String(repeating: "a", count: 10) + chain.registrar.description.dropFirst(20)
      for (change, reason) in [
        ({ $0.dids = Array(repeating: chain.registrar.description, count: 257) }, "filter_too_large"),
        ({ $0.kinds = ["did_kreate"] }, "unknown_kind"), ({ $0.dids = ["did:cairn:x"] }, "invalid_did"),
        ({ $0.issuers = [foreign] }, "wrong_network"),
      ] as [((inout ProtoEventFilter) -> Void, String)] {
        var filter = ProtoEventFilter()
        change(&filter)
        let refusal = await end(of: connection.events(eventsRequest(after: 0, filter)))
        #expect(refusal?.status == .invalidArgument && refusal?.failure.reason == reason)
      }
      await connection.close()
    }
  }
}

@Suite struct EventLimitTests {
  private let chain = TestChain()

  @Test("A connection has so many streams; one that ends makes room") func perConnection() async throws {
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let streams = (0..<ServiceLimits.eventStreamsPerConnection).map { _ in connection.events(eventsRequest(after: 0)) }
      let refused = await end(of: connection.events(eventsRequest(after: 0)))
      #expect(refused?.status == .resourceExhausted && refused?.failure.reason == "too_many_event_streams")
      #expect(refused?.failure.metadata["retry_after_ms"] != nil)
      streams[0].cancel()
      try await eventually { faces.faces.eventStreamCount == ServiceLimits.eventStreamsPerConnection - 1 }
      var other = connection.events(eventsRequest(after: 0)).makeAsyncIterator()
      try chain.commit([])
      #expect(try await other.next() != nil)
      await connection.close()
      try await eventually { faces.faces.eventStreamCount == 0 }
    }
  }

  @Test("A node has so many streams, whoever has them") func perNode() throws {
    let feed = EventFeed(chain)
    let each = ServiceLimits.eventStreamsPerConnection
    var cursors = try (0..<ServiceLimits.eventStreams).map { try feed.subscribe(eventsRequest(after: 0), on: .grpc("\($0 / each)")) }
    let refused = #expect(throws: ServiceFailure.self) { try feed.subscribe(eventsRequest(after: 0), on: .grpc("another")) }
    #expect(refused?.reason == "too_many_event_streams" && refused?.status == .resourceExhausted)
    // Letting go of one is its end.
    cursors.removeLast()
    #expect(feed.count == ServiceLimits.eventStreams - 1)
    cursors.append(try feed.subscribe(eventsRequest(after: 0), on: .grpc("another")))
    feed.stop()
    let stopped = #expect(throws: ServiceFailure.self) { try feed.subscribe(eventsRequest(after: 0), on: .grpc("another")) }
    #expect(stopped?.reason == "shutting_down")
  }

  @Test("For a client that does not read, nothing is read ahead of its credits") func slow() async throws {
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let stream = connection.events(eventsRequest(after: 0))
      let credits = CairnRPCFace.limits.streamCredits
      for count in 1...credits {
        try chain.commit([])
        try await eventually { chain.readCount >= count }
      }
      for _ in 0..<10 { try chain.commit([]) }
      _ = try await connection.call(.info, ProtoInfoRequest(), ProtoInfo.self)
      #expect(chain.readCount == credits)
      // What was not read comes when there is room.
      var reader = EventReader(chain, after: 0)
      var messages = stream.makeAsyncIterator()
      #expect(try await reader.read(&messages, to: UInt64(credits) + 10).count == credits + 10)
      await connection.close()
    }
  }

  @Test("A client of gRPC that goes ends its stream") func grpcCancellation() async throws {
    try await TestFaces.with(chain) { faces in
      try await faces.withGRPC { client in
        let stream = Task {
          try await client.serverStreaming(
            request: ClientRequest(message: Canonical.encode(eventsRequest(after: 0))), descriptor: CairnMethod.events.descriptor,
            serializer: RawBytes(), deserializer: RawBytes(), options: .defaults
          ) { response in
            for try await _ in response.messages {}
          }
        }
        try await eventually { faces.faces.eventStreamCount == 1 }
        stream.cancel()
        _ = await stream.result
        try await eventually { faces.faces.eventStreamCount == 0 }
      }
    }
  }

  @Test("A shutdown ends the streams of both faces, and says why") func shutdown() async throws {
    let faces = try await TestFaces.start(chain)
    let connection = try await faces.connect()
    async let rpc = end(of: connection.events(eventsRequest(after: 0)))
    try await faces.withGRPC { client in
      async let code: RPCErrorCodeAndReason? = {
        do {
          try await client.serverStreaming(
            request: ClientRequest(message: Canonical.encode(eventsRequest(after: 0))), descriptor: CairnMethod.events.descriptor,
            serializer: RawBytes(), deserializer: RawBytes(), options: .defaults
          ) { response in
            for try await _ in response.messages {}
          }
          return nil
        } catch let error as GRPCCore.RPCError {
          let failure = error.metadata[binaryValues: GRPCFace.failureKey].first { _ in true }.flatMap {
            try? ProtoFailure(serializedBytes: $0)
          }
          return RPCErrorCodeAndReason(code: error.code, reason: failure?.reason)
        } catch { return nil }
      }()
      try await eventually { faces.faces.eventStreamCount == 2 }
      await faces.stop()
      let ended = await code
      #expect(ended?.code == .unavailable && ended?.reason == "shutting_down")
    }
    let ended = await rpc
    #expect(ended?.status == .unavailable && ended?.failure.reason == "shutting_down")
    #expect(faces.faces.eventStreamCount == 0)
  }

  private struct RPCErrorCodeAndReason: Sendable {
    let code: GRPCCore.RPCError.Code
    let reason: String?
  }

  @Test("The largest block fits into one message") func largest() {
    let entries = Block.transactionByteLimit + 8 * Block.transactionCountLimit
    let proofs = 2 * 64 * 34 + Certificate.byteLimit + 2 * Header.byteLimit + 64
    #expect(entries + proofs <= CairnMethod.eventBatchByteLimit)
    #expect(CairnRPCFace.limits.answerByteCount == CairnMethod.eventBatchByteLimit)
  }

  @Test("A node that cannot read its blocks says so") func broken() async throws {
    try chain.commit([])
    chain.breakDown()
    try await TestFaces.with(chain) { faces in
      let connection = try await faces.connect()
      let ended = await end(of: connection.events(eventsRequest(after: 0)))
      #expect(ended?.status == .internal && ended?.failure.reason == "storage_failed")
      try await eventually { faces.faces.eventStreamCount == 0 }
      await connection.close()
    }
  }
}
