/// How a node is connected to the others.
public struct PeerMeshStatus: Sendable {
  /// In the order of their indices.
  public let peers: [PeerStatus]
  /// Connections that were refused before anyone knew whose they were.
  public let refusedConnectionCount: Int
  /// Why the last of them was refused.
  public let lastRefusal: PeerProblem?
}

/// How a node is connected to one peer.
public struct PeerStatus: Sendable {
  public let index: Int
  public let name: String
  /// Where it is dialled; `nil` if that is not known yet.
  public let address: PeerAddress?
  /// What is sent reaches it.
  public let isConnectedOut: Bool
  /// What it sends reaches us.
  public let isConnectedIn: Bool
  /// How long ago anything was heard from it; `nil` if never.
  public let silence: Duration?
  /// Why it is not connected; `nil` if it is, in both directions, or has not been dialled yet.
  public let problem: PeerProblem?
  public let queuedFrameCount: Int
  public let queuedByteCount: Int
  /// Frames for it that were dropped because newer ones needed their place in the queue.
  public let droppedFrameCount: Int
  /// Frames from it that were dropped because they came above their rate, or with a code that this node does not know.
  public let throttledFrameCount: Int
}
