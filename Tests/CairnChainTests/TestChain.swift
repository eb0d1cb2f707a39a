import CairnChain
import CairnCrypto
import CairnMerkle
import CairnMessages
import Foundation
import Testing

/// A chain as a network of honest validators makes it: real log, real state, real signatures.
struct TestChain {
  static let start: UInt64 = 1_767_225_600_000

  /// By epoch.
  private(set) var committees: [Committee]
  private(set) var headers: [Header] = []
  private(set) var changes: [ProtoEpochChange] = []
  private var entries: [LogEntry] = []
  private var edge = LogTileEdge()
  /// After each block.
  private var states: [StateTree] = []

  /// A chain with its genesis block.
  init(validators: Int = 4) throws {
    committees = [try Committee(count: validators)]
    seal(transactions: [[0]])
  }

  var committee: Committee { committees[committees.count - 1] }
  var genesis: Header { headers[0] }
  var newest: Header { headers[headers.count - 1] }

  func anchor(at height: Int = 0) -> TrustAnchor {
    let header = headers[height]
    return TrustAnchor(
      network: testNetwork, epoch: header.epoch, height: header.height, digest: header.digest,
      validators: committees[Int(header.epoch)].set)
  }

  /// Fields of the next block, which another chain may change.
  func nextFields(state: StateTree, log: LogTileEdge) -> Header.Fields {
    Header.Fields(
      network: testNetwork, epoch: UInt64(committees.count - 1), view: UInt64(headers.count), height: UInt64(headers.count),
      timeMilliseconds: Self.start + UInt64(headers.count) * 1000, parent: headers.last?.digest ?? .zero, logSize: log.size,
      logRoot: log.root, stateRoot: state.root, validatorsHash: committee.set.hash, proposer: 0)
  }

  /// Appends a block.
  ///
  /// - Parameter next: when given, the block is the last of its epoch.
  @discardableResult
  mutating func seal(
    transactions: [[UInt8]] = [], rows: [(key: Digest, value: [UInt8])] = [], next: Committee? = nil
  ) -> Header {
    var state = states.last ?? StateTree()
    state.update(rows)
    for transaction in transactions { append(.transaction(transaction)) }
    var fields = nextFields(state: state, log: edge)
    fields.nextValidatorsHash = next?.set.hash
    let header = Header(fields)
    append(.header(header.bytes))
    headers.append(header)
    states.append(state)
    if let next {
      changes.append(change(header, to: next.set.bytes))
      committees.append(next)
    }
    return header
  }

  private mutating func append(_ entry: LogEntry) {
    entries.append(entry)
    _ = edge.append(entry.leafHash)
  }

  func finalization(of header: Header, signers: [Int]? = nil) -> ProtoCertificate {
    let committee = committees[Int(header.epoch)]
    // A later leader may have proposed the block again.
    let statement = Statement.finalize(epoch: header.epoch, view: header.view + 1, digest: header.digest)
    return committee.message(statement, signers: signers ?? Array(committee.set.faults..<committee.set.count))
  }

  func change(_ header: Header, to validators: [UInt8]) -> ProtoEpochChange {
    var change = ProtoEpochChange()
    change.header = Data(header.bytes)
    change.certificate = finalization(of: header)
    change.validators = Data(validators)
    return change
  }

  /// - Parameter since: what the client knows.
  func answer(_ header: Header, since: Header? = nil, changes: [ProtoEpochChange] = []) throws -> ProtoProven {
    var answer = ProtoProven()
    answer.header = Data(header.bytes)
    answer.certificate = finalization(of: header)
    answer.epochs = changes
    if let since { answer.consistency = try prover.consistencyProof(from: since.logSize, to: header.logSize).message }
    return answer
  }

  func stateProof(of key: Digest, in header: Header) -> ProtoStateProof { states[Int(header.height)].proof(for: key).message }

  func logProof(of index: UInt64, in header: Header) throws -> ProtoLogProof {
    LogProof(entry: entries[Int(index)].bytes, proof: try prover.inclusionProof(index: index, size: header.logSize)).message
  }

  func entry(at index: UInt64) -> LogEntry { entries[Int(index)] }

  private var prover: LogProver { LogProver(edge: edge, source: NoTiles()) }

  /// The logs here are shorter than one tile.
  private struct NoTiles: LogTileSource {
    func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest] { throw LogProverError.malformedTile(coordinate) }
  }
}

extension LightClient {
  /// A minute after genesis, by a client that accepts what is a minute old.
  mutating func verify(_ answer: ProtoProven, since: CertifiedHeader? = nil) throws -> CertifiedHeader {
    try verify(answer, since: since, now: TestChain.start + 60_000, maximumStaleness: 60_000)
  }
}
