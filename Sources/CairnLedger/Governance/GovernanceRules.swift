import CairnCrypto
import CairnIdentity

/// What proposing, approving and withdrawing need and do.
extension BlockExecution {
  mutating func propose(
    _ propose: GovernancePropose, _ id: ProposalID, by submitter: CairnDID, _ signers: Signers
  ) throws(OperationError) -> Permission {
    guard try record(forKey: id.stateKey) == nil else { throw .governance(.proposalExists(id)) }
    guard propose.expiresMilliseconds > timeMilliseconds,
      propose.expiresMilliseconds - timeMilliseconds <= GovernancePropose.lifetimeLimitMilliseconds
    else { throw .governance(.proposalExpiry(propose.expiresMilliseconds)) }
    var index = try governance()
    guard index.open.count < GovernanceRecord.openLimit else { throw .governance(.tooManyProposals(limit: GovernanceRecord.openLimit)) }
    guard index.open.count(where: { $0.proposer == submitter }) < GovernanceRecord.openLimitByProposer else {
      throw .governance(.tooManyProposals(limit: GovernanceRecord.openLimitByProposer))
    }
    var proposal = ProposalRecord(
      propose, id: id, proposer: submitter, createdMilliseconds: timeMilliseconds, createdHeight: height)
    let permission = try permit(.governancePropose, to: submitter, on: .proposal(proposal))
    index.insert(.init(id: id, proposer: submitter, expiresMilliseconds: propose.expiresMilliseconds))
    set(index)
    if try isActiveTrustee(submitter) { proposal.approvals.append(try approval(by: submitter, signers)) }
    try settle(proposal)
    return permission
  }

  mutating func approve(_ id: ProposalID, by submitter: CairnDID, _ signers: Signers) throws(OperationError) -> Permission {
    var proposal = try openProposal(id)
    guard try isActiveTrustee(submitter) else { throw .governance(.notTrustee(submitter)) }
    // Who approved may say so again when that is enough by now: the threshold may have been lowered meanwhile.
    let isRepeated = proposal.isApproved(by: submitter)
    if isRepeated, try !hasPassed(proposal) { throw .governance(.alreadyApproved) }
    let approval = try approval(by: submitter, signers)
    // Trustees who share a key are one person as far as anybody can tell, and approve once.
    if !isRepeated, proposal.approvals.contains(where: { $0.keys.contains(where: approval.keys.contains) }) {
      throw .governance(.keyAlreadyApproved)
    }
    let permission = try permit(.governanceApprove, to: submitter, on: .proposal(proposal))
    if !isRepeated {
      // So that there is room for every trustee: who is none any more approves nothing.
      if proposal.approvals.count >= GovernanceRecord.trusteeLimit { try dropVoidApprovals(of: &proposal) }
      proposal.approvals.append(approval)
    }
    try settle(proposal)
    return permission
  }

  mutating func withdraw(_ id: ProposalID, by submitter: CairnDID) throws(OperationError) -> Permission {
    var proposal = try openProposal(id)
    guard proposal.proposer == submitter || proposal.isApproved(by: submitter) else { throw .governance(.notApproved) }
    let permission = try permit(.governanceWithdraw, to: submitter, on: .proposal(proposal))
    if proposal.proposer == submitter {
      try close(&proposal, as: .withdrawn)
    } else {
      proposal.approvals.removeAll { $0.by == submitter }
    }
    set(proposal)
    return permission
  }

  private mutating func approval(by submitter: CairnDID, _ signers: Signers) throws(OperationError) -> ProposalRecord.Approval {
    guard let record = try find(submitter.stateKey)?.record else { throw .unknownDID(submitter) }
    return ProposalRecord.Approval(
      by: submitter, givenMilliseconds: timeMilliseconds,
      keys: signers.keys.filter { key in record.control.update.contains { $0.key == key } })
  }

  private mutating func openProposal(_ id: ProposalID) throws(OperationError) -> ProposalRecord {
    guard let bytes = try record(forKey: id.stateKey) else { throw .governance(.unknownProposal(id)) }
    guard let proposal = try? ProposalRecord(decoding: bytes) else { throw .unavailable(.wrongRecord(key: id.stateKey)) }
    guard proposal.state == .open else { throw .governance(.proposalClosed(id)) }
    guard proposal.isOpen(atMilliseconds: timeMilliseconds) else { throw .governance(.proposalExpired(id)) }
    return proposal
  }

  /// Puts the proposal into force when enough trustees approve it, and checks otherwise that this would be possible now.
  private mutating func settle(_ proposal: ProposalRecord) throws(OperationError) {
    var proposal = proposal
    if try hasPassed(proposal) {
      try enact(proposal.action)
      try close(&proposal, as: .enacted)
    } else if proposal.createdHeight == height {
      try checkEffect(of: proposal.action)
    }
    set(proposal)
  }

  private mutating func close(_ proposal: inout ProposalRecord, as state: ProposalRecord.State) throws(OperationError) {
    (proposal.state, proposal.closedMilliseconds, proposal.closedHeight) = (state, timeMilliseconds, height)
    var index = try governance()
    index.remove(proposal.id)
    set(index)
  }

  /// Approvals count when they are from DIDs that are trustees at this moment.
  private mutating func hasPassed(_ proposal: ProposalRecord) throws(OperationError) -> Bool {
    var count = 0
    for approval in proposal.approvals where try isActiveTrustee(approval.by) { count += 1 }
    return count + (PlantedBug.thresholdOffByOne.isPlanted ? 1 : 0) >= Int(try newestParameters().trusteeThreshold)
  }

  private mutating func dropVoidApprovals(of proposal: inout ProposalRecord) throws(OperationError) {
    var approvals: [ProposalRecord.Approval] = []
    for approval in proposal.approvals where try isActiveTrustee(approval.by) { approvals.append(approval) }
    proposal.approvals = approvals
  }

  mutating func isActiveTrustee(_ did: CairnDID) throws(OperationError) -> Bool {
    guard try roles(of: did).contains(.trustee), let record = try find(did.stateKey)?.record else { return false }
    return !record.isDeactivated
  }

  /// The index, without what has expired.
  mutating func governance() throws(OperationError) -> GovernanceRecord {
    let key = GovernanceRecord.stateKey
    guard let bytes = try record(forKey: key), var index = try? GovernanceRecord(decoding: bytes) else {
      throw .unavailable(.wrongRecord(key: key))
    }
    index.removeExpired(atMilliseconds: timeMilliseconds)
    return index
  }

  mutating func set(_ index: GovernanceRecord) {
    set(RecordVersion(type: .proposal, record: index.bytes, changedAt: logIndex), forKey: GovernanceRecord.stateKey)
  }

  private mutating func set(_ proposal: ProposalRecord) {
    set(RecordVersion(type: .proposal, record: proposal.bytes, changedAt: logIndex), forKey: proposal.id.stateKey)
  }
}
