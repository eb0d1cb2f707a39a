import CairnChain
import CairnCrypto
import CairnSigner
import CairnStore
import Foundation
import Testing

@Suite("A signer and its record") struct SignerTests {
  private let x = Digest.sha256([1])
  private let y = Digest.sha256([2])

  @Test("A signature is that of the statement, and another statement is refused after a restart too") func restart() throws {
    let folder = try Folder()
    try folder.create()
    let statement = Statement.notarize(epoch: 0, view: 3, digest: x)
    let signature = try folder.signer().sign(statement).get()
    #expect(SigningKey.test.publicKey.isValid(signature, for: statement.signedBytes(network: .test)))
    let again = try folder.signer()
    #expect(try again.sign(.notarize(epoch: 0, view: 3, digest: y)) == .failure(.conflict))
    #expect(try again.sign(statement) == .success(signature))
    #expect(again.highest == ViewPosition(epoch: 0, view: 3))
  }

  @Test("Statements that come together are held against each other, too") func together() throws {
    let folder = try Folder()
    try folder.create()
    let answers = try folder.signer().sign([
      .nullify(epoch: 0, view: 1), .finalize(epoch: 0, view: 1, digest: x), .nullify(epoch: 0, view: 2),
    ])
    #expect(answers[1] == .failure(.conflict))
    #expect((try? answers[0].get()) != nil && (try? answers[2].get()) != nil)
  }

  @Test(
    "Nothing is signed before its record is durable, whatever fails",
    arguments: [DurablePoint.chainCommit, .safetyAppend, .safetySync], [true, false])
  func failingDisk(point: DurablePoint, isBefore: Bool) throws {
    let folder = try Folder()
    try folder.create()
    let faults = OneFault()
    let statement = Statement.finalize(epoch: 0, view: 5, digest: x)
    do {
      let signer = try folder.signer(faults: faults)
      faults.arm(point, before: isBefore)
      #expect(throws: StoreError.self) { try signer.sign(statement) }
      // Nor anything later: nobody knows what is on the disk.
      #expect(throws: StoreError.self) { try signer.sign(.nullify(epoch: 0, view: 6)) }
    }
    // What was perhaps recorded is held against what is asked next.
    let answer = try folder.signer().sign(.nullify(epoch: 0, view: 5))
    let isRecorded = !(point == .chainCommit && isBefore)
    #expect(isRecorded ? answer == .failure(.conflict) : (try? answer.get()) != nil)
  }

  @Test("Records of views long past are dropped in both places, and their views refused") func pruning() throws {
    let folder = try Folder()
    try folder.create()
    let views = SignedVotes.retainedViews + 1_500
    let signer = try folder.signer()
    for start in stride(from: 1, through: views, by: 250) {
      _ = try signer.sign((start..<min(start + 250, views + 1)).map { .nullify(epoch: 0, view: $0) })
    }
    #expect(try signer.sign(.finalize(epoch: 0, view: 1_500, digest: x)) == .failure(.belowFloor))
    #expect(try signer.sign(.finalize(epoch: 0, view: 1_501, digest: x)) == .failure(.conflict))
    let log = try #require(FileManager.default.attributesOfItem(atPath: folder.records + "/safety.log")[.size] as? Int)
    #expect(log < 140 * 2_300)
  }

  @Test("Two processes cannot have one record open") func locked() throws {
    let folder = try Folder()
    try folder.create()
    let first = try folder.store()
    #expect(throws: StoreError.locked(directory: folder.records)) { try folder.store() }
    withExtendedLifetime(first) {}
  }

  @Test("A record is one key's and one network's, and is never made by opening it") func owner() throws {
    let folder = try Folder()
    #expect(throws: StoreError.missing(path: folder.records + "/format")) { try folder.store() }
    try folder.create()
    #expect(throws: StoreError.alreadySetUp(path: folder.records)) { try folder.create() }
    let other = SigningKey.key(9).publicKey
    #expect(throws: StoreError.wrongKey(path: folder.records + "/format", found: SigningKey.test.publicKey, expected: other)) {
      try SignerStore(path: folder.records, network: .test, key: other)
    }
    #expect(throws: StoreError.wrongNetwork(path: folder.records + "/format", found: .test, expected: .zero)) {
      try SignerStore(path: folder.records, network: .zero, key: SigningKey.test.publicKey)
    }
  }

  enum Harm: CaseIterable { case logGone, databaseGone, logOlder, databaseOlder, logFlipped, databaseFlipped }

  @Test("Damaged records sign nothing until an operator's word, and then nothing at or below it", arguments: Harm.allCases)
  func damaged(harm: Harm) throws {
    let folder = try Folder()
    try folder.create()
    let (log, database) = (folder.records + "/safety.log", folder.records + "/votes.db")
    try folder.sign([.nullify(epoch: 2, view: 1)])
    for path in [log, database] { try FileManager.default.copyItem(atPath: path, toPath: path + ".old") }
    for view in UInt64(2)...4 { try folder.sign([.nullify(epoch: 2, view: view)]) }
    switch harm {
    case .logGone: try FileManager.default.removeItem(atPath: log)
    case .databaseGone: try FileManager.default.removeItem(atPath: database)
    case .logOlder: try replace(log)
    case .databaseOlder: try replace(database)
    case .logFlipped: try flip(.nullify(epoch: 2, view: 3), in: log)
    case .databaseFlipped: try flip(.nullify(epoch: 2, view: 3), in: database)
    }
    #expect(throws: StoreError.self) { try folder.signer() }
    try folder.store().restart(above: ViewPosition(epoch: 2, view: 40))
    #expect(try folder.sign([.nullify(epoch: 2, view: 40)]) == [.failure(.belowFloor)])
    let answers = try folder.sign([.nullify(epoch: 2, view: 41)])
    #expect((try? answers.first?.get()) != nil)
    // The floor that was named stays, whatever is signed and however often the signer starts.
    #expect(try folder.sign([.nullify(epoch: 2, view: 39)]) == [.failure(.belowFloor)])
  }

  private func replace(_ path: String) throws {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    try FileManager.default.moveItem(atPath: path + ".old", toPath: path)
  }

  /// One bit of a vote's record, wherever it stands in the file.
  private func flip(_ statement: Statement, in path: String) throws {
    let vote = Vote(statement: statement, validator: 0, signature: SigningKey.test.signature(for: []))
    let pattern = Data(vote.bytes.prefix(17))
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    var places: [Int] = []
    while let found = bytes.range(of: pattern, in: (places.last.map { $0 + 1 } ?? 0)..<bytes.count) { places.append(found.lowerBound) }
    try #require(!places.isEmpty)
    for place in places { bytes[place + 60] ^= 1 }
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  @Test("A vote of its own that the record lacks shows an older copy: then nothing is signed") func stale() throws {
    let folder = try Folder()
    try folder.create()
    let signer = try folder.signer()
    let statement = Statement.nullify(epoch: 0, view: 1)
    let signature = try signer.sign(statement).get()
    #expect(signer.isCurrent(rememberedBy: nil))
    #expect(signer.isCurrent(rememberedBy: Vote(statement: statement, validator: 3, signature: signature)))
    let foreign = Statement.nullify(epoch: 0, view: 9)
    let forged = Vote(statement: foreign, validator: 0, signature: SigningKey.key(9).signature(for: foreign.signedBytes(network: .test)))
    #expect(signer.isCurrent(rememberedBy: forged))
    let unknown = Vote(statement: foreign, validator: 0, signature: SigningKey.test.signature(for: foreign.signedBytes(network: .test)))
    #expect(!signer.isCurrent(rememberedBy: unknown))
    #expect(try signer.sign(statement) == .failure(.recordStale))
    #expect(!signer.isCurrent(rememberedBy: nil))
  }

  @Test("What a node signed before is held against what is asked afterwards") func imported() throws {
    let folder = try Folder()
    let statement = Statement.notarize(epoch: 4, view: 300, digest: x)
    let vote = Vote(
      statement: statement, validator: 2, signature: SigningKey.test.signature(for: statement.signedBytes(network: .test)))
    try folder.create(SignedRecord(votes: [vote], floor: ViewPosition(epoch: 4, view: 200)))
    let signer = try folder.signer()
    #expect(try signer.sign(.notarize(epoch: 4, view: 300, digest: y)) == .failure(.conflict))
    #expect(try signer.sign(statement) == .success(vote.signature))
    #expect(try signer.sign(.nullify(epoch: 4, view: 200)) == .failure(.belowFloor))
    #expect(signer.isCurrent(rememberedBy: vote))
  }
}
