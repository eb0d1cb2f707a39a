import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import CairnProtocol
import NIOCore
import Synchronization
import Testing

/// What a node would answer: whether a bit is set, proven by the newest header; and how often it was asked.
private final class Source: Sendable {
  private struct State {
    var bits: Set<UInt32> = []
    var count = 0
    var failure: CairnError?
    /// Answers with this header, as one that was long on its way.
    var header: CertifiedHeader?
  }

  private let state = Mutex(State())
  private let client: CairnClient

  init(_ client: CairnClient) { self.client = client }

  var count: Int { state.withLock { $0.count } }
  func set(_ index: UInt32) { state.withLock { _ = $0.bits.insert(index) } }
  func fail(_ failure: CairnError?) { state.withLock { $0.failure = failure } }
  func answer(under header: CertifiedHeader?) { state.withLock { $0.header = header } }

  func fetch(_ index: UInt32) async throws(CairnError) -> (answer: Bool, header: CertifiedHeader) {
    let (isSet, failure, header) = state.withLock { state in
      state.count += 1
      return (state.bits.contains(index), state.failure, state.header)
    }
    if let failure { throw failure }
    if let header { return (isSet, header) }
    return (isSet, try await client.checkpoint())
  }
}

@Suite("Statuses in memory") struct StatusCacheTests {
  private struct Scene {
    let test: Fixture
    let client: CairnClient
    let source: Source
    let cache: StatusCache<Bool>
    let list: StatusListID

    static func start() async throws -> Scene {
      let test = try await Fixture.start()
      let issuer = test.shared.chain.registrar.did
      let list = try StatusListID(issuer: issuer, name: "revoked")
      try test.shared.change { chain in
        let creation = try LedgerOperation.createStatusList(list, purpose: .revocation, network: chain.network)
        try chain.append([chain.transaction([creation], keys: [], nonce: 90)])
      }
      let client = try test.client()
      let source = Source(client)
      let cache = StatusCache(client) { (_: StatusListID, index: UInt32) async throws(CairnError) in try await source.fetch(index) }
      let scene = Scene(test: test, client: client, source: source, cache: cache, list: list)
      try await eventually { test.node.count(.events) > 0 }
      try await scene.grow()
      return scene
    }

    /// A block that the cache has seen.
    func grow(_ operations: [LedgerOperation] = [], nonce: UInt8 = 91) async throws {
      try test.shared.change { chain in
        try chain.append(operations.isEmpty ? [] : [chain.transaction(operations, keys: [], nonce: nonce)])
      }
      let newest = test.shared.chain.newest.header
      test.clock.set(unixMilliseconds: newest.timeMilliseconds)
      try test.node.sendEvents()
      try await eventually { cache.newest == newest }
    }

    func revoke(_ index: UInt32, nonce: UInt8 = 92) async throws {
      source.set(index)
      try await grow([.updateStatusList(list, set: [index], network: test.shared.chain.network)], nonce: nonce)
    }
  }

  @Test("A status that nobody changes is asked for once") func remembered() async throws {
    let scene = try await Scene.start()
    #expect(try await scene.cache.status(of: 7, in: scene.list).isRemembered == false)
    for _ in 0..<3 {
      try await scene.grow()
      let status = try await scene.cache.status(of: 7, in: scene.list)
      #expect(status.isRemembered && !status.answer && status.header == scene.test.shared.chain.newest.header)
    }
    #expect(scene.source.count == 1 && scene.cache.count == 1)
    await scene.test.stop(scene.client)
  }

  @Test("A revocation drops the statuses of its part of the list, and no others") func revoked() async throws {
    let scene = try await Scene.start()
    for index: UInt32 in [7, 8, 5_000] { #expect(try await scene.cache.status(of: index, in: scene.list).answer == false) }
    try await scene.revoke(7)
    #expect(scene.cache.count == 1)
    #expect(try await scene.cache.status(of: 7, in: scene.list).answer == true)
    #expect(try await scene.cache.status(of: 8, in: scene.list).isRemembered == false)
    #expect(try await scene.cache.status(of: 5_000, in: scene.list).isRemembered)
    #expect(scene.source.count == 5)
    await scene.test.stop(scene.client)
  }

  @Test("An answer from before an update that was seen is not remembered") func overtaken() async throws {
    let scene = try await Scene.start()
    let before = try await scene.client.checkpoint()
    try await scene.revoke(7)
    scene.source.answer(under: before)
    _ = try await scene.cache.status(of: 8, in: scene.list)
    #expect(scene.cache.count == 0)
    // Another part of the list was not updated since.
    _ = try await scene.cache.status(of: 5_000, in: scene.list)
    #expect(scene.cache.count == 1)
    await scene.test.stop(scene.client)
  }

  @Test("When the stream is stale a node is asked, and when none answers there is no answer") func stale() async throws {
    let scene = try await Scene.start()
    _ = try await scene.cache.status(of: 7, in: scene.list)
    #expect(try await scene.cache.status(of: 7, in: scene.list).isRemembered)
    // Revoked, and the stream brings nothing of it.
    scene.source.set(7)
    scene.test.clock.advance(milliseconds: scene.test.options().maximumStalenessMilliseconds + 1)
    scene.source.fail(.noAnswer([]))
    let error = await failure(of: { () async throws(CairnError) in try await scene.cache.status(of: 7, in: scene.list) })
    #expect(error == .noAnswer([]))
    scene.source.fail(nil)
    try scene.test.grow(by: 20)
    let status = try await scene.cache.status(of: 7, in: scene.list)
    #expect(status.answer && !status.isRemembered)
    await scene.test.stop(scene.client)
  }

  @Test("Before the first block nothing is answered from memory") func notYet() async throws {
    let test = try await Fixture.start()
    test.node.behave(.never, on: .events)
    let client = try test.client()
    let source = Source(client)
    let cache = StatusCache(client) { (_: StatusListID, index: UInt32) async throws(CairnError) in try await source.fetch(index) }
    let list = try StatusListID(issuer: test.alice, name: "revoked")
    for count in 1...2 {
      #expect(try await cache.status(of: 7, in: list).isRemembered == false)
      #expect(source.count == count && cache.count == 0)
    }
    await test.stop(client)
  }
}
