import CairnLedger
import CairnPolicy

extension FuzzTarget {
  static let contract = FuzzTarget(
    "contract", "versions of policy contracts, and all that is checked before they are deployed", byteLimit: 48 << 10,
    words: policyWords + jsonWords, isProtobuf: true,
    seeds: {
      let world = FuzzWorld.shared
      return try world.state.contractVersion(1, of: FuzzWorld.contractID).map { [$0.bytes] } ?? []
    }
  ) { input in
    guard let version = try? ContractVersion(decoding: input) else { return false }
    try require(version.bytes == input, "what was accepted encodes to other bytes")
    guard let compiled = try? CompiledContract.checked(version) else { return false }
    let response = compiled.policies.isAuthorized(PolicySample.shared.request, entities: PolicySample.shared.entities)
    try require(response.cost <= compiled.policies.costBound(.ledger), "a decision costs more than its bound")
    return true
  }

  static let constitution = FuzzTarget(
    "constitution", "constitutions and their tests", byteLimit: 40 << 10,
    words: policyWords + ["allow ", "deny ", "trustee", "resource.purpose="],
    isProtobuf: true, seeds: { [FuzzWorld.shared.template.bytes] }
  ) { input in
    guard let template = try? GenesisTemplate(decoding: input) else { return false }
    try require(template.bytes == input, "what was accepted encodes to other bytes")
    return true
  }
}
