import Synchronization

/// What came on a connection so far.
final class ReceivedBytes: Sendable {
  private let bytes = Mutex<[UInt8]>([])

  func append(_ more: some Sequence<UInt8>) { bytes.withLock { $0.append(contentsOf: more) } }
  var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
}
