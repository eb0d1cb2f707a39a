package import CairnNetwork
package import NIOCore

/// The links to the other nodes, as a node uses them. Delivery is best effort.
package protocol PeerLinks: Sendable {
  func broadcast(_ code: UInt16, _ payload: ByteBuffer)
  func send(_ code: UInt16, _ payload: ByteBuffer, to peer: Int)
  /// - Returns: the answer, or an error when there is none in time.
  func request(_ code: UInt16, _ payload: ByteBuffer, to peer: Int, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer>
  /// From now on there are links to these peers, and to no others.
  func update(_ peers: [Peer])
  /// In the order of the peers' indices.
  func peers() async -> [PeerStatus]
}

extension PeerMesh: PeerLinks {
  package func peers() async -> [PeerStatus] { await status().peers }
}
