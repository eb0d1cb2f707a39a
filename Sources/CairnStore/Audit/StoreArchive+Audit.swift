import CairnChain
import CairnCrypto

extension StoreArchive {
  /// Reads everything in the directory once, and checks what can be checked without executing a block: that SQLite sees all that was committed, and
  /// every page, index and look-up; each row against its checksum, headers and log against each other; both copies of the safety records; and that
  /// the index has what the log leads to.
  ///
  /// - Parameter indexKeys: what transactions are found under.
  /// - Throws: the first damage.
  public func audit(indexKeys: @escaping IndexKeys) throws(StoreError) {
    for path in databases { try checkWriteAheadLog(path + "-wal") }
    try chain.read { database throws(StoreError) in try database.checkStructure() }
    try state.read { database throws(StoreError) in try database.checkStructure() }
    let index = try openIndex()
    try index?.checkStructure()
    try checkSafety()
    try checkBlocks(index, indexKeys)
    try chain.checkKeptRows()
    try state.checkLookUps()
    try state.forEachRow { _ in }
    try state.forEachSuperseded { _ in }
  }

  private var databases: [String] { [directory.chainDatabase, directory.stateDatabase, directory.indexDatabase] }

  private func checkWriteAheadLog(_ path: String) throws(StoreError) {
    guard files.exists(path) else { return }
    let log = WriteAheadLog(try files.open(path, .read).readAll(limit: WriteAheadLog.byteLimit))
    if let problem = log.problem { throw .damaged(file: path, problem) }
  }

  /// `nil` without the file: it is made again freely.
  private func openIndex() throws(StoreError) -> Database? {
    guard files.exists(directory.indexDatabase) else { return nil }
    return try Database(directory.indexDatabase, .index, .reader, network: network, files: files)
  }

  /// What a crash between the two copies leaves is no damage: it is mended when the node starts.
  private func checkSafety() throws(StoreError) {
    let (directory, files, network) = (directory, files, network)
    try chain.read { database throws(StoreError) in
      let hasBlocks = try BlockTable(database: database).newest() != nil
      let rows = try SafetyTable(database: database, network: network).read()
      let outcome = try rows.compare(withLog: directory.safetyLog, network: network, files: files, hasBlocks: hasBlocks)
      if case .damaged(let damage) = outcome { throw .safetyDamaged(damage) }
    }
  }

  private func checkBlocks(_ index: Database?, _ indexKeys: IndexKeys) throws(StoreError) {
    let table = index.map(IndexTable.init)
    let head = try table?.head()
    var (sum, expected): (UInt64, IndexTable.Head?) = (0, nil)
    _ = try chain.checkChain { stored throws(StoreError) in
      guard let head, stored.header.height <= head.height else { return }
      sum = IndexTable.postings(of: stored.block, keys: indexKeys).reduce(sum) { $0 &+ $1.mixed }
      expected = IndexTable.Head(height: stored.header.height, digest: stored.block.digest, sum: sum)
    }
    guard head == expected, try table?.sum() ?? 0 == sum else { throw .corrupt(table: "posting", key: "sum") }
  }
}

extension Database {
  func checkStructure() throws(StoreError) {
    if let problem = try structureProblem() { throw .damaged(file: kind.name, problem) }
  }
}

extension ChainReader {
  /// Every candidate, certificate and proven fault that is kept beside the chain.
  func checkKeptRows() throws(StoreError) {
    try read { database throws(StoreError) in
      try database.forEach("SELECT \(CandidateRow.columns) FROM candidate") { row throws(StoreError) in
        _ = try CandidateRow.decode(row)
        return true
      }
      try database.forEach("SELECT \(CertificateRow.columns) FROM certificate") { row throws(StoreError) in
        _ = try CertificateRow.decode(row)
        return true
      }
      try database.forEach("SELECT \(EvidenceRow.columns) FROM evidence") { row throws(StoreError) in
        _ = try EvidenceRow.decode(row)
        return true
      }
    }
  }
}
