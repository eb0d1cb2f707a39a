public import NIOCore

/// Who stands behind a ``PeerMesh``.
///
/// Everything is called on the mesh's one event loop, in order, so nothing here may block. Payloads share the storage of what was
/// read from the socket: copy the bytes that are kept.
public protocol PeerMeshDelegate: Sendable {
  /// What this node says first: on the connection it dialled, and as the answer on one it accepted. At most
  /// ``PeerMeshLimits/helloByteCount`` bytes.
  func hello(to peer: Int) -> [UInt8]

  /// Judges a peer's hello, once for each connection. Throwing closes the connection; the peer is told the error's description, so
  /// that its operator sees it.
  func received(hello: [UInt8], from peer: Int) throws

  /// A message that is not answered.
  func received(_ code: UInt16, _ payload: ByteBuffer, from peer: Int)

  /// A request. `reply` is called once, from any thread, now or later; a node that has no answer replies with what its protocol has
  /// for that. Until then the request occupies one of ``PeerMeshLimits/requestsInFlight`` places.
  func received(request code: UInt16, _ payload: ByteBuffer, from peer: Int, reply: @escaping @Sendable (ByteBuffer) -> Void)

  /// What is sent from now on reaches the peer: the connection to it is up, and both hellos were accepted.
  func connected(_ peer: Int)

  /// The connection to the peer is gone; it is dialled again without anyone asking.
  func disconnected(_ peer: Int, because problem: PeerProblem)
}
