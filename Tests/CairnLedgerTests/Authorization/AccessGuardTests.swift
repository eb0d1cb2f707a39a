import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnPolicy
import Foundation
import Testing

/// Every guard refuses for its own reason, although the policies would permit.
@Suite struct AccessGuardTests {
  private func world(_ change: (inout AccessWorld) throws -> Void = { _ in }) throws -> AccessWorld {
    var world = try AccessWorld()
    try change(&world)
    return world
  }

  @Test func allowsWhatAPolicyPermitsByAGoodCredential() throws {
    let world = try world()
    let decision = try world.decide(world.request(credentials: [world.credential()]))
    #expect(decision.isAllowed && decision.refusals.isEmpty)
    #expect(decision.policies == ["search"])
    #expect(decision.contract?.version == 3)
    #expect(decision.moment == world.moment)
  }

  @Test func deniesWithoutAContract() throws {
    let world = try world { $0.hasContract = false }
    let decision = try world.decide(world.request(credentials: [world.credential()]))
    #expect(decision.refusals == [.unknownContract(AccessWorld.contractID)])
    #expect(decision.contract == nil && !decision.isAllowed)
  }

  @Test func deniesAnUnknownAgent() throws {
    let world = try world()
    let stranger = CairnDID(network: world.world.network, create: .sha256([1]))
    #expect(try world.reasons(world.request(by: stranger)) == ["unknown_did"])
  }

  @Test func deniesADeactivatedAgent() throws {
    let world = try world { world in
      let operation = try LedgerOperation.deactivate(world.agent, after: world.world.head(world.agent), network: world.world.network)
      try world.world.commit(world.world.transaction([operation], signers: [1, 21]))
    }
    #expect(try world.reasons(world.request(credentials: [world.credential()])) == ["deactivated"])
  }

  @Test func deniesAnIsolatedAgent() throws {
    let world = try world { $0.isolated = [$0.agent] }
    #expect(try world.reasons(world.request(credentials: [world.credential()])) == ["isolated"])
  }

  @Test func deniesARequestForAnotherNetwork() throws {
    let world = try world()
    #expect(try world.reasons(world.request(network: .sha256([2]))) == ["wrong_network"])
    let foreign = CairnDID(network: .sha256([2]), create: .sha256([1]))
    #expect(try world.reasons(world.request(by: foreign)) == ["wrong_network"])
  }

  @Test func deniesABadSignatureAndAKeyOfSomebodyElse() throws {
    let world = try world()
    let request = try world.request(credentials: [world.credential()])
    let good = request.signature(by: key(21))
    #expect(try world.decide(request, signer: .claimed(good)).isAllowed)
    #expect(try world.decide(request, signer: .verified(key(21).publicKey)).isAllowed)
    let other = try world.request("tool:read", on: "public/a").signature(by: key(21))
    #expect(try world.reasons(request, signer: .claimed(other)) == ["bad_signature"])
    #expect(try world.reasons(request, signer: .claimed(request.signature(by: key(22)))) == ["wrong_key"])
    #expect(try world.reasons(request, signer: .verified(key(1).publicKey)) == ["wrong_key"])
  }

  @Test func deniesUnderAFrozenContractAndUnderARetiredOne() throws {
    var world = try world { $0.isFrozen = true }
    let request = try world.request(credentials: [world.credential()])
    #expect(try world.reasons(request) == ["contract_frozen"])
    world.isRetired = true
    #expect(try world.reasons(request) == ["contract_retired"])
  }

  @Test func anOverdueAuditIsVisibleAndTheContractSaysWhatFollows() throws {
    var world = try world { $0.isOverdue = true }
    let request = try world.request(credentials: [world.credential()])
    #expect(try world.decide(request).isAllowed)
    #expect(try world.decide(request).contract?.isOverdue == true)
    world.policies += "@id(\"audited\") forbid(principal, action, resource) when { context.contract.overdue };"
    #expect(try world.decide(request).refusals == [.forbidden])
    #expect(try world.decide(request).policies == ["audited"])
    world.isOverdue = false
    #expect(try world.decide(request).isAllowed)
  }

  @Test func deniesWhatIsTooLarge() throws {
    let world = try world()
    func refusal(_ body: () throws -> AccessRequest) -> AccessRefusal? {
      do {
        _ = try body()
        return nil
      } catch { return error as? AccessRefusal }
    }
    let tooMany = [[UInt8]](repeating: [1], count: AccessRequest.credentialLimit + 1)
    #expect(refusal { try world.request(String(repeating: "a", count: 257)) } == .tooLarge("action", limit: 256))
    #expect(refusal { try world.request(on: String(repeating: "a", count: 1_025)) } == .tooLarge("resource", limit: 1_024))
    #expect(refusal { try world.request(asserted: String(repeating: " ", count: 16_385)) } == .tooLarge("asserted", limit: 16_384))
    #expect(refusal { try world.request(credentials: tooMany) } == .tooManyCredentials)
    #expect(
      refusal { try world.request(credentials: [[UInt8](repeating: 1, count: 57_345)]) } == .tooLarge("request", limit: 57_344))
    #expect(refusal { try world.request("") } == .malformed("action"))
    // Within the limits of the request, beyond those of the language.
    let elements = (0..<257).map(String.init).joined(separator: ",")
    #expect(try world.reasons(world.request(asserted: "{\"environment\":[\(elements)]}")) == ["malformed_context"])
  }

  @Test func deniesWhatIsTooDeep() throws {
    let world = try world()
    let deep = String(repeating: "{\"a\":", count: 40) + "1" + String(repeating: "}", count: 40)
    #expect(try world.reasons(world.request(asserted: deep)) == ["too_deep"])
  }

  @Test func deniesWhatTheContractKnowsNothingOf() throws {
    let world = try world()
    #expect(try world.reasons(world.request("tool:launch")) == ["unknown_action"])
    #expect(try world.reasons(world.request(contract: "other")) == ["unknown_contract"])
    #expect(try world.reasons(world.request(asserted: "{\"admin\":true}")) == ["malformed_context"])
    #expect(try world.reasons(world.request(asserted: "{\"environment\":1}")) == ["schema_mismatch"])
    #expect(try world.reasons(world.request(asserted: "nonsense")) == ["malformed_context"])
  }

  @Test func decidesTheSameForWhoeverHasTheSameBytes() throws {
    let world = try world()
    let request = try world.request(credentials: [world.credential()])
    let again = try AccessRequest(decoding: request.bytes)
    #expect(again == request && again.id == request.id)
    #expect(try world.decide(again) == world.decide(request))
    var longer = request.bytes
    longer += [0xf8, 0x07, 0x01]
    #expect(throws: AccessRefusal.malformed("request")) { try AccessRequest(decoding: longer) }
  }
}
