public import CairnCrypto
public import CairnIdentity
public import CairnMessages

/// Who governs, by which rules, and what is open, every byte of it committed to by rows of the state.
public struct ProvenGovernance: Hashable, Sendable {
  /// Deactivated ones are among them, but do not count.
  public let trustees: [CairnDID]
  /// Every proposal that is open; some may have expired.
  public let open: [GovernanceRecord.Open]
  public let parameters: Parameters
  public let constitution: ConstitutionRecord

  /// The keys of the rows that prove it, in the order of the answer's proofs.
  public static let stateKeys = [GovernanceRecord.stateKey, Parameters.stateKey, ConstitutionRecord.stateKey]

  /// - Parameter stateValues: proven for ``stateKeys``.
  public init(stateValues: [[UInt8]?], _ answer: ProtoProposalsAnswer) throws(ResolutionError) {
    let records = [answer.governance, answer.parameters, answer.constitution].map { [UInt8]($0) }
    let types: [StateType] = [.proposal, .parameters, .constitution]
    guard stateValues.count == types.count else { throw .wrongType }
    for ((value, record), type) in zip(zip(stateValues, records), types) {
      // Every state has these three rows.
      guard let value else { throw .wrongType }
      try StateValue.check(value, type, record)
    }
    do {
      let index = try GovernanceRecord(decoding: records[0])
      (trustees, open) = (index.trustees, index.open)
      parameters = try Parameters(decoding: records[1])
      constitution = try ConstitutionRecord(decoding: records[2])
    } catch {
      throw .record(error)
    }
  }
}

extension ProposalRecord {
  /// Checks what a node handed out against what the state proves.
  ///
  /// - Parameters:
  ///   - stateValue: proven for ``ProposalID/stateKey`` of the proposal; `nil` when its absence is proven.
  ///   - record: bytes of the `ProposalRecord`; empty when there is none.
  /// - Returns: `nil` when there is no such proposal.
  public static func verify(_ id: ProposalID, stateValue: [UInt8]?, record: [UInt8]) throws(ResolutionError) -> ProposalRecord? {
    guard let stateValue else {
      guard record.isEmpty else { throw .recordHash }
      return nil
    }
    try StateValue.check(stateValue, .proposal, record)
    let proposal: ProposalRecord
    do { proposal = try ProposalRecord(decoding: record) } catch { throw .record(error) }
    guard proposal.id == id else { throw .wrongDID }
    return proposal
  }
}

extension StateValue {
  /// That a row has this type and commits to this record.
  fileprivate static func check(_ bytes: [UInt8], _ type: StateType, _ record: [UInt8]) throws(ResolutionError) {
    let value: StateValue
    do { value = try StateValue(decoding: bytes) } catch { throw .stateValue(error) }
    guard value.type == type else { throw .wrongType }
    guard value.recordHash == .sha256(record) else { throw .recordHash }
  }
}
