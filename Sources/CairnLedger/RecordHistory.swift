import CairnCrypto
public import CairnMerkle

/// A row of the state with its record, from somebody who may lie about both.
public enum RecordHistory {
  /// What a record commits to of its earlier versions; `nil` unless the record is the one that the row's value is of.
  ///
  /// - Parameter value: proven by the state's root.
  public static func earlierVersions(value: [UInt8], record: [UInt8]) -> LogFrontier? {
    guard let row = try? StateValue(decoding: value), row.recordHash == .sha256(record) else { return nil }
    return earlierVersions(of: row.type, record: record)
  }

  /// Of a record of this type. Empty for types that keep no versions.
  private static func earlierVersions(of type: StateType, record: [UInt8]) -> LogFrontier? {
    switch type {
    case .did: try? DIDRecord(decoding: record).earlier
    case .statusChunk: try? StatusChunk(decoding: record).earlier
    case .contract: try? ContractRecord(decoding: record).earlier
    case .constitution: try? ConstitutionRecord(decoding: record).earlier
    case .roles, .parameters, .statusList, .isolation, .proposal, .access, .evidence, .contractVersion, .validators: LogFrontier()
    }
  }
}
