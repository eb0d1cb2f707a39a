import CairnChain
public import CairnCrypto
public import CairnNetwork
public import CairnStore
public import Logging
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A signer that listens for its node.
public final class SignerServer: Sendable {
  /// Who may ask over TLS: this identity is shown, and a node has to hold one of the keys. Over a Unix socket its file's mode decides.
  public struct Access: Sendable {
    public let identity: NodeIdentity
    public let nodes: Set<PublicKey>

    public init(identity: NodeIdentity, nodes: Set<PublicKey>) { (self.identity, self.nodes) = (identity, nodes) }
  }

  /// With the port that the system chose if it was asked to.
  public let address: SignerAddress
  private let signer: Signer
  private let listener: any Channel
  private let desk: NIOLoopBound<SignerDesk>
  private let worker: NIOThreadPool
  private let failure: EventLoopPromise<StoreError?>

  /// - Throws: ``SignerServerError``.
  public static func start(
    _ signer: Signer, at address: SignerAddress, access: Access, logger: Logger
  ) async throws -> SignerServer {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let worker = NIOThreadPool(numberOfThreads: 1)
    worker.start()
    let failure = loop.makePromise(of: StoreError?.self)
    do {
      let desk = try await loop.submit {
        NIOLoopBound(SignerDesk(signer, worker: worker, loop: loop, logger: logger) { failure.succeed($0) }, eventLoop: loop)
      }.get()
      let (listener, bound) = try await listen(address, access: access, desk: desk, on: loop)
      return SignerServer(bound, signer, listener, desk, worker, failure)
    } catch {
      failure.succeed(nil)
      try? await worker.shutdownGracefully()
      throw error as? SignerServerError ?? .cannotListen(address, because: "\(error)")
    }
  }

  private init(
    _ address: SignerAddress, _ signer: Signer, _ listener: any Channel, _ desk: NIOLoopBound<SignerDesk>, _ worker: NIOThreadPool,
    _ failure: EventLoopPromise<StoreError?>
  ) {
    (self.address, self.signer, self.listener) = (address, signer, listener)
    (self.desk, self.worker, self.failure) = (desk, worker, failure)
  }

  private static func listen(
    _ address: SignerAddress, access: Access, desk: NIOLoopBound<SignerDesk>, on loop: any EventLoop
  ) async throws -> (any Channel, SignerAddress) {
    let tls: TLSServer? =
      switch address {
      case .unix: nil
      case .tls: try .signer(access.identity, accepting: { access.nodes.contains($0) })
      }
    let bootstrap = ServerBootstrap(group: loop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try desk.value.accept(channel, securedBy: tls) }
      }
    switch address {
    case .unix(let path):
      guard await !isAnswered(path, on: loop) else { throw SignerServerError.addressInUse(address) }
      // Under another name until nobody else can open it.
      let temporary = path + ".new"
      let channel = try await bootstrap.bind(unixDomainSocketPath: temporary, cleanupExistingSocketFile: true).get()
      guard chmod(temporary, 0o600) == 0, rename(temporary, path) == 0 else {
        let problem = String(cString: strerror(errno))
        try? await channel.close()
        throw SignerServerError.cannotListen(address, because: problem)
      }
      return (channel, address)
    case .tls(var place):
      let channel = try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(.socketOption(.so_keepalive), value: 1).bind(host: place.host, port: place.port).get()
      place.port = channel.localAddress?.port ?? place.port
      return (channel, .tls(place))
    }
  }

  /// Whether another process listens on a socket.
  private static func isAnswered(_ path: String, on loop: any EventLoop) async -> Bool {
    guard let channel = try? await ClientBootstrap(group: loop).connect(unixDomainSocketPath: path).get() else { return false }
    try? await channel.close()
    return true
  }

  /// Returns after ``shutdown()``, or when the record can no longer be written: then nothing is signed any more.
  public func ended() async -> StoreError? { try? await failure.futureResult.get() }

  /// Lets ``ended()`` return.
  public func end() { failure.succeed(nil) }

  /// Takes no more requests, and returns when what was begun is on disk and another process may open the record. Once.
  public func shutdown() async {
    end()
    try? await listener.close().get()
    if case .unix(let path) = address { unlink(path) }
    try? await desk.eventLoop.submit { [desk] in desk.value.stop() }.get()
    try? await worker.shutdownGracefully()
    signer.close()
  }
}

/// Why a signer does not listen.
public enum SignerServerError: Error, Equatable, Sendable {
  /// Another process listens there.
  case addressInUse(SignerAddress)
  case cannotListen(SignerAddress, because: String)

  /// Machine readable.
  public var reason: String {
    switch self {
    case .addressInUse: "address_in_use"
    case .cannotListen: "cannot_listen"
    }
  }
}
