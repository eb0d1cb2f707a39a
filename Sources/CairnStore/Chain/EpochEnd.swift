public import CairnChain
import CairnCrypto

/// How an epoch ended: its last header, and the finalization of that very block.
public struct EpochEnd: Hashable, Sendable {
  public let header: Header
  public let finalization: Certificate
  /// n of the epoch.
  public let validatorCount: Int

  public init(header: Header, finalization: Certificate, validatorCount: Int) {
    (self.header, self.finalization, self.validatorCount) = (header, finalization, validatorCount)
  }
}

/// The ends of epochs that lie in the part of the chain that is missing here: what leads from validators to validators is kept for good.
struct EpochEndTable {
  private static let domain = Domain("cairn/store/epoch-end/v1")

  let database: Database

  func end(ofEpoch epoch: UInt64) throws(StoreError) -> EpochEnd? {
    try database.first("SELECT \(Self.columns) FROM epoch_end WHERE epoch = ?1", try .unsigned(epoch)) { row throws(StoreError) in
      try Self.decode(row)
    }
  }

  /// In their order.
  func all() throws(StoreError) -> [EpochEnd] {
    var ends: [EpochEnd] = []
    try database.forEach("SELECT \(Self.columns) FROM epoch_end ORDER BY epoch") { row throws(StoreError) in
      ends.append(try Self.decode(row))
      return true
    }
    return ends
  }

  func insert(_ end: EpochEnd) throws(StoreError) {
    let finalization = end.finalization.bytes(validatorCount: end.validatorCount)
    try database.run(
      "INSERT OR REPLACE INTO epoch_end VALUES (?1, ?2, ?3, ?4, ?5)", try .unsigned(end.header.epoch),
      .integer(Int64(end.validatorCount)), .blob(end.header.bytes), .blob(finalization),
      .blob(Self.checksum(end.validatorCount, end.header.bytes, finalization).bytes))
  }

  func removeAll() throws(StoreError) { try database.run("DELETE FROM epoch_end") }

  private static let columns = "epoch, validator_count, header, finalization, checksum"

  private static func decode(_ row: Row) throws(StoreError) -> EpochEnd {
    guard let epoch = row.unsigned(0), let count = row.validatorCount(1), let header = row.blob(2, limit: Header.byteLimit),
      let finalization = row.blob(3, limit: Certificate.byteLimit), row.digest(4) == checksum(count, header, finalization),
      let decoded = try? Header(decoding: header), decoded.epoch == epoch,
      let certificate = try? Certificate(decoding: finalization, validatorCount: count)
    else { throw .corrupt(table: "epoch_end", key: "\(row.integer(0))") }
    return EpochEnd(header: decoded, finalization: certificate, validatorCount: count)
  }

  private static func checksum(_ validatorCount: Int, _ header: [UInt8], _ finalization: [UInt8]) -> Digest {
    var checksum = RowChecksum(domain)
    checksum.add(UInt64(validatorCount))
    checksum.add(header)
    checksum.add(finalization)
    return checksum.digest
  }
}
