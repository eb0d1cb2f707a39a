import CairnChain
import CairnCrypto
import CairnMessages
import CairnNetwork
import CairnProtocol
import NIOCore
import Synchronization

/// Gets one batch after the other, from whichever endpoint gives the right ones.
struct EventFollower: Sendable {
  private struct Source: Sendable {
    let index: Int
    let connection: VerifiedConnection
    let stream: RPCStream
    /// Of the stream rather than of one wait: a message may come just as it is given up.
    let silence = Silence()
    var isFirst = true
  }

  private let client: CairnClient
  private let filter: EventFilter
  private var verifier: EventVerifier
  private var source: Source?

  init(client: CairnClient, after position: EventPosition, _ filter: EventFilter) {
    (self.client, self.filter) = (client, filter)
    verifier = EventVerifier(network: client.network, after: position, isFiltered: !filter.isEmpty)
  }

  /// At least one block.
  ///
  /// - Throws: when no endpoint had the next block, each asked again and again until the client's read timeout was over.
  mutating func next() async throws(CairnError) -> [FinalizedBlock] {
    let patience = Patience(attempt: client.options.attemptTimeout, total: client.options.readTimeout, persists: true)
    var failures: [EndpointFailure] = []
    var problems: [EndpointProblem] = []
    var untried: [Int]?
    var round = 0
    // Begins with the first failure: to wait for a block is none.
    var end: NIODeadline?
    while true {
      try client.checkUsable()
      if source == nil {
        if untried?.isEmpty ?? false {
          if let refusal = Self.refusal(problems) { throw .refused(refusal) }
          guard let pause = CairnClient.pause(after: problems, round: round, patience), let end,
            client.options.clock.uptime() + pause < end
          else { throw .noAnswer(failures) }
          round += 1
          do { try await client.options.clock.sleep(pause) } catch { throw .cancelled }
          (untried, problems) = (nil, [])
        }
        if untried == nil { untried = client.pool.order }
      }
      let index = source?.index ?? untried?.removeFirst() ?? 0
      do throws(EndpointProblem) {
        let blocks = try await blocks(from: index)
        client.pool.succeeded(index)
        return blocks
      } catch {
        source = nil
        guard !Task.isCancelled else { throw .cancelled }
        client.report(error, index)
        if end == nil { end = client.options.clock.uptime() + patience.total }
        // The endpoint that was followed so far is asked again after the others.
        if untried == nil { untried = client.pool.order }
        problems.append(error)
        failures.record(EndpointFailure(endpoint: client.pool.endpoint(index), problem: error))
      }
    }
  }

  /// What every node says refuses the request itself: a height that none of them has, or a filter that is too large.
  private static func refusal(_ problems: [EndpointProblem]) -> Refusal? {
    var last: Refusal?
    for problem in problems {
      guard case .unavailable(let refusal) = problem, !refusal.isAboutNode else { return nil }
      last = refusal
    }
    return last
  }

  private mutating func blocks(from index: Int) async throws(EndpointProblem) -> [FinalizedBlock] {
    var source: Source
    if let open = self.source { source = open } else { source = try await open(index) }
    let message: ByteBuffer
    do throws(EndpointProblem) { message = try await Self.message(source, within: silenceLimit) } catch {
      if case .connection(.connectionClosed) = error { client.pool.forget(source.connection, index) }
      throw error
    }
    let blocks: [FinalizedBlock]
    do throws(EndpointProblem) { blocks = try await verify(message, from: source) } catch {
      source.stream.cancel()
      throw error
    }
    source.isFirst = false
    self.source = source
    return blocks
  }

  /// A batch of an epoch that is not known yet has the client learn about it first.
  private mutating func verify(_ message: ByteBuffer, from source: Source) async throws(EndpointProblem) -> [FinalizedBlock] {
    let (batch, trust): (ProtoEventBatch, Trust) = (try decode(message.bytes), source.connection.trust)
    let known = trust.knowledge.epoch
    do throws(EndpointProblem) { return try verifier.verify(batch, isFirst: source.isFirst, by: trust) } catch {
      guard AttemptError.problem(error).isAboutEpochs(beyond: known) else { throw error }
      do throws(AttemptError) {
        try await source.connection.followEpochs(deadline: .now() + client.options.attemptTimeout)
      } catch {
        if case .problem(let problem) = error { throw problem }
        throw .malformed
      }
      return try verifier.verify(batch, isFirst: source.isFirst, by: trust)
    }
  }

  /// An honest node that keeps up sends something in this time, if only an empty block.
  private var silenceLimit: TimeAmount { .milliseconds(Int64(clamping: client.options.maximumStalenessMilliseconds)) }

  private func open(_ index: Int) async throws(EndpointProblem) -> Source {
    let (connection, _) = try await client.pool.connection(index)
    let stream = connection.connection.stream(CairnMethod.events.rawValue, ByteBuffer(encoding: request), last: true)
    return Source(index: index, connection: connection, stream: stream)
  }

  private var request: ProtoEventsRequest {
    var request = ProtoEventsRequest()
    request.afterHeight = verifier.position.height
    request.filter.kinds = filter.kinds.sorted()
    request.filter.dids = filter.dids.sorted()
    request.filter.issuers = filter.issuers.sorted()
    request.filter.contracts = filter.contracts.sorted()
    if filter.isEmpty { request.clearFilter() }
    return request
  }

  private static func message(_ source: Source, within limit: TimeAmount) async throws(EndpointProblem) -> ByteBuffer {
    let (stream, silence) = (source.stream, source.silence)
    let watchdog = source.connection.eventLoop.scheduleTask(in: limit) {
      silence.isOver.store(true, ordering: .relaxed)
      stream.cancel()
    }
    defer { watchdog.cancel() }
    var messages = stream.makeAsyncIterator()
    do throws(RPCError) {
      guard let message = try await messages.next(isolation: nil) else { throw .connectionClosed(reason: "stream_ended") }
      return message
    } catch {
      if silence.isOver.load(ordering: .relaxed) { throw .unproven(.stale(ageMilliseconds: UInt64(max(0, limit.nanoseconds / 1_000_000)))) }
      guard case .refused(let refusal) = error else { throw .connection(error) }
      throw .unavailable(Refusal(refusal))
    }
  }

  /// Whether a stream was given up because nothing came.
  private final class Silence: Sendable {
    let isOver = Atomic<Bool>(false)
  }
}
