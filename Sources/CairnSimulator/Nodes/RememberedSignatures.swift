import CairnCrypto
import Synchronization

/// Ed25519 as it ships, each signature checked once for all nodes of a simulation: what is true for one is true for all.
final class RememberedSignatures: SignatureScheme {
  private struct Question: Hashable {
    let signature: CairnCrypto.Signature
    let key: PublicKey
    let message: [UInt8]
  }

  private let verdicts = Mutex<[Question: Bool]>([:])

  func isValid(_ signature: CairnCrypto.Signature, by key: PublicKey, for message: [UInt8]) -> Bool {
    let question = Question(signature: signature, key: key, message: message)
    if let known = verdicts.withLock({ $0[question] }) { return known }
    let verdict = Ed25519().isValid(signature, by: key, for: message)
    verdicts.withLock { $0[question] = verdict }
    return verdict
  }
}
