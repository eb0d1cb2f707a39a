/// Reads the members of an object, and refuses those that are not known.
struct JSONObjectReader {
  let json: CedarJSON
  let path: JSONPath

  /// - Parameter what: with its article, for messages.
  init(_ json: CedarJSON, _ what: String, known: Set<Text>, at path: JSONPath) throws(CedarJSONError) {
    guard let members = json.object else { throw CedarJSONError(.wrongType, "\(what) is an object, not \(json.kindName)", at: path) }
    if let other = members.first(where: { !known.contains($0.key) }) {
      let hint = NearestName.nearest(to: other.key.string, in: known.sorted().map(\.string)).map { "; did you mean `\($0)`?" } ?? ""
      throw CedarJSONError(.unexpectedMember, "\(what) has no member `\(other.key)`\(hint)", at: path)
    }
    self.json = json
    self.path = path
  }

  subscript(key: Text) -> CedarJSON? { json[key] }

  /// A member that may be null for missing.
  func nullable(_ key: Text) -> CedarJSON? { json[key] == .null ? nil : json[key] }

  func required(_ key: Text) throws(CedarJSONError) -> CedarJSON {
    guard let value = self[key] else { throw CedarJSONError(.missingMember, "`\(key)` is missing", at: path) }
    return value
  }

  func string(_ key: Text) throws(CedarJSONError) -> Text { try Self.string(try required(key), at: path[key]) }

  /// The members of an object; none when it is missing.
  func members(_ key: Text) throws(CedarJSONError) -> [CedarJSON.Member] {
    guard let value = self[key] else { return [] }
    guard let members = value.object else { throw CedarJSONError(.wrongType, "expected an object, found \(value.kindName)", at: path[key]) }
    return members
  }

  /// The elements of an array; none when it is missing.
  func elements(_ key: Text) throws(CedarJSONError) -> [CedarJSON] {
    guard let value = self[key] else { return [] }
    return try Self.elements(value, at: path[key])
  }

  /// The strings of an array; none when it is missing.
  func strings(_ key: Text) throws(CedarJSONError) -> [Text] {
    var strings: [Text] = []
    for (index, element) in try elements(key).enumerated() { strings.append(try Self.string(element, at: path[key][index])) }
    return strings
  }

  /// Keys with strings, or with null for an annotation that has no value.
  func annotations() throws(CedarJSONError) -> [Policy.Annotation] {
    var annotations: [Policy.Annotation] = []
    for member in try members("annotations") {
      guard Identifiers.isIdentifier(member.key.string) else {
        throw CedarJSONError(.invalidName, "`\(member.key)` is no identifier", at: path["annotations"])
      }
      let value = member.value == .null ? nil : try Self.string(member.value, at: path["annotations"][member.key])
      annotations.append(Policy.Annotation(member.key, value))
    }
    return annotations
  }

  static func string(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> Text {
    guard let string = json.string else { throw CedarJSONError(.wrongType, "expected a string, found \(json.kindName)", at: path) }
    return string
  }

  static func elements(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> [CedarJSON] {
    guard let elements = json.array else { throw CedarJSONError(.wrongType, "expected an array, found \(json.kindName)", at: path) }
    return elements
  }
}

extension [Policy.Annotation] {
  /// A member `annotations`, unless there are none.
  var jsonMembers: [CedarJSON.Member] {
    guard !isEmpty else { return [] }
    return [CedarJSON.Member("annotations", .object(map { CedarJSON.Member($0.key, $0.value.map { .string($0) } ?? .null) }))]
  }
}
