import CairnCrypto
import CairnIdentity
import Testing

@testable import CairnLedger

@Suite struct DIDHistoryTests {
  private var world = World()

  /// A DID that was created, updated, rotated to a controller and updated again (in one transaction), and deactivated; with its
  /// transactions, newest first.
  private mutating func life() throws -> (did: CairnDID, transactions: [Transaction]) {
    let network = world.network
    let create = try world.create(30)
    let update = try LedgerOperation.update(create.subject, after: create.head, document: document(31), network: network)
    let rotate = try LedgerOperation.rotate(
      create.subject, after: update.head, control: world.control(40, controller: World.trustee), network: network)
    let second = try LedgerOperation.update(create.subject, after: rotate.head, document: document(41), network: network)
    let deactivate = try LedgerOperation.deactivate(create.subject, after: second.head, authority: .controller, network: network)
    var transactions: [Transaction] = []
    for (operations, signers) in [([create], [1, 30]), ([update], [1, 30]), ([rotate, second], [1, 31, 40]), ([deactivate], [1, 11])] {
      let transaction = try world.transaction(operations, signers: signers)
      try world.commit(transaction)
      transactions.insert(transaction.value, at: 0)
    }
    return (create.subject, transactions)
  }

  @Test("A history leads from the head to the creation") mutating func complete() throws {
    let (did, transactions) = try life()
    let history = try DIDHistory.verify(head: world.record(did), transactions: transactions)
    #expect(history.entries.map(\.sequence) == [4, 3, 2, 1, 0])
    #expect(history.entries.map(\.transaction) == [0, 1, 1, 2, 3].map { transactions[$0].id })
  }

  @Test("Every version's document is known from the history") mutating func versions() throws {
    let (did, transactions) = try life()
    let versions = try DIDHistory.verify(head: world.record(did), transactions: transactions).versions
    #expect(versions.map(\.entry.sequence) == [0, 1, 2, 3, 4])
    let trustee = World.trustee
    #expect(
      versions.map(\.document) == [
        document(30).json(did: did, controller: nil), document(31).json(did: did, controller: nil),
        document(31).json(did: did, controller: trustee), document(41).json(did: did, controller: trustee),
        document(41).json(did: did, controller: trustee),
      ])
    #expect(versions.map(\.isDeactivated) == [false, false, false, false, true])
    #expect(try world.record(did).documentHash == versions.last.map { .sha256($0.document) })
  }

  @Test("A page that ends before the creation is not complete, and can go on") mutating func pages() throws {
    let (did, transactions) = try life()
    var history = DIDHistory(head: try world.record(did))
    for transaction in transactions.prefix(2) { try history.append(transaction) }
    #expect(!history.isComplete)
    #expect(history.versions.isEmpty)
    #expect(throws: HistoryError.incomplete) { try DIDHistory.verify(head: world.record(did), transactions: transactions.prefix(2)) }
    for transaction in transactions.dropFirst(2) { try history.append(transaction) }
    #expect(history.isComplete)
  }

  @Test("A transaction left out, repeated, in the wrong place or of another DID is refused") mutating func broken() throws {
    let (did, transactions) = try life()
    let other = try world.transaction([world.create(60)], signers: [1, 60]).value
    let head = try world.record(did)
    func refusal(_ transactions: [Transaction]) -> HistoryError? {
      do {
        _ = try DIDHistory.verify(head: head, transactions: transactions)
        return nil
      } catch { return error }
    }
    #expect(refusal(transactions) == nil)
    #expect(refusal([]) == .incomplete)
    #expect(refusal(Array(transactions.dropFirst())) == .brokenChain(sequence: 4))
    #expect(refusal([transactions[0], transactions[2], transactions[3]]) == .brokenChain(sequence: 3))
    #expect(refusal([transactions[0], transactions[0]]) == .brokenChain(sequence: 3))
    #expect(refusal(transactions.reversed()) == .brokenChain(sequence: 4))
    #expect(refusal(transactions + [transactions[3]]) == .beyondCreation)
    #expect(refusal([other] + transactions) == .irrelevantTransaction(other.id))
  }

  @Test("A forged operation does not fit the head") mutating func forged() throws {
    let (did, transactions) = try life()
    let head = try world.record(did)
    let forged = try world.transaction(
      [.deactivate(did, after: DIDHead(sequence: 3, hash: .zero), network: world.network)], signers: [1]
    ).value
    #expect(throws: HistoryError.brokenChain(sequence: 4)) {
      try DIDHistory.verify(head: head, transactions: [forged] + transactions.dropFirst())
    }
  }

  @Test("A DID of the genesis ends there") mutating func genesis() throws {
    let did = World.trustee
    let update = try LedgerOperation.update(did, after: world.head(did), document: document(5), network: world.network)
    let transaction = try world.transaction([update], by: did, signers: [11])
    try world.commit(transaction)
    let head = try world.record(did)
    #expect(throws: HistoryError.incomplete) { try DIDHistory.verify(head: head, transactions: [transaction.value]) }
    let history = try DIDHistory.verify(head: head, transactions: [transaction.value], genesis: World.genesis)
    #expect(history.entries.map(\.transaction) == [transaction.value.id, nil])
    #expect(history.versions.count == 2)
  }
}
