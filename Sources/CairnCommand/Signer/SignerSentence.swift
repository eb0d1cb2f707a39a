import CairnStore

/// What went wrong with a signer's record, for people.
enum SignerSentence {
  static func failure(_ error: StoreError, _ directory: String) -> CommandFailure {
    switch error {
    case .safetyDamaged(let damage):
      .refused(
        damage.reason,
        "The record of what this key signed cannot be relied on (\(damage.reason)), so nothing is signed: see what became of \(directory)/records; "
          + "cairn signer reset begins a new one above a view that the network has left behind.")
    case .locked:
      .refused(error.reason, "Another process has the record in \(directory) open: two signers with one key must never be; stop it.")
    case .missing:
      .refused(error.reason, "\(directory) was not set up as a signer's directory, or not to its end: run cairn signer init.")
    case .alreadySetUp: .refused(error.reason, "\(directory) is a signer's directory already: nothing was changed.")
    case .wrongKey:
      .refused(error.reason, "The record in \(directory) is another key's (\(error)): restore the key file that belongs to it.")
    default: .refused(error.reason, "The signer's record failed: \(error).")
    }
  }
}
