public import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle

/// The first block of a network, which follows from its genesis alone: height 0, one log entry, its header.
public struct GenesisBlock: Sendable {
  public let header: Header
  /// The rows of the first state, ascending by key.
  public let rows: [StateRow]
  /// The version after the block.
  public let state: LedgerState

  /// - Parameter finalized: the store over which later versions will be made. It may not have the genesis block yet.
  public init(_ genesis: Genesis, over finalized: any FinalizedLedger = EmptyLedger()) {
    let versions = Self.versions(of: genesis)
    let others = Self.otherRows(of: genesis)
    let rows = (versions.map { $0.row(forKey: $0.record.did.stateKey) } + others).sorted { $0.key < $1.key }
    var tree = StateTree()
    tree.update(rows.lazy.map { ($0.key, $0.value) })
    let header = Self.header(of: genesis, stateRoot: tree.root)
    var frontier = LogFrontier()
    frontier.append(LogEntry.header(header.bytes).leafHash)
    let layer = StateLayer(
      height: 0, versions: Dictionary(uniqueKeysWithValues: versions.map { ($0.record.did.stateKey, $0) }),
      others: Dictionary(uniqueKeysWithValues: others.map { ($0.key, $0.record) }), superseded: [], transactions: [])
    (self.header, self.rows) = (header, rows)
    state = LedgerState(
      header: header, tree: tree, frontier: frontier,
      rules: LedgerRules(
        parameters: genesis.parameters, constitution: genesis.constitution, epoch: 0, validators: genesis.validators),
      layers: [layer], finalized: finalized)
  }

  private static func header(of genesis: Genesis, stateRoot: Digest) -> Header {
    Header(
      Header.Fields(
        network: genesis.network, epoch: 0, view: 0, height: 0, timeMilliseconds: genesis.timeMilliseconds, parent: .zero, logSize: 0,
        logRoot: LogTree.emptyRoot, stateRoot: stateRoot, validatorsHash: genesis.validators.hash, proposer: 0))
  }

  /// The identities, changed at log index 0: the genesis header's.
  private static func versions(of genesis: Genesis) -> [DIDVersion] {
    genesis.identities.compactMap { operation in
      guard case .didCreate(let create) = operation.kind, let did = operation.did, let documentHash = operation.documentHash else {
        return nil
      }
      let record = DIDRecord(
        creating: did, hash: operation.hash, control: create.control, document: create.document, documentHash: documentHash,
        timeMilliseconds: genesis.timeMilliseconds)
      return DIDVersion(record: record, changedAt: 0)
    }
  }

  private static func otherRows(of genesis: Genesis) -> [StateRow] {
    let parameters = StateRow(.parameters, key: Parameters.stateKey, record: genesis.parameters.bytes)
    let constitution = StateRow(
      .constitution, key: ConstitutionRecord.stateKey,
      record: ConstitutionRecord(genesis.constitution.source, changedMilliseconds: genesis.timeMilliseconds, changedHeight: 0).bytes)
    let governance = StateRow(
      .proposal, key: GovernanceRecord.stateKey, record: GovernanceRecord(trustees: genesis.trustees).bytes)
    let validators = StateRow(.validators, key: ValidatorSet.stateKey(epoch: 0), record: genesis.validators.bytes)
    return zip(genesis.dids, genesis.roles).filter { !$0.1.roles.isEmpty }.map { did, roles in
      StateRow(.roles, key: did.rolesKey, record: roles.bytes)
    } + [parameters, constitution, governance, validators]
  }
}

extension StateRow {
  /// A row of the genesis block.
  fileprivate init(_ type: StateType, key: Digest, record: [UInt8]) {
    self.init(key: key, value: StateValue(type: type, changedAt: 0, recordHash: .sha256(record)).bytes, record: record)
  }
}
