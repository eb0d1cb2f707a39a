import CairnChain
import CairnCrypto
import CairnMerkle
import CairnMessages
import Foundation
import Testing

@Suite struct LightClientTests {
  private let chain: TestChain
  private let present = testDigest("present")
  private let absent = testDigest("absent")

  init() throws {
    var chain = try TestChain()
    chain.seal(transactions: [[1], [2]], rows: [(present, [1]), (testDigest("a"), [2])])
    chain.seal(transactions: [[3]], rows: [(present, [3])])
    chain.seal()
    chain.seal(transactions: [[4], [5], [6]], rows: [(testDigest("b"), [4])])
    self.chain = chain
  }

  private func client(at height: Int = 0) -> LightClient { LightClient(anchor: chain.anchor(at: height)) }

  @Test("The anchor itself needs no certificate") func genesis() throws {
    var client = client()
    var answer = try chain.answer(chain.genesis)
    answer.clearCertificate()
    #expect(client.newest == nil)
    #expect(try client.verify(answer).header == chain.genesis)
    #expect(client.newest?.header == chain.genesis)
  }

  @Test("Every finalized header is believed, one after the other, and each is then the newest") func follows() throws {
    var client = client()
    var known: CertifiedHeader?
    for header in chain.headers {
      known = try client.verify(chain.answer(header, since: known?.header), since: known)
      #expect(known?.header == header)
      #expect(client.newest == known)
    }
  }

  @Test("Any finalized header is believed at once") func jumps() throws {
    for header in chain.headers {
      var client = client()
      #expect(try client.verify(chain.answer(header)).header == header)
    }
  }

  @Test("An older header is believed when nothing newer was asked for, and is not the newest") func older() throws {
    var client = client()
    _ = try client.verify(chain.answer(chain.newest))
    #expect(try client.verify(chain.answer(chain.headers[2])).header == chain.headers[2])
    #expect(client.newest?.header == chain.newest)
  }

  @Test("Values and absences are proven at every height") func state() throws {
    var client = client()
    for (header, value) in zip(chain.headers, [nil, [1], [3], [3], [3]] as [[UInt8]?]) {
      let certified = try client.verify(chain.answer(header))
      #expect(try certified.value(of: present, proof: chain.stateProof(of: present, in: header)) == value)
      #expect(try certified.value(of: absent, proof: chain.stateProof(of: absent, in: header)) == nil)
    }
  }

  @Test("Every entry before a header is proven by it") func log() throws {
    var client = client()
    for header in chain.headers {
      let certified = try client.verify(chain.answer(header))
      for index in 0..<header.logSize {
        let (provenIndex, entry) = try certified.entry(chain.logProof(of: index, in: header))
        #expect(provenIndex == index)
        #expect(entry == chain.entry(at: index))
      }
    }
  }

  @Test("A proof of another key, value, entry or place is refused") func tamperedProofs() throws {
    var client = client()
    let header = chain.newest
    let certified = try client.verify(chain.answer(header))
    let state = chain.stateProof(of: present, in: header)
    let log = try chain.logProof(of: 2, in: header)
    try #require(!state.path.isEmpty && !log.path.isEmpty)

    let old = chain.stateProof(of: present, in: chain.headers[1])
    let stateChanges: [(inout ProtoStateProof) -> Void] = [
      { $0.value = Data([9]) }, { $0.value = Data() }, { $0.key[0] ^= 1 }, { $0.path[0].sibling[0] ^= 1 }, { $0.path[0].bit ^= 1 },
      { $0.path.removeLast() }, { $0.path.append($0.path[0]) }, { $0.path[0].bit = 256 }, { $0.path[0].sibling.removeLast() },
      { $0.path = [] }, { $0 = ProtoStateProof() }, { $0.key = Data() }, { $0.key.removeLast() }, { $0 = old },
      { $0.value = Data(count: 257) }, { $0.path = Array(repeating: $0.path[0], count: 257) },
    ]
    for (number, change) in stateChanges.enumerated() {
      var proof = state
      change(&proof)
      #expect(throws: LightClientError.self, "state change \(number)") { try certified.value(of: present, proof: proof) }
    }
    // An absence cannot be made from the proof of a value: a look-up of the key does not reach another leaf.
    #expect(throws: LightClientError.self) { try certified.value(of: present, proof: chain.stateProof(of: testDigest("b"), in: header)) }

    let logChanges: [(inout ProtoLogProof) -> Void] = [
      { $0.entry = Data(LogEntry.transaction([9]).bytes) }, { $0.entry = Data() }, { $0.entry.append(contentsOf: [0x1a, 0]) },
      { $0.index += 1 }, { $0.index = .max }, { $0.index = header.logSize }, { $0.path[0][0] ^= 1 }, { $0.path.removeLast() },
      { $0.path.append($0.path[0]) }, { $0.path[0].removeLast() }, { $0.path = Array(repeating: $0.path[0], count: 65) },
    ]
    for (number, change) in logChanges.enumerated() {
      var proof = log
      change(&proof)
      #expect(throws: LightClientError.self, "log change \(number)") { try certified.entry(proof) }
    }
    // The header's own entry comes after the log that it commits to.
    #expect(throws: LightClientError.proof(.indexOutOfRange)) {
      try certified.entry(
        LogProof(
          entry: LogEntry.header(header.bytes).bytes, proof: InclusionProof(index: header.logSize, path: [])
        ).message)
    }
  }

  @Test("A header of another network is refused") func wrongNetwork() throws {
    var anchor = chain.anchor()
    anchor.network = testDigest("other network")
    var client = LightClient(anchor: anchor)
    #expect(throws: LightClientError.wrongNetwork) { try client.verify(chain.answer(chain.headers[1])) }
    #expect(throws: LightClientError.wrongNetwork) { try client.verify(chain.answer(chain.genesis)) }
    let change = chain.change(chain.newest, to: chain.committee.set.bytes)
    #expect(throws: LightClientError.wrongNetwork) { try client.verify(chain.answer(chain.headers[1], changes: [change])) }
  }

  @Test("A header without certificate is refused") func missingCertificate() throws {
    try refuse(.missingCertificate) { $0.clearCertificate() }
    try refuse(.malformed(.certificate(.statement))) { $0.certificate = ProtoCertificate() }
  }

  @Test("Only a finalization of this very block certifies it") func otherStatement() throws {
    let header = chain.headers[1]
    let committee = chain.committee
    try refuse(.otherBlock) { $0.certificate = committee.message(.notarize(epoch: 0, view: header.view, digest: header.digest)) }
    try refuse(.otherBlock) { $0.certificate = committee.message(.nullify(epoch: 0, view: header.view)) }
    try refuse(.otherBlock) { $0.certificate = chain.finalization(of: chain.headers[2]) }
    try refuse(.otherBlock) { $0.certificate = committee.message(.finalize(epoch: 0, view: header.view, digest: .zero)) }
  }

  @Test("Too few, wrong or foreign signatures certify nothing") func signatures() throws {
    let header = chain.headers[1]
    try refuse(.malformed(.certificate(.belowQuorum(signers: 2, quorum: 3)))) {
      $0.certificate = chain.finalization(of: header, signers: [0, 1])
    }
    try refuse(.certificate(.badSignature(validator: 1))) { $0.certificate.signatures[0] ^= 1 }
    try refuse(.certificate(.badSignature(validator: 0))) { $0.certificate.signers = Data([0b0111]) }
    try refuse(.certificate(.badSignature(validator: 1))) { $0.certificate.view += 1 }
    try refuse(.certificate(.wrongEpoch(1))) { $0.certificate.epoch = 1 }
    let foreign = try Committee(count: 4, offset: 40)
    try refuse(.certificate(.badSignature(validator: 0))) {
      $0.certificate = foreign.message(.finalize(epoch: 0, view: header.view, digest: header.digest))
    }
    try refuse(.malformed(.certificate(.bitmapLength))) { $0.certificate.signers.append(0) }
  }

  @Test("A header that is not one is refused") func malformed() throws {
    try refuse(.malformed(.encoding(.malformed))) { $0.header.removeLast() }
    try refuse(.malformed(.encoding(.notCanonical))) { $0.header.append(contentsOf: [0x78, 1]) }
    try refuse(.malformed(.version(0))) { $0.header = Data() }
    try refuse(.otherBlock) { $0.header = Data(rival(of: chain.headers[1]).bytes) }
  }

  @Test("A header older than the client's bound is refused, to the millisecond") func stale() throws {
    let header = chain.headers[1]
    let time = header.timeMilliseconds
    let answer = try chain.answer(header)
    var client = client()
    #expect(throws: LightClientError.stale(ageMilliseconds: 501)) {
      try client.verify(answer, since: nil, now: time + 501, maximumStaleness: 500)
    }
    #expect(client.newest == nil)
    #expect(throws: LightClientError.stale(ageMilliseconds: .max - time)) {
      try client.verify(answer, since: nil, now: .max, maximumStaleness: 500)
    }
    #expect(try client.verify(answer, since: nil, now: time + 500, maximumStaleness: 500).header == header)
    // A clock that is behind the network's does not make an answer old.
    #expect(try client.verify(answer, since: nil, now: 0, maximumStaleness: 0).header == header)
  }

  @Test("A remembered header grows stale like any other") func staleAgain() throws {
    let answer = try chain.answer(chain.headers[1])
    var client = client()
    _ = try client.verify(answer)
    #expect(throws: LightClientError.stale(ageMilliseconds: 60_000)) {
      try client.verify(answer, since: nil, now: chain.headers[1].timeMilliseconds + 60_000, maximumStaleness: 59_999)
    }
  }

  @Test("An answer older than what was known when it was asked for is refused") func wentBack() throws {
    var client = client()
    let known = try client.verify(chain.answer(chain.headers[3]))
    #expect(throws: LightClientError.wentBack(from: 3, to: 2)) { try client.verify(chain.answer(chain.headers[2]), since: known) }
    // The same header again is not older.
    #expect(try client.verify(chain.answer(chain.headers[3]), since: known) == known)
  }

  @Test("A header below the anchor, or another one at its height, is refused") func belowAnchor() throws {
    var client = client(at: 2)
    #expect(throws: LightClientError.wentBack(from: 2, to: 1)) { try client.verify(chain.answer(chain.headers[1])) }
    #expect(throws: LightClientError.wentBack(from: 2, to: 2)) { try client.verify(chain.answer(rival(of: chain.headers[2]))) }
    #expect(try client.verify(chain.answer(chain.headers[2])).header == chain.headers[2])
    #expect(try client.verify(chain.answer(chain.headers[3])).header == chain.headers[3])
  }

  @Test("Two finalized headers of one height are a fork, and the first stays") func fork() throws {
    let rival = rival(of: chain.headers[2])
    var client = client()
    let known = try client.verify(chain.answer(chain.headers[2]))
    #expect(throws: LightClientError.fork(height: 2)) { try client.verify(chain.answer(rival), since: known) }
    // Also when neither was known when the other was asked for, and when a newer one is known.
    #expect(throws: LightClientError.fork(height: 2)) { try client.verify(chain.answer(rival)) }
    _ = try client.verify(chain.answer(chain.headers[3]))
    #expect(throws: LightClientError.fork(height: 2)) { try client.verify(chain.answer(rival)) }
    #expect(try client.verify(chain.answer(chain.headers[2])) == known)
  }

  @Test("A log that does not extend the known one is a fork") func logFork() throws {
    var other = try TestChain()
    other.seal(transactions: [[7], [8]])
    other.seal(transactions: [[9]])
    other.seal()
    var client = client()
    let known = try client.verify(chain.answer(chain.headers[2]))
    // The other chain's own proof is right for its own past.
    let answer = try other.answer(other.headers[3], since: other.headers[2])
    #expect(other.headers[2].logSize == chain.headers[2].logSize)
    #expect(throws: LightClientError.fork(height: 3)) { try client.verify(answer, since: known) }
    #expect(client.newest == known)
  }

  @Test("A log that shrinks while the height grows is a fork") func logShrinks() throws {
    var fields = chain.headers[3].fields
    fields.logSize = chain.headers[1].logSize
    let header = Header(fields)
    var client = client()
    let known = try client.verify(chain.answer(chain.headers[2]))
    var answer = try chain.answer(header)
    answer.consistency.oldSize = chain.headers[2].logSize
    answer.consistency.newSize = header.logSize
    #expect(throws: LightClientError.fork(height: 3)) { try client.verify(answer, since: known) }
  }

  @Test("A newer header needs a consistency proof between exactly these two logs") func consistency() throws {
    let (old, new) = (chain.headers[2], chain.headers[4])
    let good = try chain.answer(new, since: old)
    let changes: [(LightClientError, (inout ProtoProven) -> Void)] = [
      (.missingProof, { $0.clearConsistency() }), (.missingProof, { $0.consistency.oldSize -= 1 }),
      (.missingProof, { $0.consistency.newSize -= 1 }), (.missingProof, { $0.consistency = ProtoConsistencyProof() }),
      (.fork(height: 4), { $0.consistency.path.removeLast() }), (.fork(height: 4), { $0.consistency.path[0][0] ^= 1 }),
      (.malformed(.field("path")), { $0.consistency.path[0].removeLast() }),
      (
        .malformed(.encoding(.tooLong(limit: 64, actual: 65))),
        { $0.consistency.path = Array(repeating: $0.consistency.path[0], count: 65) }
      ),
    ]
    for (error, change) in changes {
      var client = client()
      let known = try client.verify(chain.answer(old))
      var answer = good
      change(&answer)
      #expect(throws: error) { try client.verify(answer, since: known) }
      #expect(client.newest == known)
      #expect(try client.verify(good, since: known).header == new)
    }
  }

  @Test("A header's certificate is checked once, and again when the header was forgotten") func checkedOnce() throws {
    var chain = chain
    for _ in 0..<32 { chain.seal() }
    let scheme = CountingScheme()
    var client = LightClient(anchor: chain.anchor(), scheme: scheme)
    let answer = try chain.answer(chain.headers[1])
    for _ in 0..<5 { _ = try client.verify(answer) }
    #expect(scheme.count == 3)
    var uncertified = answer
    uncertified.clearCertificate()
    #expect(try client.verify(uncertified).header == chain.headers[1])
    #expect(scheme.count == 3)
    for header in chain.headers[2...33] { _ = try client.verify(chain.answer(header)) }
    #expect(scheme.count == 33 * 3)
    #expect(throws: LightClientError.missingCertificate) { try client.verify(uncertified) }
    _ = try client.verify(answer)
    #expect(scheme.count == 34 * 3)
  }

  /// Another header of the same height, which no honest quorum finalizes.
  private func rival(of header: Header) -> Header {
    var fields = header.fields
    fields.timeMilliseconds += 1
    return Header(fields)
  }

  private func refuse(
    _ error: LightClientError, sourceLocation: SourceLocation = #_sourceLocation, when change: (inout ProtoProven) throws -> Void
  ) throws {
    var client = client()
    let good = try chain.answer(chain.headers[1])
    var answer = good
    try change(&answer)
    #expect(throws: error, sourceLocation: sourceLocation) { try client.verify(answer) }
    #expect(client.newest == nil)
    #expect(try client.verify(good).header == chain.headers[1])
  }
}
