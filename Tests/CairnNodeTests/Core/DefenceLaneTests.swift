import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnTestKit
import NIOCore
import Testing

@testable import CairnConsensus
@testable import CairnNode

@Suite struct DefenceMempoolTests {
  private let transactions: Transactions

  init() throws { transactions = try Transactions() }

  private func order(_ mempool: Mempool) -> [Digest] {
    var order: [Digest] = []
    mempool.visit {
      order.append($0.value.id)
      return true
    }
    return order
  }

  @Test("The lane comes first, and each submitter in its turn") func order() throws {
    var mempool = Mempool()
    let (busy, other) = (transactions.signatory(), transactions.signatory())
    let ordinary = try transactions.next()
    let first = try (0..<3).map { _ in try transactions.next(by: busy) }
    let second = try (0..<2).map { _ in try transactions.next(by: other) }
    try mempool.insert(ordinary)
    for transaction in first + second { #expect(try mempool.insert(transaction, isDefence: true)) }
    let expected = [first[0], second[0], first[1], second[1], first[2], ordinary]
    #expect(order(mempool) == expected.map(\.value.id))
    mempool.remove(id: first[0].value.id)
    #expect(order(mempool) == [first[1], second[0], first[2], second[1], ordinary].map(\.value.id))
    #expect(mempool.defenceCount == 4 && mempool.count == 5)
    #expect(mempool.byteCount == (first.dropFirst() + second + [ordinary]).reduce(0) { $0 + $1.value.bytes.count })
  }

  @Test("A flood of either lane takes nothing from the other") func room() throws {
    var mempool = Mempool(limits: Mempool.Limits(count: 2, countPerSubmitter: 2, defenceCount: 2, defenceCountPerSubmitter: 2))
    #expect(mempool.freePlaces() == 2 && mempool.freePlaces(upTo: 1) == 1)
    for _ in 0..<2 { try mempool.insert(transactions.next()) }
    #expect(mempool.freePlaces() == 0)
    #expect(throws: Mempool.Rejection.full) { try mempool.insert(transactions.next()) }
    for _ in 0..<2 { #expect(try mempool.insert(transactions.next(), isDefence: true)) }
    // A full lane leaves what comes to the others, which have no room either.
    #expect(throws: Mempool.Rejection.full) { try mempool.insert(transactions.next(), isDefence: true) }
    #expect(mempool.defenceCount == 2 && mempool.count == 4)
  }

  @Test("Beyond its places in the lane a submitter waits with the others") func places() throws {
    var mempool = Mempool(limits: Mempool.Limits(defenceCountPerSubmitter: 2))
    let (busy, other) = (transactions.signatory(), transactions.signatory())
    let mine = try (0..<4).map { _ in try transactions.next(by: busy) }
    #expect(try mine.map { try mempool.insert($0, isDefence: true) } == [true, true, false, false])
    let theirs = try transactions.next(by: other)
    #expect(try mempool.insert(theirs, isDefence: true))
    #expect(order(mempool) == [mine[0], theirs, mine[1], mine[2], mine[3]].map(\.value.id))
    #expect(throws: Mempool.Rejection.pending) { try mempool.insert(theirs, isDefence: true) }
  }
}

@Suite struct MempoolRoomTests {
  @Test("No more is verified than finds its place, and a place is free again when it was not needed") func places() {
    let room = MempoolRoom()
    room.update(free: 5)
    #expect(room.take(3) && room.hasPlace)
    // A message is not divided.
    #expect(room.take(4) && !room.hasPlace)
    #expect(!room.take(1))
    // Three went into the mempool.
    room.update(free: 2)
    room.leave(3)
    #expect(!room.hasPlace && !room.take(1))
    room.leave(4)
    #expect(room.take(2) && !room.hasPlace)
  }

  @Test("However empty the mempool is, what is verified at once is bounded") func bound() {
    let room = MempoolRoom()
    room.update(free: .max)
    #expect(room.take(MempoolRoom.verifyingLimit) && !room.hasPlace && !room.take(1))
  }
}

@Suite struct DefenceBlockTests {
  private var chain: BlockMaker

  init() throws { chain = try BlockMaker(maxBlockBytes: 64 << 10) }

  @Test("A block begins with the lane, whatever came before") mutating func first() throws {
    let list = try chain.makeList()
    var mempool = Mempool()
    for _ in 0..<5 { try mempool.insert(chain.transactions.next()) }
    let revocation = try chain.revocation([3], in: list)
    #expect(try mempool.insert(revocation, isDefence: chain.executor.finalized.isDefence(revocation)))
    let block = try chain.build(mempool)
    #expect(block.transactions.count == 6 && block.transactions[0] == revocation.value.bytes)
  }

  @Test("The lane takes half of a block, and neither shuts the other out") mutating func halves() throws {
    let list = try chain.makeList()
    var mempool = Mempool()
    var revocations: [[UInt8]] = []
    for index in 0..<6 {
      let revocation = try chain.revocation(UInt32(index) * 6_000..<UInt32(index + 1) * 6_000, in: list)
      #expect(try mempool.insert(revocation, isDefence: true))
      revocations.append(revocation.value.bytes)
    }
    for _ in 0..<200 { try mempool.insert(chain.transactions.next()) }
    let block = try chain.build(mempool)
    let urgent = block.transactions.prefix { revocations.contains($0) }
    let bytes = urgent.reduce(0) { $0 + $1.count }
    #expect(bytes >= 32 << 10 && bytes < (32 << 10) + (revocations.map(\.count).max() ?? 0))
    #expect(urgent.count < revocations.count && block.transactions.count > urgent.count + 10)
  }

  @Test("When the time for a block is over it still has the lane") mutating func time() throws {
    let list = try chain.makeList()
    var mempool = Mempool()
    for _ in 0..<9 { try mempool.insert(chain.transactions.next()) }
    try mempool.insert(chain.revocation([1], in: list), isDefence: true)
    try mempool.insert(chain.revocation([2], in: list), isDefence: true)
    var left = 3
    let block = try chain.build(mempool) {
      left -= 1
      return left < 0
    }
    // Two of the lane, and three others before the fourth question.
    #expect(block.transactions.count == 5)
    #expect(try chain.build(mempool) { true }.transactions.count == 2)
  }

  @Test("During an alert a block gets few ordinary transactions, and hardly any beside the lane's") mutating func alert() throws {
    let list = try chain.makeList()
    var mempool = Mempool()
    for _ in 0..<40 { try mempool.insert(chain.transactions.next()) }
    #expect(try chain.build(mempool).transactions.count == 40)
    #expect(try chain.build(mempool, ordinaryLimit: .alert).transactions.count == 16)
    for index in UInt32(0)..<5 { try mempool.insert(chain.revocation([index], in: list), isDefence: true) }
    #expect(try chain.build(mempool, ordinaryLimit: .alert).transactions.count == 5 + 2)
  }

  @Test("However little time there is, a block gets what applies, past all that an ancestor has") mutating func progress() throws {
    var mempool = Mempool()
    for _ in 0..<9 { try mempool.insert(chain.transactions.next()) }
    let parent = try chain.build(mempool, ordinaryLimit: Executor.OrdinaryLimit(alone: 4, besideDefence: 1))
    #expect(parent.transactions.count == 4)
    let child = try chain.build(mempool, on: parent.header, ordinaryLimit: Executor.OrdinaryLimit(alone: 2, besideDefence: 1))
    #expect(child.transactions.count == 2 && Set(child.transactions).isDisjoint(with: parent.transactions))
    #expect(try chain.build(mempool, on: parent.header) { true }.transactions.count == 1)
  }
}

@Suite struct BlockBudgetTests {
  /// The least that a contract can ask of the ledger.
  private static let schema =
    "namespace Cairn { entity Agent { id: String }; entity Resource { id: String }; "
    + "action act appliesTo { principal: Agent, resource: Resource, context: {} }; }"

  @Test("What a block cannot afford waits for the next, and nothing else waits with it") func budget() throws {
    var chain = try BlockMaker(maxBlockBytes: 256 << 10)
    var mempool = Mempool()
    let deployments = try (0..<6).map { number in
      let version = try ContractVersion(
        id: #require(ContractID("c\(number)")), policies: [], schema: Array(Self.schema.utf8),
        owners: [chain.transactions.network.registrar.did],
        network: chain.executor.finalized.network)
      return try chain.transactions.verified([.deploy(version, network: chain.executor.finalized.network)])
    }
    for deployment in deployments { try mempool.insert(deployment) }
    let other = try chain.transactions.next()
    try mempool.insert(other)
    let first = try chain.build(mempool)
    #expect(first.transactions == (deployments.prefix(4) + [other]).map(\.value.bytes))
    let second = try chain.build(mempool, on: first.header)
    #expect(second.transactions == deployments.suffix(2).map(\.value.bytes))
  }

  @Test("The time for a block ends it among costly transactions too, with one at least") func time() throws {
    var chain = try BlockMaker(maxBlockBytes: 256 << 10)
    var mempool = Mempool()
    for number in 0..<3 {
      let version = try ContractVersion(
        id: #require(ContractID("c\(number)")), policies: [], schema: Array(Self.schema.utf8),
        owners: [chain.transactions.network.registrar.did],
        network: chain.executor.finalized.network)
      try mempool.insert(chain.transactions.verified([.deploy(version, network: chain.executor.finalized.network)]))
    }
    #expect(try chain.build(mempool) { true }.transactions.count == 1)
  }
}

@Suite struct DefenceClaimsTests {
  private let claims = DefenceClaims()
  private let now = NIODeadline.now()

  @Test("A connection whose claim was wrong waits in line for a while; others do not") func suspension() {
    #expect(claims.begin(1, of: .grpc("a"), at: now))
    claims.end(1, of: .grpc("a"), isTrue: true, at: now)
    #expect(claims.begin(1, of: .grpc("a"), at: now))
    claims.end(1, of: .grpc("a"), isTrue: false, at: now)
    #expect(!claims.begin(1, of: .grpc("a"), at: now + DefenceClaims.suspension - .nanoseconds(1)))
    #expect(claims.begin(1, of: .grpc("b"), at: now))
    #expect(claims.begin(1, of: .grpc("a"), at: now + DefenceClaims.suspension))
  }

  @Test("What is checked at once is bounded, for each connection and for all") func bounds() {
    #expect(!claims.begin(DefenceClaims.limitPerConnection + 1, of: .grpc("a"), at: now))
    for number in 0..<DefenceClaims.limit / DefenceClaims.limitPerConnection {
      #expect(claims.begin(DefenceClaims.limitPerConnection, of: .grpc("\(number)"), at: now))
    }
    #expect(!claims.begin(1, of: .grpc("a"), at: now))
    claims.end(DefenceClaims.limitPerConnection, of: .grpc("0"), isTrue: true, at: now)
    #expect(claims.begin(1, of: .grpc("a"), at: now))
  }
}

/// Blocks of one node, each final at once.
private struct BlockMaker {
  let transactions: Transactions
  var executor: Executor
  private var view: UInt64 = 1

  init(maxBlockBytes: UInt32) throws {
    let address = HostAndPort(host: "127.0.0.1", port: 1)
    let network = try TestNetwork(
      validators: 4, timeMilliseconds: 1_700_000_000_000, parameters: Parameters(maxBlockBytes: maxBlockBytes),
      address: { _ in (address, address) })
    transactions = Transactions(network)
    executor = Executor(finalized: GenesisBlock(network.genesis).state)
  }

  /// A revocation list of the registrar, who is an issuer.
  mutating func makeList() throws -> StatusListID {
    let list = try StatusListID(issuer: transactions.network.registrar.did, name: "cards")
    var mempool = Mempool()
    try mempool.insert(transactions.verified([.createStatusList(list, purpose: .revocation, network: executor.finalized.network)]))
    let block = try build(mempool)
    _ = executor.finalize(block.digest)
    view += 1
    return list
  }

  func revocation(_ indices: some Sequence<UInt32>, in list: StatusListID) throws -> Authorized<Transaction> {
    try transactions.verified([.updateStatusList(list, set: indices, network: executor.finalized.network)])
  }

  /// - Parameter parent: `nil` for the last final block.
  mutating func build(
    _ mempool: Mempool, on parent: Header? = nil, ordinaryLimit: Executor.OrdinaryLimit = .none, until isTimeOver: () -> Bool = { false }
  ) throws -> Block {
    let parent = parent ?? executor.finalized.header
    let request = BuildRequest(
      epoch: 0, view: view, proposer: 0, parent: parent.digest, parentHeader: parent, earliestTimeMilliseconds: 0, mayBeEmpty: true)
    let built = try executor.build(
      request, from: mempool, now: parent.timeMilliseconds + 1_000, ordinaryLimit: ordinaryLimit, until: isTimeOver)
    return try #require(built).block
  }
}
