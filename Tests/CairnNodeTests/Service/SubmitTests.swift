import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import NIOCore
import NIOEmbedded
import Testing

@testable import CairnNode

@Suite struct SubmitTests {
  private let chain = TestChain()
  private let queries: QueryService
  private let loop = EmbeddedEventLoop()
  private var reader: TestReader

  init() {
    queries = QueryService(chain, build: "test")
    reader = TestReader(chain)
  }

  private func submit(_ request: ProtoSubmitRequest) throws -> ProtoSubmitResponse {
    try SubmitService(queries).submit(request, from: .grpc("test"), on: loop).wait()
  }

  private func refusal(_ request: ProtoSubmitRequest) -> ServiceFailure? {
    do {
      _ = try submit(request)
      return nil
    } catch {
      return error as? ServiceFailure
    }
  }

  @Test("Every transaction has its outcome, in order") func order() throws {
    let transactions = try [100, 200].map { try chain.transaction([chain.creation($0)], signers: [1, $0]) }
    let response = try submit(submitRequest([transactions[0].bytes, [1, 2, 3], transactions[1].bytes, transactions[0].bytes]))
    #expect(response.results.count == 4)
    for (position, transaction) in [(0, transactions[0]), (2, transactions[1])] {
      let result = response.results[position]
      #expect(Digest(result.transactionID) == transaction.id)
      var fresh = TestReader(chain)
      #expect(try fresh.transactions(result.receipt) == [transaction])
      #expect(result.receipt.payload.isEmpty)
    }
    #expect(response.results[1].failure.reason == "malformed" && response.results[1].transactionID.isEmpty)
    #expect(response.results[3].failure.reason == "already_exists")
  }

  @Test("Receipts continue the log that the client knows") mutating func receipts() throws {
    try chain.enroll(50)
    _ = try reader.certify(try queries.checkpoint(ProtoCheckpointRequest()).message)
    let transactions = try [100, 200, 300].map { try chain.transaction([chain.creation($0)], signers: [1, $0]) }
    let response = try submit(submitRequest(transactions.map(\.bytes), known: reader.known))
    for (result, transaction) in zip(response.results, transactions) {
      var copy = reader
      #expect(result.receipt.hasConsistency)
      #expect(try copy.transactions(result.receipt) == [transaction])
    }
  }

  @Test("Without waiting, a transaction that is fine is accepted") func noWait() throws {
    let transaction = try chain.transaction([chain.creation(100)], signers: [1, 100])
    let response = try submit(submitRequest([transaction.bytes], .noWait))
    guard case .accepted = response.results.first?.outcome else {
      Issue.record("it was not accepted")
      return
    }
    #expect(chain.head.header.height == 0)
  }

  @Test("A change that does not follow the head is answered with the head, proven") mutating func stale() throws {
    let did = try chain.enroll(100)
    let head = try #require(try chain.head.state.version(of: did)).record.head
    let second = try LedgerOperation.update(did, after: head, document: document(101), network: chain.genesis.network)
    let third = try LedgerOperation.update(did, after: second.head, document: document(102), network: chain.genesis.network)
    let future = try submit(submitRequest([chain.transaction([third], signers: [1, 100]).bytes])).results[0].failure
    #expect(future.code == 10 && future.reason == "future_sequence" && future.metadata["head_sequence"] == "0")
    try chain.commit([chain.transaction([second], signers: [1, 100])])
    let stale = try submit(submitRequest([chain.transaction([second], signers: [1, 100]).bytes])).results[0].failure
    #expect(stale.code == 10 && stale.reason == "stale" && stale.metadata["operation"] == "0")
    #expect(stale.metadata["head_sequence"] == "1" && stale.metadata["head_hash"] == "\(second.head.hash)")
    #expect(try reader.resolved(did, stale.current)?.record.head == second.head)
  }

  @Test("What a node cannot take or decide is told with what to do") func forced() throws {
    chain.force(.overloaded)
    let overloaded = try submit(submitRequest([[1]])).results[0].failure
    #expect(overloaded.code == 8 && overloaded.reason == "overloaded" && overloaded.metadata["retry_after_ms"] == "700")
    chain.force(.undecided)
    let undecided = try submit(submitRequest([[1]])).results[0].failure
    #expect(undecided.code == 4 && undecided.reason == "undecided")
  }

  @Test("Without room a request is refused as a whole, unless it is in a hurry") func busy() throws {
    let list = try StatusListID(issuer: chain.registrar, name: "cards")
    let update = try LedgerOperation.updateStatusList(list, set: [7], network: chain.genesis.network)
    let (urgent, ordinary) = (
      try chain.transaction([update], signers: [1]), try chain.transaction([chain.creation(100)], signers: [1, 100])
    )
    chain.setBusy(milliseconds: 700)
    for transactions in [[ordinary], [ordinary, urgent], [urgent, ordinary]] {
      let failure = try #require(refusal(submitRequest(transactions.map(\.bytes))))
      #expect(failure.reason == "overloaded" && failure.status == .resourceExhausted)
      #expect(failure.metadata == [FailureKey.retryAfter: "700"])
    }
    #expect(refusal(submitRequest([urgent.bytes])) == nil)
    chain.setBusy(milliseconds: nil)
    #expect(refusal(submitRequest([ordinary.bytes])) == nil)
  }

  @Test("A batch that cannot be answered is refused before anything is submitted") func batches() throws {
    #expect(refusal(submitRequest([]))?.reason == "empty_batch")
    #expect(refusal(submitRequest([[1]], .UNRECOGNIZED(9)))?.reason == "unknown_wait")
    #expect(refusal(submitRequest(Array(repeating: [1], count: 4097), .noWait))?.reason == "batch_too_large")
    let many = Array(repeating: [UInt8](repeating: 1, count: 900), count: 600)
    #expect(refusal(submitRequest(many))?.reason == "batch_too_large")
    #expect(refusal(submitRequest(many, .noWait)) == nil)
  }

  @Test("A full batch of receipts fits into one answer") func fits() throws {
    let transactions = try (0..<99).map {
      try chain.transaction([chain.creation(1000 + 2 * $0)], signers: [1, 1000 + 2 * $0], notAfter: 99).bytes
    }
    let response = try submit(submitRequest(transactions))
    #expect(response.results.allSatisfy { $0.receipt.log.count == 1 })
    #expect(Canonical.encode(response).count <= 1 << 20)
  }
}

@Suite struct TransactionFailureTests {
  private static let did = TestChain().registrar
  private static let head = DIDHead(sequence: 7, hash: .zero)

  private static let refusal = ConstitutionRefusal(action: .didCreate, submitter: did, policies: ["no_fleets"])

  static let cases: [(TransactionError, RPCStatus)] =
    [
      (.tooLarge(limit: 1, actual: 2), .invalidArgument), (.malformed("body"), .invalidArgument), (.notCanonical, .invalidArgument),
      (.wrongNetwork, .invalidArgument), (.operationCount(0), .invalidArgument), (.signatureCount(0), .invalidArgument),
      (.signatureOrder, .invalidArgument), (.badSignature(key(1).publicKey), .permissionDenied),
      (.expired(notAfterHeight: 1, height: 2), .failedPrecondition), (.tooFarAhead(notAfterHeight: 9, limit: 2), .failedPrecondition),
      (.duplicate, .alreadyExists), (.blockFull, .resourceExhausted), (.unknownSubmitter(did), .permissionDenied),
      (.submitterDeactivated(did), .failedPrecondition), (.submitterThresholdNotMet, .permissionDenied),
      (.unavailable(.storage("x")), .unavailable), (.operation(0, .malformed("did")), .invalidArgument),
      (.operation(0, .foreignDID), .invalidArgument), (.operation(0, .document(.tooManyServices)), .invalidArgument),
      (.operation(0, .notPermitted(refusal)), .permissionDenied), (.operation(0, .alreadyExists(did)), .alreadyExists),
      (.operation(0, .unknownDID(did)), .notFound), (.operation(0, .deactivated(did)), .failedPrecondition),
      (.operation(0, .stale(head: head)), .aborted), (.operation(0, .futureSequence(head: head)), .aborted),
      (.operation(0, .unknownController(did)), .failedPrecondition), (.operation(0, .controllerDeactivated(did)), .failedPrecondition),
      (.submitterIsolated(did), .permissionDenied), (.operation(0, .isolated(did)), .permissionDenied),
      (.operation(0, .controllerIsolated(did)), .permissionDenied), (.operation(0, .trusteeProtected(did)), .failedPrecondition),
      (.operation(0, .isolationEnd(1)), .failedPrecondition), (.operation(0, .noController), .failedPrecondition),
      (.operation(0, .noRecovery), .failedPrecondition),
    ]
    + OperationError.Threshold.allCases.map { (.operation(0, .thresholdNotMet($0)), .permissionDenied) }
    + KeyList.allCases.flatMap { list in
      [.noKeys(list), .tooManyKeys(list), .invalidKey(list), .duplicateKey(list), .zeroWeight(list), .unreachableThreshold(list)]
        .map { (.operation(0, .control($0)), .invalidArgument) }
    }
    + [ControlError.invalidController(.noScheme), .foreignController, .ownController].map {
      (.operation(0, .control($0)), .invalidArgument)
    }

  @Test("Every refusal has its status, its reason and one sentence", arguments: cases) func mapping(
    error: TransactionError, status: RPCStatus
  ) {
    let failure = ServiceFailure(error)
    #expect(failure.status == status)
    #expect(failure.reason == error.reason)
    #expect(failure.message.hasSuffix(".") && !failure.message.contains(". "))
    #expect(!failure.reason.isEmpty && failure.reason.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" })
    if status == .resourceExhausted || status == .unavailable { #expect(failure.metadata["retry_after_ms"] != nil) }
  }
}
