public import CairnPolicy

/// A version of a contract, read: what decides requests.
public struct CompiledContract: Sendable {
  public let policies: PolicySet
  public let schema: Schema
  /// The actions that the schema declares.
  let actions: Entities

  /// Reads policies and schema, UTF-8, within the ledger's limits.
  public init(policies: [UInt8], schema: [UInt8]) throws(ContractFault) {
    do { self.policies = try PolicySet(parsing: policies, limits: .ledger) } catch { throw .policies(error) }
    if let template = self.policies.templates.first { throw .template(template.id) }
    do { self.schema = try Schema(parsing: schema, limits: .ledger) } catch { throw .schema(error) }
    actions = Entities(self.schema.actionEntities)
  }

  /// Reads a version that the ledger has, and so has accepted.
  public init(_ contract: ContractVersion) throws(ContractFault) {
    try self.init(policies: contract.policies, schema: contract.schema)
  }

  /// Checks all that makes a version fit to be deployed but the approvals. A pure function of the version's bytes.
  public static func checked(_ contract: ContractVersion) throws(ContractFault) -> CompiledContract {
    let compiled = try CompiledContract(contract)
    try compiled.check(tests: contract.tests)
    return compiled
  }

  /// Checks policies, schema and tests against one another and against what the ledger allows.
  public func check(tests: [UInt8]) throws(ContractFault) {
    try checkPolicies()
    try checkTests(tests)
  }

  /// Parts of a type that are compared in the time in which an expression is typed.
  private static let typePartsPerExpression = 16

  /// Expressions times request environments, weighted with the size of the largest type, see ``ContractLimits/checkingWork``.
  public var checkingWork: Int {
    let (typings, overflows) = policies.nodeCount.multipliedReportingOverflow(by: schema.environmentCount)
    let (work, overflowsToo) = typings.multipliedReportingOverflow(by: 1 + schema.largestTypeSize / Self.typePartsPerExpression)
    return overflows || overflowsToo ? .max : work
  }

  /// What the worst request costs at most, in the unit of ``CairnPolicy/EvaluationCost``.
  public var costBound: Int { schema.costBound(of: policies, .ledger) }

  /// About what the ledger has, strictly valid, of the ledger's level, and never too expensive to decide.
  private func checkPolicies() throws(ContractFault) {
    if let fault = EntityModel.fault(in: schema) { throw .outsideModel(fault) }
    guard checkingWork <= ContractLimits.checkingWork else { throw .checkingWork(checkingWork) }
    if let error = schema.validate(policies, .strict, level: PolicyLimits.ledger.level).errors.first { throw .validation(error) }
    let cost = costBound
    guard cost <= ContractLimits.cost else { throw .cost(cost) }
  }

  /// Every test decides as it says; a test is bounded by ``ContractLimits/cost`` like any request, and so are all together.
  private func checkTests(_ text: [UInt8]) throws(ContractFault) {
    var cost = 0
    for test in try tests(text) {
      let response = test.run(policies)
      guard response.safeDecision == test.expected else { throw .testFailed(name: test.name.string, expected: test.expected) }
      cost += response.cost
      guard cost <= ContractLimits.cost else { throw .testCost }
    }
  }

  /// - Parameter text: JSON; none at all are no tests.
  public func tests(_ text: [UInt8]) throws(ContractFault) -> [PolicyTest] {
    guard !text.isEmpty else { return [] }
    do throws(CedarJSONError) {
      let json = try CedarJSON(parsing: text, byteLimit: ContractVersion.byteLimit, depthLimit: Self.testDepthLimit)
      return try [PolicyTest](json: json, schema: schema, countLimit: ContractLimits.tests, limits: .ledger)
    } catch {
      throw .tests(error)
    }
  }

  /// Nested arrays and objects: values as deep as a policy can look, in an entity, in a test.
  private static let testDepthLimit = 48
}
