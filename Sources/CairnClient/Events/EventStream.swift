import CairnChain

/// Finalized blocks, one after the other, from a position on and without end: iterated once, `for try await block in stream`.
///
/// Every block is verified before it is handed out. When an endpoint fails, lies, or has nothing new for longer than
/// ``CairnClient/Options/maximumStalenessMilliseconds``, the stream goes on at another one, with the very next block. It ends with an
/// error when no endpoint has given a block for ``CairnClient/Options/readTimeout``; begin again from the position of the last block.
///
/// Empty blocks come too: the time of the newest header tells how fresh the stream is. It is the caller's to hold against a clock,
/// because a stream that begins in the past has old blocks first.
public struct EventStream: AsyncSequence, Sendable {
  public typealias Element = FinalizedBlock
  public typealias Failure = CairnError

  let client: CairnClient
  /// `nil` for the newest block.
  let start: EventPosition?
  let filter: EventFilter

  public func makeAsyncIterator() -> Iterator { Iterator(client: client, start: start, filter: filter) }

  public struct Iterator: AsyncIteratorProtocol {
    private let client: CairnClient
    private let filter: EventFilter
    private let start: EventPosition?
    private var follower: EventFollower?
    /// Verified, in reverse.
    private var blocks: [FinalizedBlock] = []

    init(client: CairnClient, start: EventPosition?, filter: EventFilter) {
      (self.client, self.start, self.filter) = (client, start, filter)
    }

    public mutating func next() async throws(CairnError) -> FinalizedBlock? { try await next(isolation: nil) }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(CairnError) -> FinalizedBlock? {
      if let block = blocks.popLast() { return block }
      var follower: EventFollower
      if let known = self.follower { follower = known } else { follower = try await client.follower(after: start, filter) }
      // Kept whatever happens: the position is the last one that was verified.
      defer { self.follower = follower }
      blocks = try await follower.next().reversed()
      return blocks.popLast()
    }
  }
}

extension CairnClient {
  /// Every block from a position on, verified, then those that come.
  ///
  /// - Parameters:
  ///   - position: after which block to begin, at the earliest the trust anchor's; `nil` for the newest one.
  ///   - filter: which transactions to send. The node applies it on its word; see ``EventFilter``.
  public func events(after position: EventPosition? = nil, filter: EventFilter = .everything) -> EventStream {
    EventStream(client: self, start: position, filter: filter)
  }

  func follower(after position: EventPosition?, _ filter: EventFilter) async throws(CairnError) -> EventFollower {
    var start: EventPosition
    if let position {
      start = position
    } else {
      let newest = try await checkpoint().header
      start = EventPosition(height: newest.height, digest: newest.digest)
    }
    guard start.height >= anchor.height else { throw .beforeAnchor(height: anchor.height) }
    if start.height == anchor.height, start.digest == nil { start = EventPosition(height: anchor.height, digest: anchor.digest) }
    return EventFollower(client: self, after: start, filter)
  }
}
