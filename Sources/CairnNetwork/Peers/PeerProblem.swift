public import CairnCrypto

/// Why there is no connection to or from a peer.
public enum PeerProblem: Error, Equatable, Sendable {
  /// Nobody has said yet where the peer is.
  case noAddress
  /// No TCP connection: name not found, refused, no answer.
  case unreachable(String)
  /// The peer's address is answered by somebody with another key.
  case wrongKey(PublicKey)
  /// A connection came from a key that is not a peer's.
  case unknownKey(PublicKey)
  /// A connection came from our own key: this node, or a second one that runs with the same key, which must never be.
  case ownKey
  /// No TLS 1.3 with Ed25519 keys and the right protocol.
  case handshakeFailed(String)
  /// The peer ended the connection before it answered our hello; it does not know our key, most of the time.
  case notAdmitted
  /// TLS and hello took longer than ``PeerMeshLimits/handshakeTimeout``.
  case handshakeTimeout
  /// We did not accept the peer's hello.
  case helloRefused(String)
  /// The peer did not accept our hello, and this is what it said.
  case refusedByPeer(String)
  /// A frame that breaks the format, or comes at the wrong moment.
  case malformed(String)
  /// A message that is longer than its code allows.
  case payloadTooLong(code: UInt16, byteCount: Int)
  /// Nothing was heard for ``PeerMeshLimits/silenceTimeout``.
  case silent
  /// The other side ended the connection, or the network did.
  case closedByPeer
  /// The peer opened a newer connection.
  case replaced
  /// Too many connections wait for their handshake; this was the oldest.
  case tooManyHandshakes
  /// Cut by a test.
  case blocked
  /// This node is stopping.
  case shutDown

  /// Machine readable, for logs and metrics.
  public var reason: String {
    switch self {
    case .noAddress: "no_address"
    case .unreachable: "unreachable"
    case .wrongKey: "wrong_key"
    case .unknownKey: "unknown_key"
    case .ownKey: "own_key"
    case .handshakeFailed: "handshake_failed"
    case .notAdmitted: "not_admitted"
    case .handshakeTimeout: "handshake_timeout"
    case .helloRefused: "hello_refused"
    case .refusedByPeer: "refused_by_peer"
    case .malformed: "malformed"
    case .payloadTooLong: "payload_too_long"
    case .silent: "silent"
    case .closedByPeer: "closed_by_peer"
    case .replaced: "replaced"
    case .tooManyHandshakes: "too_many_handshakes"
    case .blocked: "blocked"
    case .shutDown: "shut_down"
    }
  }
}

extension PeerProblem: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .noAddress: "its address is not known yet"
    case .unreachable(let why): "its address does not answer: \(why)"
    case .wrongKey(let key): "its address is answered by another node, with the key \(key)"
    case .unknownKey(let key): "the key \(key) is not a validator's"
    case .ownKey: "somebody connects with this node's own key: is a second node running with it?"
    case .handshakeFailed(let why): "no secure connection: \(why)"
    case .notAdmitted: "it ends our connections before answering the hello: does it know this node's key?"
    case .handshakeTimeout: "it did not complete the handshake in time"
    case .helloRefused(let why): "this node refuses it: \(why)"
    case .refusedByPeer(let why): "it refuses this node: \(why)"
    case .malformed(let what): "it sent what is not the protocol: \(what)"
    case .payloadTooLong(let code, let byteCount): "it sent \(byteCount) bytes with code \(code), more than that code allows"
    case .silent: "nothing was heard from it for too long"
    case .closedByPeer: "the connection was closed by the other side"
    case .replaced: "it opened a newer connection"
    case .tooManyHandshakes: "too many connections were waiting for their handshake"
    case .blocked: "blocked on purpose"
    case .shutDown: "this node is stopping"
    }
  }
}

/// Why a request to a peer has no answer.
public enum PeerRequestError: Error, Equatable, Sendable {
  /// There is no such peer, or no connection to it.
  case notConnected
  /// The connection ended before the answer.
  case disconnected
  case timedOut
  /// The peer is over its limits, or has no answer that fits into a frame.
  case declined
  /// ``PeerMeshLimits/requestsInFlight`` requests to this peer wait already, or newer messages took its place in the queue.
  case overloaded
  /// The payload is longer than its code allows.
  case payloadTooLong

  /// Machine readable, for logs and metrics.
  public var reason: String {
    switch self {
    case .notConnected: "not_connected"
    case .disconnected: "disconnected"
    case .timedOut: "timed_out"
    case .declined: "declined"
    case .overloaded: "overloaded"
    case .payloadTooLong: "payload_too_long"
    }
  }
}
