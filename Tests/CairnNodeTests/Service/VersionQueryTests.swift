import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork
import SwiftProtobuf
import Testing

@testable import CairnNode

func resolveRequest(_ did: CairnDID, at selector: VersionSelector, withRoles: Bool = false) -> ProtoResolveRequest {
  var request = resolveRequest(did.description)
  request.withRoles = withRoles
  switch selector {
  case .newest: break
  case .id(let id): request.versionID = id
  case .time(let milliseconds): request.versionTimeMs = milliseconds
  }
  return request
}

extension TestReader {
  /// `nil` when the DID is proven not to exist.
  mutating func version(_ did: CairnDID, at selector: VersionSelector, _ answer: ProtoProven) throws -> VersionOutcome? {
    guard let proof = answer.state.first else { throw LightClientError.missingProof }
    guard let value = try certify(answer).value(of: did.stateKey, proof: proof) else { return nil }
    return try ResolvedVersion.verify(did, at: selector, stateValue: value, ProtoResolution(serializedBytes: answer.payload))
  }
}

@Suite struct VersionQueryTests {
  private let chain = TestChain()
  private let queries: QueryService
  private var reader: TestReader

  init() {
    queries = QueryService(chain, build: "test")
    reader = TestReader(chain)
  }

  private mutating func version(_ did: CairnDID, _ selector: VersionSelector) throws -> ResolvedVersion? {
    let answer = try queries.resolve(resolveRequest(did, at: selector)).message
    guard case .found(let version) = try reader.version(did, at: selector, answer) else { return nil }
    return version
  }

  @Test("Every version is proven by its number and by every time at which it was in force") mutating func versions() throws {
    try chain.enroll(200)
    let did = try chain.enroll(100)
    for number in 1...12 { try chain.update(did, 100, aliases: ["https://\(number).example"]) }
    let start = chain.genesis.timeMilliseconds
    for id in UInt64(0)...12 {
      let expected = document(100, aliases: id == 0 ? [] : ["https://\(id).example"]).json(did: did, controller: nil)
      let begin = start + 1_000 * (id + 2)
      for selector in [VersionSelector.id(id), .time(milliseconds: begin), .time(milliseconds: begin + 999)] {
        let version = try #require(try version(did, selector))
        #expect(version.versionID == id && version.document == expected)
        #expect(version.nextUpdatedMilliseconds == (id < 12 ? begin + 1_000 : nil))
      }
    }
    #expect(try version(did, .time(milliseconds: .max))?.versionID == 12)
    let unknown = failure { () throws(ServiceFailure) in try queries.resolve(resolveRequest(did, at: .id(13))) }
    #expect(unknown?.status == .notFound && unknown?.reason == "unknown_version" && unknown?.metadata["newest_version"] == "12")
  }

  @Test("Before its creation a DID is proven not to have existed") mutating func before() throws {
    try chain.enroll(200)
    let did = try chain.enroll(100)
    let created = chain.genesis.timeMilliseconds + 2_000
    for _ in 0..<2 {
      for time in [0, created - 1] {
        var request = resolveRequest(did, at: .time(milliseconds: time))
        request.known = reader.known
        let answer = try queries.resolve(request).message
        let outcome = try reader.version(did, at: .time(milliseconds: time), answer)
        #expect(outcome == .notYetCreated(createdMilliseconds: created))
      }
      try chain.update(did, 100, aliases: ["https://new.example"])
    }
    let nobody = try chain.creation(300).subject
    var request = resolveRequest(nobody, at: .id(0))
    request.known = reader.known
    let answer = try queries.resolve(request).message
    #expect(try reader.version(nobody, at: .id(0), answer) == nil)
    #expect(answer.payload.isEmpty)
  }

  @Test("Roles are proven beside the DID, and their absence too") mutating func roles() throws {
    let did = try chain.enroll(100)
    let nobody = try chain.creation(300).subject
    for (subject, expected) in [(chain.registrar, [Role.trustee, .operator, .registrar, .issuer, .guardian]), (did, []), (nobody, [])] {
      let answer = try queries.resolve(resolveRequest(subject, at: .newest, withRoles: true)).message
      let header = try reader.certify(answer)
      #expect(answer.state.count == 2)
      let roles = try ProtoResolution(serializedBytes: answer.payload).roles
      let value = try header.value(of: subject.rolesKey, proof: answer.state[1])
      #expect(try Roles(stateValue: value, record: [UInt8](roles)).roles == expected)
      #expect(try reader.resolved(subject, answer)?.did == (subject == nobody ? nil : subject))
    }
    let past = try queries.resolve(resolveRequest(did, at: .id(0), withRoles: true)).message
    #expect(try reader.version(did, at: .id(0), past) != nil && past.state.count == 2)
  }

  @Test("An isolation is proven beside the DID and its roles, and its absence too", arguments: [false, true])
  mutating func isolation(withRoles: Bool) throws {
    let (did, other, nobody) = (try chain.enroll(100), try chain.enroll(200), try chain.creation(300).subject)
    try chain.isolate(did, reason: "drill")
    // Twice, because the second answer is made from a cached one.
    for subject in [did, other, nobody, did] {
      for selector in [VersionSelector.newest, .id(0)] where subject != nobody || selector == .newest {
        var request = resolveRequest(subject, at: selector, withRoles: withRoles)
        request.withIsolation = true
        let answer = try queries.resolve(request).message
        let header = try reader.certify(answer)
        #expect(answer.state.count == (withRoles ? 3 : 2))
        let resolution = try ProtoResolution(serializedBytes: answer.payload)
        #expect(try resolution.serializedData() == answer.payload)
        let proof = try #require(answer.state.last)
        let isolation = try IsolationRecord.verify(
          subject, stateValue: header.value(of: subject.isolationKey, proof: proof), record: [UInt8](resolution.isolation))
        #expect((isolation != nil) == (subject == did))
        #expect(isolation?.isInForce(atMilliseconds: header.header.timeMilliseconds) == (subject == did ? true : nil))
        #expect(subject == nobody ? answer.payload.isEmpty : !resolution.document.isEmpty)
      }
    }
  }
}
