import CairnChain
import CairnCrypto
import CairnMessages
import Foundation
import Testing

@Suite struct EpochChangeTests {
  /// Each epoch has two blocks, and validators of its own.
  private static func chain(sizes: [Int]) throws -> TestChain {
    var chain = try TestChain(validators: sizes[0])
    for (index, size) in sizes.enumerated().dropFirst() {
      chain.seal(transactions: [[UInt8(index)]])
      chain.seal(next: try Committee(count: size, offset: index * 8))
    }
    chain.seal()
    return chain
  }

  private let chain: TestChain

  init() throws { chain = try Self.chain(sizes: [4, 7, 4, 1, 5]) }

  @Test("Epoch changes are followed one by one") func oneByOne() throws {
    var client = LightClient(anchor: chain.anchor())
    var known: CertifiedHeader?
    for header in chain.headers {
      let changes = header.epoch > client.epoch ? [chain.changes[Int(client.epoch)]] : []
      known = try client.verify(chain.answer(header, since: known?.header, changes: changes), since: known)
      #expect(client.epoch == header.epoch)
      #expect(client.validators == chain.committees[Int(header.epoch)].set)
    }
    #expect(client.newest?.header == chain.newest)
    #expect(client.epoch == 4)
  }

  @Test("Many epoch changes are followed at once, from any anchor") func atOnce() throws {
    for height in chain.headers.indices {
      var client = LightClient(anchor: chain.anchor(at: height))
      // Those that are known already do no harm.
      #expect(try client.verify(chain.answer(chain.newest, changes: chain.changes)).header == chain.newest)
      #expect(client.epoch == 4)
    }
  }

  @Test("Every signature of every epoch is checked once") func signatureCount() throws {
    let scheme = CountingScheme()
    var client = LightClient(anchor: chain.anchor(), scheme: scheme)
    _ = try client.verify(chain.answer(chain.newest, changes: chain.changes))
    #expect(scheme.count == 3 + 5 + 3 + 1 + 4)
    _ = try client.verify(chain.answer(chain.newest, changes: chain.changes))
    #expect(scheme.count == 3 + 5 + 3 + 1 + 4)
  }

  @Test("A hundred epoch changes in one answer") func many() throws {
    var chain = try TestChain(validators: 1)
    for index in 0..<100 { chain.seal(next: try Committee(count: 1, offset: index % 90)) }
    chain.seal()
    var client = LightClient(anchor: chain.anchor())
    #expect(try client.verify(chain.answer(chain.newest, changes: chain.changes)).header == chain.newest)
    #expect(client.epoch == 100)
  }

  @Test("A header of an unknown epoch is refused") func unknownEpoch() throws {
    var client = LightClient(anchor: chain.anchor())
    #expect(throws: LightClientError.unknownEpoch(4)) { try client.verify(chain.answer(chain.newest)) }
    #expect(throws: LightClientError.unknownEpoch(1)) {
      try client.verify(chain.answer(chain.newest, changes: Array(chain.changes.dropFirst())))
    }
    #expect(client.epoch == 0)
    // As far as the changes lead, the client goes; the header is still beyond.
    #expect(throws: LightClientError.unknownEpoch(4)) {
      try client.verify(chain.answer(chain.newest, changes: Array(chain.changes.prefix(2))))
    }
    #expect(client.epoch == 2)
    #expect(client.newest == nil)
    #expect(try client.verify(chain.answer(chain.newest, changes: Array(chain.changes.dropFirst(2)))).header == chain.newest)
  }

  @Test("A header that claims the epoch with other validators is refused") func otherValidators() throws {
    var fields = chain.headers[1].fields
    fields.validatorsHash = chain.committees[1].set.hash
    var client = LightClient(anchor: chain.anchor())
    #expect(throws: LightClientError.unknownEpoch(0)) { try client.verify(chain.answer(Header(fields))) }
  }

  @Test("Validators of an epoch that is over sign nothing beyond its end, however many they are") func removedValidators() throws {
    var client = LightClient(anchor: chain.anchor())
    _ = try client.verify(chain.answer(chain.newest, changes: chain.changes))
    let last = chain.headers[2]
    let forgeries: [(LightClientError, (inout Header.Fields) -> Void)] = [
      (.outsideEpoch(0), { $0.height = last.height + 1 }),
      (.outsideEpoch(0), { $0.timeMilliseconds = last.timeMilliseconds + 1 }),
      (.outsideEpoch(0), { $0.height = last.height }),
      (.unknownEpoch(0), { $0.validatorsHash = .zero }),
    ]
    for (error, change) in forgeries {
      var fields = chain.headers[1].fields
      change(&fields)
      let forged = Header(fields)
      var answer = try chain.answer(forged)
      // All of them signed it.
      answer.certificate = try chain.committees[0].message(.finalize(epoch: 0, view: forged.view, digest: forged.digest))
      #expect(throws: error) { try client.certify(answer) }
    }
    // Those of the next epoch cannot sign what was before it began.
    var fields = chain.headers[3].fields
    fields.height = last.height
    let early = Header(fields)
    var answer = try chain.answer(early)
    answer.certificate = try chain.committees[1].message(.finalize(epoch: 1, view: early.view, digest: early.digest))
    #expect(throws: LightClientError.outsideEpoch(1)) { try client.certify(answer) }
    // What they did sign in their time stays true.
    #expect(try client.certify(chain.answer(chain.headers[1])).header == chain.headers[1])
    #expect(try client.certify(chain.answer(last)).header == last)
  }

  @Test("The next validators are those that the last header names") func forgedSet() throws {
    let forged = try Committee(count: 4, offset: 60)
    try refuse(.unknownEpoch(0)) { $0.validators = Data(forged.set.bytes) }
    let reversed = try ValidatorSet(chain.committees[1].set.validators.reversed())
    try refuse(.unknownEpoch(0)) { $0.validators = Data(reversed.bytes) }
    try refuse(.malformed(.validatorSet(.count(0)))) { $0.validators = Data() }
    try refuse(.malformed(.encoding(.notCanonical))) { $0.validators.append(contentsOf: [0x10, 1]) }
  }

  @Test("Only the old validators can name the next ones") func forgedHeader() throws {
    let forged = try Committee(count: 4, offset: 60)
    var fields = chain.headers[2].fields
    fields.nextValidatorsHash = forged.set.hash
    let header = Header(fields)
    // Under the true certificate, which is of another header.
    try refuse(.otherBlock) {
      $0.header = Data(header.bytes)
      $0.validators = Data(forged.set.bytes)
    }
    // Under a certificate of the next validators themselves.
    try refuse(.certificate(.badSignature(validator: 0))) {
      $0.header = Data(header.bytes)
      $0.validators = Data(forged.set.bytes)
      $0.certificate = forged.message(.finalize(epoch: 0, view: header.view, digest: header.digest))
    }
    // With f of the old ones.
    try refuse(.malformed(.certificate(.belowQuorum(signers: 1, quorum: 3)))) {
      $0.header = Data(header.bytes)
      $0.validators = Data(forged.set.bytes)
      $0.certificate = chain.finalization(of: header, signers: [0])
    }
    // Notarized is not final.
    try refuse(.otherBlock) {
      $0.certificate = chain.committees[0].message(.notarize(epoch: 0, view: header.view, digest: chain.headers[2].digest))
    }
    try refuse(.malformed(.certificate(.statement))) { $0.clearCertificate() }
    // A header in the middle of the epoch names nobody.
    try refuse(.unknownEpoch(0)) { $0 = chain.change(chain.headers[1], to: chain.committees[1].set.bytes) }
    try refuse(.malformed(.version(0))) { $0.header = Data() }
  }

  private func refuse(
    _ error: LightClientError, sourceLocation: SourceLocation = #_sourceLocation, when change: (inout ProtoEpochChange) throws -> Void
  ) throws {
    var client = LightClient(anchor: chain.anchor())
    var changes = chain.changes
    try change(&changes[0])
    let answer = try chain.answer(chain.newest, changes: changes)
    #expect(throws: error, sourceLocation: sourceLocation) { try client.verify(answer) }
    #expect(client.epoch == 0)
    #expect(client.validators == chain.committees[0].set)
    #expect(try client.verify(chain.answer(chain.newest, changes: chain.changes)).header == chain.newest)
  }
}
