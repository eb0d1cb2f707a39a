import CairnChain
import CairnCrypto

extension Engine {
  /// R6 — a nullification: the next view is entered. R4 of the skipped view goes on, for whoever did not sign Nullify.
  mutating func skip(_ certificate: Verified<Certificate>, into effects: inout Effects) {
    let skipped = certificate.value.statement.view
    guard skipped >= view, !PlantedBug.noSkip.isPlanted else { return }
    enter(skipped + 1, because: certificate, into: &effects)
  }
}
