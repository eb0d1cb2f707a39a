import CairnChain
import CairnCrypto

/// The second copy of the safety records: a plain file that nothing but this appends to.
///
/// `head block | record | record | …`, each of `SafetyRecord.byteCount`. The head block (kind 255) holds the network, and as
/// its sequence that of the record before the first.
struct SafetyLog {
  private static let headKind: UInt8 = 255
  /// Room for the views of months without any finalization; a longer file is not one of ours.
  private static let byteLimit = 64 << 20
  /// Compacted when longer: 1,872 records, more than what 256 views leave behind.
  private static let compactionByteThreshold = 256 << 10

  private let path: String
  private let network: Digest
  private let files: FileSystem
  private let file: any DiskFile
  private var byteCount: Int
  private var compactAt = compactionByteThreshold

  /// Opens a log whose content was read and found good, or just written.
  init(_ path: String, network: Digest, files: FileSystem) throws(StoreError) {
    (self.path, self.network, self.files) = (path, network, files)
    byteCount = try files.open(path, .read).readAll(limit: Self.byteLimit).count
    file = try files.open(path, .append)
  }

  /// A log of these records alone; replaces any other at once.
  ///
  /// - Parameter base: sequence of the record before the first.
  static func write(_ path: String, base: UInt64, records: some Sequence<SafetyRecord>, network: Digest, files: FileSystem)
    throws(StoreError)
  {
    try files.replace(path, with: records.reduce(into: head(base: base, network: network)) { $0 += $1.bytes(network: network) })
  }

  /// The block before the records.
  static func head(base: UInt64, network: Digest) -> [UInt8] {
    SafetyRecord.seal(kind: headKind, sequence: base, payload: SafetyRecord.padded(network.bytes), network: network)
  }

  /// Durable when it returns.
  mutating func append(_ records: [SafetyRecord]) throws(StoreError) {
    let bytes = records.flatMap { $0.bytes(network: network) }
    try files.faults.around(.safetyAppend) { () throws(StoreError) in try file.append(bytes) }
    if !PlantedBug.noSafetySync.isPlanted { try files.faults.around(.safetySync) { () throws(StoreError) in try file.syncData() } }
    byteCount += bytes.count
  }

  /// A log without the oldest records when this one has grown long. Kept is everything from the first record above `floor`, so
  /// that sequences stay without a gap.
  func compactedIfNeeded(floor: ViewPosition) throws(StoreError) -> SafetyLog? {
    guard byteCount > compactAt else { return nil }
    let content = try Self.read(path, network: network, files: files)
    guard content.tail.isEmpty else { throw .corrupt(table: "safety.log", key: "\(content.lastSequence)") }
    let kept = content.records.drop { $0.entry.position <= floor }
    let base = kept.first.map { $0.sequence - 1 } ?? content.lastSequence
    try Self.write(path, base: base, records: kept, network: network, files: files)
    var log = try SafetyLog(path, network: network, files: files)
    // Without finality nothing can be dropped: the next attempt waits until the log has doubled.
    log.compactAt = max(Self.compactionByteThreshold, 2 * log.byteCount)
    return log
  }
}

extension SafetyLog {
  /// What a log's bytes say, as far as they can be read.
  struct Content {
    /// Sequence of the record before the first.
    let base: UInt64
    /// Sequences rise by one from `base + 1`.
    let records: [SafetyRecord]
    /// What follows the last good record.
    let tail: [UInt8]

    var lastSequence: UInt64 { records.last?.sequence ?? base }
  }

  /// Throws `.missing` without a file and `.corrupt` without a good head block.
  static func read(_ path: String, network: Digest, files: FileSystem) throws(StoreError) -> Content {
    let bytes = try files.open(path, .read).readAll(limit: byteLimit)
    guard let content = content(of: bytes, network: network) else { throw .corrupt(table: "safety.log", key: "head") }
    return content
  }

  /// `nil` without a good head block.
  static func content(of bytes: [UInt8], network: Digest) -> Content? {
    let size = SafetyRecord.byteCount
    guard let head = SafetyRecord.unseal(bytes.prefix(size), network: network), head.kind == headKind,
      head.payload.elementsEqual(SafetyRecord.padded(network.bytes))
    else { return nil }
    var records: [SafetyRecord] = []
    var next = size
    while next + size <= bytes.count, let record = SafetyRecord(decoding: bytes[next..<next + size], network: network),
      record.sequence > head.sequence, record.sequence - head.sequence == UInt64(records.count) + 1
    {
      records.append(record)
      next += size
    }
    return Content(base: head.sequence, records: records, tail: Array(bytes[next...]))
  }
}
