import CairnChain
import CairnCrypto
import CairnIdentity
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@testable import CairnLedger

@Suite struct TransactionTests {
  private let world = World()

  private func bytes(signers: [Int] = [1, 30]) throws -> [UInt8] { try world.transaction([world.create(30)], signers: signers).value.bytes }

  /// The transaction with its message and body changed, and signed by nobody.
  private func changed(
    _ change: (inout ProtoTransaction, inout ProtoTransactionBody) -> Void
  ) throws -> [UInt8] {
    var message = try ProtoTransaction(serializedBytes: try bytes())
    var body = try ProtoTransactionBody(serializedBytes: message.body)
    change(&message, &body)
    message.body = Data(Canonical.encode(body))
    return Canonical.encode(message)
  }

  private func expect(_ error: TransactionError, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: sourceLocation) { try Transaction(decoding: bytes, network: world.network) }
  }

  @Test("What was built is what is read") func roundTrip() throws {
    let create = try world.create(30)
    let transaction = try world.transaction([create], signers: [30, 1, 30], notAfter: 4, nonce: 5).value
    #expect(transaction.submitter == World.registrar)
    #expect(transaction.notAfterHeight == 4)
    #expect(transaction.nonce == sixteen(5))
    #expect(transaction.operations == [create])
    #expect(transaction.signatures.map(\.key) == [key(1).publicKey, key(30).publicKey].sorted())
    #expect(try Transaction(decoding: transaction.bytes, network: world.network) == transaction)
  }

  @Test("The id is a hash of the body alone, the leaf of the whole entry") func hashes() throws {
    let (one, two) = (try world.transaction([world.create(30)], signers: [1, 30]).value, try world.transaction([world.create(30)]).value)
    #expect(one.id == two.id)
    #expect(one.id == .sha256(Array("cairn/tx-id/v1\u{0}".utf8) + one.body))
    #expect(one.leafHash == LogEntry.transaction(one.bytes).leafHash)
    #expect(one.leafHash != two.leafHash)
  }

  @Test("A DID is the hash of its creation, and an operation's hash that of its bytes") func operationHashes() throws {
    let create = try world.create(30)
    let message = try ProtoOperation(serializedBytes: create.bytes)
    #expect(create.did == CairnDID(network: world.network, create: .sha256(Canonical.encode(message.didCreate))))
    #expect(create.hash == .sha256(Array("cairn/did-operation/v1\u{0}".utf8) + create.bytes))
    #expect(create.head == DIDHead(sequence: 0, hash: create.hash))
  }

  @Test("A transaction has at most 60 KiB") func size() throws {
    let limit = Transaction.byteLimit
    expect(.tooLarge(limit: limit, actual: limit + 1), [UInt8](repeating: 0, count: limit + 1))
    expect(.malformed("transaction"), [UInt8](repeating: 0xff, count: limit))
    expect(.malformed("body"), [0x0a, 1, 0xff])
  }

  @Test("Only one encoding is accepted, of the transaction and of its body") func canonical() throws {
    let bytes = try bytes()
    expect(.notCanonical, bytes + [0x18, 1])
    let body = try world.transaction([world.create(30)]).value.body
    expect(.notCanonical, Canonical.encode(ProtoTransaction.with { $0.body = Data(body + [0x30, 1]) }))
    expect(.notCanonical, [0x12, 0] + bytes)
  }

  @Test("Another network's transaction is refused") func network() throws {
    expect(.wrongNetwork, try changed { $1.network = Data(Digest.zero.bytes) })
    expect(.wrongNetwork, try changed { $1.submitter = CairnDID(network: .zero, create: .zero).description })
    expect(.wrongNetwork, try changed { $1.network = Data() })
    let foreign = CairnDID(network: .zero, create: .zero).description
    expect(.operation(0, .foreignDID), try changed { $1.operations[0].didUpdate = .with { $0.did = foreign } })
    expect(.operation(0, .control(.foreignController)), try changed { $1.operations[0].didCreate.control.controller = foreign })
  }

  @Test("Fields have their length and what they name exists") func fields() throws {
    expect(.malformed("submitter"), try changed { $1.submitter = "did:cairn:x" })
    expect(.malformed("nonce"), try changed { $1.nonce = Data(count: 15) })
    expect(.malformed("nonce"), try changed { $1.nonce = Data(count: 17) })
    expect(.malformed("signatures"), try changed { message, _ in message.signatures[0].publicKey = Data(count: 31) })
    expect(.malformed("signatures"), try changed { message, _ in message.signatures[1].signature = Data(count: 65) })
    expect(.operation(0, .malformed("kind")), try changed { $1.operations[0].kind = nil })
    expect(.operation(0, .malformed("control")), try changed { $1.operations[0].didCreate.clearControl() })
    expect(.operation(0, .malformed("document")), try changed { $1.operations[0].didCreate.clearDocument() })
    expect(.operation(0, .malformed("salt")), try changed { $1.operations[0].didCreate.salt = Data(count: 15) })
    expect(
      .operation(0, .malformed("document")),
      try changed { $1.operations[0].didCreate.document.verificationMethods[0].purposes = [.UNRECOGNIZED(-1)] })
    expect(
      .operation(0, .control(.invalidKey(.update))),
      try changed { $1.operations[0].didCreate.control.update[0].publicKey = Data(count: 33) })
    expect(.operation(0, .control(.invalidKey(.next))), try changed { $1.operations[0].didCreate.control.next[0].digest = Data(count: 31) })
    expect(
      .operation(0, .control(.tooManyKeys(.recovery))),
      try changed { _, body in
        let digest = body.operations[0].didCreate.control.recovery[0]
        body.operations[0].didCreate.control.recovery = Array(repeating: digest, count: 17)
      })
    expect(.operation(0, .control(.invalidController(.noScheme))), try changed { $1.operations[0].didCreate.control.controller = "x" })
  }

  @Test("An operation on an existing DID names it, its head and who authorizes it") func changes() throws {
    let did = World.trustee.description
    let rotate = ProtoDidRotate.with {
      $0.did = did
      $0.previous = Data(count: 32)
      $0.authority = .next
    }
    expect(.operation(0, .malformed("did")), try changed { $1.operations[0].didDeactivate = .init() })
    expect(.operation(0, .malformed("previous")), try changed { $1.operations[0].didUpdate = .with { $0.did = did } })
    expect(
      .operation(0, .malformed("document")),
      try changed { _, body in
        body.operations[0].didUpdate = .with {
          $0.did = did
          $0.previous = Data(count: 32)
        }
      })
    expect(
      .operation(0, .malformed("authority")),
      try changed { _, body in
        body.operations[0].didDeactivate = .with {
          $0.did = did
          $0.previous = Data(count: 32)
        }
      })
    expect(
      .operation(0, .malformed("authority")),
      try changed { _, body in
        body.operations[0].didRotate = rotate
        body.operations[0].didRotate.authority = .UNRECOGNIZED(4)
      })
    expect(.operation(0, .malformed("control")), try changed { $1.operations[0].didRotate = rotate })
    expect(
      .operation(0, .control(.ownController)),
      try changed { _, body in
        let control = body.operations[0].didCreate.control
        body.operations[0].didRotate = rotate
        body.operations[0].didRotate.control = control
        body.operations[0].didRotate.control.controller = did
      })
  }

  @Test("A transaction has 1 to 256 operations") func operationCount() throws {
    expect(.operationCount(0), try changed { $1.operations = [] })
    let operation = ProtoOperation.with {
      $0.didDeactivate.did = World.trustee.description
      $0.didDeactivate.previous = Data(count: 32)
      $0.didDeactivate.authority = .next
    }
    let most = try changed { $1.operations = Array(repeating: operation, count: 256) }
    #expect(try Transaction(decoding: most, network: world.network).operations.count == 256)
    expect(.operationCount(257), try changed { $1.operations = Array(repeating: operation, count: 257) })
  }

  @Test("A transaction has 1 to 64 signatures, ascending by key") func signatureCount() throws {
    expect(.signatureCount(0), try changed { message, _ in message.signatures = [] })
    expect(.signatureOrder, try changed { message, _ in message.signatures.swapAt(0, 1) })
    expect(.signatureOrder, try changed { message, _ in message.signatures[1] = message.signatures[0] })
    #expect(try bytes(signers: [1] + Array(30..<93)).count > 64 * 96)
    #expect(throws: TransactionError.signatureCount(65)) { try bytes(signers: [1] + Array(30..<94)) }
  }
}
