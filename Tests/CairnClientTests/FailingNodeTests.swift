import CairnClient
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import NIOCore
import Testing

@Suite("Nodes that fail", .timeLimit(.minutes(1)))
struct FailingNodeTests {
  @Test("An endpoint where nobody listens is passed over") func unreachable() async throws {
    let test = try await Fixture.start(nodes: 2)
    await test.nodes[0].server.shutdown(within: .seconds(1))
    let client = try test.client()
    #expect(try await client.resolve(test.alice).did == test.alice)
    #expect(test.problems.reasons == ["cannot_connect"])
    await test.stop(client)
  }

  @Test("An endpoint that never answers is given up at its deadline") func never() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client { $0.attemptTimeout = .seconds(3) }
    _ = try await client.checkpoint()
    test.node.behave(.never)
    #expect(try await client.resolve(test.alice).did == test.alice)
    #expect(test.problems.reasons == ["deadline_exceeded"])
    await test.stop(client)
  }

  @Test("A call whose connection breaks is made again elsewhere") func broken() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client()
    test.node.behave(.breakConnection)
    #expect(try await client.resolve(test.alice).did == test.alice)
    #expect(test.problems.reasons == ["connection_closed"])
    await test.stop(client)
  }

  @Test("A connection that died unnoticed is made anew, without a word") func reconnects() async throws {
    let test = try await Fixture.start()
    let client = try test.client { $0.cacheCapacity = 0 }
    _ = try await client.resolve(test.alice)
    test.node.behave { method, count in method == .resolve && count == 1 ? .breakConnection : .honest }
    #expect(try await client.resolve(test.alice).did == test.alice)
    #expect(test.problems.reasons.isEmpty)
    #expect(test.node.count(.resolve) == 3)
    await test.stop(client)
  }

  @Test("An overloaded endpoint is passed over, and avoided for as long as it asked") func overloaded() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client { $0.cacheCapacity = 0 }
    test.node.behave { method, count in
      method == .resolve && count == 0 ? .refuse(.resourceExhausted, reason: "overloaded", metadata: ["retry_after_ms": "700"]) : .honest
    }
    #expect(try await client.resolve(test.alice).did == test.alice)
    #expect(test.problems.reasons == ["overloaded"])
    let until = try #require(client.endpoints[0].avoidedUntil)
    #expect(until - test.clock.clock.uptime() == .milliseconds(700))
    #expect(test.clock.pauses.isEmpty)
    await test.stop(client)
  }

  @Test("When all are overloaded the client waits as long as the least of them asks") func hint() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client()
    for (index, node) in test.nodes.enumerated() {
      node.node.behave { method, count in
        method == .resolve && count == 0
          ? .refuse(.resourceExhausted, reason: "overloaded", metadata: ["retry_after_ms": "\(300 + 100 * index)"]) : .honest
      }
    }
    #expect(try await client.resolve(test.alice).did == test.alice)
    #expect(test.clock.pauses == [.milliseconds(300)])
    await test.stop(client)
  }

  @Test("A hint beyond the time limit ends the call, with every reason") func longHint() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client()
    for node in test.nodes {
      node.node.behave(.refuse(.unavailable, reason: "catching_up", metadata: ["retry_after_ms": "60000"]))
    }
    let error = await failure { () async throws(CairnError) in try await client.resolve(test.alice) }
    #expect(error?.endpointReasons == ["catching_up", "catching_up"])
    #expect(test.clock.pauses.isEmpty)
    #expect("\(try #require(error))".contains("catching_up"))
    await test.stop(client)
  }

  @Test("A refusal of the request itself is the answer") func refusal() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client()
    test.node.behave(.refuse(.invalidArgument, reason: "invalid_did"))
    let error = await failure { () async throws(CairnError) in try await client.resolve(test.alice) }
    #expect(error == .refused(Refusal(status: .invalidArgument, reason: "invalid_did", message: "The node says invalid_did.")))
    #expect(test.nodes[1].node.count(.resolve) == 0)
    #expect(test.problems.reasons.isEmpty)
    await test.stop(client)
  }

  @Test("An endpoint that failed is asked again when the others fail too") func comesBack() async throws {
    let test = try await Fixture.start(nodes: 2)
    let client = try test.client { $0.cacheCapacity = 0 }
    test.node.behave { method, count in method == .resolve && count == 0 ? .refuse(.unavailable, reason: "catching_up") : .honest }
    _ = try await client.resolve(test.alice)
    test.nodes[1].node.behave(.breakConnection)
    #expect(try await client.resolve(test.alice).did == test.alice)
    #expect(test.node.count(.resolve) == 2)
    await test.stop(client)
  }

  @Test("A cancelled call ends as cancelled, and blames nobody") func cancelled() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    _ = try await client.checkpoint()
    test.node.behave(.never)
    let call = Task { await failure { () async throws(CairnError) in try await client.resolve(test.alice) } }
    while test.node.count(.resolve) == 0 { await Task.yield() }
    call.cancel()
    #expect(await call.value == .cancelled)
    #expect(test.problems.reasons.isEmpty)
    await test.stop(client)
  }

  @Test("What a node says about itself is marked as unproven") func info() async throws {
    let test = try await Fixture.start()
    let client = try test.client()
    let info = try await client.info()
    #expect(info.value.name == "test")
    #expect(info.endpoint == test.nodes[0].endpoint)
    await test.stop(client)
  }
}
