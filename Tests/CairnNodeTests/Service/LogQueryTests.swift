import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import Testing

@testable import CairnNode

@Suite struct LogQueryTests {
  private let chain = TestChain()
  private let queries: QueryService
  private var reader: TestReader

  init() throws {
    queries = QueryService(chain, build: "test")
    reader = TestReader(chain)
    for number in 0..<5 { try chain.enroll(100 + 10 * number) }
  }

  @Test("A transaction is proven by its id") mutating func transaction() throws {
    let transaction = try chain.transaction([chain.creation(500)], signers: [1, 500])
    try chain.commit([transaction])
    let answer = try queries.transaction(transactionRequest(transaction.id.bytes)).message
    #expect(try reader.transactions(answer) == [transaction])
  }

  @Test("A transaction that is not final is not found") func unknownTransaction() {
    let unknown = failure { () throws(ServiceFailure) in try queries.transaction(transactionRequest(Digest.zero.bytes)) }
    #expect(unknown?.status == .notFound && unknown?.reason == "unknown_transaction")
    let invalid = failure { () throws(ServiceFailure) in try queries.transaction(transactionRequest([1])) }
    #expect(invalid?.status == .invalidArgument && invalid?.reason == "invalid_transaction_id")
  }

  @Test("Every entry before the newest header is proven") mutating func entries() throws {
    let size = chain.head.header.logSize
    for index in 0..<size {
      let entries = try reader.entries(try queries.entry(entryRequest(index)).message)
      #expect(entries.map(\.index) == [index])
      #expect(try entries.map(\.entry.bytes) == [chain.entry(at: index)])
    }
    for index in [size, size + 1, .max] {
      let refused = failure { () throws(ServiceFailure) in try queries.entry(entryRequest(index)) }
      #expect(refused?.status == .outOfRange && refused?.reason == "index_out_of_range")
      #expect(refused?.metadata["log_size"] == "\(size)")
    }
  }

  @Test("A header is proven by height and by digest; the newest is the answer's own") mutating func headers() throws {
    for height in 0..<chain.head.header.height {
      let header = try #require(try chain.header(atHeight: height))
      for which in [ProtoHeaderRequest.OneOf_Which.height(height), .digest(.init(header.digest.bytes))] {
        let entries = try reader.entries(try queries.header(headerRequest(which)).message)
        #expect(entries.map(\.entry) == [.header(header.bytes)])
        #expect(entries.map(\.index) == [header.logSize])
      }
    }
    let newest = chain.head.header
    let answer = try queries.header(headerRequest(.height(newest.height))).message
    #expect(answer.log.isEmpty)
    #expect(try reader.certify(answer).header == newest)
  }

  @Test("A header that is not there, or not named, is refused") func unknownHeader() {
    func reason(_ which: ProtoHeaderRequest.OneOf_Which?) -> String? {
      failure { () throws(ServiceFailure) in try queries.header(headerRequest(which)) }?.reason
    }
    #expect(reason(.height(1000)) == "unknown_header")
    #expect(reason(.digest(.init(Digest.zero.bytes))) == "unknown_header")
    #expect(reason(.digest(.init([1, 2]))) == "invalid_digest")
    #expect(reason(nil) == "header_not_named")
  }

  @Test("A checkpoint is the newest header and its certificate") mutating func checkpoint() throws {
    let answer = try queries.checkpoint(ProtoCheckpointRequest()).message
    #expect(try reader.certify(answer).header == chain.head.header)
    #expect(answer.state.isEmpty && answer.log.isEmpty && answer.payload.isEmpty)
  }

  @Test("An inclusion proof serves whoever has the entry") mutating func inclusion() throws {
    let answer = try queries.inclusionProof(inclusionRequest(3)).message
    var proof = try #require(answer.log.first)
    #expect(proof.entry.isEmpty)
    let entry = try #require(try chain.entry(at: 3))
    proof.entry = .init(entry)
    #expect(try reader.certify(answer).entry(proof).index == 3)
  }

  @Test("Any two sizes of the log are proven consistent") func consistency() throws {
    let size = chain.head.edge.size
    let leaves = try (0..<size).map { LogTree.leafHash(try #require(try chain.entry(at: $0))) }
    for old in 1...size {
      for new in old...size {
        let message = try queries.consistencyProof(consistencyRequest(old, new))
        let roots = (LogTree.root(of: leaves.prefix(Int(old))), LogTree.root(of: leaves.prefix(Int(new))))
        try LogConsistencyProof(message).verify(oldRoot: roots.0, newRoot: roots.1)
      }
    }
    for (old, new) in [(0, size), (size, size - 1), (1, size + 1), (1, .max)] {
      let refused = failure { () throws(ServiceFailure) in try queries.consistencyProof(consistencyRequest(old, new)) }
      #expect(refused?.status == .outOfRange && refused?.reason == "sizes_out_of_range")
    }
  }

  @Test("Logs beyond one tile are proven") mutating func tiles() throws {
    let transactions = try (0..<300).map { try chain.transaction([chain.creation(10_000 + 2 * $0)], signers: [1, 10_000 + 2 * $0]) }
    try chain.commit(transactions)
    for index: UInt64 in [0, 200, 255, 256, 299] {
      #expect(try reader.entries(try queries.entry(entryRequest(index)).message).map(\.index) == [index])
    }
    #expect(try queries.consistencyProof(consistencyRequest(5, 290)).path.isEmpty == false)
  }

  @Test("Damage in the store is told, not passed on") func damage() throws {
    chain.damageEntry(3)
    let damaged = failure { () throws(ServiceFailure) in try queries.entry(entryRequest(3)) }
    #expect(damaged?.status == .dataLoss && damaged?.reason == "log_damaged")
    chain.breakDown()
    let broken = failure { () throws(ServiceFailure) in try queries.entry(entryRequest(2)) }
    #expect(broken?.status == .internal && broken?.reason == "storage_failed")
  }
}
