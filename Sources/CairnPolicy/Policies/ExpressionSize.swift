/// How large and deep expressions are, for those that do not come from the parser, which counts as it goes.
struct ExpressionSize {
  private(set) var nodes = 0
  private(set) var depth = 0
  private(set) var setElements = 0
  private(set) var stringBytes = 0

  mutating func add(_ expression: Expression) { depth = max(depth, measure(expression)) }

  /// - Returns: the expression's depth, as the parser would count it.
  private mutating func measure(_ expression: Expression) -> Int {
    nodes += 1
    let children = expression.children
    var deepest = 0
    for child in children { deepest = max(deepest, measure(child)) }
    switch expression {
    case .has(_, let path):
      nodes += path.count - 1
      deepest += path.count - 1
      stringBytes = max(stringBytes, path.map(\.byteCount).max() ?? 0)
    case .and, .or: nodes += children.count - 2
    case .set, .record, .call: setElements = max(setElements, children.count)
    case .literal(.string(let text)): stringBytes = max(stringBytes, text.byteCount)
    case .literal(.entity(let uid)): stringBytes = max(stringBytes, uid.identifier.byteCount)
    case .like(_, let pattern): stringBytes = max(stringBytes, pattern.byteCount + pattern.pieces.count - 1)
    default: break
    }
    return deepest + 1
  }

  /// What is beyond the limits, as a clause; `nil` when nothing is.
  func excess(over limits: PolicyLimits) -> String? {
    if depth > limits.depth { return "more than \(limits.depth) levels of nesting" }
    if nodes > limits.nodesPerPolicy { return "more than \(limits.nodesPerPolicy) expressions in one policy" }
    if setElements > limits.setElements { return "a set of more than \(limits.setElements) elements" }
    if stringBytes > limits.stringBytes { return "a string longer than \(limits.stringBytes) bytes" }
    return nil
  }
}
