/// One test of the public corpus: policies, a schema, entities, and requests with the answers that the reference implementation gave
/// (cedar-integration-tests).
public struct CorpusCase: Sendable {
  public struct Request: Sendable {
    public let description: String
    public let principal: CedarJSON
    public let action: CedarJSON
    public let resource: CedarJSON
    public let context: CedarJSON
    public let isValidated: Bool
    public let decision: String
    /// Sorted.
    public let reasons: [Text]
    /// Sorted ids of policies.
    public let errors: [Text]
  }

  /// The test's file, without `.json`.
  public let name: String
  public let policiesPath: String
  public let isPolicyJSON: Bool
  public let schemaPath: String
  public let isSchemaJSON: Bool
  public let entitiesPath: String
  public let shouldValidate: Bool
  public let requests: [Request]
  /// The content of `NAME.validation.json`, when there is one.
  public let verdicts: CedarJSON?

  /// - Returns: `nil` for JSON that is no test.
  public init?(name: String, json: CedarJSON, verdicts: CedarJSON?) {
    guard let policies = json["policies"]?.string, let schema = json["schema"]?.string, let entities = json["entities"]?.string,
      let shouldValidate = json["shouldValidate"]?.bool, let requests = json["requests"]?.array
    else { return nil }
    self.name = name
    policiesPath = policies.string
    isPolicyJSON = json["policyFormat"]?.string == "json"
    schemaPath = schema.string
    isSchemaJSON = json["schemaFormat"]?.string == "json" || schema.string.utf8.suffix(5).elementsEqual(".json".utf8)
    entitiesPath = entities.string
    self.shouldValidate = shouldValidate
    self.requests = requests.compactMap(Request.init(json:))
    self.verdicts = verdicts
    guard self.requests.count == requests.count else { return nil }
  }
}

extension CorpusCase.Request {
  fileprivate init?(json: CedarJSON) {
    guard let principal = json["principal"], let action = json["action"], let resource = json["resource"], let context = json["context"],
      let decision = json["decision"]?.string, let reasons = json["reason"]?.array, let errors = json["errors"]?.array
    else { return nil }
    description = json["description"]?.string?.string ?? ""
    self.principal = principal
    self.action = action
    self.resource = resource
    self.context = context
    isValidated = json["validateRequest"]?.bool ?? true
    self.decision = decision.string
    self.reasons = reasons.compactMap(\.string).sorted()
    self.errors = errors.compactMap(\.string).sorted()
  }
}
