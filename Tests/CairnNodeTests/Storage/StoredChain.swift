import CSQLite
import CairnChain
import CairnCrypto
import CairnLedger
import CairnMessages
import CairnStore
import Foundation
import Logging
import Testing

@testable import CairnFuzz
@testable import CairnNode

/// The data directory of a stopped node with one of everything on its ledger: contracts, decisions, governance, evidence, status lists, isolations,
/// sessions.
final class StoredChain: Sendable {
  /// Some blocks.
  static let short = Result { try StoredChain(heartbeats: 0) }
  /// More than one full tile of the log.
  static let long = Result { try StoredChain(heartbeats: 260) }

  /// Written by a node that closed its files.
  let closed: DataFolder
  /// Of a node that was killed: SQLite's write-ahead logs hold all of the last blocks.
  let killed: DataFolder

  static var genesis: Genesis { FuzzWorld.shared.genesis }

  private init(heartbeats: Int) throws {
    var chain = FuzzWorld.shared.chain
    for _ in 0..<heartbeats { try chain.appendEmpty() }
    closed = DataFolder()
    do {
      let store = try closed.store()
      try store.chain.write(Self.genesisBatch(chain))
      for height in 1...chain.blocks.count { try store.chain.write(Self.batch(chain, height: height)) }
    }
    do { _ = try closed.opened() }
    // Readers that are let go of last leave the write-ahead logs as they are.
    do { _ = try closed.store() }
    // Three blocks more, of which nothing is in the databases themselves.
    let writing = try closed.copy()
    let store = try writing.store()
    for _ in 0..<3 {
      try chain.appendEmpty()
      try store.chain.write(Self.batch(chain, height: chain.blocks.count))
    }
    try store.state.apply([CairnStore.StateRow](), height: chain.head.height, root: chain.head.stateRoot)
    try store.index.catchUp(from: store.chainReader())
    killed = try writing.copy()
  }

  private static func genesisBatch(_ chain: FuzzChain) -> ChainBatch {
    var batch = ChainBatch(validatorCount: 1)
    let block = Block(header: chain.headers[0], transactions: [])
    batch.commit = [FinalizedBlock(proposal: Proposal(block: block, vote: nil, parent: nil, skips: []), finalization: nil)]
    return batch
  }

  /// What a node records about a block; of the last ones its votes too, and of the newest a rival that came to nothing.
  private static func batch(_ chain: FuzzChain, height: Int) throws -> ChainBatch {
    let block = chain.blocks[height - 1]
    let header = block.header
    let parent = height == 1 ? nil : try certificate(.notarize(epoch: 0, view: header.view - 1, digest: header.parent))
    let finalization = try Certificate(chain.certificates[height - 1], validatorCount: 1)
    let notarize = vote(.notarize(epoch: 0, view: header.view, digest: header.digest)).value
    var batch = ChainBatch(validatorCount: 1)
    let proposal = Proposal(block: block, vote: notarize, parent: parent, skips: [])
    batch.commit = [FinalizedBlock(proposal: proposal, finalization: finalization)]
    guard height + 12 > chain.blocks.count else { return batch }
    batch.entered = [ViewPosition(epoch: 0, view: header.view)]
    batch.votes = [notarize, vote(.finalize(epoch: 0, view: header.view, digest: header.digest)).value]
    batch.certificates = [try certificate(.notarize(epoch: 0, view: header.view, digest: header.digest))]
    batch.finalized = ViewPosition(epoch: 0, view: header.view)
    guard height == chain.blocks.count else { return batch }
    let rival = Block(header: Header(header.fields.delayed), transactions: block.transactions)
    let rivalVote = vote(.notarize(epoch: 0, view: header.view, digest: rival.digest)).value
    batch.candidates = [Proposal(block: rival, vote: rivalVote, parent: parent, skips: [])]
    batch.evidence = [try chain.evidence()]
    return batch
  }

  private static func vote(_ statement: Statement) -> Verified<Vote> {
    .signed(statement, network: genesis.network, validator: 0, key: FuzzWorld.key(1))
  }

  private static func certificate(_ statement: Statement) throws -> Certificate {
    try #require(Verified<Certificate>.assembled(from: [vote(statement)], quorum: 1)).value
  }
}

extension Header.Fields {
  fileprivate var delayed: Header.Fields {
    var fields = self
    fields.timeMilliseconds += 1
    return fields
  }
}

/// A data directory under the system's temporary one that goes with the last reference to it.
final class DataFolder: Sendable {
  let path = NSTemporaryDirectory() + "cairn-data-" + UUID().uuidString

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Of the files; the folder of the snapshots is empty.
  var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: path).sorted().filter { name in
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: file(name), isDirectory: &isDirectory) && !isDirectory.boolValue
      }
    }
  }

  /// What a machine that stops now would find on its disk.
  func copy() throws -> DataFolder {
    let copy = DataFolder()
    try FileManager.default.copyItem(atPath: path, toPath: copy.path)
    return copy
  }

  func bytes(of name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: file(name)))) }

  func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(filePath: file(name))) }

  func store() throws -> Store {
    let network = StoredChain.genesis.network
    return try Store(path: path, network: network, indexKeys: { Transaction.lookUpKeys(ofFinalized: $0, network: network) })
  }

  /// Opened as a node opens it.
  func opened() throws -> OpenedNode {
    let nowhere = HostAndPort(host: "127.0.0.1", port: 0)
    let configuration = NodeConfiguration(
      genesis: StoredChain.genesis, consensusKey: FuzzWorld.key(1), nodeKey: FuzzWorld.key(2), dataDirectory: path, peerListener: nowhere,
      clientListener: nowhere)
    return try OpenedNode(configuration, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  /// `nil` when everything follows from the genesis.
  func damage() async throws -> ChainDamage? {
    let genesis = StoredChain.genesis
    do throws(ChainDamage) {
      let archive: StoreArchive
      do { archive = try StoreArchive(path: path, network: genesis.network) } catch { throw .store(error) }
      _ = try await ChainVerification(genesis: genesis, archive: archive).run { _, _ in }
      return nil
    } catch {
      return error
    }
  }
}
