import CairnChain
import CairnCrypto

/// The one row that says what part of the chain is missing; none when nothing is.
struct GapTable {
  private static let domain = Domain("cairn/store/gap/v1")

  let database: Database

  func gap() throws(StoreError) -> HistoryGap? {
    try database.first("SELECT first_height, first_index, base, checksum FROM gap") { row throws(StoreError) in
      guard let height = row.unsigned(0), let index = row.unsigned(1), let base = row.blob(2, limit: ChainBase.byteLimit),
        row.digest(3) == Self.checksum(height, index, base), let decoded = ChainBase(decoding: base)
      else { throw .corrupt(table: "gap", key: "1") }
      return HistoryGap(firstHeight: height, firstIndex: index, base: decoded)
    }
  }

  func set(_ gap: HistoryGap) throws(StoreError) {
    let base = gap.base.bytes
    try database.run(
      "INSERT OR REPLACE INTO gap VALUES (1, ?1, ?2, ?3, ?4)", try .unsigned(gap.firstHeight), try .unsigned(gap.firstIndex), .blob(base),
      .blob(Self.checksum(gap.firstHeight, gap.firstIndex, base).bytes))
  }

  func remove() throws(StoreError) { try database.run("DELETE FROM gap") }

  private static func checksum(_ height: UInt64, _ index: UInt64, _ base: [UInt8]) -> Digest {
    var checksum = RowChecksum(domain)
    checksum.add(height)
    checksum.add(index)
    checksum.add(base)
    return checksum.digest
  }
}
