import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNode
import NIOCore

/// The fuzz targets' world as the services of a node see it, in memory.
struct FuzzBackend: NodeBackend {
  /// What nothing in this world has.
  private struct Missing: Error {}

  let genesis: Genesis
  let name = "one"
  let metrics = NodeMetrics.discarded
  let historyFrom: UInt64? = nil
  let head: PublishedHead
  private let chain: FuzzChain
  private let entries: [[UInt8]]
  /// By log index, under which keys a transaction is found.
  private let keys: [UInt64: [Digest]]

  init(_ world: FuzzWorld) {
    (genesis, chain) = (world.genesis, world.chain)
    var (entries, edge, keys): ([[UInt8]], LogTileEdge, [UInt64: [Digest]]) = ([], LogTileEdge(), [:])
    let first = Block(header: chain.headers[0], transactions: [])
    for entry in ([first] + chain.blocks).flatMap(\.logEntries) {
      if case .transaction(let bytes) = entry {
        keys[UInt64(entries.count)] = Transaction.lookUpKeys(ofFinalized: bytes, network: world.network)
      }
      entries.append(entry.bytes)
      // The world's log is shorter than a tile.
      _ = edge.append(entry.leafHash)
    }
    (self.entries, self.keys) = (entries, keys)
    head = PublishedHead(header: chain.head, certificate: chain.certificates.last, state: chain.state, edge: edge)
  }

  func entry(at index: UInt64) -> [UInt8]? { Int(exactly: index).flatMap { entries.indices.contains($0) ? entries[$0] : nil } }
  func header(atHeight height: UInt64) -> Header? { chain.headers.first { $0.height == height } }
  func header(digest: Digest) -> Header? { chain.headers.first { $0.digest == digest } }
  func header(containing index: UInt64) -> Header? { chain.headers.first { $0.logSize >= index } }
  func index(ofTransaction id: Digest) -> UInt64? { keys.first { $0.value.first == id }?.key }

  func changes(of did: CairnDID, before index: UInt64, limit: Int) -> [UInt64] {
    Array(keys.filter { $0.key < index && $0.value.contains(did.stateKey) }.keys.sorted(by: >).prefix(limit))
  }

  func withTiles<Result>(_ body: (any LogTileSource) throws -> Result) throws -> Result { try body(NoTiles()) }

  private struct NoTiles: LogTileSource {
    func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest] { throw Missing() }
  }

  func blocks(from height: UInt64, count: Int, bytes: Int) -> [CertifiedBlock] {
    zip(chain.blocks, chain.certificates).filter { $0.0.header.height >= height }.prefix(count).map {
      CertifiedBlock(block: $0.0, certificate: $0.1)
    }
  }

  /// There is one epoch.
  func end(ofEpoch epoch: UInt64, containing index: UInt64) -> (header: Header, certificate: ProtoCertificate)? { nil }

  func finalization(covering height: UInt64) -> (header: Header, certificate: ProtoCertificate)? {
    zip(chain.blocks, chain.certificates).first { $0.0.header.height >= height }.map { ($0.0.header, $0.1) }
  }

  func read<Result: Sendable>(on loop: any EventLoop, _ body: @escaping @Sendable () throws -> Result) -> EventLoopFuture<Result> {
    loop.submit(body)
  }

  func observeHeads(_ body: @escaping @Sendable () -> Void) {}

  var busyMilliseconds: UInt64? { nil }

  func submit(
    _ transactions: [[UInt8]], wait: Bool, from connection: ClientConnection, on loop: any EventLoop
  ) -> EventLoopFuture<[SubmitOutcome]> {
    let verifier = TransactionVerifier(network: genesis.network, scheme: FuzzWorld.AnySignature())
    return loop.makeSucceededFuture(
      transactions.map { bytes in
        do throws(TransactionError) {
          try chain.state.check(try verifier.verify(bytes))
          return .pending
        } catch { return .refused(error) }
      })
  }

  func status(on loop: any EventLoop) -> EventLoopFuture<ProtoNodeStatus> { loop.makeSucceededFuture(ProtoNodeStatus()) }
}
