import CairnCrypto
import CairnMessages
import Foundation
import SwiftProtobuf
import Testing

@Suite struct CanonicalMessageTests {
  private let limit = 1000

  /// The canonical bytes of a body with a submitter `a`, a height of 5 and a nonce of one byte.
  private let body: [UInt8] = [0x12, 0x01, 0x61, 0x18, 0x05, 0x22, 0x01, 0x09]

  private func expect(_ error: CanonicalError, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: sourceLocation) {
      try Canonical.decode(ProtoTransactionBody.self, from: bytes, limit: limit)
    }
  }

  private var nested: ProtoTransactionBody {
    var method = ProtoVerificationMethod()
    method.fragment = "key-1"
    method.multikey = .init([0xed, 0x01])
    method.purposes = [.authentication, .assertionMethod]
    var create = ProtoDidCreate()
    create.document.verificationMethods = [method]
    create.control.updateThreshold = 1
    var operation = ProtoOperation()
    operation.didCreate = create
    var body = ProtoTransactionBody()
    body.submitter = "did:cairn:x:y"
    body.operations = [operation, operation]
    return body
  }

  @Test("What is canonical decodes, and encodes to the same bytes") func roundTrip() throws {
    let message: ProtoTransactionBody = try Canonical.decode(from: body, limit: body.count)
    #expect(message.submitter == "a")
    #expect(message.notAfterHeight == 5)
    #expect(Canonical.encode(message) == body)
    #expect(try Canonical.decode(ProtoTransactionBody.self, from: [], limit: 0) == ProtoTransactionBody())
    let encoded = Canonical.encode(nested)
    #expect(try Canonical.decode(ProtoTransactionBody.self, from: encoded, limit: limit) == nested)
  }

  @Test("Bytes beyond the limit are refused before they are decoded") func tooLong() {
    #expect(throws: CanonicalError.tooLong(limit: 7, actual: 8)) {
      try Canonical.decode(ProtoTransactionBody.self, from: body, limit: 7)
    }
    expect(.tooLong(limit: 1000, actual: 100_000), [UInt8](repeating: 0xff, count: 100_000))
  }

  @Test("An unknown field is refused, on every level") func unknownField() {
    expect(.notCanonical, body + [0x78, 0x01])
    expect(.notCanonical, [0x78, 0x01] + body)
    expect(.notCanonical, body + [0x7a, 0x01, 0x00])
    expect(.notCanonical, body + [0x7b, 0x7c])
    expect(.notCanonical, [0x2a, 0x04, 0x0a, 0x02, 0x78, 0x01])
  }

  @Test("A field of another wire type is refused") func wireType() {
    expect(.malformed, [0x18, 0x80])
    for bytes in [[0x10, 0x01], [0x1a, 0x01, 0x05], [0x1d, 5, 0, 0, 0]] as [[UInt8]] {
      #expect(throws: CanonicalError.self) { try Canonical.decode(ProtoTransactionBody.self, from: bytes, limit: limit) }
    }
  }

  @Test("A default that is written out is refused") func writtenDefault() {
    expect(.notCanonical, [0x0a, 0x00] + body)
    expect(.notCanonical, [0x12, 0x00])
    expect(.notCanonical, [0x18, 0x00])
  }

  @Test("A varint that is longer than needed is refused: value, tag and length") func longVarint() {
    expect(.notCanonical, [0x12, 0x01, 0x61, 0x18, 0x85, 0x00, 0x22, 0x01, 0x09])
    expect(.notCanonical, [0x12, 0x01, 0x61, 0x98, 0x00, 0x05, 0x22, 0x01, 0x09])
    expect(.notCanonical, [0x12, 0x81, 0x00, 0x61, 0x18, 0x05, 0x22, 0x01, 0x09])
    expect(.malformed, [0x18] + [UInt8](repeating: 0xff, count: 10) + [0x01])
  }

  @Test("A value beyond its type is refused") func overflow() {
    let threshold: [UInt8] = [0x10, 0x80, 0x80, 0x80, 0x80, 0x10]
    #expect(throws: CanonicalError.notCanonical) { try Canonical.decode(ProtoControl.self, from: threshold, limit: limit) }
    #expect(throws: CanonicalError.notCanonical) { try Canonical.decode(ProtoDidRecord.self, from: [0x30, 0x02], limit: limit) }
  }

  @Test("Fields out of order or repeated are refused") func order() {
    expect(.notCanonical, [0x18, 0x05, 0x12, 0x01, 0x61, 0x22, 0x01, 0x09])
    expect(.notCanonical, [0x18, 0x05, 0x18, 0x05])
    expect(.notCanonical, [0x18, 0x04, 0x18, 0x05])
    let twoKinds: [UInt8] = [0x0a, 0x00, 0x12, 0x00]
    #expect(throws: CanonicalError.notCanonical) { try Canonical.decode(ProtoOperation.self, from: twoKinds, limit: limit) }
    let splitMessage: [UInt8] = [0x0a, 0x02, 0x10, 0x01, 0x0a, 0x02, 0x20, 0x01]
    #expect(throws: CanonicalError.notCanonical) { try Canonical.decode(ProtoDidCreate.self, from: splitMessage, limit: limit) }
  }

  @Test("Repeated numbers are packed, in one piece") func packing() throws {
    let packed: [UInt8] = [0x1a, 0x02, 0x01, 0x02]
    #expect(try Canonical.decode(ProtoVerificationMethod.self, from: packed, limit: limit).purposes == [.authentication, .assertionMethod])
    for bytes in [[0x18, 0x01, 0x18, 0x02], [0x1a, 0x01, 0x01, 0x1a, 0x01, 0x02], [0x1a, 0x00]] as [[UInt8]] {
      #expect(throws: CanonicalError.notCanonical) { try Canonical.decode(ProtoVerificationMethod.self, from: bytes, limit: limit) }
    }
  }

  @Test("An unknown number of an enumeration is carried: whoever reads it refuses it") func unknownEnumeration() throws {
    let method = try Canonical.decode(ProtoVerificationMethod.self, from: [0x1a, 0x01, 0x09], limit: limit)
    #expect(method.purposes == [.UNRECOGNIZED(9)])
  }

  @Test("Trailing bytes and truncation are refused") func trailing() {
    for bytes in [[0x00], [0xff], [0x12], [0x0a, 0x05]] as [[UInt8]] { expect(.malformed, body + bytes) }
    let encoded = Canonical.encode(nested)
    for count in 1..<encoded.count {
      let decoded = try? Canonical.decode(ProtoTransactionBody.self, from: Array(encoded[..<count]), limit: limit)
      #expect(decoded != nested)
    }
  }

  @Test("Text that is not UTF-8 is refused", arguments: [[0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff]] as [[UInt8]])
  func invalidText(text: [UInt8]) {
    expect(.malformed, [0x12, UInt8(text.count)] + text)
  }

  @Test("Deep nesting is refused without exhausting the stack", arguments: [17, 1000, 200_000]) func deepNesting(depth: Int) {
    let groups = [UInt8](repeating: 0x7b, count: depth) + [UInt8](repeating: 0x7c, count: depth)
    for bytes in [groups, Array(groups.prefix(depth))] {
      #expect(throws: CanonicalError.self) { try Canonical.decode(ProtoTransactionBody.self, from: bytes, limit: bytes.count) }
    }
  }

  @Test("No two byte strings decode to one value") func injective() {
    let encoded = Canonical.encode(nested)
    for index in encoded.indices {
      for byte in UInt8.min...UInt8.max where byte != encoded[index] {
        var changed = encoded
        changed[index] = byte
        guard let decoded = try? Canonical.decode(ProtoTransactionBody.self, from: changed, limit: limit) else { continue }
        #expect(decoded != nested)
        #expect(Canonical.encode(decoded) == changed)
      }
    }
  }
}
