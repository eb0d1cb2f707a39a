/// Reads values from JSON: explicit forms (`__entity`, `__extn`) anywhere, and implicit ones where a type is expected (Cedar
/// documentation, "Entities and context syntax").
struct ValueJSONReader {
  let limits: PolicyLimits

  /// - Parameter expected: what the schema says the value is; `nil` without a schema.
  func value(_ json: CedarJSON, expected: CedarType?, at path: JSONPath) throws(CedarJSONError) -> CedarValue {
    switch expected {
    case .entity, .anyEntity: return .entity(try entityUID(json, at: path))
    case .extension(let type): return try extensionValue(json, type: type, at: path)
    case .set(let element):
      guard let elements = json.array else { throw wrongType("a set of \(element)", json, at: path) }
      return .set(try set(elements, expected: element, at: path))
    case .record(let record):
      guard let members = json.object else { throw wrongType("a record", json, at: path) }
      return .record(try self.record(members, expected: record, at: path))
    case .never, .bool, .long, .string, .anySet, nil: return try plainValue(json, at: path)
    }
  }

  private func wrongType(_ expected: String, _ json: CedarJSON, at path: JSONPath) -> CedarJSONError {
    CedarJSONError(.wrongType, "expected \(expected), found \(json.kindName)", at: path)
  }

  private func plainValue(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> CedarValue {
    switch json {
    case .bool(let value): return .bool(value)
    case .integer(let value): return .long(value)
    case .string(let value): return .string(value)
    case .array(let elements): return .set(try set(elements, expected: nil, at: path))
    case .object(let members):
      if members.count == 1, let member = members.first {
        switch member.key {
        case "__entity": return .entity(try typeAndIdentifier(member.value, at: path[member.key]))
        case "__extn": return try call(member.value, isTyped: false, at: path[member.key])
        case "__expr": throw CedarJSONError(.invalidValue, "`__expr` is no longer part of the format", at: path)
        default: break
        }
      }
      return .record(try record(members, expected: nil, at: path))
    case .null, .otherNumber: throw CedarJSONError(.wrongType, "\(json.kindName) is no value of the language", at: path)
    }
  }

  private func set(_ elements: [CedarJSON], expected: CedarType?, at path: JSONPath) throws(CedarJSONError) -> CedarSet {
    guard elements.count <= limits.setElements else {
      throw CedarJSONError(.limitExceeded, "more than \(limits.setElements) elements", at: path)
    }
    var values: [CedarValue] = []
    for (index, element) in elements.enumerated() { values.append(try value(element, expected: expected, at: path[index])) }
    return CedarSet(values)
  }

  /// - Parameter expected: every member has to be among its attributes, and the required ones have to be there.
  func record(_ members: [CedarJSON.Member], expected: RecordType?, at path: JSONPath) throws(CedarJSONError) -> CedarRecord {
    var fields: [CedarRecord.Field] = []
    for member in members {
      let attribute = expected?[member.key]
      if let expected, attribute == nil, !expected.isOpen {
        throw CedarJSONError(.notConforming, "the schema has no attribute `\(member.key)` here", at: path)
      }
      fields.append(CedarRecord.Field(member.key, try value(member.value, expected: attribute?.type, at: path[member.key])))
    }
    guard let record = CedarRecord(fields) else { throw CedarJSONError(.duplicateKey, "one attribute twice", at: path) }
    for attribute in expected?.attributes ?? [] where attribute.isRequired && record[attribute.key] == nil {
      throw CedarJSONError(.notConforming, "the attribute `\(attribute.key)` is missing", at: path)
    }
    return record
  }
}

// MARK: - Entities

extension ValueJSONReader {
  /// `{"__entity": {"type": …, "id": …}}`, or without `__entity`.
  func entityUID(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> EntityUID {
    if let explicit = json["__entity"], json.object?.count == 1 { return try typeAndIdentifier(explicit, at: path["__entity"]) }
    return try typeAndIdentifier(json, at: path)
  }

  private func typeAndIdentifier(_ json: CedarJSON, at path: JSONPath) throws(CedarJSONError) -> EntityUID {
    guard json.object != nil else { throw wrongType("an entity, `{\"type\": …, \"id\": …}`", json, at: path) }
    guard let type = json["type"]?.string, let identifier = json["id"]?.string else {
      throw CedarJSONError(.missingMember, "an entity has `type` and `id`, both strings", at: path)
    }
    guard let name = EntityTypeName(parsing: type.string) else {
      throw CedarJSONError(.invalidName, "`\(type)` is no entity type", at: path)
    }
    return EntityUID(name, identifier)
  }
}

// MARK: - Extension types

extension ValueJSONReader {
  /// `{"__extn": {"fn": …, "arg": …}}`, the same without `__extn`, or the constructor's argument alone.
  private func extensionValue(_ json: CedarJSON, type: CedarType.Extension, at path: JSONPath) throws(CedarJSONError) -> CedarValue {
    if let explicit = json["__extn"], json.object?.count == 1 { return try call(explicit, isTyped: true, at: path["__extn"]) }
    if json["fn"] != nil { return try call(json, isTyped: true, at: path) }
    guard json.string != nil else { throw wrongType("a \(type.rawValue)", json, at: path) }
    return try apply(type.constructor, to: [json], isTyped: true, at: path)
  }

  /// `{"fn": name, "arg": value}` or `{"fn": name, "args": [values]}`.
  ///
  /// - Parameter isTyped: whether the arguments may have implicit forms.
  private func call(_ json: CedarJSON, isTyped: Bool, at path: JSONPath) throws(CedarJSONError) -> CedarValue {
    guard let name = json["fn"]?.string else { throw CedarJSONError(.missingMember, "`fn` has to name a function", at: path) }
    guard let function = ExtensionFunction(rawValue: name.string) else {
      let known = ExtensionFunction.allCases.map(\.rawValue)
      let hint = NearestName.nearest(to: name.string, in: known).map { "; did you mean `\($0)`?" } ?? ""
      throw CedarJSONError(.unknownOperator, "no function is called `\(name)`\(hint)", at: path)
    }
    guard let arguments = json["args"]?.array ?? json["arg"].map({ [$0] }) else {
      throw CedarJSONError(.missingMember, "`arg` or `args` is missing", at: path)
    }
    return try apply(function, to: arguments, isTyped: isTyped, at: path)
  }

  private func apply(
    _ function: ExtensionFunction, to arguments: [CedarJSON], isTyped: Bool, at path: JSONPath
  ) throws(CedarJSONError) -> CedarValue {
    let types = function.argumentTypes
    guard types.count == arguments.count else {
      throw CedarJSONError(.invalidValue, "`\(function.rawValue)` takes \(types.count) arguments, not \(arguments.count)", at: path)
    }
    var values: [CedarValue] = []
    for (type, argument) in zip(types, arguments) { values.append(try value(argument, expected: isTyped ? type : nil, at: path)) }
    do throws(EvaluationError) {
      return try function(values)
    } catch {
      throw CedarJSONError(.invalidValue, error.description, at: path)
    }
  }
}
