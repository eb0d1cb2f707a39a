import NIOCore

/// Every open socket of a mesh, also while it is still connecting, so that nothing is left when the mesh stops.
///
/// Confined to the mesh's event loop.
final class ChannelRegistry {
  private let eventLoop: any EventLoop
  private var channels: [ObjectIdentifier: any Channel] = [:]
  private var isClosed = false

  init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// - Throws: ``PeerProblem/shutDown`` when the mesh is stopping; the channel must not be used.
  func add(_ channel: any Channel) throws(PeerProblem) {
    guard !isClosed else { throw .shutDown }
    let id = ObjectIdentifier(channel)
    channels[id] = channel
    channel.closeFuture.assumeIsolated().whenComplete { [self] _ in channels[id] = nil }
  }

  /// Closes everything at once, without waiting for what the other sides have to say.
  ///
  /// - Parameter attempts: attempts to connect that have not ended yet.
  /// - Returns: completes when the last socket is closed and the last attempt has ended.
  func closeAll(_ attempts: [EventLoopFuture<Void>]) -> EventLoopFuture<Void> {
    isClosed = true
    let open = Array(channels.values)
    for channel in open { channel.close(mode: .all, promise: nil) }
    return EventLoopFuture.andAllComplete(open.map(\.closeFuture) + attempts, on: eventLoop)
  }
}
