/// The functions and methods of the extension types (`Cedar.Spec.ExtFun`).
public enum ExtensionFunction: String, CaseIterable, Hashable, Sendable {
  case decimal, lessThan, lessThanOrEqual, greaterThan, greaterThanOrEqual
  case ip, isIpv4, isIpv6, isLoopback, isMulticast, isInRange
  case datetime, duration, offset, durationSince, toDate, toTime
  case toMilliseconds, toSeconds, toMinutes, toHours, toDays

  /// Called as a function; all others are methods of their first argument.
  public var isConstructor: Bool {
    switch self {
    case .decimal, .ip, .datetime, .duration: true
    default: false
    }
  }

  /// The receiver of a method included.
  public var argumentCount: Int {
    switch self {
    case .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual, .isInRange, .offset, .durationSince: 2
    default: 1
    }
  }
}

extension ExtensionFunction {
  /// - Throws: ``EvaluationError`` for arguments of wrong count or type, and for a result that does not exist.
  func callAsFunction(_ arguments: [CedarValue]) throws(EvaluationError) -> CedarValue {
    guard arguments.count == argumentCount, let first = arguments.first else {
      throw .wrongArgumentCount(self, expected: argumentCount, actual: arguments.count)
    }
    let second = arguments.count == 2 ? arguments[1] : first
    switch (self, first, second) {
    case (.decimal, .string(let text), _): return .decimal(try result(CedarDecimal(parsing: text.string)))
    case (.lessThan, .decimal(let left), .decimal(let right)): return .bool(left < right)
    case (.lessThanOrEqual, .decimal(let left), .decimal(let right)): return .bool(left <= right)
    case (.greaterThan, .decimal(let left), .decimal(let right)): return .bool(left > right)
    case (.greaterThanOrEqual, .decimal(let left), .decimal(let right)): return .bool(left >= right)
    case (.ip, .string(let text), _): return .ipAddress(try result(CedarIPAddress(parsing: text.string)))
    case (.isIpv4, .ipAddress(let address), _): return .bool(address.isIPv4)
    case (.isIpv6, .ipAddress(let address), _): return .bool(address.isIPv6)
    case (.isLoopback, .ipAddress(let address), _): return .bool(address.isLoopback)
    case (.isMulticast, .ipAddress(let address), _): return .bool(address.isMulticast)
    case (.isInRange, .ipAddress(let inner), .ipAddress(let outer)): return .bool(inner.isInRange(outer))
    case (.datetime, .string(let text), _): return .datetime(try result(CedarDatetime(parsing: text.string)))
    case (.duration, .string(let text), _): return .duration(try result(CedarDuration(parsing: text.string)))
    case (.offset, .datetime(let datetime), .duration(let duration)): return .datetime(try result(datetime.offset(by: duration)))
    case (.durationSince, .datetime(let left), .datetime(let right)): return .duration(try result(left.duration(since: right)))
    case (.toDate, .datetime(let datetime), _): return .datetime(try result(datetime.date))
    case (.toTime, .datetime(let datetime), _): return .duration(datetime.timeOfDay)
    case (.toMilliseconds, .duration(let duration), _): return .long(duration.milliseconds)
    case (.toSeconds, .duration(let duration), _): return .long(duration.seconds)
    case (.toMinutes, .duration(let duration), _): return .long(duration.minutes)
    case (.toHours, .duration(let duration), _): return .long(duration.hours)
    case (.toDays, .duration(let duration), _): return .long(duration.days)
    default: throw .wrongType(in: rawValue, actual: first.kind)
    }
  }

  private func result<Value>(_ value: Value?) throws(EvaluationError) -> Value {
    guard let value else { throw .extensionFailure(self) }
    return value
  }
}
