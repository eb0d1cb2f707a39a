import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import SwiftProtobuf

@testable import CairnNode

/// A client that believes nothing.
struct TestReader {
  let chain: TestChain
  var client: LightClient

  init(_ chain: TestChain) {
    self.chain = chain
    client = LightClient(anchor: chain.anchor)
  }

  /// What the client knows, as it tells a node.
  var known: ProtoKnown {
    var known = ProtoKnown()
    known.epoch = client.epoch
    known.logSize = client.newest?.header.logSize ?? 0
    return known
  }

  mutating func certify(_ answer: ProtoProven) throws -> CertifiedHeader {
    try client.verify(answer, since: client.newest, now: chain.head.header.timeMilliseconds, maximumStaleness: .max)
  }

  /// `nil` when the absence is proven.
  mutating func resolved(_ did: CairnDID, _ answer: ProtoProven) throws -> ResolvedDID? {
    guard let proof = answer.state.first else { throw LightClientError.missingProof }
    guard let value = try certify(answer).value(of: did.stateKey, proof: proof) else { return nil }
    let resolution = try ProtoResolution(serializedBytes: answer.payload)
    return try ResolvedDID(did, stateValue: value, record: [UInt8](resolution.record), document: [UInt8](resolution.document))
  }

  mutating func entries(_ answer: ProtoProven) throws -> [(index: UInt64, entry: LogEntry)] {
    let header = try certify(answer)
    return try answer.log.map { try header.entry($0) }
  }

  mutating func transactions(_ answer: ProtoProven) throws -> [Transaction] {
    try entries(answer).map { entry in
      guard case .transaction(let bytes) = entry.entry else { throw LightClientError.missingProof }
      return try Transaction(decoding: bytes, network: chain.genesis.network)
    }
  }

  /// The DID's newest record on a page of its history.
  mutating func head(_ did: CairnDID, _ answer: ProtoProven) throws -> DIDRecord? {
    guard let proof = answer.state.first else { throw LightClientError.missingProof }
    guard let value = try certify(answer).value(of: did.stateKey, proof: proof) else { return nil }
    let record = [UInt8](try ProtoHistoryPage(serializedBytes: answer.payload).record)
    guard try StateValue(decoding: value).recordHash == .sha256(record) else { throw LightClientError.missingProof }
    return try DIDRecord(decoding: record)
  }
}

func resolveRequest(_ did: String, _ known: ProtoKnown = ProtoKnown()) -> ProtoResolveRequest {
  var request = ProtoResolveRequest()
  request.did = did
  request.known = known
  return request
}

func historyRequest(_ did: CairnDID, limit: UInt32 = 0, before index: UInt64 = 0) -> ProtoHistoryRequest {
  var request = ProtoHistoryRequest()
  request.did = did.description
  request.limit = limit
  request.beforeIndex = index
  return request
}

func transactionRequest(_ id: [UInt8]) -> ProtoTransactionRequest {
  var request = ProtoTransactionRequest()
  request.transactionID = .init(id)
  return request
}

func entryRequest(_ index: UInt64) -> ProtoEntryRequest {
  var request = ProtoEntryRequest()
  request.index = index
  return request
}

func headerRequest(_ which: ProtoHeaderRequest.OneOf_Which?) -> ProtoHeaderRequest {
  var request = ProtoHeaderRequest()
  request.which = which
  return request
}

func inclusionRequest(_ index: UInt64) -> ProtoInclusionProofRequest {
  var request = ProtoInclusionProofRequest()
  request.index = index
  return request
}

func consistencyRequest(_ old: UInt64, _ new: UInt64) -> ProtoConsistencyProofRequest {
  var request = ProtoConsistencyProofRequest()
  (request.oldSize, request.newSize) = (old, new)
  return request
}

func submitRequest(_ transactions: [[UInt8]], _ wait: ProtoSubmitWait = .final, known: ProtoKnown = ProtoKnown()) -> ProtoSubmitRequest {
  var request = ProtoSubmitRequest()
  request.transactions = transactions.map { .init($0) }
  request.wait = wait
  request.known = known
  return request
}

/// The failure with which the body ends.
func failure<Value>(_ body: () throws(ServiceFailure) -> Value) -> ServiceFailure? {
  do throws(ServiceFailure) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
