import CairnCrypto
import CairnLedger
import CairnMessages
import CairnNetwork
import SwiftProtobuf
import Testing

@testable import CairnNode

@Suite struct HistoryTests {
  private let chain = TestChain()
  private let queries: QueryService
  private var reader: TestReader

  init() {
    queries = QueryService(chain, build: "test")
    reader = TestReader(chain)
  }

  private func page(_ answer: ProtoProven) throws -> ProtoHistoryPage { try ProtoHistoryPage(serializedBytes: answer.payload) }

  @Test("A history leads from the proven head to the creation") mutating func complete() throws {
    let did = try chain.enroll(100)
    try chain.enroll(200)
    for version in 1...3 { try chain.update(did, 100, aliases: ["https://example.org/\(version)"]) }
    let answer = try queries.history(historyRequest(did)).message
    let head = try #require(try reader.head(did, answer))
    let history = try DIDHistory.verify(head: head, transactions: try reader.transactions(answer))
    #expect(history.entries.map(\.sequence) == [3, 2, 1, 0])
    #expect(try page(answer).nextBeforeIndex == 0)
  }

  @Test("Pages continue one another", arguments: [1, 2, 3, 4, 5]) mutating func pages(limit: UInt32) throws {
    let did = try chain.enroll(100)
    for version in 1...4 { try chain.update(did, 100, aliases: ["https://example.org/\(version)"]) }
    var transactions: [Transaction] = []
    var (before, head, count): (UInt64, DIDRecord?, Int) = (0, nil, 0)
    repeat {
      let answer = try queries.history(historyRequest(did, limit: limit, before: before)).message
      #expect(answer.log.count <= Int(limit) && !answer.log.isEmpty)
      head = try reader.head(did, answer)
      transactions += try reader.transactions(answer)
      before = try page(answer).nextBeforeIndex
      count += 1
    } while before > 0 && count < 10
    #expect(count == (5 + Int(limit) - 1) / Int(limit))
    #expect(try DIDHistory.verify(head: try #require(head), transactions: transactions).entries.count == 5)
  }

  @Test("A page ends before it is too long, and the next one goes on") mutating func long() throws {
    let did = try chain.enroll(100)
    let padding = String(repeating: "p", count: 480)
    for version in 0..<20 { try chain.update(did, 100, aliases: (0..<32).map { "https://example.org/\(version)/\($0)/\(padding)" }) }
    let answer = try queries.history(historyRequest(did))
    #expect(answer.byteCount < 256 << 10)
    let next = try page(answer.message).nextBeforeIndex
    #expect(next > 0 && answer.log.count < 21 && answer.log.count > 8)
    let rest = try queries.history(historyRequest(did, before: next)).message
    let transactions = try reader.transactions(answer.message) + reader.transactions(rest)
    let head = try #require(try reader.head(did, answer.message))
    #expect(try DIDHistory.verify(head: head, transactions: transactions).entries.count == 21)
  }

  @Test("A DID of the genesis has no transaction for its creation") mutating func genesis() throws {
    #expect(try queries.history(historyRequest(chain.registrar)).message.log.isEmpty)
    try chain.update(chain.registrar, 1, aliases: ["https://registrar.example"])
    let answer = try queries.history(historyRequest(chain.registrar)).message
    #expect(answer.log.count == 1)
    #expect(try page(answer).nextBeforeIndex == 0)
    let head = try #require(try reader.head(chain.registrar, answer))
    let history = try DIDHistory.verify(head: head, transactions: try reader.transactions(answer), genesis: chain.genesis)
    #expect(history.entries.map(\.sequence) == [1, 0])
  }

  @Test("Two changes in one transaction are one entry") mutating func twice() throws {
    let creation = try chain.creation(100)
    let update = try LedgerOperation.update(creation.subject, after: creation.head, document: document(101), network: chain.genesis.network)
    try chain.commit([chain.transaction([creation, update], signers: [1, 100])])
    let answer = try queries.history(historyRequest(creation.subject)).message
    #expect(answer.log.count == 1)
    let head = try #require(try reader.head(creation.subject, answer))
    #expect(try DIDHistory.verify(head: head, transactions: try reader.transactions(answer)).entries.count == 2)
  }

  @Test("A DID that does not exist has no history, proven") mutating func absent() throws {
    try chain.enroll(100)
    let did = try chain.creation(300).subject
    let answer = try queries.history(historyRequest(did)).message
    #expect(try reader.head(did, answer) == nil)
    #expect(answer.log.isEmpty && answer.payload.isEmpty)
  }

  @Test("An index that trails is not mistaken for the end of a history") func behind() throws {
    let did = try chain.enroll(100)
    try chain.update(did, 100, aliases: ["https://example.org"])
    chain.forgetChanges(of: did)
    let refused = failure { () throws(ServiceFailure) in try queries.history(historyRequest(did)) }
    #expect(refused?.status == .unavailable && refused?.reason == "index_behind")
  }
}
