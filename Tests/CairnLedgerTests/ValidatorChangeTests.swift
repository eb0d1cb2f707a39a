import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMerkle
import Testing

@testable import CairnLedger

/// The trustees are the registrar (key 1) and the trustee (key 11), who must both agree.
@Suite struct ValidatorChangeTests {
  private var world = World()
  private var salt = 0

  private func newcomer(_ name: String, keys first: Int, host: String? = nil) -> Validator {
    let host = host ?? name
    return Validator(
      name: name, consensusKey: key(first).publicKey, nodeKey: key(first + 1).publicKey, peerAddress: "\(host).example:1",
      clientAddress: "\(host).example:2")
  }

  /// The operations of both trustees, each in a transaction of its own.
  private mutating func decision(_ change: GovernanceAction.ValidatorChange) throws -> [Authorized<Transaction>] {
    salt += 1
    let propose = try LedgerOperation.propose(
      .changeValidators(change), expiresMilliseconds: world.state.timeMilliseconds + 3_600_000, salt: sixteen(salt), network: world.network)
    let approve = try LedgerOperation.approve(try #require(propose.kind.proposal), network: world.network)
    return [
      try world.transaction([propose], nonce: salt), try world.transaction([approve], by: World.trustee, signers: [11], nonce: salt),
    ]
  }

  private mutating func refusal(_ change: GovernanceAction.ValidatorChange) throws -> OperationError? {
    do {
      _ = try world.execute([try decision(change)[0]])
      return nil
    } catch TransactionError.operation(0, let error) { return error }
  }

  /// Seals the block that decides all of these.
  private mutating func commit(_ changes: GovernanceAction.ValidatorChange...) throws -> ExecutedBlock {
    let transactions = try changes.flatMap { try decision($0) }
    let block = try world.execute(transactions)
    world.state = try block.sealed(with: world.header(of: block))
    return block
  }

  private func record(ofEpoch epoch: UInt64) throws -> ValidatorSet? {
    try world.state.record(forKey: ValidatorSet.stateKey(epoch: epoch)).map { try ValidatorSet(decoding: $0) }
  }

  @Test("The genesis has the first set in its state") func genesis() throws {
    #expect(world.state.epoch == 0 && world.state.validators == World.genesis.validators)
    #expect(try record(ofEpoch: 0) == World.genesis.validators)
    #expect(try record(ofEpoch: 1) == nil)
    #expect(
      ValidatorSet.stateKey(epoch: 258) == .sha256(Array("cairn/state/v1".utf8) + [0, 13, 0, 0, 0, 0, 0, 0, 1, 2]))
  }

  @Test("The block that decides a change is the last of its epoch, and says who is next") mutating func boundary() throws {
    let added = newcomer("delta", keys: 500)
    let block = try commit(.add(added))
    let next = try ValidatorSet(World.genesis.validators.validators + [added])
    #expect(block.nextValidators == next)
    #expect(world.state.header.epoch == 0 && world.state.header.fields.nextValidatorsHash == next.hash)
    #expect(world.state.epoch == 1 && world.state.validators == next)
    #expect(try record(ofEpoch: 1) == next && record(ofEpoch: 0) == World.genesis.validators)
    let row = try StateValue(decoding: try #require(world.state.tree[ValidatorSet.stateKey(epoch: 1)]))
    // The entry that changed the row lies in the block, so that the row leads to it.
    #expect(row.type == .validators && row.changedAt < world.state.header.logSize)
    #expect(row.changedAt >= world.state.header.logSize - UInt64(block.leafHashes.count))
    // The next block is of the next epoch, and runs on.
    let child = try world.execute([])
    #expect(child.nextValidators == nil)
    let header = world.header(of: child)
    #expect(header.epoch == 1 && header.validatorsHash == next.hash && header.fields.nextValidatorsHash == nil)
    world.state = try child.sealed(with: header)
    #expect(world.state.epoch == 1 && world.state.validators == next)
  }

  @Test("What waits for approval changes nothing") mutating func open() throws {
    let block = try world.execute([try decision(.remove("omega"))[0]])
    #expect(block.nextValidators == nil)
    world.state = try block.sealed(with: world.header(of: block))
    #expect(world.state.epoch == 0)
  }

  @Test("A header that is wrong about epoch or validators is refused") mutating func forgedHeaders() throws {
    let block = try world.execute(try decision(.remove("omega")))
    let right = world.header(of: block)
    func mismatch(_ change: (inout Header.Fields) -> Void) -> HeaderMismatch? {
      var fields = right.fields
      change(&fields)
      do throws(HeaderMismatch) {
        _ = try block.sealed(with: Header(fields))
        return nil
      } catch { return error }
    }
    #expect(mismatch { _ in } == nil)
    #expect(mismatch { $0.nextValidatorsHash = nil } == .nextValidators)
    #expect(mismatch { $0.nextValidatorsHash = $0.validatorsHash } == .nextValidators)
    #expect(mismatch { $0.epoch = 1 } == .epoch)
    #expect(mismatch { $0.validatorsHash = .zero } == .validators)
    world.state = try block.sealed(with: right)
    let child = try world.execute([])
    var fields = world.header(of: child).fields
    (fields.epoch, fields.validatorsHash) = (0, World.genesis.validators.hash)
    #expect(throws: HeaderMismatch.epoch) { try child.sealed(with: Header(fields)) }
    fields = world.header(of: child).fields
    fields.nextValidatorsHash = fields.validatorsHash
    #expect(throws: HeaderMismatch.nextValidators) { try child.sealed(with: Header(fields)) }
  }

  @Test("Several changes in one block add up") mutating func together() throws {
    let (delta, moved) = (newcomer("delta", keys: 500), newcomer("beta", keys: 510, host: "elsewhere"))
    _ = try commit(.add(delta), .replace("beta", moved), .remove("omega"))
    #expect(world.state.validators.validators.map(\.name) == ["alpha", "beta", "gamma", "delta"])
    #expect(world.state.validators[1] == moved && world.state.validators[3] == delta)
    #expect(world.state.epoch == 1)
    _ = try commit(.remove("delta"), .add(delta))
    #expect(world.state.epoch == 2 && world.state.validators.validators.map(\.name) == ["alpha", "beta", "gamma", "delta"])
  }

  @Test("A set that cannot be is refused when it is proposed") mutating func impossible() throws {
    let names = ["alpha", "beta", "gamma", "omega"]
    let alpha = try #require(world.state.validators[0])
    #expect(try refusal(.remove("nobody")) == .governance(.unknownValidator("nobody")))
    #expect(try refusal(.replace("nobody", newcomer("delta", keys: 500))) == .governance(.unknownValidator("nobody")))
    #expect(try refusal(.replace("alpha", alpha)) == .governance(.validatorUnchanged("alpha")))
    #expect(try refusal(.add(newcomer("alpha", keys: 500, host: "other"))) == .governance(.validators(.duplicateName("alpha"))))
    var twin = newcomer("delta", keys: 500)
    twin.consensusKey = alpha.consensusKey
    #expect(try refusal(.add(twin)) == .governance(.validators(.duplicateKey(validator: "delta"))))
    twin = newcomer("delta", keys: 500)
    twin.nodeKey = alpha.consensusKey
    #expect(try refusal(.add(twin)) == .governance(.validators(.duplicateKey(validator: "delta"))))
    twin = newcomer("delta", keys: 500)
    twin.peerAddress = alpha.peerAddress
    #expect(try refusal(.add(twin)) == .governance(.validators(.duplicateAddress(validator: "delta"))))
    twin = newcomer("delta", keys: 500)
    twin.clientAddress = alpha.clientAddress
    #expect(try refusal(.replace("beta", twin)) == .governance(.validators(.duplicateAddress(validator: "delta"))))
    // One validator is the fewest.
    for name in names.dropLast() { _ = try commit(.remove(name)) }
    #expect(world.state.epoch == 3 && world.state.validators.count == 1)
    #expect(try refusal(.remove("omega")) == .governance(.validators(.count(0))))
    // And 31 are the most.
    for index in 0..<30 { _ = try commit(.add(newcomer("new-\(index)", keys: 1_000 + 2 * index))) }
    #expect(world.state.validators.count == ValidatorSet.countLimit && world.state.epoch == 33)
    #expect(try refusal(.add(newcomer("delta", keys: 500))) == .governance(.validators(.count(32))))
  }

  @Test("A version from the store knows epoch and validators") mutating func restored() throws {
    let store = MemoryLedger()
    world = World(over: store)
    store.store(GenesisBlock(World.genesis).rows)
    store.store(try commit(.remove("omega")))
    for _ in 0..<2 {
      let restored = try LedgerState(
        restoring: world.state.header, tree: world.state.tree, frontier: world.state.frontier, over: store)
      #expect(restored.epoch == 1 && restored.validators == world.state.validators)
      let child = try world.execute([])
      store.store(child)
      world.state = try child.sealed(with: world.header(of: child))
    }
    store.put(nil, forKey: ValidatorSet.stateKey(epoch: 1))
    #expect(throws: LedgerFault.missingRecord(key: ValidatorSet.stateKey(epoch: 1))) {
      try LedgerState(restoring: world.state.header, tree: world.state.tree, frontier: world.state.frontier, over: store)
    }
  }
}
