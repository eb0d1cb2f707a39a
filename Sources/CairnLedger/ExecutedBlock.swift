public import CairnChain
public import CairnCrypto
import CairnMerkle

/// What a block does, before it has its header.
public struct ExecutedBlock: Sendable {
  public let parent: LedgerState
  public let timeMilliseconds: UInt64
  /// Rows that change, ascending by key, each as the block leaves it.
  public let rows: [StateRow]
  /// Records that the block replaced, in the order in which it did, for proofs about the past.
  public let superseded: [SupersededRecord]
  /// Of the block's transactions, in log order. The header's follows them.
  public let leafHashes: [Digest]
  /// Root of the log with the transactions.
  public let logRoot: Digest
  /// Root of the state after the block.
  public let stateRoot: Digest
  private let tree: StateTree
  private let frontier: LogFrontier
  private let layer: StateLayer
  private let rules: LedgerRules

  init(
    parent: LedgerState, timeMilliseconds: UInt64, rows: [StateRow], superseded: [SupersededRecord], leafHashes: [Digest],
    rules: LedgerRules, layer: StateLayer
  ) {
    (self.parent, self.timeMilliseconds, self.rows, self.superseded) = (parent, timeMilliseconds, rows, superseded)
    (self.leafHashes, self.rules, self.layer) = (leafHashes, rules, layer)
    var tree = parent.tree
    tree.update(rows.dropLast(PlantedBug.stateRootWithoutLeaf.isPlanted && rows.count > 1 ? 1 : 0).map { ($0.key, $0.value) })
    var frontier = parent.frontier
    for leafHash in leafHashes { frontier.append(leafHash) }
    (self.tree, self.frontier) = (tree, frontier)
    (logRoot, stateRoot) = (PlantedBug.logRootOfAnotherSize.isPlanted ? parent.frontier.root : frontier.root, tree.root)
  }

  public var height: UInt64 { parent.height + 1 }
  /// The validators of the next epoch, when this block is the last of its own.
  public var nextValidators: ValidatorSet? { rules.epoch == parent.epoch ? nil : rules.validators }
  /// Log index of the header.
  public var logSize: UInt64 { frontier.size }

  /// The header of this block.
  ///
  /// - Parameters:
  ///   - view: the view in which it is proposed.
  ///   - proposer: index in the epoch's validator set.
  public func header(view: UInt64, proposer: UInt32) -> Header {
    Header(
      Header.Fields(
        network: parent.network, epoch: parent.epoch, view: view, height: height, timeMilliseconds: timeMilliseconds,
        parent: parent.header.digest, logSize: logSize, logRoot: logRoot, stateRoot: stateRoot, validatorsHash: parent.validators.hash,
        proposer: proposer, nextValidatorsHash: nextValidators?.hash))
  }

  /// The version after the block. Checks all that the header says about the ledger; view and proposer are the consensus' to judge.
  public func sealed(with header: Header) throws(HeaderMismatch) -> LedgerState {
    guard header.network == parent.network else { throw .network }
    guard header.parent == parent.header.digest else { throw .parent }
    guard header.height == height else { throw .height }
    guard header.timeMilliseconds == timeMilliseconds, timeMilliseconds > parent.timeMilliseconds else { throw .time }
    guard header.logSize == logSize else { throw .logSize }
    guard header.logRoot == logRoot else { throw .logRoot }
    guard header.stateRoot == stateRoot else { throw .stateRoot }
    guard header.epoch == parent.epoch else { throw .epoch }
    guard header.validatorsHash == parent.validators.hash else { throw .validators }
    guard header.fields.nextValidatorsHash == nextValidators?.hash else { throw .nextValidators }
    var frontier = frontier
    frontier.append(LogEntry.header(header.bytes).leafHash)
    return parent.appending(layer, header: header, tree: tree, frontier: frontier, rules: rules)
  }
}

/// What in a header is not so after its block was executed.
public enum HeaderMismatch: String, Error, Hashable, Sendable, CaseIterable {
  case network = "wrong_network"
  case parent = "wrong_parent"
  case height = "wrong_height"
  /// Not the time with which the block was executed, or not above the parent's.
  case time = "wrong_time"
  case logSize = "wrong_log_size"
  case logRoot = "wrong_log_root"
  case stateRoot = "wrong_state_root"
  /// The parent is the last block of an epoch, and the header is not of the next one; or it is not, and the header is.
  case epoch = "wrong_epoch"
  case validators = "wrong_validators"
  /// The block does not change the validators as the header says.
  case nextValidators = "wrong_next_validators"

  public var reason: String { rawValue }
}
