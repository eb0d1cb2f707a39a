import CairnCrypto
import NIOCore
import Synchronization

@testable import CairnNetwork

/// Methods of the service that the tests call.
enum TestMethod {
  static let echo: UInt16 = 1
  /// Answered when the test says so.
  static let hold: UInt16 = 2
  /// Streams the numbers below the u32 in the request as u32, as fast as the client allows.
  static let numbers: UInt16 = 3
  /// Answers every message of a stream with the same message.
  static let echoStream: UInt16 = 4
  /// As `echo`, for batches.
  static let batch: UInt16 = 5
  static let refuse: UInt16 = 6
  /// As `echo`, from another thread.
  static let elsewhere: UInt16 = 7
  /// Answers with as many zero bytes as the u32 in the request says.
  static let zeros: UInt16 = 8
  /// Streams the numbers without regard for what the client allows.
  static let flood: UInt16 = 9
  /// As `numbers`, from a task.
  static let numbersFromTask: UInt16 = 10
}

final class TestService: RPCServerHandler {
  static let hello = ByteBuffer(string: "client")

  private let held = Mutex<[RPCServerCall]>([])
  private let cancellations = Mutex(0)
  private let produced = Mutex(0)

  /// Calls of `hold` in the order in which they came.
  var heldCalls: [RPCServerCall] { held.withLock { $0 } }
  /// Calls of `hold` that were cancelled.
  var cancellationCount: Int { cancellations.withLock { $0 } }
  /// Messages of `numbers` that have been given to the server to send.
  var producedCount: Int { produced.withLock { $0 } }

  func greet(_ hello: ByteBuffer, from client: SocketAddress?) throws(RPCRefusal) -> ByteBuffer {
    guard hello == Self.hello else { throw RPCRefusal(.failedPrecondition, ByteBuffer(string: "wrong network")) }
    return ByteBuffer(string: "server")
  }

  func handle(_ call: RPCServerCall, _ payload: ByteBuffer) {
    let number = Int(payload.getInteger(at: payload.readerIndex, as: UInt32.self) ?? 0)
    switch call.method {
    case TestMethod.echo, TestMethod.batch: call.reply(payload)
    case TestMethod.hold:
      call.onCancel { [self] in cancellations.withLock { $0 += 1 } }
      held.withLock { $0.append(call) }
    case TestMethod.numbers: streamNumbers(below: number, to: call)
    case TestMethod.echoStream:
      call.send(payload)
      call.onInput { input in
        switch input {
        case .message(let message):
          call.send(message)
          call.consumed()
        case .end: call.send(ByteBuffer(), last: true)
        }
      }
    case TestMethod.refuse: call.fail(RPCRefusal(.notFound, ByteBuffer(string: "no such thing")))
    case TestMethod.elsewhere: Task { call.reply(payload) }
    case TestMethod.zeros: call.reply([UInt8](repeating: 0, count: number))
    case TestMethod.flood: for index in 0..<number { call.send(ByteBuffer(integer: UInt32(index))) }
    case TestMethod.numbersFromTask:
      Task {
        for index in 0..<number { try await call.write(ByteBuffer(integer: UInt32(index))) }
        call.send(ByteBuffer(), last: true)
      }
    default: call.fail(RPCRefusal(.unimplemented))
    }
  }

  private func streamNumbers(below end: Int, to call: RPCServerCall) {
    let next = NIOLoopBoundBox(0, eventLoop: call.eventLoop)
    call.onReady { [self] room in
      let start = next.value
      next.value = min(end, start + room)
      produced.withLock { $0 += next.value - start }
      for index in start..<next.value { call.send(ByteBuffer(integer: UInt32(index))) }
      if next.value == end { call.send(ByteBuffer(), last: true) }
    }
  }

  func refusal(because reason: RPCRefusalReason) -> RPCRefusal {
    RPCRefusal(reason.status, ByteBuffer(string: reason.reason))
  }
}

extension RPCClientConfiguration {
  static func test(_ limits: RPCSessionLimits = RPCSessionLimits()) -> RPCClientConfiguration {
    RPCClientConfiguration(hello: TestService.hello) { hello in
      guard hello == ByteBuffer(string: "server") else { throw ChannelError.unknownLocalAddress }
      return limits
    }
  }
}

/// A server on loopback and how to reach it.
struct TestServer {
  let service: TestService
  let server: RPCServer
  private let key: PublicKey?

  static func start(tls: Bool = false, limits: RPCLimits = .test) async throws -> TestServer {
    let key = SigningKey.generate()
    let service = TestService()
    let security = tls ? try TLSServer.clients(NodeIdentity(key), speaking: .rpc) : nil
    let server = try await RPCServer.start(host: "127.0.0.1", port: 0, tls: security, limits: limits, handler: service)
    return TestServer(service: service, server: server, key: tls ? key.publicKey : nil)
  }

  private init(service: TestService, server: RPCServer, key: PublicKey?) {
    self.service = service
    self.server = server
    self.key = key
  }

  func connect(_ configuration: RPCClientConfiguration = .test()) async throws -> RPCConnection {
    let tls = try key.map { try TLSClient.client(expecting: $0, speaking: .rpc) }
    return try await RPCConnection.connect(host: "127.0.0.1", port: server.port, tls: tls, configuration: configuration)
  }
}

extension RPCLimits {
  static var test: RPCLimits {
    var limits = RPCLimits()
    limits.batchMethods = [TestMethod.batch]
    return limits
  }
}

/// Waits for what another thread is about to do; a wait that never ends fails by the test's time limit.
func eventually(_ condition: () -> Bool) async {
  while !condition() { await Task.yield() }
}
