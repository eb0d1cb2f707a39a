import CairnChain
import CairnLedger

extension FuzzTarget {
  /// The first byte is the row's type, the rest its record.
  static let record = FuzzTarget(
    "record", "records of the state, of every type",
    seeds: {
      try FuzzWorld.shared.rows.map { [try StateValue(decoding: $0.value).type.rawValue] + $0.record }
    }
  ) { input in
    guard let number = input.first, let type = StateType(rawValue: number), let again = try? encoded(type, Array(input.dropFirst())) else {
      return false
    }
    try require(again.elementsEqual(input.dropFirst()), "what was accepted encodes to other bytes")
    return true
  }

  private static func encoded(_ type: StateType, _ bytes: [UInt8]) throws -> [UInt8] {
    switch type {
    case .did: try DIDRecord(decoding: bytes).bytes
    case .roles: try Roles(decoding: bytes).bytes
    case .evidence: try EvidenceRecord(decoding: bytes).bytes
    case .parameters: try Parameters(decoding: bytes).bytes
    case .statusList: try StatusListRecord(decoding: bytes).bytes
    case .statusChunk: try StatusChunk(decoding: bytes).bytes
    case .contract: try ContractRecord(decoding: bytes).bytes
    case .contractVersion: try ContractVersion(decoding: bytes).bytes
    case .isolation: try IsolationRecord(decoding: bytes).bytes
    case .constitution: try ConstitutionRecord(decoding: bytes).bytes
    case .proposal: try (try? GovernanceRecord(decoding: bytes).bytes) ?? ProposalRecord(decoding: bytes).bytes
    case .access: try RecordedAccess(decoding: bytes).bytes
    case .validators: try ValidatorSet(decoding: bytes).bytes
    }
  }

  static let genesis = canonical("genesis", "genesis files", seeds: { [FuzzWorld.shared.genesis.bytes] }) {
    try Genesis(decoding: $0).bytes
  }

  static let genesisEntry = canonical(
    "genesis-entry", "operators' signed entries of a genesis", seeds: { [FuzzWorld.shared.entry.bytes] }
  ) { try SignedGenesisEntry(decoding: $0).bytes }
}
