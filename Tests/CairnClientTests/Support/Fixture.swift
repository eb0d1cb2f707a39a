import CairnChain
import CairnClient
import CairnIdentity
import CairnLedger
import CairnNetwork
import NIOCore
import Synchronization
import Testing

/// A chain on which alice and bob are enrolled, and nodes that serve it.
struct Fixture: Sendable {
  let shared: SharedChain
  let nodes: [RunningNode]
  let alice: CairnDID
  let bob: CairnDID
  let clock: TestClock
  let problems = Problems()

  /// Reasons that a client reported.
  final class Problems: Sendable {
    private let failures = Mutex<[EndpointFailure]>([])
    var reasons: [String] { failures.withLock { $0.map(\.problem.reason) } }
    func append(_ failure: EndpointFailure) { failures.withLock { $0.append(failure) } }
  }

  static func start(nodes count: Int = 1) async throws -> Fixture {
    var chain = try TestChain()
    let alice = try chain.enrol("alice")
    let bob = try chain.enrol("bob")
    try chain.append()
    let shared = SharedChain(chain)
    var nodes: [RunningNode] = []
    for _ in 0..<count { nodes.append(try await RunningNode.start(FakeNode(shared))) }
    return Fixture(
      shared: shared, nodes: nodes, alice: alice, bob: bob, clock: TestClock(unixMilliseconds: chain.newest.header.timeMilliseconds))
  }

  var node: FakeNode { nodes[0].node }

  func options() -> CairnClient.Options {
    var options = CairnClient.Options()
    options.clock = clock.clock
    // All tests begin at once, and a machine with few cores takes its time.
    (options.attemptTimeout, options.readTimeout) = (.seconds(30), .seconds(60))
    options.onProblem = { problems.append($0) }
    return options
  }

  func client(_ change: (inout CairnClient.Options) -> Void = { _ in }) throws -> CairnClient {
    var options = options()
    change(&options)
    return try CairnClient(to: nodes.map(\.endpoint), trusting: .anchor(shared.chain.anchor), options: options)
  }

  /// Adds empty blocks and lets the clock follow.
  func grow(by count: Int = 1) throws {
    try shared.change { chain in for _ in 0..<count { try chain.append() } }
    clock.set(unixMilliseconds: shared.chain.newest.header.timeMilliseconds)
  }

  func stop(_ client: CairnClient? = nil) async {
    await client?.close()
    for node in nodes { await node.server.shutdown(within: .seconds(1)) }
  }
}

/// Runs a call that has to fail.
func failure<Value>(of body: () async throws(CairnError) -> Value) async -> CairnError? {
  do throws(CairnError) {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}

extension CairnError {
  /// Of each endpoint that was asked.
  var endpointReasons: [String] {
    switch self {
    case .noAnswer(let failures), .undecided(_, let failures): failures.map(\.problem.reason)
    default: []
    }
  }
}

/// Looks again until something has happened on another thread.
func eventually(_ condition: () -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(30)
  while !condition() {
    try #require(ContinuousClock.now < deadline, "it never happened")
    try await Task.sleep(for: .milliseconds(1))
  }
}
