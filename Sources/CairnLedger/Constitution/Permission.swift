import CairnCrypto
public import CairnIdentity
import CairnPolicy

/// That the constitution permits an operation. Every rule of an operation returns one, and only asking makes one: no operation can be
/// executed without.
struct Permission {
  fileprivate init() {}
}

/// What the constitution refused, and to whom.
public struct ConstitutionRefusal: Hashable, Sendable {
  public let action: LedgerAction
  public let submitter: CairnDID
  /// The forbids that determined it, by the `@id` that their author gave them; empty when no policy permits.
  public let policies: [String]

  public init(action: LedgerAction, submitter: CairnDID, policies: [String]) {
    (self.action, self.submitter, self.policies) = (action, submitter, policies)
  }
}

extension BlockExecution {
  /// Asks the constitution of the parent: after the hard guards, and before anything changes.
  ///
  /// - Parameters:
  ///   - resource: what the operation is about.
  ///   - facts: those that the schema wants for the action besides the block.
  mutating func permit(
    _ action: LedgerAction, to submitter: CairnDID, on resource: @autoclosure () -> OperationResource,
    _ facts: @autoclosure () -> [OperationFact] = []
  ) throws(OperationError) -> Permission {
    let rules = parent.constitution.rules(for: action)
    let verdict: ConstitutionVerdict
    if let decided = rules.verdict(of: try roles(of: submitter)) {
      verdict = decided
    } else {
      verdict = try evaluate(rules, submitter, resource(), facts())
    }
    guard verdict.isAllowed || PlantedBug.constitutionIgnored.isPlanted else {
      throw .notPermitted(ConstitutionRefusal(action: action, submitter: submitter, policies: verdict.policies))
    }
    return Permission()
  }

  private mutating func evaluate(
    _ rules: ActionRules, _ submitter: CairnDID, _ resource: OperationResource, _ facts: [OperationFact]
  ) throws(OperationError) -> ConstitutionVerdict {
    let (principal, subject) = (try agent(submitter), try entity(resource))
    let block = CedarRecord(named: [("height", .long(height)), ("time", .milliseconds(timeMilliseconds))])
    let context = CedarRecord(named: [("block", .record(block))] + facts.map { ($0.name, $0.value) })
    let request = AuthorizationRequest(principal: principal.uid, action: rules.action.uid, resource: subject.uid, context: context)
    return rules.verdict(of: request, Entities([subject, principal]))
  }

  private mutating func entity(_ resource: OperationResource) throws(OperationError) -> Entity {
    switch resource {
    case .agent(let did): try agent(did)
    case .newAgent(let did, let controller):
      Entity(
        agent: did, roles: .none, controller: controller, createdMilliseconds: timeMilliseconds, keysChangedMilliseconds: timeMilliseconds)
    case .statusList(let record): Entity(record)
    case .proposal(let record): Entity(record)
    case .contract(let id, let version): Entity(id, version: version)
    case .validator(let name): Entity(EntityUID(ConstitutionSchema.validator, Text(name)))
    }
  }

  private mutating func agent(_ did: CairnDID) throws(OperationError) -> Entity {
    guard let record = try find(did.stateKey)?.record else { throw .unknownDID(did) }
    return Entity(
      agent: did, roles: try roles(of: did), controller: record.control.controller, createdMilliseconds: record.createdMilliseconds,
      keysChangedMilliseconds: record.keysChangedMilliseconds)
  }
}
