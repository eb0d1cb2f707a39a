import CairnChain
import CairnCrypto

/// One thing that this node must never forget, in the same 140 bytes wherever it is kept.
///
/// `kind u8 | sequence u64be | payload(115) | checksum(16)`. The payload is a vote's fixed-width encoding, or epoch and view
/// padded with zeros. The sequence rises by one with each record, so that a gap shows.
struct SafetyRecord: Equatable {
  static let byteCount = 1 + 8 + Vote.byteCount + checksumByteCount
  static let checksumByteCount = 16
  private static let domain = Domain("cairn/safety-record/v1")

  enum Entry: Equatable {
    case vote(Vote)
    case entered(ViewPosition)

    var position: ViewPosition {
      switch self {
      case .vote(let vote): ViewPosition(epoch: vote.statement.epoch, view: vote.statement.view)
      case .entered(let position): position
      }
    }

    /// Of the header that was voted for.
    var digest: Digest? {
      if case .vote(let vote) = self { vote.statement.digest } else { nil }
    }

    /// What the row's key is made of besides epoch and view: 0 for an entered view, else the statement's kind.
    var kind: UInt8 {
      switch self {
      case .vote(let vote): vote.statement.kind.rawValue
      case .entered: 0
      }
    }
  }

  let sequence: UInt64
  let entry: Entry

  func bytes(network: Digest) -> [UInt8] {
    let payload =
      switch entry {
      case .vote(let vote): vote.bytes
      case .entered(let position): Self.padded(Self.bigEndian(position.epoch) + Self.bigEndian(position.view))
      }
    return Self.seal(kind: entry.kind, sequence: sequence, payload: payload, network: network)
  }

  /// `nil` when one bit is wrong, or the record is another network's.
  init?(decoding bytes: ArraySlice<UInt8>, network: Digest) {
    guard let (kind, sequence, payload) = Self.unseal(bytes, network: network) else { return nil }
    self.sequence = sequence
    if kind == 0 {
      guard payload.dropFirst(16).allSatisfy({ $0 == 0 }) else { return nil }
      entry = .entered(ViewPosition(epoch: Self.integer(payload.prefix(8)), view: Self.integer(payload.dropFirst(8).prefix(8))))
    } else {
      guard let vote = try? Vote(decoding: Array(payload)), vote.statement.kind.rawValue == kind else { return nil }
      entry = .vote(vote)
    }
  }

  init(sequence: UInt64, entry: Entry) {
    (self.sequence, self.entry) = (sequence, entry)
  }

  /// The sealed bytes of a record or of a log's first block, which has the network for its payload.
  static func seal(kind: UInt8, sequence: UInt64, payload: [UInt8], network: Digest) -> [UInt8] {
    precondition(payload.count == Vote.byteCount, "a payload is as long as a vote")
    let bytes = [kind] + bigEndian(sequence) + payload
    return bytes + checksum(bytes, network: network)
  }

  /// The same block with the checksum that it should have.
  static func resealed(_ block: ArraySlice<UInt8>, network: Digest) -> [UInt8] {
    let content = Array(block.dropLast(checksumByteCount))
    return content + checksum(content, network: network)
  }

  static func unseal(_ bytes: ArraySlice<UInt8>, network: Digest) -> (kind: UInt8, sequence: UInt64, payload: ArraySlice<UInt8>)? {
    guard bytes.count == byteCount, let kind = bytes.first else { return nil }
    let content = bytes.dropLast(checksumByteCount)
    guard Array(bytes.suffix(checksumByteCount)) == checksum(Array(content), network: network) else { return nil }
    return (kind, integer(content.dropFirst().prefix(8)), content.dropFirst(9))
  }

  static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: Vote.byteCount - bytes.count)
  }

  private static func checksum(_ bytes: [UInt8], network: Digest) -> [UInt8] {
    Array(Digest.sha256(domain, network.bytes + bytes).bytes.prefix(checksumByteCount))
  }

  private static func bigEndian(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
