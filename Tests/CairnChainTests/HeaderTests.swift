import CairnChain
import CairnCrypto
import CairnMessages
import Foundation
import Testing

@Suite struct HeaderTests {
  @Test("A header's bytes and digest are the golden ones") func golden() throws {
    let header = Header(try goldenFields())
    #expect(Hex.encode(header.bytes) == Golden.header)
    #expect(header.digest.description == Golden.headerDigest)
  }

  @Test("A header comes back from its bytes with every field") func roundTrip() throws {
    for next in [nil, testDigest("next"), .zero] {
      var fields = try goldenFields()
      fields.nextValidatorsHash = next
      let decoded = try Header(decoding: Header(fields).bytes)
      #expect(decoded.fields == fields)
      #expect(decoded == Header(fields))
      #expect(decoded.digest == .sha256(Header.domain, decoded.bytes))
    }
  }

  @Test("The largest header has 267 bytes, the smallest comes back too") func extremes() throws {
    let largest = Header.Fields(
      network: testNetwork, epoch: .max, view: .max, height: .max, timeMilliseconds: .max, parent: testNetwork, logSize: .max,
      logRoot: testNetwork, stateRoot: testNetwork, validatorsHash: testNetwork, proposer: .max, nextValidatorsHash: testNetwork)
    #expect(Header(largest).bytes.count == 267)
    #expect(try Header(decoding: Header(largest).bytes).fields == largest)
    let smallest = Header.Fields(
      network: .zero, epoch: 0, view: 0, height: 0, timeMilliseconds: 0, parent: .zero, logSize: 0, logRoot: .zero, stateRoot: .zero,
      validatorsHash: .zero, proposer: 0)
    #expect(try Header(decoding: Header(smallest).bytes).fields == smallest)
  }

  @Test("Every field is in the digest") func everyField() throws {
    let fields = try goldenFields()
    let other = testDigest("other")
    let changes: [(inout Header.Fields) -> Void] = [
      { $0.network = other }, { $0.epoch += 1 }, { $0.view += 1 }, { $0.height += 1 }, { $0.timeMilliseconds += 1 }, { $0.parent = other },
      { $0.logSize += 1 }, { $0.logRoot = other }, { $0.stateRoot = other }, { $0.validatorsHash = other }, { $0.proposer += 1 },
      { $0.nextValidatorsHash = other }, { $0.nextValidatorsHash = nil },
    ]
    var digests: Set<Digest> = [Header(fields).digest]
    for change in changes {
      var changed = fields
      change(&changed)
      #expect(digests.insert(Header(changed).digest).inserted)
    }
  }

  @Test("The digest belongs to the header's domain alone") func domain() throws {
    let header = Header(try goldenFields())
    #expect(header.digest == .sha256(Array("cairn/header/v1".utf8) + [0] + header.bytes))
    #expect(header.digest != .sha256(header.bytes))
    #expect(header.digest != .sha256(ValidatorSet.domain, header.bytes))
  }

  @Test("Other bytes for the same header are refused") func canonical() throws {
    let bytes = Header(try goldenFields()).bytes
    let version = Array(bytes[..<2])
    let others = [
      bytes + [0x78, 0x01],  // an unknown field
      bytes + version,  // a field twice
      Array(bytes[2...]) + version,  // fields out of order
      [0x08, 0x81, 0x00] + bytes[2...],  // a varint longer than needed
      [0x88, 0x00, 0x01] + bytes[2...],  // a tag longer than needed
    ]
    for other in others { #expect(throws: ChainError.encoding(.notCanonical)) { try Header(decoding: other) } }
    var fields = try goldenFields()
    fields.proposer = 0
    fields.nextValidatorsHash = nil
    #expect(throws: ChainError.encoding(.notCanonical)) { try Header(decoding: Header(fields).bytes + [0x60, 0x00]) }
  }

  @Test("What is no message at all is malformed") func malformed() throws {
    let bytes = Header(try goldenFields()).bytes
    #expect(throws: ChainError.encoding(.malformed)) { try Header(decoding: bytes.dropLast()) }
    #expect(throws: ChainError.encoding(.malformed)) { try Header(decoding: [0xff]) }
    #expect(throws: ChainError.encoding(.tooLong(limit: 512, actual: 513))) { try Header(decoding: [UInt8](repeating: 0, count: 513)) }
  }

  @Test("Only version 1 is known", arguments: [0, 2, .max] as [UInt32]) func version(version: UInt32) throws {
    var message = try goldenMessage()
    message.version = version
    #expect(throws: ChainError.version(version)) { try Header(decoding: Canonical.encode(message)) }
  }

  @Test("A digest has 32 bytes", arguments: [0, 31, 33, 64]) func digestLengths(count: Int) throws {
    let wrong = Data(repeating: 1, count: count)
    let changes: [(String, (inout ProtoHeader) -> Void)] = [
      ("network", { $0.network = wrong }), ("parent", { $0.parent = wrong }), ("log_root", { $0.logRoot = wrong }),
      ("state_root", { $0.stateRoot = wrong }), ("validators_hash", { $0.validatorsHash = wrong }),
      ("next_validators_hash", { $0.nextValidatorsHash = wrong }),
    ]
    for (field, change) in changes {
      var message = try goldenMessage()
      change(&message)
      if field == "next_validators_hash", count == 0 {
        #expect(try Header(decoding: Canonical.encode(message)).fields.nextValidatorsHash == nil)
      } else {
        #expect(throws: ChainError.field(field)) { try Header(decoding: Canonical.encode(message)) }
      }
    }
  }

  private func goldenMessage() throws -> ProtoHeader {
    try Canonical.decode(from: Header(goldenFields()).bytes, limit: Header.byteLimit)
  }
}
