import CairnCrypto
import NIOCore
import NIOPosix
import Testing

@testable import CairnNetwork

@Suite("Cairn RPC over loopback", .timeLimit(.minutes(1)))
struct LoopbackTests {
  @Test("A call is answered, plain and under TLS", arguments: [false, true])
  func call(tls: Bool) async throws {
    let test = try await TestServer.start(tls: tls)
    let connection = try await test.connect()
    let payload = ByteBuffer(string: "hello")
    #expect(try await connection.call(TestMethod.echo, payload) == payload)
    #expect(try await connection.call(TestMethod.elsewhere, payload) == payload)
    #expect(try await connection.callFuture(TestMethod.echo, payload).get() == payload)
    let refusal = RPCRefusal(.notFound, ByteBuffer(string: "no such thing"))
    await #expect(throws: RPCError.refused(refusal)) { try await connection.call(TestMethod.refuse, payload) }
    await connection.close()
    await #expect(throws: RPCError.connectionClosed(reason: "closed")) { try await connection.call(TestMethod.echo, payload) }
    await test.server.shutdown(within: .seconds(5))
  }

  @Test("A client that expects another key does not connect")
  func wrongKey() async throws {
    let test = try await TestServer.start(tls: true)
    let tls = try TLSClient.client(expecting: SigningKey.generate().publicKey, speaking: .rpc)
    let error = await #expect(throws: RPCError.self) {
      try await RPCConnection.connect(host: "127.0.0.1", port: test.server.port, tls: tls, configuration: .test())
    }
    #expect(error?.reason == "cannot_connect")
    await test.server.shutdown(within: .seconds(5))
  }

  @Test("Nobody listening, or a hello that is refused, is a typed error")
  func noConnection() async throws {
    let test = try await TestServer.start()
    let stranger = RPCClientConfiguration(hello: ByteBuffer(string: "stranger")) { _ in RPCSessionLimits() }
    let refusal = RPCRefusal(.failedPrecondition, ByteBuffer(string: "wrong network"))
    await #expect(throws: RPCError.helloRefused(refusal)) { try await test.connect(stranger) }
    await test.server.shutdown(within: .seconds(5))
    let error = await #expect(throws: RPCError.self) { try await test.connect() }
    #expect(error?.reason == "cannot_connect")
  }

  @Test("A thousand calls in flight are answered, in whichever order the server is done")
  func outOfOrder() async throws {
    let test = try await TestServer.start()
    let connection = try await test.connect()
    let count = 1000
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<count {
        group.addTask {
          let payload = ByteBuffer(integer: UInt32(index))
          let method = index.isMultiple(of: 3) ? TestMethod.hold : index.isMultiple(of: 2) ? TestMethod.echo : TestMethod.elsewhere
          let expected = method == TestMethod.hold ? ByteBuffer(string: "held") : payload
          let answer = try await connection.call(method, payload)
          #expect(answer == expected)
        }
      }
      await eventually { test.service.heldCalls.count == (count + 2) / 3 }
      for call in test.service.heldCalls.reversed() { call.reply(ByteBuffer(string: "held")) }
      try await group.waitForAll()
    }
    await connection.close()
    await test.server.shutdown(within: .seconds(5))
  }

  @Test("Cancelling the task cancels the call at the server")
  func cancellation() async throws {
    let test = try await TestServer.start()
    let connection = try await test.connect()
    let call = Task { try await connection.call(TestMethod.hold, ByteBuffer()) }
    await eventually { !test.service.heldCalls.isEmpty }
    call.cancel()
    await #expect(throws: RPCError.cancelled) { try await call.value }
    await eventually { test.service.cancellationCount == 1 }
    await connection.close()
    await test.server.shutdown(within: .seconds(5))
  }

  @Test("A server that goes in the middle of calls fails all of them")
  func serverGone() async throws {
    let test = try await TestServer.start()
    let connection = try await test.connect()
    let calls = (0..<5).map { _ in Task { try await connection.call(TestMethod.hold, ByteBuffer()) } }
    await eventually { test.service.heldCalls.count == 5 }
    await test.server.shutdown(within: .zero)
    for call in calls { await #expect(throws: RPCError.connectionClosed(reason: "closed")) { try await call.value } }
    #expect(test.service.cancellationCount == 5)
  }

  @Test("A server that shuts down lets calls finish")
  func gracefulShutdown() async throws {
    let test = try await TestServer.start()
    let connection = try await test.connect()
    let idle = try await test.connect()
    let call = Task { try await connection.call(TestMethod.hold, ByteBuffer()) }
    await eventually { test.service.heldCalls.count == 1 }
    let shutdown = Task { await test.server.shutdown(within: .seconds(30)) }
    try await idle.closed.get()
    test.service.heldCalls[0].reply(ByteBuffer(string: "done"))
    #expect(try await call.value == ByteBuffer(string: "done"))
    await shutdown.value
    #expect(test.server.connectionCount == 0)
  }

  @Test(
    "A stream arrives whole and in order",
    arguments: [(TestMethod.numbers, false), (TestMethod.numbers, true), (TestMethod.numbersFromTask, false)])
  func serverStream(method: UInt16, tls: Bool) async throws {
    let test = try await TestServer.start(tls: tls)
    let connection = try await test.connect()
    let stream = connection.stream(method, ByteBuffer(integer: UInt32(2000)), last: true)
    var expected: UInt32 = 0
    for try await message in stream {
      #expect(message == ByteBuffer(integer: expected))
      expected += 1
    }
    #expect(expected == 2000)
    await connection.close()
    await test.server.shutdown(within: .seconds(5))
  }

  @Test("A reader that stops holds no more than the credits of its stream")
  func slowReader() async throws {
    let test = try await TestServer.start()
    let connection = try await test.connect(.test(RPCSessionLimits(streamCredits: 32)))
    let stream = connection.stream(TestMethod.numbers, ByteBuffer(integer: UInt32(1_000_000)), last: true)
    await eventually { stream.inbox.count == 32 }
    var iterator = stream.makeAsyncIterator()
    for _ in 0..<20 { _ = try await iterator.next() }
    // Sixteen were granted again: what the server has produced is exactly what the client allowed.
    await eventually { stream.inbox.count == 28 }
    #expect(try await connection.call(TestMethod.echo, ByteBuffer()) == ByteBuffer())
    #expect(test.service.producedCount == 48)
    #expect(stream.inbox.count == 28)
    stream.cancel()
    await #expect(throws: RPCError.cancelled) { while try await iterator.next() != nil {} }
    await connection.close()
    await test.server.shutdown(within: .seconds(5))
  }

  @Test("Both directions stream at once", arguments: [false, true])
  func bidirectional(tls: Bool) async throws {
    let test = try await TestServer.start(tls: tls)
    let connection = try await test.connect()
    let stream = connection.stream(TestMethod.echoStream, ByteBuffer(integer: UInt32(0)), last: false)
    let writer = Task {
      for index in 1..<UInt32(1000) { try await stream.write(ByteBuffer(integer: index)) }
      stream.finish()
    }
    var expected: UInt32 = 0
    for try await message in stream {
      #expect(message == ByteBuffer(integer: expected))
      expected += 1
    }
    try await writer.value
    #expect(expected == 1000)
    await #expect(throws: RPCError.cancelled) { try await stream.write(ByteBuffer()) }
    await connection.close()
    await test.server.shutdown(within: .seconds(5))
  }

  @Test("A client that does not read its answers is not buffered for without bound, nor forgotten")
  func unreadAnswers() async throws {
    let test = try await TestServer.start()
    let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: false)
      .connect(host: "127.0.0.1", port: test.server.port).get()
    var requests = ByteBuffer()
    requests.writeFrame(Frame(requestID: 0, code: 0, payload: TestService.hello))
    let zeros = ByteBuffer(integer: UInt32(1 << 20))
    for id in 1...UInt32(400) { requests.writeFrame(Frame(requestID: id, code: TestMethod.zeros, payload: zeros)) }
    try await client.writeAndFlush(requests).get()
    // 400 MiB are asked for; a second connection is served all the same, and this one ends when its client goes.
    let connection = try await test.connect()
    #expect(try await connection.call(TestMethod.echo, ByteBuffer()) == ByteBuffer())
    #expect(test.server.connectionCount == 2)
    try await client.close().get()
    await eventually { test.server.connectionCount == 1 }
    await connection.close()
    await test.server.shutdown(within: .seconds(5))
  }

  @Test("More connections than one address may have are refused with the reason")
  func connectionLimit() async throws {
    var limits = RPCLimits.test
    limits.connectionsFromLoopback = 2
    let test = try await TestServer.start(limits: limits)
    let connections = [try await test.connect(), try await test.connect()]
    let refusal = RPCRefusal(.resourceExhausted, ByteBuffer(string: "too_many_connections"))
    await #expect(throws: RPCError.helloRefused(refusal)) { try await test.connect() }
    await connections[0].close()
    await eventually { test.server.connectionCount == 1 }
    let again = try await test.connect()
    #expect(try await again.call(TestMethod.echo, ByteBuffer()) == ByteBuffer())
    await test.server.shutdown(within: .zero)
  }

  @Test("Many connections at once")
  func manyConnections() async throws {
    let test = try await TestServer.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<100 {
        group.addTask {
          let connection = try await test.connect()
          for _ in 0..<10 {
            let payload = ByteBuffer(integer: UInt32(index))
            #expect(try await connection.call(TestMethod.echo, payload) == payload)
          }
          await connection.close()
        }
      }
      try await group.waitForAll()
    }
    await test.server.shutdown(within: .seconds(5))
    #expect(test.server.connectionCount == 0)
  }

  @Test("Two servers cannot have one port")
  func portInUse() async throws {
    let test = try await TestServer.start()
    let error = await #expect(throws: RPCServerError.self) {
      try await RPCServer.start(host: "127.0.0.1", port: test.server.port, tls: nil, handler: test.service)
    }
    #expect(error?.reason == "cannot_listen")
    await test.server.shutdown(within: .seconds(5))
  }
}
