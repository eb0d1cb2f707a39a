public import CairnChain
public import CairnIdentity
public import CairnMessages

/// All bits of a status list at one moment, every one proven.
public struct StatusListBits: Hashable, Sendable {
  /// The list as it was when the first page was proven.
  public let list: StatusListRecord
  public let moment: StatusMoment
  /// Most significant bit first: bit i is bit 7 - (i & 7) of byte i >> 3. As many bytes as ``StatusListRecord/length`` takes.
  public let bytes: [UInt8]

  /// `nil` for an index that the list does not have.
  public subscript(index: UInt32) -> Bool? {
    guard index < list.length else { return nil }
    return bytes[Int(index >> 3)] & 0x80 >> UInt8(index & 7) != 0
  }

  /// Indices of the bits that are set, ascending.
  public var setIndices: [UInt32] { (0..<list.length).filter { self[$0] == true } }
}

/// What the state says about a whole status list. Proven in each case.
public enum StatusListOutcome: Hashable, Sendable {
  case found(StatusListBits)
  /// The list was made after the moment.
  case notYetCreated(StatusListRecord)
  /// There is no such list.
  case noList
}

/// Puts a status list together from pages, each proven by a header of its own.
///
/// The pages are of one moment although their headers differ: what was so at a moment in the past never changes, and whoever asks for now
/// asks for the height of the first page's header from the second page on (``moment`` says what to ask for).
public struct StatusListCollector: Sendable {
  public let list: StatusListID
  /// What the next page has to be asked for with.
  public private(set) var moment: StatusMoment
  /// The first chunk of the next page.
  public private(set) var nextChunk: UInt32 = 0
  private let asked: StatusMoment
  /// Of the first page.
  private var first: (record: StatusListRecord, height: UInt64)?
  private var bytes: [UInt8] = []

  public init(_ list: StatusListID, at moment: StatusMoment) {
    (self.list, self.moment, asked) = (list, moment, moment)
  }

  /// Checks a page and takes its bits.
  ///
  /// - Parameters:
  ///   - page: asked for with ``moment`` and ``nextChunk``.
  ///   - header: whose state proves it.
  ///   - listValue: proven for the list's ``StatusListID/stateKey``; `nil` when its absence is proven.
  ///   - chunkValues: likewise for each chunk of the page, from ``nextChunk`` on.
  /// - Returns: `nil` while pages are missing.
  public mutating func append(
    _ page: ProtoStatusListPage, provenBy header: Header, listValue: [UInt8]?, chunkValues: [[UInt8]?]
  ) throws(StatusError) -> StatusListOutcome? {
    guard let listValue else {
      guard first == nil, page == ProtoStatusListPage(), chunkValues.isEmpty else { throw .absence }
      return .noList
    }
    let current = try StatusListRecord(list, proven: [UInt8](page.list), by: listValue)
    let first = first ?? (current, header.height)
    guard current.length == first.record.length, current.created == first.record.created else { throw .wrongList }
    // An older header cannot tell what was so when the first page was proven.
    guard header.height >= first.height else { throw .wrongPage }
    guard current.exists(at: moment) else { return .notYetCreated(current) }
    try check(page, of: current, chunkCount: chunkValues.count)
    var bits: [UInt8] = []
    for (chunk, value) in zip(page.chunks, chunkValues) {
      bits += try ProvenChunk(chunk, of: current, stateValue: value, at: moment).bits
    }
    self.first = first
    bytes += bits
    nextChunk = page.nextChunk
    settle(at: header)
    guard nextChunk == 0 else { return nil }
    return .found(StatusListBits(list: first.record, moment: asked, bytes: Array(bytes.prefix(first.record.byteCount))))
  }

  /// The page that was asked for, of at least one chunk, and with a truthful end.
  private func check(_ page: ProtoStatusListPage, of list: StatusListRecord, chunkCount: Int) throws(StatusError) {
    let remaining = Int(list.chunkCount - nextChunk)
    guard page.firstChunk == nextChunk, page.chunks.count == chunkCount, (1...remaining).contains(chunkCount) else { throw .wrongPage }
    let next = nextChunk + UInt32(chunkCount)
    guard page.nextChunk == (next == list.chunkCount ? 0 : next) else { throw .wrongPage }
  }

  /// From now on about the first page's block, unless the moment is before it.
  private mutating func settle(at header: Header) {
    if moment.isAtOrAfter(height: header.height, milliseconds: header.timeMilliseconds) { moment = .height(header.height) }
  }
}

extension StatusListRecord {
  /// Bytes that the bits take.
  public var byteCount: Int { Int((length + 7) / 8) }
}
