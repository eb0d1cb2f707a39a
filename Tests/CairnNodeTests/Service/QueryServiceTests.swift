import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@testable import CairnNode

@Suite struct QueryServiceTests {
  private let chain = TestChain()
  private let queries: QueryService
  private var reader: TestReader

  init() {
    queries = QueryService(chain, build: "test")
    reader = TestReader(chain)
  }

  @Test("A DID is resolved with a proof of its record and document") mutating func resolve() throws {
    let did = try chain.enroll(100)
    let answer = try queries.resolve(resolveRequest(did.description)).message
    let resolved = try #require(try reader.resolved(did, answer))
    #expect(resolved.document == document(100).json(did: did, controller: nil))
    #expect(resolved.versionID == 0)
    #expect(answer.log.isEmpty && !answer.hasConsistency && answer.epochs.isEmpty)
  }

  @Test("A second answer, from the cache, is the same; a change is seen at once") mutating func cache() throws {
    let did = try chain.enroll(100)
    let first = try queries.resolve(resolveRequest(did.description)).encoded
    #expect(try queries.resolve(resolveRequest(did.description)).encoded == first)
    try chain.update(did, 100, aliases: ["https://new.example"])
    let resolved = try reader.resolved(did, try queries.resolve(resolveRequest(did.description)).message)
    #expect(resolved?.versionID == 1)
    #expect(resolved?.document == document(100, aliases: ["https://new.example"]).json(did: did, controller: nil))
  }

  @Test("A DID that nobody created is proven absent, with no payload") mutating func absent() throws {
    try chain.enroll(100)
    let did = try chain.creation(200).subject
    let answer = try queries.resolve(resolveRequest(did.description)).message
    #expect(try reader.resolved(did, answer) == nil)
    #expect(answer.payload.isEmpty)
  }

  @Test("A deactivated DID is resolved as such") mutating func deactivated() throws {
    let did = try chain.enroll(100)
    try chain.deactivate(did, 100)
    let resolved = try reader.resolved(did, try queries.resolve(resolveRequest(did.description)).message)
    #expect(resolved?.isDeactivated == true)
  }

  @Test("The genesis alone is answered from, without a certificate") mutating func genesis() throws {
    let answer = try queries.resolve(resolveRequest(chain.registrar.description)).message
    #expect(!answer.hasCertificate)
    #expect(try reader.resolved(chain.registrar, answer)?.versionID == 0)
  }

  @Test("The bytes written by hand are those of the generated code") func encoding() throws {
    let did = try chain.enroll(100)
    for number in 101..<140 { try chain.enroll(number) }
    var known = ProtoKnown()
    known.logSize = 5
    let answers = [
      try queries.resolve(resolveRequest(did.description, known)),
      try queries.resolve(resolveRequest(chain.creation(300).subject.description)),
      try queries.history(historyRequest(did)), try queries.entry(entryRequest(0)), try queries.checkpoint(ProtoCheckpointRequest()),
    ]
    for answer in answers {
      #expect([UInt8](answer.encoded.readableBytesView) == Canonical.encode(answer.message))
      #expect(answer.encoded.readableBytes == answer.byteCount)
    }
  }

  @Test("An answer continues the log that the client knows", arguments: [1, 2, 7]) mutating func consistency(blocks: Int) throws {
    let did = try chain.enroll(100)
    _ = try reader.certify(try queries.checkpoint(ProtoCheckpointRequest()).message)
    for number in 0..<blocks { try chain.enroll(200 + number) }
    // Twice: the second proof comes from the cache.
    for _ in 0..<2 {
      let answer = try queries.resolve(resolveRequest(did.description, reader.known)).message
      #expect(answer.hasConsistency)
      var copy = reader
      #expect(try copy.resolved(did, answer) != nil)
    }
    _ = try reader.certify(try queries.resolve(resolveRequest(did.description, reader.known)).message)
    #expect(try !queries.resolve(resolveRequest(did.description, reader.known)).message.hasConsistency)
  }

  @Test("A client that knows more than the node is told so") func ahead() throws {
    try chain.enroll(100)
    var known = ProtoKnown()
    known.logSize = chain.head.header.logSize + 1
    let behind = failure { () throws(ServiceFailure) in try queries.resolve(resolveRequest(chain.registrar.description, known)) }
    #expect(behind?.status == .unavailable && behind?.reason == "behind")
    #expect(behind?.metadata["retry_after_ms"] != nil)
    known = ProtoKnown()
    known.epoch = 1
    let epoch = failure { () throws(ServiceFailure) in try queries.resolve(resolveRequest(chain.registrar.description, known)) }
    #expect(epoch?.status == .failedPrecondition && epoch?.reason == "unknown_epoch")
  }

  @Test(
    "What is not a DID of this network is refused with its reason",
    arguments: [
      ("", RPCStatus.invalidArgument, "invalid_did", "INVALID_DID"), ("did:cairn:short", .invalidArgument, "invalid_did", "INVALID_DID"),
      ("did:web:example.org", .unimplemented, "method_not_supported", "METHOD_NOT_SUPPORTED"),
    ])
  func invalid(did: String, status: RPCStatus, reason: String, didError: String) {
    let refused = failure { () throws(ServiceFailure) in try queries.resolve(resolveRequest(did)) }
    #expect(refused?.status == status && refused?.reason == reason)
    #expect(refused?.metadata["did_error"] == "https://www.w3.org/ns/did#\(didError)")
  }

  @Test("A DID of another network, or with something behind it, is refused") func foreign() {
    let text = chain.registrar.description
    let foreign = text.replacingOccurrences(of: chain.registrar.networkPrefix, with: String(repeating: "a", count: 10))
    #expect(failure { () throws(ServiceFailure) in try queries.resolve(resolveRequest(foreign)) }?.reason == "wrong_network")
    #expect(failure { () throws(ServiceFailure) in try queries.resolve(resolveRequest(text + "#key")) }?.reason == "invalid_did")
    #expect(failure { () throws(ServiceFailure) in try queries.resolve(resolveRequest(text.uppercased())) }?.reason == "invalid_did")
  }

  @Test("A record that is newer than the head makes the read start again") mutating func race() throws {
    let did = try chain.enroll(100)
    let update = try LedgerOperation.update(
      did, after: try #require(try chain.head.state.version(of: did)).record.head, document: document(101), network: chain.genesis.network)
    try chain.commit([chain.transaction([update], signers: [1, 100])], afterLooks: 2)
    let resolved = try reader.resolved(did, try queries.resolve(resolveRequest(did.description)).message)
    #expect(resolved?.versionID == 1)
  }

  @Test("A node that never catches up with its store says so") func neverPublished() throws {
    let did = try chain.enroll(100)
    let update = try LedgerOperation.update(
      did, after: try #require(try chain.head.state.version(of: did)).record.head, document: document(101), network: chain.genesis.network)
    try chain.commit([chain.transaction([update], signers: [1, 100])], afterLooks: 1000)
    let refused = failure { () throws(ServiceFailure) in try queries.resolve(resolveRequest(did.description)) }
    #expect(refused?.status == .unavailable && refused?.reason == "record_unavailable")
  }

  @Test("Info tells the network, the head and the limits") func info() throws {
    try chain.enroll(100)
    let (info, header) = (queries.info(), chain.head.header)
    #expect(Digest(info.network) == chain.genesis.network && info.name == "services" && info.node == "node-0")
    #expect(info.protocolVersion == 1 && info.build == "test" && info.validators == 4 && info.quorum == 3)
    #expect(info.height == 1 && info.view == header.view && info.logSize == header.logSize && Digest(info.head) == header.digest)
    #expect(info.limits.maxMessageBytes == 262_144 && info.limits.maxBatchMessageBytes == 1_048_576)
    #expect(info.limits.maxTransactionBytes == UInt32(Transaction.byteLimit) && info.limits.maxInFlight > 0)
  }
}
