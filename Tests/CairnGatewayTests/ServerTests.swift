import CairnChain
import CairnIdentity
import Logging
import NIOCore
import Testing

@testable import CairnGateway

@Suite struct ServerTests {
  private static func with<Result>(
    _ limits: GatewayLimits = GatewayLimits(), _ body: (Int, Lineage) async throws -> Result
  ) async throws -> Result {
    let (gateway, _, lineage) = try Gateway.stubbed()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = try await GatewayServer.start(gateway, at: HostAndPort(host: "127.0.0.1", port: 0), limits: limits, logger: logger)
    do {
      let result = try await body(server.port, lineage)
      await server.shutdown(within: .seconds(5))
      return result
    } catch {
      await server.shutdown(within: .zero)
      throw error
    }
  }

  @Test("What the gateway says goes over the wire as it is") func get() async throws {
    try await Self.with { port, lineage in
      let response = try await RawConnection.get(port, "/1.0/identifiers/\(lineage.did)", headers: "Accept: application/did\r\n")
      #expect(response.status == 200)
      #expect(response.head.lowercased().contains("content-type: application/did\r\n"))
      #expect(response.head.lowercased().contains("\r\ndate: "))
      #expect(response.body == String(decoding: lineage.document, as: UTF8.self))
      let head = try await RawConnection.get(
        port, "/1.0/identifiers/\(lineage.did)", headers: "Accept: application/did\r\n", method: "HEAD")
      #expect(head.status == 200 && head.body.isEmpty)
      #expect(head.head.lowercased().contains("content-length: \(lineage.document.count)\r\n"))
    }
  }

  @Test("One connection carries many requests, also in one piece") func keepAlive() async throws {
    try await Self.with { port, lineage in
      let one = "GET /healthz HTTP/1.1\r\nHost: node\r\n\r\n"
      let last = "GET /1.0/identifiers/x HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n"
      let answers = try await RawConnection.exchange(port, one + one + one + last)
      #expect(answers.split(separator: "HTTP/1.1 200 OK").count == 3)
      #expect(answers.contains("HTTP/1.1 400 Bad Request"))
    }
  }

  @Test("A body ends the connection instead of being read") func body() async throws {
    try await Self.with { port, lineage in
      let request = "POST /healthz HTTP/1.1\r\nHost: node\r\nContent-Length: 1000000000\r\n\r\nabc"
      let written = try await RawConnection.answer(port, request)
      #expect(written.status == 405)
      let get = "GET /healthz HTTP/1.1\r\nHost: node\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
      let read = try await RawConnection.answer(port, get)
      #expect(read.status == 413)
    }
  }

  @Test("Hostile requests are refused, and the next one is answered")
  func hostile() async throws {
    try await Self.with { port, lineage in
      for request in [
        "\r\n\r\n\r\n", "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\u{0} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 1000) + "\r\n",
        "GET / HTTP/1.1\r\na: " + String(repeating: "b", count: 20_000) + "\r\n\r\n",
        "GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\n\r\n", String(repeating: "a", count: 3_000_000),
      ] {
        let connection = try await RawConnection.open(port)
        try? await connection.send(request)
        let answer = RawResponse(try await closing(connection))
        #expect([0, 400, 404, 413, 414, 431].contains(answer.status), "\(request.prefix(40)) \(answer.status)")
      }
      #expect(try await RawConnection.get(port, "/healthz").status == 200)
    }
  }

  /// What is refused is closed from the other side; what is taken for the beginning of something, from here.
  private func closing(_ connection: RawConnection) async throws -> String {
    try? await connection.send("GET /nowhere HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n")
    return try await connection.untilClosed()
  }

  @Test(
    "A client that is idle, or sends byte by byte and never finishes, loses its connection", .timeLimit(.minutes(1)),
    arguments: ["", "G", "GET /healthz HTTP/1.1\r\nHost: no", "GET /healthz HTTP/1.1\r\nHost: node\r\nContent-Length: 5\r\n"])
  func slow(_ beginning: String) async throws {
    var limits = GatewayLimits()
    limits.exchangeTimeout = .milliseconds(200)
    try await Self.with(limits) { port, _ in
      let connection = try await RawConnection.open(port)
      try? await connection.send(beginning)
      if !beginning.isEmpty { connection.drip("a") }
      _ = try await connection.untilClosed()
    }
  }

  @Test("A connection too many waits until another one ends") func connections() async throws {
    var limits = GatewayLimits()
    limits.connectionCount = 2
    limits.exchangeTimeout = .milliseconds(300)
    try await Self.with(limits) { port, _ in
      var idle: [RawConnection] = []
      for _ in 0..<2 { idle.append(try await RawConnection.open(port)) }
      #expect(try await RawConnection.get(port, "/healthz").status == 200)
      for connection in idle { await connection.close() }
    }
  }

  @Test("An address that is taken is an error") func taken() async throws {
    try await Self.with { port, _ in
      _ = await #expect(throws: (any Error).self) { try await Self.start(at: port) }
    }
  }

  private static func start(at port: Int) async throws {
    let (gateway, _, _) = try Gateway.stubbed()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = try await GatewayServer.start(
      gateway, at: HostAndPort(host: "127.0.0.1", port: port), limits: GatewayLimits(), logger: logger)
    await server.shutdown(within: .zero)
  }

  @Test("After a shutdown nobody listens, and idle connections are closed") func shutdown() async throws {
    let (idle, port) = try await Self.with { port, _ in
      let idle = try await RawConnection.open(port)
      #expect(try await RawConnection.get(port, "/healthz").status == 200)
      return (idle, port)
    }
    #expect(try await idle.untilClosed().isEmpty)
    await #expect(throws: (any Error).self) { try await RawConnection.open(port) }
  }
}
