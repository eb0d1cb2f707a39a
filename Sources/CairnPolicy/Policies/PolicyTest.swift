/// A request and the decision that policies have to make on it: what an author expects, kept beside the policies.
public struct PolicyTest: Sendable {
  public let name: Text
  public let request: AuthorizationRequest
  public let entities: Entities
  public let expected: AuthorizationResponse.Decision

  /// How the policies decide.
  public func run(_ policies: PolicySet) -> AuthorizationResponse { policies.isAuthorized(request, entities: entities) }
}

extension AuthorizationResponse {
  /// The decision for whoever must not fail open: denied as well when a `forbid` has no value, since it might have forbidden.
  public var safeDecision: Decision { hasFailedForbid ? .deny : decision }
}

extension [PolicyTest] {
  /// Reads tests: an object with `tests`, an array, and optionally `entities`, which are those of every test that has none of its own.
  ///
  /// A test is an object with `name`, `principal`, `action` and `resource`, each an entity as it is written in a policy (`User::"alice"`),
  /// `decision` (`allow` or `deny`), and optionally `context`, an object, and `entities`, an array as in Cedar's entities JSON.
  ///
  /// - Parameters:
  ///   - schema: every request and entity has to conform to it.
  ///   - countLimit: tests.
  public init(json: CedarJSON, schema: Schema, countLimit: Int, limits: PolicyLimits = .ledger) throws(CedarJSONError) {
    let reader = try JSONObjectReader(json, "a file of tests", known: ["entities", "tests"], at: .root)
    let shared = try Entities(json: reader["entities"] ?? .array([]), schema: schema, limits: limits)
    let elements = try JSONObjectReader.elements(try reader.required("tests"), at: .root["tests"])
    guard elements.count <= countLimit else {
      throw CedarJSONError(.limitExceeded, "\(elements.count) tests where \(countLimit) are allowed", at: .root["tests"])
    }
    var tests: [PolicyTest] = []
    for (index, element) in elements.enumerated() {
      tests.append(try PolicyTest(json: element, schema: schema, shared: shared, limits: limits, at: .root["tests"][index]))
    }
    self = tests
  }
}

extension PolicyTest {
  private static let nameByteLimit = 256

  fileprivate init(
    json: CedarJSON, schema: Schema, shared: Entities, limits: PolicyLimits, at path: JSONPath
  ) throws(CedarJSONError) {
    let reader = try JSONObjectReader(
      json, "a test", known: ["name", "principal", "action", "resource", "context", "entities", "decision"], at: path)
    name = try reader.string("name")
    guard (1...Self.nameByteLimit).contains(name.byteCount) else {
      throw CedarJSONError(.limitExceeded, "a name has 1 to \(Self.nameByteLimit) bytes", at: path["name"])
    }
    guard let decision = AuthorizationResponse.Decision(rawValue: try reader.string("decision").string) else {
      throw CedarJSONError(.invalidValue, "a decision is `allow` or `deny`", at: path["decision"])
    }
    expected = decision
    let action = try Self.entity("action", reader, limits, at: path)
    request = AuthorizationRequest(
      principal: try Self.entity("principal", reader, limits, at: path), action: action,
      resource: try Self.entity("resource", reader, limits, at: path),
      context: try CedarRecord(json: reader["context"] ?? .object([]), type: schema.action(action)?.context, limits: limits))
    if let fault = schema.fault(in: request) { throw CedarJSONError(.notConforming, fault.description, at: path) }
    entities =
      try reader["entities"].map { json throws(CedarJSONError) in try Entities(json: json, schema: schema, limits: limits) } ?? shared
    if let excess = limits.excess(in: request) { throw CedarJSONError(.limitExceeded, excess, at: path) }
    for entity in entities.sorted {
      if let excess = limits.excess(in: entity) { throw CedarJSONError(.limitExceeded, "`\(entity.uid)`: \(excess)", at: path) }
    }
  }

  private static func entity(
    _ key: Text, _ reader: JSONObjectReader, _ limits: PolicyLimits, at path: JSONPath
  ) throws(CedarJSONError) -> EntityUID {
    let text = try reader.string(key)
    do { return try EntityUID(parsing: text.string, limits: limits) } catch {
      throw CedarJSONError(.invalidValue, "expected an entity, such as `User::\"alice\"`", at: path[key])
    }
  }
}
