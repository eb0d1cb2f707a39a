import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import Testing

@testable import CairnLedger

@Suite struct LedgerStateTests {
  @Test("Versions branch from a parent and do not see each other") func branches() throws {
    var left = World()
    let base = left.state
    let did = try left.enroll(30)
    var right = World()
    right.state = base
    let other = try right.enroll(40)
    #expect(try left.state.version(of: did) != nil)
    #expect(try left.state.version(of: other) == nil)
    #expect(try right.state.version(of: did) == nil)
    #expect(try base.version(of: did) == nil)
    #expect(base.height == 0 && left.state.height == 1 && right.state.height == 1)
    #expect(left.state.header.parent == right.state.header.parent)
  }

  @Test("Same transactions, same roots; other order, other roots") func determinism() throws {
    let world = World()
    let transactions = try (0..<20).map { try world.transaction([world.create(30 + 3 * $0)], signers: [1, 30 + 3 * $0]) }
    let block = try world.execute(transactions)
    let again = try World(over: MemoryLedger()).execute(transactions)
    #expect(block.stateRoot == again.stateRoot)
    #expect(block.logRoot == again.logRoot)
    #expect(block.rows == again.rows)
    #expect(zip(block.rows, block.rows.dropFirst()).allSatisfy { $0.key < $1.key })
    let reversed = try world.execute(transactions.reversed())
    #expect(block.stateRoot != reversed.stateRoot)
    #expect(block.logRoot != reversed.logRoot)
  }

  @Test("A finalized block's changes stay at hand, and its records come from the store") func finalization() throws {
    let store = MemoryLedger()
    var world = World(over: store)
    store.store(GenesisBlock(World.genesis).rows)
    let create = try world.create(30)
    let transaction = try world.transaction([create], signers: [1, 30])
    let block = try world.commit(transaction)
    let update = try LedgerOperation.update(create.subject, after: create.head, document: document(31), network: world.network)
    let second = try world.commit(world.transaction([update], by: create.subject, signers: [30]))
    #expect(world.state.unfinalizedCount == 3)
    #expect(store.reads == 0)

    store.store(block.rows, transactions: [transaction.value.id])
    world.state.finalize(through: 1)
    #expect(world.state.unfinalizedCount == 1)
    #expect(try world.head(create.subject) == update.head)
    #expect(store.reads == 0)
    #expect(world.state.contains(transaction: transaction.value.id))

    store.store(second.rows)
    world.state.finalize(through: 2)
    #expect(world.state.unfinalizedCount == 0)
    #expect(try world.head(create.subject) == update.head)
    #expect(try world.state.version(of: create.subject)?.changedAt == 3)
    #expect(store.reads == 0)
    #expect(try world.state.record(forKey: create.subject.stateKey) == second.rows.first?.record)
    #expect(store.reads == 1)
    #expect(try world.state.roles(of: World.registrar).contains(.registrar))
    let rotate = try LedgerOperation.rotate(create.subject, after: update.head, control: world.control(40), network: world.network)
    #expect(try world.commit(world.transaction([rotate], signers: [1, 31, 40])).rows.count == 1)
  }

  @Test("A registrar's record is read once a block") func readsOnce() throws {
    let store = MemoryLedger()
    var world = World(over: store)
    store.store(GenesisBlock(World.genesis).rows)
    world.state.finalize(through: 0)
    try world.commit(
      world.transaction([world.create(30)], signers: [1, 30], nonce: 1), world.transaction([world.create(33)], signers: [1, 33], nonce: 2))
    #expect(store.reads == 2)
  }

  @Test("A version is restored from the store, and goes on with the same roots") func restoring() throws {
    let store = MemoryLedger()
    var world = World(over: store)
    store.store(GenesisBlock(World.genesis).rows)
    store.store(try world.commit(world.transaction([world.create(30)], signers: [1, 30])).rows)
    var restored = world
    restored.state = try LedgerState(
      restoring: world.state.header, tree: world.state.tree, frontier: world.state.frontier, over: store)
    #expect(restored.state.parameters == World.genesis.parameters)
    #expect(restored.state.unfinalizedCount == 0)
    let next = try world.transaction([world.create(40)], signers: [1, 40])
    #expect(try restored.execute([next]).stateRoot == world.execute([next]).stateRoot)
  }

  @Test("A store that is not at the header's state is refused") func wrongStore() throws {
    let store = MemoryLedger()
    let world = World()
    let (header, tree, frontier) = (world.state.header, world.state.tree, world.state.frontier)
    #expect(throws: LedgerFault.missingRecord(key: Parameters.stateKey)) {
      try LedgerState(restoring: header, tree: tree, frontier: frontier, over: store)
    }
    store.store(GenesisBlock(World.genesis).rows)
    #expect(throws: LedgerFault.wrongState(height: 0)) {
      try LedgerState(restoring: header, tree: StateTree(), frontier: frontier, over: store)
    }
    #expect(throws: LedgerFault.wrongState(height: 0)) {
      try LedgerState(restoring: header, tree: tree, frontier: LogFrontier(), over: store)
    }
    #expect(try LedgerState(restoring: header, tree: tree, frontier: frontier, over: store).height == 0)
  }

  @Test("A store that fails, forgets or lies is a fault of this node and no verdict") func faults() throws {
    let rows = GenesisBlock(World.genesis).rows
    let registrar = World.registrar.stateKey
    func refusal(_ prepare: (MemoryLedger) -> Void) throws -> TransactionError? {
      let store = MemoryLedger()
      store.store(rows)
      var world = World(over: store)
      world.state.finalize(through: 0)
      prepare(store)
      let transaction = try world.transaction([world.create(30)], signers: [1, 30])
      do {
        _ = try world.state.check(transaction)
        return nil
      } catch { return error }
    }
    #expect(try refusal { _ in } == nil)
    #expect(try refusal { $0.breakDown() } == .unavailable(.storage("Broken()")))
    #expect(try refusal { $0.put(nil, forKey: registrar) } == .unavailable(.missingRecord(key: registrar)))
    #expect(try refusal { $0.put([1, 2, 3], forKey: registrar) } == .unavailable(.wrongRecord(key: registrar)))
    let roles = World.registrar.rolesKey
    #expect(try refusal { $0.put(Roles([.registrar]).bytes, forKey: roles) } == .unavailable(.wrongRecord(key: roles)))
    #expect(!TransactionError.unavailable(.storage("")).isVerdict)
    #expect(TransactionError.duplicate.isVerdict)
  }

  @Test("Roles come from the genesis") func roles() throws {
    let world = World()
    #expect(try world.state.roles(of: World.registrar).roles == [.trustee, .operator, .registrar, .issuer])
    #expect(try world.state.roles(of: World.trustee).roles == [.trustee, .operator])
    #expect(try world.state.roles(of: CairnDID(network: world.network, create: .zero)) == .none)
  }
}
