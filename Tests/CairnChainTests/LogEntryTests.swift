import CairnChain
import CairnCrypto
import CairnMessages
import Foundation
import Testing

@Suite struct LogEntryTests {
  @Test("The hand-written encoding is Protobuf's", arguments: [0, 1, 126, 127, 128, 129, 16_383, 16_384, 16_385, 61_440, 1 << 20])
  func encoding(count: Int) throws {
    let content = [UInt8](repeating: 0xa5, count: count)
    for (entry, kind) in [
      (LogEntry.transaction(content), ProtoLogEntry.OneOf_Kind.transaction(Data(content))), (.header(content), .header(Data(content))),
    ] {
      var message = ProtoLogEntry()
      message.kind = kind
      #expect(entry.bytes == Canonical.encode(message))
      #expect(try LogEntry(decoding: entry.bytes) == entry)
    }
  }

  @Test("A transaction and a header with the same content are different entries") func kinds() {
    #expect(LogEntry.transaction([1, 2, 3]).bytes == [0x0a, 3, 1, 2, 3])
    #expect(LogEntry.header([1, 2, 3]).bytes == [0x12, 3, 1, 2, 3])
    #expect(LogEntry.transaction([1]).leafHash != LogEntry.header([1]).leafHash)
  }

  @Test("The leaf hash is RFC 6962's") func leafHash() {
    let entry = LogEntry.transaction([7])
    #expect(entry.leafHash == .sha256([0x00, 0x0a, 0x01, 0x07]))
  }

  @Test("Anything but one entry in its one encoding is refused") func refusals() {
    #expect(throws: ChainError.field("kind")) { try LogEntry(decoding: []) }
    let others: [[UInt8]] = [
      [0x0a, 1, 1, 0x12, 1, 1],  // both kinds
      [0x0a, 1, 1, 0x0a, 1, 1],  // a kind twice
      [0x0a, 0x81, 0x00, 1],  // a length longer than needed
      [0x0a, 1, 1, 0x1a, 1, 1],  // an unknown field
      [0x1a, 1, 1],  // nothing but an unknown field
    ]
    for other in others { #expect(throws: ChainError.encoding(.notCanonical)) { try LogEntry(decoding: other) } }
    #expect(throws: ChainError.encoding(.malformed)) { try LogEntry(decoding: [0x0a, 5, 1]) }
    let long = [UInt8](repeating: 0, count: LogEntry.byteLimit + 1)
    #expect(throws: ChainError.encoding(.tooLong(limit: LogEntry.byteLimit, actual: long.count))) { try LogEntry(decoding: long) }
  }
}
