import Foundation
public import Logging
public import NIOCore
import NIOPosix

extension CairnClient {
  /// What a client may be told beside its anchor and its endpoints. The defaults fit an agent platform.
  public struct Options: Sendable {
    /// How old the header behind an answer may be. Three heartbeats of the default 5 s: an idle network finalizes a header with
    /// each, so that one block that needs a second leader, or clocks a few seconds apart, do not make honest answers stale.
    public var maximumStalenessMilliseconds: UInt64 = 15_000
    /// For one endpoint to answer a read, before the next is asked.
    public var attemptTimeout: TimeAmount = .seconds(3)
    /// For a read, all endpoints together.
    public var readTimeout: TimeAmount = .seconds(10)
    /// For one endpoint to get a transaction final: several blocks.
    public var submitAttemptTimeout: TimeAmount = .seconds(10)
    /// For a submission, all endpoints and retries together.
    public var submitTimeout: TimeAmount = .seconds(30)
    /// DIDs that are remembered while their answers are fresh enough; 0 turns the cache off.
    public var cacheCapacity = 4_096
    /// Bytes of those answers together.
    public var cacheByteLimit = 16 << 20
    /// How many blocks a transaction made by the client has to be included.
    public var validityBlocks: UInt64 = 100
    /// Told to the nodes, for their logs.
    public var agent = "cairn-swift"
    public var logger = Logger(label: "cairn.client", factory: { _ in SwiftLogNoOpLogHandler() })
    /// Called for every answer that was not believed and every endpoint that failed; from any thread, must not block.
    public var onProblem: (@Sendable (EndpointFailure) -> Void)?
    public var eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    package var clock = ClientClock.system

    public init() {}
  }
}

/// The time, as tests may want to set it.
package struct ClientClock: Sendable {
  /// Unix time: what header times are compared with.
  package var unixMilliseconds: @Sendable () -> UInt64
  /// Never goes back: what back-offs and deadlines are measured with.
  package var uptime: @Sendable () -> NIODeadline
  package var sleep: @Sendable (TimeAmount) async throws -> Void

  package init(
    unixMilliseconds: @escaping @Sendable () -> UInt64, uptime: @escaping @Sendable () -> NIODeadline,
    sleep: @escaping @Sendable (TimeAmount) async throws -> Void
  ) {
    (self.unixMilliseconds, self.uptime, self.sleep) = (unixMilliseconds, uptime, sleep)
  }

  package static let system = ClientClock(
    unixMilliseconds: {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      return UInt64(max(0, time.tv_sec)) * 1_000 + UInt64(max(0, time.tv_nsec)) / 1_000_000
    },
    uptime: { .now() },
    sleep: { try await Task.sleep(for: .nanoseconds($0.nanoseconds)) })
}
