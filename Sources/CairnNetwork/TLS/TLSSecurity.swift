public import CairnCrypto
public import NIOCore
import NIOSSL

/// What is spoken inside TLS (ALPN, RFC 7301); a connection for one never passes for another.
public enum ApplicationProtocol: String, Sendable {
  /// Node to node, both sides authenticated.
  case peers = "cairn-peer/1"
  /// Cairn RPC, for clients.
  case rpc = "cairn/1"
  /// A node to the signer of its votes, both sides authenticated.
  case signer = "cairn-signer/1"
  /// gRPC, for clients.
  case grpc = "h2"
}

/// The accepting side of TLS 1.3, with Ed25519 keys only. Made once per listener.
public struct TLSServer: Sendable {
  private let context: NIOSSLContext
  private let applicationProtocol: ApplicationProtocol
  private let accepting: (@Sendable (PublicKey) -> Bool)?

  /// For the other nodes: a client must show a certificate whose key is accepted.
  ///
  /// - Parameter accepting: called on event loops, once per handshake. A client of TLS 1.3 finishes its handshake before this
  ///   judgement reaches it, so a link counts only after an application hello.
  public static func peers(_ identity: NodeIdentity, accepting: @escaping @Sendable (PublicKey) -> Bool) throws(TLSError) -> TLSServer {
    try TLSServer(identity, .peers, accepting: accepting)
  }

  /// For the nodes whose votes are signed here: a client must show a certificate whose key is accepted.
  public static func signer(_ identity: NodeIdentity, accepting: @escaping @Sendable (PublicKey) -> Bool) throws(TLSError) -> TLSServer {
    try TLSServer(identity, .signer, accepting: accepting)
  }

  /// For clients, who show no certificate and pin the key of `identity`.
  ///
  /// - Parameter applicationProtocol: ``ApplicationProtocol/rpc`` or ``ApplicationProtocol/grpc``.
  public static func clients(_ identity: NodeIdentity, speaking applicationProtocol: ApplicationProtocol) throws(TLSError) -> TLSServer {
    try TLSServer(identity, applicationProtocol, accepting: nil)
  }

  private init(
    _ identity: NodeIdentity, _ applicationProtocol: ApplicationProtocol, accepting: (@Sendable (PublicKey) -> Bool)?
  ) throws(TLSError) {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(identity.certificate)], privateKey: .privateKey(identity.privateKey))
    // Any other value than `none` makes the server ask for the client's certificate; the rules are those of `PinnedKey`.
    configuration.certificateVerification = accepting == nil ? .none : .noHostnameVerification
    context = try configuration.cairnContext(applicationProtocol)
    self.applicationProtocol = applicationProtocol
    self.accepting = accepting
  }

  /// Puts TLS first into the pipeline of a channel that was just accepted. On the channel's event loop.
  public func secure(_ channel: any Channel) throws {
    let handler =
      if let accepting {
        NIOSSLServerHandler(context: context, customVerificationCallback: PinnedKey.verification(accepting: accepting))
      } else {
        NIOSSLServerHandler(context: context)
      }
    try channel.pipeline.syncOperations.addHandlers(handler, ApplicationProtocolGuard(applicationProtocol))
  }
}

/// The connecting side of TLS 1.3, for a server whose Ed25519 key is known.
public struct TLSClient: Sendable {
  private let context: NIOSSLContext
  private let applicationProtocol: ApplicationProtocol
  private let expected: PublicKey

  /// A node's link to another: `identity` is shown, the other side must hold `expected`.
  public static func peer(_ identity: NodeIdentity, expecting expected: PublicKey) throws(TLSError) -> TLSClient {
    try TLSClient(identity, .peers, expecting: expected)
  }

  /// A node's connection to its signer: `identity` is shown, the other side must hold `expected`.
  public static func signer(_ identity: NodeIdentity, expecting expected: PublicKey) throws(TLSError) -> TLSClient {
    try TLSClient(identity, .signer, expecting: expected)
  }

  /// A client's connection to a node that must hold `expected`; no certificate is shown.
  public static func client(
    expecting expected: PublicKey, speaking applicationProtocol: ApplicationProtocol
  ) throws(TLSError) -> TLSClient {
    try TLSClient(nil, applicationProtocol, expecting: expected)
  }

  private init(_ identity: NodeIdentity?, _ applicationProtocol: ApplicationProtocol, expecting expected: PublicKey) throws(TLSError) {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let identity {
      configuration.certificateChain = [.certificate(identity.certificate)]
      configuration.privateKey = .privateKey(identity.privateKey)
    }
    configuration.certificateVerification = .noHostnameVerification
    context = try configuration.cairnContext(applicationProtocol)
    self.applicationProtocol = applicationProtocol
    self.expected = expected
  }

  /// Puts TLS first into the pipeline of a channel that is about to connect. On the channel's event loop.
  public func secure(_ channel: any Channel) throws {
    let handler = try NIOSSLClientHandler(
      context: context, serverHostname: nil, customVerificationCallback: PinnedKey.verification { [expected] in $0 == expected })
    try channel.pipeline.syncOperations.addHandlers(handler, ApplicationProtocolGuard(applicationProtocol))
  }
}

extension TLSConfiguration {
  /// TLS 1.3 with Ed25519, which BoringSSL's default list of signature algorithms leaves out.
  fileprivate func cairnContext(_ applicationProtocol: ApplicationProtocol) throws(TLSError) -> NIOSSLContext {
    var configuration = self
    configuration.minimumTLSVersion = .tlsv13
    configuration.verifySignatureAlgorithms = [.ed25519]
    configuration.signingSignatureAlgorithms = [.ed25519]
    configuration.applicationProtocols = [applicationProtocol.rawValue]
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw .identity("\(error)")
    }
  }
}
