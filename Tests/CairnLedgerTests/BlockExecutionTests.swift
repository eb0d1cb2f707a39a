import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import Testing

@testable import CairnLedger

/// What every transaction must pass before its operations are looked at.
@Suite struct BlockExecutionTests {
  private var world = World()

  private func expect(
    _ error: TransactionError, _ transaction: Authorized<Transaction>, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: error, sourceLocation: sourceLocation) { try world.execute([transaction]) }
    #expect(throws: error, sourceLocation: sourceLocation) { try world.state.check(transaction) }
  }

  @Test("A transaction is accepted up to its last height and no earlier than its validity allows") func validity() throws {
    let create = try world.create(30)
    let accepted: [UInt64] = [1, 11]
    for last in accepted {
      #expect(try world.execute([world.transaction([create], signers: [1, 30], notAfter: last)]).rows.count == 1)
    }
    expect(.expired(notAfterHeight: 0, height: 1), try world.transaction([create], signers: [1, 30], notAfter: 0))
    expect(.tooFarAhead(notAfterHeight: 12, limit: 11), try world.transaction([create], signers: [1, 30], notAfter: 12))
    expect(.tooFarAhead(notAfterHeight: .max, limit: 11), try world.transaction([create], signers: [1, 30], notAfter: .max))
  }

  @Test("The same id is accepted once: in the block, in unfinalized blocks and in the store") mutating func duplicates() throws {
    let create = try world.create(30)
    let transaction = try world.transaction([create], signers: [1, 30])
    let resigned = try world.transaction([create], signers: [1, 30, 31])
    #expect(throws: TransactionError.duplicate) { try world.execute([transaction, resigned]) }
    let genesis = world.state
    try world.commit(transaction)
    expect(.duplicate, resigned)
    #expect(world.state.contains(transaction: transaction.value.id))
    #expect(!genesis.contains(transaction: transaction.value.id))

    let store = MemoryLedger()
    store.store([], transactions: [transaction.value.id])
    #expect(throws: TransactionError.duplicate) { try World(over: store).execute([transaction]) }
  }

  @Test("The submitter exists, is active, and signs") mutating func submitter() throws {
    let create = try world.create(30)
    let stranger = CairnDID(network: world.network, create: .zero)
    expect(.unknownSubmitter(stranger), try world.transaction([create], by: stranger, signers: [30]))
    expect(.submitterThresholdNotMet, try world.transaction([create], signers: [30]))
    let gone = try world.enroll(40)
    let deactivate = try LedgerOperation.deactivate(gone, after: world.head(gone), network: world.network)
    try world.commit(world.transaction([deactivate], by: gone, signers: [40]))
    expect(.submitterDeactivated(gone), try world.transaction([create], by: gone, signers: [40]))
  }

  @Test("A submitter's keys count by their weight") mutating func submitterWeights() throws {
    let control = try Control(
      update: [WeightedKey(key(50).publicKey, weight: 2), WeightedKey(key(51).publicKey), WeightedKey(key(52).publicKey)],
      updateThreshold: 3, next: [WeightedDigest(Control.nextDigest(of: key(53).publicKey))])
    let create = try LedgerOperation.create(control: control, document: document(50), salt: sixteen(1), network: world.network)
    #expect(throws: TransactionError.operation(0, .thresholdNotMet(.newUpdate))) {
      try world.execute([world.transaction([create], signers: [1, 51, 52])])
    }
    try world.commit(world.transaction([create], signers: [1, 50, 51]))
    let update = try LedgerOperation.update(create.subject, after: create.head, document: document(51), network: world.network)
    for signers in [[50], [51, 52], [51, 52, 1]] {
      expect(.submitterThresholdNotMet, try world.transaction([update], by: create.subject, signers: signers))
    }
    for signers in [[50, 51], [50, 52], [50, 51, 52]] {
      #expect(try world.execute([world.transaction([update], by: create.subject, signers: signers)]).rows.count == 1)
    }
  }

  @Test("A block has no more bytes than the network allows") func room() throws {
    let genesis = World.genesis
    var parameters = genesis.parameters
    parameters.maxTransactionBytes = Parameters.minimumTransactionBytes
    parameters.maxBlockBytes = Parameters.minimumTransactionBytes
    let template = try GenesisTemplate(name: "small", timeMilliseconds: 1, parameters: parameters)
    let small = try template.seal(World.entries.map { try $0.signedByAll(for: template) })
    let verifier = TransactionVerifier(network: small.network)
    func transaction(_ count: Int, nonce: Int) throws -> Authorized<Transaction> {
      let creates = try (0..<count).map { index in
        try LedgerOperation.create(
          control: Control(update: key(1).publicKey, next: key(2).publicKey), document: document(30), salt: sixteen(1000 * nonce + index),
          network: small.network)
      }
      let unsigned = UnsignedTransaction(
        network: small.network, submitter: small.dids[0], notAfterHeight: 3, nonce: sixteen(nonce), operations: creates)
      return try verifier.verify(unsigned.signed(by: [key(1)]).bytes)
    }
    var execution = BlockExecution(on: GenesisBlock(small).state, timeMilliseconds: 2)
    let large = try transaction(60, nonce: 1)
    #expect(throws: TransactionError.tooLarge(limit: Int(parameters.maxTransactionBytes), actual: large.value.bytes.count)) {
      try execution.apply(large)
    }
    let half = try transaction(25, nonce: 2)
    #expect(try execution.apply(half) == 1)
    #expect(execution.byteCount == half.value.bytes.count)
    #expect(throws: TransactionError.blockFull) { try execution.apply(transaction(35, nonce: 3)) }
    #expect(try execution.apply(transaction(1, nonce: 4)) == 2)
    #expect(execution.count == 2)
    #expect(!TransactionError.blockFull.isVerdict)
  }

  @Test("A transaction of another network is refused even when it is authorized there") func otherNetwork() throws {
    let template = try GenesisTemplate(name: "other", timeMilliseconds: 1, parameters: World.template.parameters)
    let other = try template.seal(World.entries.map { try $0.signedByAll(for: template) })
    let transaction = try world.transaction([world.create(30)], signers: [1, 30])
    #expect(throws: TransactionError.wrongNetwork) {
      var execution = BlockExecution(on: GenesisBlock(other).state, timeMilliseconds: 2)
      try execution.apply(transaction)
    }
  }

  @Test("A refused transaction leaves no trace in the block") func refusalLeavesNothing() throws {
    let good = try world.transaction([world.create(30)], signers: [1, 30], nonce: 1)
    let bad = try world.transaction([world.create(31), world.create(32)], signers: [1, 31], nonce: 2)
    let retried = try world.transaction([world.create(31), world.create(32)], signers: [1, 31, 32], nonce: 3)
    var execution = BlockExecution(on: world.state, timeMilliseconds: 2_000_000)
    try execution.apply(good)
    #expect(throws: TransactionError.operation(1, .thresholdNotMet(.newUpdate))) { try execution.apply(bad) }
    #expect(execution.count == 1)
    try execution.apply(retried)
    var clean = BlockExecution(on: world.state, timeMilliseconds: 2_000_000)
    try clean.apply(good)
    try clean.apply(retried)
    let (block, expected) = (execution.finish(), clean.finish())
    #expect(block.stateRoot == expected.stateRoot)
    #expect(block.logRoot == expected.logRoot)
    #expect(block.rows == expected.rows)
  }

  @Test("The log has the transactions and then the header, each provable") func log() throws {
    let transactions = try (0..<3).map { try world.transaction([world.create(30 + $0)], signers: [1, 30 + $0]) }
    let block = try world.execute(transactions)
    let header = world.header(of: block)
    #expect(header.logSize == 4)
    #expect(header.logRoot == LogTree.root(of: [LogEntry.header(world.state.header.bytes).leafHash] + transactions.map(\.value.leafHash)))
    let state = try block.sealed(with: header)
    #expect(state.frontier.size == 5)
    #expect(
      state.frontier.root
        == LogTree.root(
          of: [LogEntry.header(world.state.header.bytes).leafHash] + transactions.map(\.value.leafHash) + [
            LogEntry.header(header.bytes).leafHash
          ]))
    for (offset, proof) in LogExtension(of: world.state.frontier, appending: block.leafHashes).proofs.enumerated() {
      try proof.verify(leafHash: transactions[offset].value.leafHash, size: header.logSize, root: header.logRoot)
    }
  }

  @Test("A header that says anything else about the ledger does not seal the block") func seal() throws {
    let block = try world.execute([world.transaction([world.create(30)], signers: [1, 30])])
    let fields = world.header(of: block).fields
    #expect(try block.sealed(with: Header(fields)).height == 1)
    func mismatch(_ change: (inout Header.Fields) -> Void) -> HeaderMismatch? {
      var changed = fields
      change(&changed)
      do {
        _ = try block.sealed(with: Header(changed))
        return nil
      } catch { return error }
    }
    #expect(mismatch { $0.network = .zero } == .network)
    #expect(mismatch { $0.parent = .zero } == .parent)
    #expect(mismatch { $0.height = 2 } == .height)
    #expect(mismatch { $0.timeMilliseconds += 1 } == .time)
    #expect(mismatch { $0.logSize += 1 } == .logSize)
    #expect(mismatch { $0.logRoot = .zero } == .logRoot)
    #expect(mismatch { $0.stateRoot = .zero } == .stateRoot)
    #expect(mismatch { $0.view = 9 } == nil)
  }

  @Test("Time moves forward from block to block") func time() throws {
    for time in [world.state.timeMilliseconds, 0] {
      let block = BlockExecution(on: world.state, timeMilliseconds: time).finish()
      #expect(throws: HeaderMismatch.time) { try block.sealed(with: world.header(of: block)) }
    }
  }

  @Test("An empty block changes the log and nothing else") mutating func emptyBlock() throws {
    let before = world.state
    let block = try world.commit()
    #expect(block.rows.isEmpty)
    #expect(world.state.tree.root == before.tree.root)
    #expect(world.state.frontier.size == 2)
    #expect(world.state.height == 1)
  }
}
