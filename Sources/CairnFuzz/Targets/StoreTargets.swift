import CairnChain
import CairnCrypto
import CairnStore

/// What lies in a data directory, with checksums that match: written by somebody who has the disk.
extension FuzzTarget {
  static let storedBlock = FuzzTarget(
    "stored-block", "rows of blocks in chain.db, read as a node reads them", byteLimit: 60 << 10,
    seeds: {
      let world = FuzzWorld.shared
      return try zip(world.blocks, world.certificates).map { block, certificate in
        let statement = Statement.notarize(epoch: 0, view: block.header.view, digest: block.digest)
        let vote = Verified<Vote>.signed(statement, network: world.network, validator: 0, key: FuzzWorld.key(1)).value
        let finalized = FinalizedBlock(
          proposal: Proposal(block: block, vote: vote, parent: nil, skips: []),
          finalization: try Certificate(certificate, validatorCount: 1))
        return written(StoredBytes.BlockColumns(finalized, validatorCount: 1).columns)
      }
    }
  ) { input in
    let columns = StoredBytes.BlockColumns(read(input), validatorCount: 1)
    guard let stored = try StoredBytes.block(columns, network: FuzzWorld.shared.network) else { return false }
    let again = StoredBytes.BlockColumns(
      FinalizedBlock(proposal: stored.proposal, finalization: stored.finalization), validatorCount: stored.validatorCount)
    try require(again == columns || again.transactions.count < columns.transactions.count, "what was read would be written otherwise")
    return true
  }

  /// Each column behind its length in three bytes.
  private static func written(_ columns: [[UInt8]]) -> [UInt8] {
    columns.flatMap { column in
      let length = withUnsafeBytes(of: UInt32(clamping: column.count).bigEndian) { Array($0.dropFirst()) }
      return length + column
    }
  }

  private static func read(_ input: [UInt8]) -> [[UInt8]] {
    var (columns, rest) = ([[UInt8]](), input[...])
    while rest.count >= 3 {
      let count = rest.prefix(3).reduce(0) { $0 << 8 | Int($1) }
      columns.append(Array(rest.dropFirst(3).prefix(count)))
      rest = rest.dropFirst(3 + count)
    }
    return columns
  }

  static let safetyLog = FuzzTarget(
    "safety-log", "safety logs, record by record", byteLimit: 8 << 10,
    seeds: {
      let world = FuzzWorld.shared
      let votes = (1...4).map { view in
        Verified<Vote>.signed(
          view == 3 ? .nullify(epoch: 0, view: view) : .notarize(epoch: 0, view: view, digest: .sha256([UInt8(view)])),
          network: world.network, validator: 0, key: FuzzWorld.key(1)
        ).value
      }
      return [StoredBytes.safetyLog(of: votes, network: world.network)]
    }
  ) { input in
    let network = FuzzWorld.shared.network
    let sealed = StoredBytes.sealed(safetyLog: input, network: network)
    guard let again = StoredBytes.safetyLog(sealed, network: network) else { return false }
    try require(again == sealed, "what was read would be written otherwise")
    return true
  }

  static let writeAheadLog = FuzzTarget(
    "wal", "SQLite's write-ahead logs, as verification reads them", byteLimit: 60 << 10,
    seeds: { [StoredBytes.writeAheadLog(of: (0..<4).map { [UInt8](repeating: $0, count: 512) })] }
  ) { input in StoredBytes.problem(ofWriteAheadLog: input) == nil }
}
