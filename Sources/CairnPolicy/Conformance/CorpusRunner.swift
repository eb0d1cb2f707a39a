/// Runs tests of the corpus and compares.
public struct CorpusRunner {
  public private(set) var report = CorpusReport()
  private let limits: PolicyLimits

  /// - Parameter limits: wide enough for the corpus, which was written without any.
  public init(limits: PolicyLimits = .conformance) { self.limits = limits }

  /// - Parameter read: the content of a file by its path in the test; `nil` when there is none.
  public mutating func run(_ test: CorpusCase, read: (String) -> [UInt8]?) {
    report.tests += 1
    do throws(Unreadable) {
      let schema = try schema(of: test, read)
      let policies = try policies(of: test, read)
      let entities = try entities(of: test, schema, read)
      checkLedgerLimits(test, read)
      report.results += "\(test.name)\n"
      checkPolicies(test, policies, schema)
      checkEntities(test, entities, schema)
      for (index, request) in test.requests.enumerated() { checkRequest(test, index, request, policies, entities, schema) }
    } catch {
      report.unreadable.append(
        CorpusReport.Disagreement(test: test.name, subject: error.file, expected: "a file that can be read", actual: error.message))
    }
  }

  private struct Unreadable: Error {
    let file: String
    let message: String
  }

  private func bytes(_ path: String, _ read: (String) -> [UInt8]?) throws(Unreadable) -> [UInt8] {
    guard let bytes = read(path) else { throw Unreadable(file: path, message: "no file") }
    return bytes
  }

  private func json(_ path: String, _ read: (String) -> [UInt8]?) throws(Unreadable) -> CedarJSON {
    let bytes = try bytes(path, read)
    return try readable(path) { () throws(CedarJSONError) in try CedarJSON(parsing: bytes, byteLimit: 16 << 20, depthLimit: 1024) }
  }

  private func schema(of test: CorpusCase, _ read: (String) -> [UInt8]?) throws(Unreadable) -> Schema {
    if test.isSchemaJSON {
      let json = try json(test.schemaPath, read)
      return try readable(test.schemaPath) { () throws(SchemaReadingError) in try Schema(json: json, limits: limits) }
    }
    let bytes = try bytes(test.schemaPath, read)
    return try readable(test.schemaPath) { () throws(SchemaReadingError) in try Schema(parsing: bytes, limits: limits) }
  }

  private func policies(of test: CorpusCase, _ read: (String) -> [UInt8]?) throws(Unreadable) -> PolicySet {
    if test.isPolicyJSON {
      let json = try json(test.policiesPath, read)
      return try readable(test.policiesPath) { () throws(CedarJSONError) in try PolicySet(json: json, limits: limits) }
    }
    let bytes = try bytes(test.policiesPath, read)
    return try readable(test.policiesPath) { () throws(PolicySyntaxError) in try PolicySet(parsing: bytes, limits: limits) }
  }

  private func readable<Content, Failure: Error & CustomStringConvertible>(
    _ path: String, _ content: () throws(Failure) -> Content
  ) throws(Unreadable) -> Content {
    do throws(Failure) {
      return try content()
    } catch {
      throw Unreadable(file: path, message: error.description)
    }
  }

  private func entities(of test: CorpusCase, _ schema: Schema, _ read: (String) -> [UInt8]?) throws(Unreadable) -> Entities {
    let json = try json(test.entitiesPath, read)
    return try readable(test.entitiesPath) { () throws(CedarJSONError) in try Entities(json: json, schema: schema, limits: limits) }
  }

  private mutating func checkLedgerLimits(_ test: CorpusCase, _ read: (String) -> [UInt8]?) {
    guard !test.isPolicyJSON, !test.isSchemaJSON, let policies = read(test.policiesPath), let schema = read(test.schemaPath) else { return }
    var refusals: [String] = []
    do throws(PolicySyntaxError) { _ = try PolicySet(parsing: policies, limits: .ledger) } catch { refusals.append(error.message) }
    do throws(SchemaReadingError) { _ = try Schema(parsing: schema, limits: .ledger) } catch { refusals.append(error.description) }
    guard let refusal = refusals.first else { return }
    report.refusedByLedger.append(
      CorpusReport.Disagreement(test: test.name, subject: "limits", expected: "accepted", actual: refusal))
  }
}

// MARK: - Comparisons

extension CorpusRunner {
  private mutating func checkPolicies(_ test: CorpusCase, _ policies: PolicySet, _ schema: Schema) {
    let expected = test.verdicts?["policyValidation"]
    for mode in ValidationMode.allCases {
      let key = Text(mode.rawValue)
      let result = schema.validate(policies, mode)
      report.results += "  \(mode.rawValue) \(result.isValid)"
      let invalid = Set(result.errors.map(\.policy))
      for policy in policies.policies + policies.templates {
        let isValid = !invalid.contains(policy.id)
        report.results += " \(policy.id)=\(isValid)"
        guard let verdict = expected?["perPolicy"]?[policy.id]?[key]?.bool else { continue }
        report.compare(
          \.policyVerdicts, test.name, "\(mode.rawValue) verdict on `\(policy.id)`", expected: "\(verdict)", actual: "\(isValid)")
      }
      report.results += "\n"
      if let verdict = expected?[key]?.bool {
        report.compare(\.policyVerdicts, test.name, "\(mode.rawValue) verdict", expected: "\(verdict)", actual: "\(result.isValid)")
      }
      if mode == .strict {
        report.compare(
          \.policyVerdicts, test.name, "shouldValidate", expected: "\(test.shouldValidate)", actual: "\(result.isValid)")
      }
    }
  }

  /// Entities that were read with a schema conform to it; the verdicts list the entities that do not.
  private mutating func checkEntities(_ test: CorpusCase, _ entities: Entities, _ schema: Schema) {
    for entity in entities.sorted {
      guard let verdict = test.verdicts?["entityValidation"]?["perEntity"]?[Text("\(entity.uid.type)::\(entity.uid.identifier)")] else {
        continue
      }
      let fault = schema.fault(in: entity)
      report.compare(
        \.entityVerdicts, test.name, "verdict on `\(entity.uid)`", expected: verdict.object?.isEmpty == true ? "valid" : "invalid",
        actual: fault == nil ? "valid" : "invalid")
    }
  }

  private mutating func checkRequest(
    _ test: CorpusCase, _ index: Int, _ expected: CorpusCase.Request, _ policies: PolicySet, _ entities: Entities, _ schema: Schema
  ) {
    do throws(CedarJSONError) {
      let action = try EntityUID(json: expected.action)
      let request = AuthorizationRequest(
        principal: try EntityUID(json: expected.principal), action: action, resource: try EntityUID(json: expected.resource),
        context: try CedarRecord(json: expected.context, type: schema.action(action)?.context, limits: limits))
      checkVerdict(test, index, expected, schema.fault(in: request))
      let response = policies.isAuthorized(request, entities: entities)
      let reasons = response.reasons.sorted().description
      let errors = response.failures.map(\.id).sorted().description
      let subject = "request \(index)"
      report.compare(\.decisions, test.name, "decision of \(subject)", expected: expected.decision, actual: response.decision.rawValue)
      report.compare(\.reasons, test.name, "reasons of \(subject)", expected: expected.reasons.description, actual: reasons)
      report.compare(\.errors, test.name, "errors of \(subject)", expected: expected.errors.description, actual: errors)
      report.results += "  \(index) \(response.decision.rawValue) \(reasons) \(errors)\n"
    } catch {
      report.unreadable.append(
        CorpusReport.Disagreement(
          test: test.name, subject: "request \(index)", expected: "a request that can be read", actual: error.description))
    }
  }

  private mutating func checkVerdict(_ test: CorpusCase, _ index: Int, _ expected: CorpusCase.Request, _ fault: ConformanceFault?) {
    report.results += "  \(index) \(fault?.reason ?? "valid")\n"
    let verdicts = test.verdicts?["requestValidation"]?.array
    let verdict = verdicts.flatMap { index < $0.count ? $0[index]["strict"]?.bool : nil }
    guard let verdict = verdict ?? (expected.isValidated ? true : nil) else { return }
    report.compare(
      \.requestVerdicts, test.name, "verdict on request \(index)", expected: verdict ? "valid" : "invalid",
      actual: fault.map { "invalid: \($0)" } ?? "valid")
  }
}
