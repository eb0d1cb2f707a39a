import CairnCrypto
import CairnLedger
import CairnMerkle

/// The versions of one row's record, of which the newest commits to all before it.
struct RecordVersions {
  let state: LedgerState
  let key: Digest
  /// What the newest version commits to.
  let earlier: LogFrontier

  /// A version that was in force in the past and the one that replaced it, each unless that is the newest; both `nil` for the newest
  /// itself. No version but a successor: the record did not exist yet.
  struct Proven {
    var version: EarlierVersion?
    var successor: EarlierVersion?
  }

  /// - Parameter id: versions before the one that is wanted; at most those before the newest.
  func proven(id: UInt64) throws(LedgerFault) -> Proven {
    id < earlier.size ? try prove(version: id, successor: id + 1) : Proven()
  }

  /// - Parameters:
  ///   - newest: since when the newest version is in force, in any unit that grows from version to version.
  ///   - since: of a version's record, in the same unit; `nil` for bytes that are no record.
  func proven(at moment: UInt64, newest: UInt64, since: ([UInt8]) -> UInt64?) throws(LedgerFault) -> Proven {
    guard newest > moment else { return Proven() }
    // All below `low` began at the moment or before, all from `high` on after it.
    var (low, high) = (UInt64(0), earlier.size)
    while low < high {
      let middle = low + (high - low) / 2
      guard let record = try state.supersededRecord(forKey: key, version: middle) else { throw .missingRecord(key: key) }
      guard let start = since(record) else { throw .wrongRecord(key: key) }
      if start <= moment { low = middle + 1 } else { high = middle }
    }
    return try prove(version: low > 0 ? low - 1 : nil, successor: low)
  }

  private func prove(version: UInt64?, successor: UInt64) throws(LedgerFault) -> Proven {
    let indices = [version, successor < earlier.size ? successor : nil].compactMap(\.self)
    var proven = try state.earlierVersions(indices, forKey: key, of: earlier)[...]
    let first = version == nil ? nil : proven.popFirst()
    return Proven(version: first, successor: proven.popFirst())
  }
}
