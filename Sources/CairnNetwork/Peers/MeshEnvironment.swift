import CairnCrypto
import Logging
import NIOCore

/// What the parts of a mesh share. Confined to its event loop.
struct MeshEnvironment {
  let eventLoop: any EventLoop
  let logger: Logger
  let delegate: any PeerMeshDelegate
  let limits: PeerMeshLimits
  let messages: [UInt16: MessageRule]
  let jitter: @Sendable () -> Double
  let links: [PublicKey: LinkConditions]
  let identity: NodeIdentity
  let outbox: Outbox
  let channels: ChannelRegistry

  /// Bytes that may wait in a socket before its queue is used: enough for a fast network's round trip, little enough that a vote is
  /// not long behind what was written before it.
  static let writeBufferWaterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)

  /// Bytes that are put together for one write: a few TLS records of 16 KiB.
  static let writeByteCount = 64 << 10
}
