public import CairnChain
public import CairnCrypto
public import CairnLedger
public import CairnMerkle
public import CairnStore

/// The first thing in a data directory that is not what the genesis leads to.
public enum ChainDamage: Error, Sendable {
  case store(StoreError)
  /// There is no block at all.
  case empty
  /// Block 0 is not the one that follows from the genesis.
  case otherGenesis
  /// The block does not follow its parent.
  case parent(height: UInt64)
  /// A transaction of the block, counted from zero, is refused.
  case transaction(height: UInt64, position: Int, TransactionError)
  /// The header states something else than what the block leads to.
  case header(height: UInt64, HeaderMismatch)
  /// What justified the block: the leader's vote, its parent's certificate or those of skipped views.
  case justification(height: UInt64, CertificateError)
  /// The certificate of the parent is of another block.
  case otherParent(height: UInt64)
  case finalization(height: UInt64, CertificateError)
  /// The certificate beside the block is of another one.
  case otherFinalization(height: UInt64)
  /// No certificate finalizes the blocks from here on.
  case unfinalized(height: UInt64)
  /// The stored tile is not the log's.
  case tile(LogTileCoordinate)
  /// `state.db` is of a height that the chain does not have, or has another root.
  case stateRoot(height: UInt64)
  /// The row in `state.db` is not the one that the log leads to.
  case stateRow(key: Digest)
  /// `state.db` lacks rows, or has some that do not belong there.
  case stateCount(expected: Int, found: Int)

  /// A replaced version in `state.db` is not the one that the log leads to.
  case supersededRow(key: Digest)
  /// `state.db` lacks replaced versions, or has some that do not belong there.
  case supersededCount(expected: Int, found: Int)

  /// Machine readable.
  public var reason: String {
    switch self {
    case .store(let error): error.reason
    case .empty: "empty"
    case .otherGenesis: "wrong_genesis"
    case .parent: "wrong_parent"
    case .transaction(_, _, let error): error.reason
    case .header(_, let mismatch): mismatch.reason
    case .justification(_, let error), .finalization(_, let error): error.reason
    case .otherParent, .otherFinalization: "certificate_of_other_block"
    case .unfinalized: "unfinalized"
    case .tile: "log_tile"
    case .stateRoot: "state_root"
    case .stateRow: "state_row"
    case .stateCount: "state_rows"
    case .supersededRow: "superseded_row"
    case .supersededCount: "superseded_rows"
    }
  }
}

extension ChainDamage: CustomStringConvertible {
  public var description: String {
    switch self {
    case .store(let error): "\(error)"
    case .empty: "there is no block"
    case .otherGenesis: "block 0 is not the one that the genesis leads to"
    case .parent(let height): "block \(height) does not follow block \(height - 1)"
    case .transaction(let height, let position, let error): "block \(height): transaction \(position) is refused (\(error.reason))"
    case .header(let height, let mismatch): "block \(height): the header is not what the block leads to (\(mismatch.reason))"
    case .justification(let height, let error): "block \(height): a certificate that justified it is wrong (\(error.reason))"
    case .otherParent(let height): "block \(height): the certificate of its parent is of another block"
    case .finalization(let height, let error): "block \(height): its finalization is wrong (\(error.reason))"
    case .otherFinalization(let height): "block \(height): its finalization is of another block"
    case .unfinalized(let height): "no certificate finalizes block \(height) and those after it"
    case .tile(let tile): "the log's tile \(tile.index) of level \(tile.level) is not the one that the entries lead to"
    case .stateRoot(let height): "state.db is not of a state that the chain had at height \(height)"
    case .stateRow(let key): "the row of \(key) in state.db is not the one that the log leads to"
    case .stateCount(let expected, let found): "state.db has \(found) rows where the log leads to \(expected)"
    case .supersededRow(let key): "an earlier version of the row of \(key) in state.db is not the one that the log leads to"
    case .supersededCount(let expected, let found):
      "state.db has \(found) earlier versions of rows where the log leads to \(expected)"
    }
  }
}
