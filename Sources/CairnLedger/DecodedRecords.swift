import CairnCrypto
import Synchronization

/// Records of one type that were read lately, decoded, by their hash: a registrar's is needed for each of its transactions. Shared by
/// all versions that descend from one another; what the state commits to is the hash, so that no version can get another's.
final class DecodedRecords<Record: Sendable>: Sendable {
  /// In each of two generations.
  private let limit: Int
  private let generations = Mutex<(young: [Digest: Record], old: [Digest: Record])>(([:], [:]))

  init(limit: Int) { self.limit = limit }

  func record(_ hash: Digest) -> Record? {
    generations.withLock { generations in
      if let record = generations.young[hash] { return record }
      guard let record = generations.old[hash] else { return nil }
      insert(record, hash, &generations)
      return record
    }
  }

  func remember(_ record: Record, hash: Digest) {
    generations.withLock { insert(record, hash, &$0) }
  }

  private func insert(_ record: Record, _ hash: Digest, _ generations: inout (young: [Digest: Record], old: [Digest: Record])) {
    if generations.young.count >= limit { generations = ([:], generations.young) }
    generations.young[hash] = record
  }
}

/// What was read lately of each type that is read often.
struct DecodedState: Sendable {
  /// About 30 MiB.
  let dids = DecodedRecords<DIDRecord>(limit: 8_192)
  /// About 4 MiB: a list with its revokers.
  let lists = DecodedRecords<StatusListRecord>(limit: 512)
}
