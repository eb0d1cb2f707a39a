/// Types expressions in one request environment (`Cedar.Validation.Typechecker`; permissive mode after the reference implementation).
///
/// Recursion is as deep as the expression. Errors are collected, and an expression with an error still gets a type where one is plain,
/// so that more than the first error can be shown.
struct Typechecker {
  let schema: Schema
  let mode: ValidationMode
  let environment: Schema.RequestEnvironment
  private(set) var errors: [TypeError] = []

  struct TypeError: Hashable {
    let reason: ValidationError.Reason
    let message: String
  }

  init(schema: Schema, mode: ValidationMode, environment: Schema.RequestEnvironment) {
    self.schema = schema
    self.mode = mode
    self.environment = environment
  }

  /// More tell nothing new, and each costs a message.
  static let errorLimit = 16

  var isReporting: Bool { errors.count < Self.errorLimit }

  /// - Parameter message: only made when it is kept.
  mutating func report(_ reason: ValidationError.Reason, _ message: @autoclosure () -> String) {
    if isReporting { errors.append(TypeError(reason: reason, message: message())) }
  }

  mutating func check(_ expression: Expression, _ known: Capabilities) -> Typing {
    switch expression {
    case .literal(let value) where value.isLiteral: return Typing(typed: TypedExpression(expression, type(of: value)))
    case .literal(let value): return check(value.expression, known)
    case .variable(let variable): return Typing(typed: TypedExpression(expression, type(of: variable)))
    case .conditional(let condition, let then, let otherwise): return conditional(expression, condition, then, otherwise, known)
    case .and(let operands): return and(expression, operands, known)
    case .or(let operands): return or(expression, operands, known)
    case .unary(let `operator`, let operand): return unary(expression, `operator`, operand, known)
    case .binary(let `operator`, let left, let right): return binary(expression, `operator`, left, right, known)
    case .like(let operand, _):
      let operand = expect([.string], operand, known)
      return Typing(typed: TypedExpression(expression, .bool(.any), [operand.typed]))
    case .isType(let operand, let type, let container): return isType(expression, operand, type, container, known)
    case .has(let operand, let path): return has(expression, operand, path, known)
    case .attribute(let operand, let key): return attribute(expression, operand, key, known)
    case .set(let elements): return set(expression, elements, known)
    case .record(let fields): return record(expression, fields, known)
    case .call(let function, let arguments): return call(expression, function, arguments, known)
    }
  }

  /// Checks that the type is a subtype of one of these; a record may have any attributes.
  mutating func expect(_ types: [CedarType], _ expression: Expression, _ known: Capabilities) -> Typing {
    var typing = check(expression, known)
    guard let type = typing.type else { return typing }
    if !types.contains(where: { type.isSubtype(of: $0, .permissive) }) {
      report(.unexpectedType, "expected \(types.map(\.description).joined(separator: " or ")), found \(type)")
      typing.typed = TypedExpression(expression, nil, typing.typed.children, prefixTypes: typing.typed.prefixTypes)
    }
    return typing
  }

  static let anyRecord = CedarType.record(RecordType(sorted: [], isOpen: true))

  /// The action stands for itself: its identity is known in the environment.
  func literal(_ expression: Expression) -> CedarValue? {
    switch expression {
    case .literal(let value): value
    case .variable(.action): .entity(environment.action)
    default: nil
    }
  }

  /// - Returns: `nil` for an entity that the schema does not have, which ``Validator`` reports.
  private func type(of literal: CedarValue) -> CedarType? {
    switch literal {
    case .bool(let bool): .bool(bool ? .true : .false)
    case .long: .long
    case .string: .string
    case .entity(let uid):
      uid.type.isAction ? schema.action(uid).map { .entity($0.uid.type) } : schema.entityType(uid.type).map { .entity($0.name) }
    case .set, .record, .decimal, .ipAddress, .datetime, .duration: nil
    }
  }

  private func type(of variable: Expression.Variable) -> CedarType {
    switch variable {
    case .principal: .entity(environment.principal)
    case .action: .entity(environment.action.type)
    case .resource: .entity(environment.resource)
    case .context: .record(environment.context)
    }
  }

  private mutating func set(_ expression: Expression, _ elements: [Expression], _ known: Capabilities) -> Typing {
    var children: [TypedExpression] = []
    for element in elements { children.append(check(element, known).typed) }
    if elements.isEmpty, mode == .strict {
      report(.emptySet, "an empty set has no type")
      return Typing(typed: TypedExpression(expression, nil))
    }
    let types = children.compactMap(\.type)
    guard types.count == children.count else { return Typing(typed: TypedExpression(expression, nil, children)) }
    guard let element = CedarType.leastUpperBound(of: types, mode) else {
      report(
        .incompatibleTypes, "the set's elements are of different types: \(Set(types.map(\.description)).sorted().joined(separator: ", "))")
      return Typing(typed: TypedExpression(expression, nil, children))
    }
    return Typing(typed: TypedExpression(expression, .set(element), children))
  }

  private mutating func record(_ expression: Expression, _ fields: [Expression.RecordField], _ known: Capabilities) -> Typing {
    var children: [TypedExpression] = []
    var attributes: [RecordType.Attribute] = []
    for field in fields {
      let child = check(field.value, known).typed
      children.append(child)
      if let type = child.type { attributes.append(RecordType.Attribute(field.key, type, isRequired: true)) }
    }
    let isComplete = attributes.count == fields.count
    return Typing(typed: TypedExpression(expression, isComplete ? .record(RecordType(sorted: attributes)) : nil, children))
  }

  private mutating func call(
    _ expression: Expression, _ function: ExtensionFunction, _ arguments: [Expression], _ known: Capabilities
  ) -> Typing {
    guard arguments.count == function.argumentCount else {
      report(.wrongArgumentCount, "`\(function.rawValue)` takes \(function.argumentCount) arguments, not \(arguments.count)")
      return Typing(typed: TypedExpression(expression, function.resultType))
    }
    if function.isConstructor { checkConstructor(function, arguments[0]) }
    var children: [TypedExpression] = []
    for (type, argument) in zip(function.argumentTypes, arguments) { children.append(expect([type], argument, known).typed) }
    return Typing(typed: TypedExpression(expression, function.resultType, children))
  }

  /// A literal has to be such a value; in strict mode it has to be a literal.
  private mutating func checkConstructor(_ function: ExtensionFunction, _ argument: Expression) {
    guard case .literal(let literal) = argument else {
      if mode == .strict { report(.extensionOfNonLiteral, "`\(function.rawValue)` takes a literal, so that it is known to have a value") }
      return
    }
    guard case .string(let text) = literal else { return }
    do throws(EvaluationError) {
      _ = try function([literal])
    } catch {
      report(.invalidExtensionLiteral, "\(StringEscapes.quoted(text.string)) is no \(function.resultType)")
    }
  }
}
