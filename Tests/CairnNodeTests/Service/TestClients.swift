import CairnChain
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import GRPCCore
import GRPCNIOTransportCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOPosix
import SwiftProtobuf

@testable import CairnNode

typealias GRPCTestClient = GRPCClient<HTTP2ClientTransport.WrappedChannel>

/// All faces of a chain on loopback.
struct TestFaces {
  let chain: TestChain
  let queries: QueryService
  let faces: ServiceFaces
  let pinned: PublicKey?

  static func start(_ chain: TestChain, tls: Bool = true) async throws -> TestFaces {
    let signingKey = key(2000)
    let queries = QueryService(chain, build: "test")
    let anywhere = HostAndPort(host: "127.0.0.1", port: 0)
    let configuration = ServiceFaces.Configuration(
      clients: anywhere, grpc: anywhere, admin: anywhere, identity: tls ? try NodeIdentity(signingKey) : nil)
    let faces = try await ServiceFaces.start(configuration, queries: queries)
    return TestFaces(chain: chain, queries: queries, faces: faces, pinned: tls ? signingKey.publicKey : nil)
  }

  func stop() async { await faces.shutdown(within: .seconds(5)) }

  /// Runs with faces that are stopped afterwards, whatever happens.
  static func with(_ chain: TestChain, tls: Bool = true, _ body: (TestFaces) async throws -> Void) async throws {
    let faces = try await start(chain, tls: tls)
    do { try await body(faces) } catch {
      await faces.stop()
      throw error
    }
    await faces.stop()
  }

  func connect(version: UInt32 = 1, network: Digest? = nil) async throws -> RPCConnection {
    let tls = try pinned.map { try TLSClient.client(expecting: $0, speaking: .rpc) }
    return try await connect(port: faces.clientPort, tls: tls, version: version, network: network)
  }

  func connectAdmin() async throws -> RPCConnection { try await connect(port: faces.adminPort ?? 0, tls: nil) }

  private func connect(port: Int, tls: TLSClient?, version: UInt32 = 1, network: Digest? = nil) async throws -> RPCConnection {
    var hello = ProtoClientHello()
    hello.version = version
    hello.network = .init((network ?? chain.genesis.network).bytes)
    hello.agent = "test"
    let configuration = RPCClientConfiguration(hello: ByteBuffer(bytes: Canonical.encode(hello))) { answer in
      let answer = try ProtoServerHello(serializedBytes: [UInt8](answer.readableBytesView))
      return RPCSessionLimits(requestsInFlight: Int(answer.maxInFlight), streamCredits: Int(answer.streamCredits))
    }
    return try await RPCConnection.connect(host: "127.0.0.1", port: port, tls: tls, configuration: configuration)
  }

  func withGRPC(_ body: (GRPCTestClient) async throws -> Void) async throws {
    let tls = try pinned.map { try TLSClient.client(expecting: $0, speaking: .grpc) }
    let port = faces.grpcPort ?? 0
    let transport = try await HTTP2ClientTransport.WrappedChannel.wrapping { configure in
      try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try tls?.secure(channel) }.flatMap { configure(channel) }
      }
    }
    try await withGRPCClient(transport: transport) { try await body($0) }
  }
}

extension RPCConnection {
  func call<Answer: Message>(_ method: CairnMethod, _ request: some Message, _ answer: Answer.Type = Answer.self) async throws -> Answer {
    let bytes = try await call(method.rawValue, ByteBuffer(bytes: Canonical.encode(request)))
    return try Answer(serializedBytes: [UInt8](bytes.readableBytesView))
  }

  /// The failure with which a call ends.
  func failure(_ method: UInt16, _ request: ByteBuffer) async -> (status: CairnNetwork.RPCStatus, failure: ProtoFailure)? {
    do throws(CairnNetwork.RPCError) {
      _ = try await call(method, request)
      return nil
    } catch {
      return refusal(error)
    }
  }
}

func refusal(_ error: CairnNetwork.RPCError) -> (status: CairnNetwork.RPCStatus, failure: ProtoFailure)? {
  guard case .refused(let refusal) = error else {
    guard case .helloRefused(let refusal) = error else { return nil }
    return (try? ProtoFailure(serializedBytes: [UInt8](refusal.payload.readableBytesView))).map { (refusal.status, $0) }
  }
  return (try? ProtoFailure(serializedBytes: [UInt8](refusal.payload.readableBytesView))).map { (refusal.status, $0) }
}

/// Bytes as they are.
struct RawBytes: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) -> Bytes { Bytes(message) }
  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) -> [UInt8] { bytes.withUnsafeBytes { [UInt8]($0) } }
}

extension GRPCClient {
  func call(_ method: CairnMethod, _ request: [UInt8]) async throws -> [UInt8] {
    try await unary(
      request: ClientRequest(message: request), descriptor: method.descriptor, serializer: RawBytes(), deserializer: RawBytes(),
      options: .defaults
    ) { try $0.message }
  }
}
