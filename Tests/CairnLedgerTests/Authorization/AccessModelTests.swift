import CairnCrypto
import CairnIdentity
import Testing

@testable import CairnLedger

/// What decides about recorded requests, as briefly as it can be said.
private struct AccessModel {
  /// A request with what is right and wrong about it.
  struct Asked {
    let isSearch: Bool
    let isPublic: Bool
    /// Index of the credential's status; `nil` without a credential.
    let card: UInt32?
    let isOwnKey: Bool
    /// Milliseconds until it is too late, at the block's time.
    let left: Int64
  }

  var revoked: Set<UInt32> = []
  var isIsolated = false
  var isFrozen = false
  var recorded: [Digest: Bool] = [:]

  /// - Returns: why the ledger does not take it; or whether it records that the agent may.
  mutating func record(_ asked: Asked, _ id: Digest) -> (refusal: String?, isAllowed: Bool) {
    // The submitter is the agent itself.
    if isIsolated { return ("isolated", false) }
    if asked.left < 0 { return ("expired", false) }
    if asked.left > 600_000 { return ("too_far_ahead", false) }
    if recorded[id] != nil { return ("replayed", false) }
    if !asked.isOwnKey { return ("wrong_key", false) }
    if isFrozen { return ("contract_frozen", false) }
    if let card = asked.card, revoked.contains(card) { return ("credential_revoked", false) }
    let isAllowed = asked.isSearch ? asked.card != nil : asked.isPublic
    recorded[id] = isAllowed
    return (nil, isAllowed)
  }
}

@Suite("Recorded decisions, by a model")
struct AccessModelTests {
  @Test("Random requests among revocations, isolations and freezes are decided as the model says", arguments: 0..<4)
  func random(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    var (recorder, model) = (try AccessRecordTests.Recorder(), AccessModel())
    var (outcomes, requests): ([String: Int], [AccessRequest]) = ([:], [])
    var kinds: [Digest: AccessModel.Asked] = [:]
    for step in 0..<300 {
      let world = recorder.access.world
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<6:
        let index = UInt32.random(in: 0..<8, using: &random)
        try recorder.access.world.commitUpdate(AccessWorld.list, set: [index])
        model.revoked.insert(index)
      case 6..<12 where model.isIsolated == chance(60):
        let operation: LedgerOperation =
          try model.isIsolated
          ? .release(recorder.access.agent, network: world.network)
          : .isolate(recorder.access.agent, reason: "drill", network: world.network)
        try recorder.access.world.commit(world.transaction([operation], by: World.guardian, signers: [301], nonce: 5_000 + step))
        model.isIsolated.toggle()
      case 12..<18 where model.isFrozen == chance(60):
        if model.isFrozen {
          try recorder.access.world.unfreeze(AccessWorld.contractID)
        } else {
          try recorder.access.world.freeze(AccessWorld.contractID)
        }
        model.isFrozen.toggle()
      default:
        let now = world.state.timeMilliseconds + 1_000
        var asked = AccessModel.Asked(
          isSearch: chance(60), isPublic: chance(50), card: chance(70) ? UInt32.random(in: 0..<8, using: &random) : nil,
          isOwnKey: chance(92), left: chance(85) ? Int64.random(in: 0...600_000, using: &random) : chance(50) ? -1 : 600_001)
        var request = try recorder.request(
          asked.isSearch ? "tool:search" : "tool:read", on: asked.isPublic ? "public/a" : "web",
          credentials: try asked.card.map {
            [try recorder.access.credential(statuses: [.init(purpose: .revocation, list: AccessWorld.list, index: UInt64($0))])]
          } ?? [], notAfter: UInt64(Int64(now) + asked.left))
        if chance(8), let old = requests.randomElement(using: &random), let known = kinds[old.id], let last = old.notAfterMilliseconds {
          request = old
          asked = AccessModel.Asked(
            isSearch: known.isSearch, isPublic: known.isPublic, card: known.card, isOwnKey: known.isOwnKey,
            left: Int64(last) - Int64(now))
        }
        let expected = model.record(asked, request.id)
        var actual: String?
        do { _ = try recorder.record(request, key: asked.isOwnKey ? 21 : 22) } catch let error as TransactionError { actual = error.reason }
        try #require(actual == expected.refusal, "step \(step)")
        if actual == nil {
          let record = try #require(try recorder.recorded(request))
          try #require(record.isAllowed == expected.isAllowed && record.reasons == (expected.isAllowed ? [] : ["not_permitted"]))
          requests.append(request)
          kinds[request.id] = asked
        }
        outcomes[actual ?? (expected.isAllowed ? "allowed" : "denied"), default: 0] += 1
      }
    }
    // What was decided stays as it was.
    for (id, isAllowed) in model.recorded {
      let bytes = try #require(try recorder.access.world.state.record(forKey: RecordedAccess.stateKey(id)))
      #expect(try RecordedAccess(decoding: bytes).isAllowed == isAllowed)
    }
    #expect(outcomes["allowed", default: 0] > 10 && outcomes["denied", default: 0] > 10 && outcomes.count >= 7, "\(outcomes)")
  }
}
