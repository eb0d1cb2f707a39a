public import CairnCrypto
public import NIOCore

/// Where a node is reached.
public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
  /// A name, looked up again at each attempt to connect, or an IP address.
  public let host: String
  public let port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Another node.
public struct Peer: Sendable {
  /// What it is called here.
  public let index: Int
  public let name: String
  /// The key it proves in TLS.
  public let nodeKey: PublicKey
  /// `nil` if it becomes known later, see ``PeerMesh/update(address:of:)``.
  public let address: PeerAddress?

  public init(index: Int, name: String, nodeKey: PublicKey, address: PeerAddress?) {
    self.index = index
    self.name = name
    self.nodeKey = nodeKey
    self.address = address
  }
}

/// How one kind of message is treated.
public struct MessageRule: Sendable {
  /// What goes first when this node sends.
  public let lane: Lane
  /// Beyond it a received message ends the connection.
  public let maximumPayloadByteCount: Int
  /// Beyond it received messages of this kind are dropped, for each peer.
  public let rate: TokenBucket.Rate

  public init(lane: Lane, maximumPayloadByteCount: Int, rate: TokenBucket.Rate) {
    self.lane = lane
    self.maximumPayloadByteCount = maximumPayloadByteCount
    self.rate = rate
  }
}

/// The limits and times of a mesh.
public struct PeerMeshLimits: Sendable {
  /// Bytes of a frame's payload: a block of the largest size.
  public var payloadByteCount = 1 << 20
  /// Bytes of a hello's payload, and of any frame before the hello was accepted: some numbers and digests.
  public var helloByteCount = 4096
  /// From TCP connection to accepted hello.
  public var handshakeTimeout = TimeAmount.seconds(5)
  /// After a connection is lost: a restarted peer is found at once.
  public var shortestReconnectDelay = TimeAmount.milliseconds(50)
  /// After many attempts in vain.
  public var longestReconnectDelay = TimeAmount.seconds(5)
  /// Between keep-alive frames.
  public var pingInterval = TimeAmount.seconds(5)
  /// Nothing heard for this long means that the link is dead: three keep-alive frames were lost.
  public var silenceTimeout = TimeAmount.seconds(15)
  /// Requests that wait for an answer, for each peer and direction: a window of blocks, with answers of a megabyte each at most.
  public var requestsInFlight = 32
  /// Connections that wait for their handshake: many times a validator set, yet few sockets.
  public var handshakesInFlight = 256

  public init() {}
}

/// What a mesh is made of.
public struct PeerMeshConfiguration: Sendable {
  public var identity: NodeIdentity
  public var listenHost: String
  /// 0 for any free port.
  public var listenPort: Int
  /// The other nodes at first, see ``PeerMesh/update(_:)``.
  public var peers: [Peer]
  /// The messages of the node's protocol by code. Codes from ``PeerMesh/reservedCodes`` are the mesh's own.
  public var messages: [UInt16: MessageRule]
  public var limits = PeerMeshLimits()
  /// From 0 up to 1, for each attempt to connect anew, and for ``links``.
  public var jitter: @Sendable () -> Double = { Double.random(in: 0..<1) }
  /// For tests: peers that shall be farther away than they are, by node key. A connection to any other is as fast as it is, and costs nothing
  /// for it.
  public var links: [PublicKey: LinkConditions] = [:]

  public init(
    identity: NodeIdentity, listenHost: String, listenPort: Int, peers: [Peer], messages: [UInt16: MessageRule]
  ) {
    self.identity = identity
    self.listenHost = listenHost
    self.listenPort = listenPort
    self.peers = peers
    self.messages = messages
  }
}
