public import CairnCrypto
import CairnIdentity

/// A value whose signatures and contents were checked as far as that is possible without the state. Only
/// ``TransactionVerifier`` makes one.
public struct Authorized<Value: Sendable>: Sendable {
  public let value: Value
  let signers: Signers
  /// Of each operation's JSON document, where there is one; of an update as if the DID had no controller. Made here because
  /// execution has one thread and verification many.
  let documentHashes: [Digest?]
}

/// Checks transactions alone, without the state. Can run on any number of threads at once.
///
/// One signature costs 39 microseconds and one registered key 38 on a core of 2.6 GHz; the rest is small beside that.
public struct TransactionVerifier: Sendable {
  public let network: Digest
  private let scheme: any SignatureScheme
  /// Shared by the copies of this verifier.
  private let validKeys = ValidKeys()

  public init(network: Digest, scheme: any SignatureScheme = Ed25519()) {
    (self.network, self.scheme) = (network, scheme)
  }

  public func verify(_ bytes: [UInt8]) throws(TransactionError) -> Authorized<Transaction> {
    try verify(Transaction(decoding: bytes, network: network))
  }

  /// The second, expensive step alone, for whoever wants to look at the submitter first.
  public func verify(_ transaction: Transaction) throws(TransactionError) -> Authorized<Transaction> {
    guard transaction.network == network else { throw .wrongNetwork }
    let message = Transaction.domain.message(transaction.body)
    for signature in transaction.signatures where !scheme.isValid(signature.signature, by: signature.key, for: message) {
      throw .badSignature(signature.key)
    }
    let checked = CheckedKeys(validKeys)
    for (index, operation) in transaction.operations.enumerated() {
      do { try checked.check(operation.control, operation.document) } catch { throw TransactionError(operation: index, error) }
      if case .accessRecord(let access) = operation.kind, !access.request.isSigned(by: access.signature, scheme) {
        throw TransactionError(operation: index, .access(.badSignature))
      }
      if case .evidenceSubmit(let submit) = operation.kind, !submit.isSigned(network: network, scheme) {
        throw TransactionError(operation: index, .evidence(.badSignature))
      }
    }
    return Authorized(unchecked: transaction)
  }
}

extension Authorized<Transaction> {
  fileprivate init(unchecked transaction: Transaction) {
    value = transaction
    signers = Signers(transaction.signatures.map(\.key))
    documentHashes = transaction.operations.map(\.documentHash)
  }

  /// A transaction that comes back from this node's own store, or under a verified certificate: only authorized ones go there.
  package static func recovered(_ transaction: Transaction) -> Authorized<Transaction> { Authorized(unchecked: transaction) }
}

extension LedgerOperation {
  /// H of the JSON document that the operation leads to, as far as the operation alone determines it.
  var documentHash: Digest? {
    guard let did, let document else { return nil }
    return .sha256(document.document.json(did: did, controller: control?.controller))
  }
}

/// Checks keys where they are registered.
struct CheckedKeys {
  private let keys: ValidKeys

  init(_ keys: ValidKeys = ValidKeys()) { self.keys = keys }

  func check(_ control: Control?, _ document: EncodedDocument?) throws(OperationError) {
    if let document {
      do { try document.document.validate(isValidKey: keys.isValid) } catch { throw .document(error) }
    }
    for candidate in control?.update ?? [] where !keys.isValid(candidate.key) { throw .control(.invalidKey(.update)) }
  }
}
