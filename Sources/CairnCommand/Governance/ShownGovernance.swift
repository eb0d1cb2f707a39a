import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger

/// A proposal for people and programs, with those who have yet to agree.
struct ShownProposal: Encodable {
  struct ShownApproval: Encodable {
    let by: String
    let givenMs: UInt64
  }

  let id: String
  let kind: String
  let change: String
  /// Of the constitution that is proposed.
  let constitution: String?
  let proposer: String
  let createdMs: UInt64
  let createdHeight: UInt64
  let expiresMs: UInt64
  /// `open`, `expired`, `enacted` or `withdrawn`.
  let state: String
  let closedMs: UInt64?
  let closedHeight: UInt64?
  let threshold: UInt32
  let approvals: [ShownApproval]
  /// Trustees who have not approved; only of one that is open.
  let missing: [String]

  init(_ proposal: ProposalRecord, _ governance: ProvenGovernance, nowMilliseconds: UInt64) {
    (id, kind, change) = (proposal.id.description, proposal.action.kind, proposal.action.text)
    if case .replaceConstitution(let source) = proposal.action { constitution = source.policies } else { constitution = nil }
    proposer = proposal.proposer.description
    (createdMs, createdHeight, expiresMs) = (proposal.createdMilliseconds, proposal.createdHeight, proposal.expiresMilliseconds)
    let isOpen = proposal.isOpen(atMilliseconds: nowMilliseconds)
    state = proposal.state == .open && !isOpen ? "expired" : proposal.state.name
    let isClosed = proposal.state != .open
    (closedMs, closedHeight) = isClosed ? (proposal.closedMilliseconds, proposal.closedHeight) : (nil, nil)
    threshold = governance.parameters.trusteeThreshold
    approvals = proposal.approvals.map { ShownApproval(by: $0.by.description, givenMs: $0.givenMilliseconds) }
    missing = isOpen ? governance.trustees.filter { !proposal.isApproved(by: $0) }.map(\.description) : []
  }

  /// One line: what became of it.
  var summary: String {
    switch state {
    case "enacted": "\(id): took effect at height \(closedHeight ?? 0): \(change)."
    case "withdrawn": "\(id): withdrawn at height \(closedHeight ?? 0)."
    default: "\(id): \(state), \(approvals.count) of \(threshold) approvals: \(change)."
    }
  }

  var text: String {
    var rows = [
      ("proposal", id), ("change", change), ("state", state), ("proposer", proposer),
      ("created", "\(Output.time(createdMs)), height \(createdHeight)"), ("expires", Output.time(expiresMs)),
      ("needs", "\(threshold) approvals"),
    ]
    if let closedMs, let closedHeight { rows.append((state, "\(Output.time(closedMs)), height \(closedHeight)")) }
    rows += approvals.map { ("approved", "\($0.by)  \(Output.time($0.givenMs))") }
    rows += missing.map { ("missing", $0) }
    return Output.table(rows)
  }
}

/// Who governs and by which rules, for people and programs.
struct ShownGovernance: Encodable {
  let threshold: UInt32
  let trustees: [String]
  let parameters: [String: UInt32]
  let constitutionHash: String
  let constitutionVersion: UInt64
  let constitutionHeight: UInt64
  let constitution: String
  let open: [String]
  let height: UInt64
  private let constitutionTime: UInt64

  init(_ resolution: GovernanceResolution) {
    let governance = resolution.governance
    threshold = governance.parameters.trusteeThreshold
    trustees = governance.trustees.map(\.description)
    parameters = Dictionary(uniqueKeysWithValues: ParameterName.allCases.map { ($0.rawValue, governance.parameters[$0]) })
    constitutionHash = governance.constitution.source.hash.description
    constitutionVersion = governance.constitution.version
    constitutionHeight = governance.constitution.changedHeight
    constitutionTime = governance.constitution.changedMilliseconds
    constitution = governance.constitution.source.policies
    let now = resolution.header.header.timeMilliseconds
    open = governance.open.filter { $0.expiresMilliseconds > now }.map(\.id.description)
    height = resolution.header.header.height
  }

  var text: String {
    var rows = [("governance", "\(threshold) of \(trustees.count) trustees")]
    rows += trustees.map { ("trustee", $0) }
    rows += parameters.sorted { $0.key < $1.key }.map { ($0.key, String($0.value)) }
    let source = "version \(constitutionVersion), since \(Output.time(constitutionTime)), height \(constitutionHeight)"
    rows.append(("constitution", "\(constitutionHash.prefix(16))…, \(source)"))
    rows += open.isEmpty ? [("open", "none")] : open.map { ("open", $0) }
    return Output.table(rows)
  }
}

extension GovernanceAction {
  /// What it changes, for people.
  var text: String {
    switch self {
    case .grantRole(let role, let did): "grant the role of \(role.name) to \(did)"
    case .revokeRole(let role, let did): "revoke the role of \(role.name) of \(did)"
    case .setParameter(let name, let value): "set \(name.rawValue) to \(value)"
    case .replaceConstitution(let source): "replace the constitution by \(Genesis.fingerprint(of: source.hash))"
    case .freezeContract(let contract): "freeze the contract \(contract)"
    case .unfreezeContract(let contract): "unfreeze the contract \(contract)"
    case .changeValidators(.add(let validator)): "add the validator \(validator.text)"
    case .changeValidators(.remove(let name)): "remove the validator \(name)"
    case .changeValidators(.replace(let name, let validator)): "replace the validator \(name) by \(validator.text)"
    }
  }
}

extension CairnClient {
  /// A proposal with those who have yet to agree, all proven.
  func shownProposal(_ id: ProposalID) async throws -> ShownProposal {
    let resolution = try await proposal(id)
    guard let proposal = resolution.proposal else {
      throw CommandFailure.refused(
        "unknown_proposal", "There is no proposal \(id), as the state at height \(resolution.header.header.height) proves.")
    }
    let governance = try await governance()
    return ShownProposal(proposal, governance.governance, nowMilliseconds: governance.header.header.timeMilliseconds)
  }
}
