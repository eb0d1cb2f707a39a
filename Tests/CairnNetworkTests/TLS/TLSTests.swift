import CairnCrypto
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import CairnNetwork

@Suite("TLS between nodes and for clients")
struct TLSTests {
  private let node = SigningKey.generate()
  private let other = SigningKey.generate()
  private let stranger = SigningKey.generate()

  @Test("Two nodes that expect each other learn each other's key")
  func mutual() async throws {
    let (nodeKey, otherKey) = (node.publicKey, other.publicKey)
    let seen = try await exchange(
      .peers(NodeIdentity(node), accepting: { $0 == otherKey }), .peer(NodeIdentity(other), expecting: nodeKey))
    #expect(seen.byServer == .success(otherKey))
    #expect(seen.byClient == .success(nodeKey))
  }

  @Test("A server refuses a node that it does not accept")
  func strangerAtServer() async throws {
    let otherKey = other.publicKey
    let seen = try await exchange(
      .peers(NodeIdentity(node), accepting: { $0 == otherKey }), .peer(NodeIdentity(stranger), expecting: node.publicKey))
    #expect(seen.byServer.isFailure && seen.byClient.isFailure)
  }

  @Test("A server of nodes refuses a client without a certificate")
  func anonymousAtPeers() async throws {
    let seen = try await exchange(
      .peers(NodeIdentity(node), accepting: { _ in true }), .client(expecting: node.publicKey, speaking: .peers))
    #expect(seen.byServer.isFailure && seen.byClient.isFailure)
  }

  @Test("A node refuses a server that holds another key than the expected one")
  func strangerAtPeer() async throws {
    let seen = try await exchange(
      .peers(NodeIdentity(stranger), accepting: { _ in true }), .peer(NodeIdentity(other), expecting: node.publicKey))
    #expect(seen.byServer.isFailure && seen.byClient.isFailure)
  }

  @Test("A client pins the node's key and stays anonymous", arguments: [ApplicationProtocol.rpc, .grpc])
  func client(speaking applicationProtocol: ApplicationProtocol) async throws {
    let seen = try await exchange(
      .clients(NodeIdentity(node), speaking: applicationProtocol),
      .client(expecting: node.publicKey, speaking: applicationProtocol))
    #expect(seen.byServer == .success(nil))
    #expect(seen.byClient == .success(node.publicKey))
  }

  @Test("A client refuses a node with another key")
  func strangerAtClient() async throws {
    let seen = try await exchange(
      .clients(NodeIdentity(stranger), speaking: .rpc), .client(expecting: node.publicKey, speaking: .rpc))
    #expect(seen.byServer.isFailure && seen.byClient.isFailure)
  }

  @Test("A connection for one protocol does not pass for another")
  func wrongProtocol() async throws {
    let seen = try await exchange(.clients(NodeIdentity(node), speaking: .grpc), .client(expecting: node.publicKey, speaking: .rpc))
    #expect(seen.byServer.isFailure && seen.byClient.isFailure)
  }

  @Test("TLS 1.2 is refused")
  func oldVersion() async throws {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.maximumTLSVersion = .tlsv12
    configuration.certificateVerification = .none
    configuration.applicationProtocols = ["cairn/1"]
    configuration.verifySignatureAlgorithms = [.ed25519]
    let context = try NIOSSLContext(configuration: configuration)
    let server = try TLSServer.clients(NodeIdentity(node), speaking: .rpc)
    let seen = try await exchange(secureServer: { try server.secure($0) }) { channel in
      try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
    }
    #expect(seen.byServer.isFailure && seen.byClient.isFailure)
  }

  /// What each side found: the key of its peer once a frame has come, or that the link ended before.
  private struct Seen: Sendable {
    var byServer: Result<PublicKey?, FrameLinkError>
    var byClient: Result<PublicKey?, FrameLinkError>
  }

  private func exchange(_ server: TLSServer, _ client: TLSClient) async throws -> Seen {
    try await exchange(secureServer: { try server.secure($0) }, secureClient: { try client.secure($0) })
  }

  /// Both sides say hello; each reports the peer's key when it hears the other's.
  private func exchange(
    secureServer: @escaping @Sendable (any Channel) throws -> Void, secureClient: @escaping @Sendable (any Channel) throws -> Void
  ) async throws -> Seen {
    let group = MultiThreadedEventLoopGroup.singleton
    let served = group.any().makePromise(of: PublicKey?.self)
    let listener = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try secureServer(channel)
          try channel.pipeline.syncOperations.addHandler(Greeter(served).makeLink())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let answered = group.any().makePromise(of: PublicKey?.self)
    let connection = try await ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try secureClient(channel)
          try channel.pipeline.syncOperations.addHandler(Greeter(answered).makeLink())
        }
      }
      .connect(host: "127.0.0.1", port: listener.localAddress?.port ?? 0).get()
    let seen = await Seen(byServer: served.futureResult.result(), byClient: answered.futureResult.result())
    try? await connection.close().get()
    try await listener.close().get()
    return seen
  }
}

/// Says hello and reports the peer's key with the first frame that comes.
private final class Greeter: FrameLinkDelegate {
  private let promise: EventLoopPromise<PublicKey?>

  init(_ promise: EventLoopPromise<PublicKey?>) { self.promise = promise }

  func makeLink() -> FrameLink { FrameLink(limits: FrameLinkLimits(payloadByteCount: 1024), delegate: self) }

  func linkDidOpen(_ link: FrameLink) { link.send(Frame(requestID: 0, code: 0)) }

  func link(_ link: FrameLink, didReceive frame: Frame) { promise.succeed(link.channel?.authenticatedPeerKey) }

  func linkDidBecomeWritable(_ link: FrameLink) {}

  func link(_ link: FrameLink, didClose reason: FrameLinkError) { promise.fail(reason) }
}

extension EventLoopFuture<PublicKey?> {
  fileprivate func result() async -> Result<PublicKey?, FrameLinkError> {
    do { return .success(try await get()) } catch { return .failure(error as? FrameLinkError ?? .transport("\(error)")) }
  }
}

extension Result {
  fileprivate var isFailure: Bool { if case .failure = self { true } else { false } }
}
