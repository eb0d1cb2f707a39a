import CairnPolicy

/// What an operation does, as the constitution names it: `Cairn::Action::"did.create"`.
public enum LedgerAction: String, Hashable, Sendable, CaseIterable {
  case didCreate = "did.create"
  case didUpdate = "did.update"
  case didRotate = "did.rotate"
  case didDeactivate = "did.deactivate"
  case statusListCreate = "status_list.create"
  case statusListUpdate = "status_list.update"
  case statusListDelegate = "status_list.delegate"
  case sessionBatchCreate = "session_batch.create"
  case contractDeploy = "contract.deploy"
  case contractUpgrade = "contract.upgrade"
  case contractFreeze = "contract.freeze"
  case contractUnfreeze = "contract.unfreeze"
  case contractAttest = "contract.attest"
  case contractRetire = "contract.retire"
  case accessRecord = "access.record"
  case agentIsolate = "agent.isolate"
  case agentRelease = "agent.release"
  case governancePropose = "governance.propose"
  case governanceApprove = "governance.approve"
  case governanceWithdraw = "governance.withdraw"
  case evidenceSubmit = "evidence.submit"

  /// For people and configuration files.
  public var name: String { rawValue }

  var uid: EntityUID { EntityUID(ConstitutionSchema.action, Text(rawValue)) }

  init?(_ uid: EntityUID) {
    guard uid.type == ConstitutionSchema.action else { return nil }
    self.init(name: uid.identifier.string)
  }

  init?(name: some StringProtocol) {
    guard let action = LedgerAction.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) }) else { return nil }
    self = action
  }
}
