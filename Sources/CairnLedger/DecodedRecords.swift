import CairnCrypto
import Synchronization

/// Records that were read lately, decoded, by their hash: a registrar's is needed for each of its transactions. Shared by all
/// versions that descend from one another; what the state commits to is the hash, so that no version can get another's.
final class DecodedRecords: Sendable {
  /// In each of two generations: about 30 MiB together.
  private static let limit = 8_192

  private let generations = Mutex<(young: [Digest: DIDRecord], old: [Digest: DIDRecord])>(([:], [:]))

  func record(_ hash: Digest) -> DIDRecord? {
    generations.withLock { generations in
      if let record = generations.young[hash] { return record }
      guard let record = generations.old[hash] else { return nil }
      Self.insert(record, hash, &generations)
      return record
    }
  }

  func remember(_ record: DIDRecord, hash: Digest) {
    generations.withLock { Self.insert(record, hash, &$0) }
  }

  private static func insert(
    _ record: DIDRecord, _ hash: Digest, _ generations: inout (young: [Digest: DIDRecord], old: [Digest: DIDRecord])
  ) {
    if generations.young.count >= limit { generations = ([:], generations.young) }
    generations.young[hash] = record
  }
}
