public import CairnChain
public import CairnIdentity
import CairnLedger
import NIOCore
import Synchronization

/// A status, and until when it is known to be so.
public struct CachedStatus<Answer: Sendable>: Sendable {
  /// As a node proved it.
  public let answer: Answer
  /// The newest header as of which the status is still that: of the answer, or of a later block that the cache has seen.
  public let header: Header
  /// Whether no node was asked.
  public let isRemembered: Bool
}

/// Statuses of credentials, answered from memory for as long as nobody has changed them.
///
/// The cache follows every block of the chain. While the newest of them is fresh, a status that was fetched once needs no node: an update
/// of its part of the list would have been seen, because a stream without a filter cannot leave anything out. Within about a block's time
/// after a revocation is final the status is forgotten, and asked for anew.
///
/// It fails closed. When the newest block it has seen is older than ``CairnClient/Options/maximumStalenessMilliseconds``, or none has come
/// yet, nothing is answered from memory: a node is asked, and when none answers, the call throws.
public final class StatusCache<Answer: Sendable>: Sendable {
  /// Asks a node: the proven status, and the header under which it was proven.
  public typealias Fetch = @Sendable (StatusListID, UInt32) async throws(CairnError) -> (answer: Answer, header: CertifiedHeader)

  private let client: CairnClient
  private let fetch: Fetch
  private let memory: StatusMemory<Answer>
  private let following: Task<Void, Never>

  /// Follows the chain until the cache is let go of.
  ///
  /// - Parameters:
  ///   - capacity: statuses that are remembered; beyond it all are forgotten.
  ///   - fetch: how a status is asked for; what it throws is thrown to whoever asked, and not remembered.
  public init(_ client: CairnClient, capacity: Int = 65_536, fetch: @escaping Fetch) {
    (self.client, self.fetch) = (client, fetch)
    let memory = StatusMemory<Answer>(capacity: capacity)
    self.memory = memory
    following = Task { await Self.follow(client, memory) }
  }

  deinit { following.cancel() }

  /// The newest block that the cache has seen; `nil` before the first.
  public var newest: Header? { memory.newest }

  /// Statuses that are remembered now.
  public var count: Int { memory.count }

  /// The status at an index, at most ``CairnClient/Options/maximumStalenessMilliseconds`` ago.
  public func status(of index: UInt32, in list: StatusListID) async throws(CairnError) -> CachedStatus<Answer> {
    if let fork = client.trust.fork { throw .fork(height: fork) }
    if let newest = memory.newest, client.trust.isFresh(newest), let known = memory.answer(list, index) {
      // The later of the two: the block that was seen last, or the answer's own.
      let header = known.header.header.height > newest.height ? known.header.header : newest
      return CachedStatus(answer: known.answer, header: header, isRemembered: true)
    }
    let (answer, header) = try await fetch(list, index)
    memory.insert(answer, header, list, index)
    return CachedStatus(answer: answer, header: header.header, isRemembered: false)
  }

  private static func follow(_ client: CairnClient, _ memory: StatusMemory<Answer>) async {
    var position: EventPosition?
    while !Task.isCancelled {
      var stream = client.events(after: position).makeAsyncIterator()
      do throws(CairnError) {
        while let block = try await stream.next() {
          memory.see(block)
          position = block.position
        }
      } catch {
        // What is remembered is not answered with once it is stale; so there is no hurry, and no end but the client's.
        if case .fork = error { return }
        if case .closed = error { return }
        do { try await client.options.clock.sleep(.seconds(1)) } catch { return }
      }
    }
  }
}

/// What is remembered, and which updates were seen lately.
final class StatusMemory<Answer: Sendable>: Sendable {
  typealias Known = (answer: Answer, header: CertifiedHeader)

  /// Parts of lists whose last update is remembered: enough for what happens while an answer is on its way.
  private static var touchLimit: Int { 16_384 }

  fileprivate struct Place: Hashable {
    let list: StatusListID
    /// `nil` for the whole list.
    let chunk: UInt32?
  }

  fileprivate struct State {
    var newest: Header?
    /// Answers from before this height may lack an update that nobody remembers.
    var floor: UInt64 = .max
    var touches: [Place: UInt64] = [:]
    var statuses: [Place: [UInt32: Known]] = [:]
    var count = 0
  }

  private let state = Mutex(State())
  private let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  var newest: Header? { state.withLock { $0.newest } }
  var count: Int { state.withLock { $0.count } }

  func answer(_ list: StatusListID, _ index: UInt32) -> Known? {
    state.withLock { $0.statuses[Place(list: list, chunk: StatusChunk.chunk(of: index))]?[index] }
  }

  /// Remembers an answer unless an update after it has been seen, or may have been.
  func insert(_ answer: Answer, _ header: CertifiedHeader, _ list: StatusListID, _ index: UInt32) {
    let place = Place(list: list, chunk: StatusChunk.chunk(of: index))
    let height = header.header.height
    state.withLock { state in
      guard capacity > 0, height >= state.floor, state.touches[place, default: 0] <= height,
        state.touches[Place(list: list, chunk: nil), default: 0] <= height
      else { return }
      // An answer that was asked for earlier may arrive later.
      if let known = state.statuses[place]?[index] {
        guard known.header.header.height <= height else { return }
      } else {
        if state.count >= capacity { (state.statuses, state.count) = ([:], 0) }
        state.count += 1
      }
      state.statuses[place, default: [:]][index] = (answer, header)
    }
  }

  /// Forgets what a block changes.
  func see(_ block: FinalizedBlock) {
    state.withLock { state in
      let height = block.header.height
      if state.newest == nil { state.floor = height - min(height, 1) }
      for operation in block.transactions.flatMap(\.transaction.operations) {
        guard let list = operation.kind.list else { continue }
        if case .statusListUpdate(let update, _) = operation.kind {
          for chunk in Set((update.set + update.clear).map(StatusChunk.chunk)) { state.touch(Place(list: list, chunk: chunk), at: height) }
        } else {
          for place in state.statuses.keys where place.list == list { state.touch(place, at: height) }
          state.touch(Place(list: list, chunk: nil), at: height)
        }
      }
      if state.touches.count > Self.touchLimit { (state.touches, state.floor) = ([:], height) }
      state.newest = block.header
    }
  }
}

extension StatusMemory.State {
  /// Answers from this height on have the update already.
  fileprivate mutating func touch(_ place: StatusMemory.Place, at height: UInt64) {
    touches[place] = height
    guard let known = statuses.removeValue(forKey: place) else { return }
    let kept = known.filter { $0.value.header.header.height >= height }
    count -= known.count - kept.count
    if !kept.isEmpty { statuses[place] = kept }
  }
}

extension StatusCache where Answer == StatusResolution {
  /// A cache of the statuses that the client itself proves, see ``CairnClient/status(of:in:at:)``.
  public convenience init(_ client: CairnClient, capacity: Int = 65_536) {
    self.init(client, capacity: capacity) { list, index throws(CairnError) in
      let status = try await client.status(of: index, in: list)
      return (status, status.header)
    }
  }
}
