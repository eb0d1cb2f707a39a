import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnTestKit

/// Verified transactions for a network.
struct Transactions {
  let network: TestNetwork
  private let verifier: TransactionVerifier

  init() throws {
    let address = HostAndPort(host: "127.0.0.1", port: 1)
    self.init(try TestNetwork(validators: 4, timeMilliseconds: 1_700_000_000_000, address: { _ in (address, address) }))
  }

  init(_ network: TestNetwork) {
    self.network = network
    verifier = TransactionVerifier(network: network.genesis.network)
  }

  /// An enrolment by a submitter that does not exist.
  func orphan() throws -> Authorized<Transaction> {
    let key = SigningKey.generate()
    let nobody = try LedgerOperation.create(
      control: try Control(update: key.publicKey, next: key.publicKey), document: .signing(with: key.publicKey), salt: randomBytes(16),
      network: network.genesis.network)
    return try next(by: Signatory(nobody.subject, keys: [key]))
  }

  /// Somebody of whom no ledger knows.
  func signatory() -> Signatory {
    let key = SigningKey.generate()
    return Signatory(CairnDID(network: network.genesis.network, create: .sha256(key.publicKey.bytes)), keys: [key])
  }

  /// Any operations by the registrar.
  func verified(_ operations: [LedgerOperation]) throws -> Authorized<Transaction> {
    let unsigned = UnsignedTransaction(
      network: network.genesis.network, submitter: network.registrar.did, notAfterHeight: 100, nonce: randomBytes(16),
      operations: operations)
    return try verifier.verify(try unsigned.signed(by: network.registrar.keys))
  }

  /// An enrolment by the registrar, or by whoever is not there.
  func next(by submitter: Signatory? = nil, notAfter: UInt64 = 100) throws -> Authorized<Transaction> {
    let key = SigningKey.generate()
    let submitter = submitter ?? network.registrar
    let operation = try LedgerOperation.create(
      control: try Control(update: key.publicKey, next: key.publicKey), document: .signing(with: key.publicKey), salt: randomBytes(16),
      network: network.genesis.network)
    let unsigned = UnsignedTransaction(
      network: network.genesis.network, submitter: submitter.did, notAfterHeight: notAfter, nonce: randomBytes(16), operations: [operation])
    return try verifier.verify(try unsigned.signed(by: submitter.keys + [key]))
  }
}
