public import CairnCrypto
public import CairnIdentity
import CairnMessages
import Foundation

/// A transaction on its way to its signatures, which may be made in several places.
public struct UnsignedTransaction: Hashable, Sendable {
  public let network: Digest
  /// The canonical `TransactionBody`: what is signed.
  public let body: [UInt8]

  /// - Parameters:
  ///   - notAfterHeight: the last block that may have it; at most the network's `maxValidityBlocks` ahead.
  ///   - nonce: 16 bytes that the submitter does not use again with the same operations; random ones will do.
  public init(network: Digest, submitter: CairnDID, notAfterHeight: UInt64, nonce: [UInt8], operations: [LedgerOperation]) {
    var message = ProtoTransactionBody()
    message.network = Data(network.bytes)
    message.submitter = submitter.description
    message.notAfterHeight = notAfterHeight
    message.nonce = Data(nonce)
    message.operations = operations.map(\.message)
    self.network = network
    body = Canonical.encode(message)
  }

  /// Another party's body, to be signed here. Look at ``Transaction/operations`` of ``transaction(signatures:)`` first.
  public init(body: [UInt8], network: Digest) {
    (self.network, self.body) = (network, body)
  }

  /// H("cairn/tx-id/v1" || 0x00 || body).
  public var id: Digest { .sha256(Transaction.idDomain, body) }

  public func signature(by key: SigningKey) -> KeySignature {
    KeySignature(key: key.publicKey, signature: key.signature(for: Transaction.domain.message(body)))
  }

  /// With these signatures, in any order and perhaps some twice.
  ///
  /// - Throws: what any reader of the transaction would refuse about its shape.
  public func transaction(signatures: [KeySignature]) throws(TransactionError) -> Transaction {
    var message = ProtoTransaction()
    message.body = Data(body)
    var last: PublicKey?
    for signature in signatures.sorted(by: { $0.key < $1.key }) where signature.key != last {
      message.signatures.append(signature.message)
      last = signature.key
    }
    return try Transaction(decoding: Canonical.encode(message), network: network)
  }

  public func signed(by keys: [SigningKey]) throws(TransactionError) -> Transaction {
    try transaction(signatures: keys.map(signature(by:)))
  }
}
