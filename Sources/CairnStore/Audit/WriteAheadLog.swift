/// SQLite's write-ahead log as a file of its own (sqlite.org/fileformat2.html, section 4), read without SQLite.
///
/// SQLite takes the first frame that does not have its checksum for the log's end, whatever follows, and says nothing: one flipped bit, and
/// committed transactions are gone. Here the same frame is damage.
struct WriteAheadLog {
  private static let headerByteCount = 32
  private static let frameHeaderByteCount = 24
  private static let magic: UInt32 = 0x377f_0682
  private static let pageSizes = 512...65_536
  /// A checkpoint starts the file over, and it is cut back to 64 MiB then. A reader may hold that up, but not for this long.
  static let byteLimit = 1 << 30

  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// What SQLite would leave out without a word; `nil` when it reads all that was ever committed.
  ///
  /// Frames of earlier rounds, which the file still has behind the last one, have other salts. What a killed process had written of a commit that it
  /// did not finish has no last frame of a transaction. A power cut in the middle of a commit can leave one that looks damaged: the next opening
  /// writes over it.
  var problem: String? {
    guard bytes.count >= Self.headerByteCount + Self.frameHeaderByteCount else { return nil }
    guard let header = Header(bytes) else { return "its header is damaged" }
    let frameByteCount = Self.frameHeaderByteCount + header.pageSize
    var (sum, start, frame) = (header.sum, Self.headerByteCount, 1)
    while start + frameByteCount <= bytes.count {
      sum.add(bytes, start..<start + 8, header.isBigEndian)
      sum.add(bytes, start + Self.frameHeaderByteCount..<start + frameByteCount, header.isBigEndian)
      // The sum is one over all frames, so that no frame of an earlier round has it.
      guard word(start + 16) == sum.first, word(start + 20) == sum.second else {
        return hasCommit(from: start, of: header) ? "frame \(frame) is damaged, or was cut off in the middle of a commit" : nil
      }
      guard isOfRound(start, header) else { return "frame \(frame) is damaged" }
      (start, frame) = (start + frameByteCount, frame + 1)
    }
    return nil
  }

  /// Whether the last frame of some transaction of this round comes after a place that ends what SQLite reads.
  private func hasCommit(from start: Int, of header: Header) -> Bool {
    let frameByteCount = Self.frameHeaderByteCount + header.pageSize
    return stride(from: start, through: bytes.count - frameByteCount, by: frameByteCount).contains { start in
      isOfRound(start, header) && word(start + 4) != 0
    }
  }

  private func isOfRound(_ start: Int, _ header: Header) -> Bool {
    word(start + 8) == header.salts.0 && word(start + 12) == header.salts.1
  }

  /// A log of one transaction.
  ///
  /// - Parameter pages: of one size, a power of two from 512 to 65,536.
  static func written(_ pages: [[UInt8]]) -> [UInt8] {
    let pageSize = UInt32(clamping: pages.first?.count ?? 0)
    var bytes = bigEndian([magic, 3_007_000, pageSize, 0, 0x0102_0304, 0x0506_0708])
    var sum = Sum()
    sum.add(bytes, 0..<24, false)
    bytes += bigEndian([sum.first, sum.second])
    for (index, page) in pages.enumerated() {
      let head = bigEndian([UInt32(clamping: index + 1), index == pages.count - 1 ? UInt32(clamping: pages.count) : 0])
      sum.add(head, 0..<8, false)
      sum.add(page, 0..<page.count, false)
      bytes += head + bytes[16..<24] + bigEndian([sum.first, sum.second]) + page
    }
    return bytes
  }

  private static func bigEndian(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
  }

  private func word(_ position: Int) -> UInt32 { Self.word(bytes, position) }

  private static func word(_ bytes: [UInt8], _ position: Int) -> UInt32 {
    bytes[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  private struct Header {
    let isBigEndian: Bool
    let pageSize: Int
    let salts: (UInt32, UInt32)
    let sum: Sum

    /// `nil` when it is not one, or a bit of it is wrong.
    init?(_ bytes: [UInt8]) {
      let magic = WriteAheadLog.word(bytes, 0)
      guard magic & ~1 == WriteAheadLog.magic, let pageSize = Int(exactly: WriteAheadLog.word(bytes, 8)),
        WriteAheadLog.pageSizes.contains(pageSize), pageSize.nonzeroBitCount == 1
      else { return nil }
      (isBigEndian, self.pageSize) = (magic & 1 == 1, pageSize)
      salts = (WriteAheadLog.word(bytes, 16), WriteAheadLog.word(bytes, 20))
      var sum = Sum()
      sum.add(bytes, 0..<24, isBigEndian)
      guard sum.first == WriteAheadLog.word(bytes, 24), sum.second == WriteAheadLog.word(bytes, 28) else { return nil }
      self.sum = sum
    }
  }

  /// SQLite's checksum over pairs of words; each frame's goes on from the one before.
  private struct Sum {
    var first: UInt32 = 0
    var second: UInt32 = 0

    /// - Parameter range: a multiple of eight bytes.
    mutating func add(_ bytes: [UInt8], _ range: Range<Int>, _ isBigEndian: Bool) {
      bytes.withUnsafeBytes { buffer in
        for position in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
          let (one, other) = (
            buffer.loadUnaligned(fromByteOffset: position, as: UInt32.self),
            buffer.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
          )
          first &+= (isBigEndian ? UInt32(bigEndian: one) : UInt32(littleEndian: one)) &+ second
          second &+= (isBigEndian ? UInt32(bigEndian: other) : UInt32(littleEndian: other)) &+ first
        }
      }
    }
  }
}
