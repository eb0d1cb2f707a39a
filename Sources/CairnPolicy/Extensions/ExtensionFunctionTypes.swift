extension ExtensionFunction {
  /// What the arguments have to be, the receiver of a method included.
  public var argumentTypes: [CedarType] {
    switch self {
    case .decimal, .ip, .datetime, .duration: [.string]
    case .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual: [.extension(.decimal), .extension(.decimal)]
    case .isIpv4, .isIpv6, .isLoopback, .isMulticast: [.extension(.ipAddress)]
    case .isInRange: [.extension(.ipAddress), .extension(.ipAddress)]
    case .offset: [.extension(.datetime), .extension(.duration)]
    case .durationSince: [.extension(.datetime), .extension(.datetime)]
    case .toDate, .toTime: [.extension(.datetime)]
    case .toMilliseconds, .toSeconds, .toMinutes, .toHours, .toDays: [.extension(.duration)]
    }
  }

  public var resultType: CedarType {
    switch self {
    case .decimal: .extension(.decimal)
    case .ip: .extension(.ipAddress)
    case .datetime, .offset, .toDate: .extension(.datetime)
    case .duration, .durationSince, .toTime: .extension(.duration)
    case .toMilliseconds, .toSeconds, .toMinutes, .toHours, .toDays: .long
    default: .bool(.any)
    }
  }
}

extension CedarType.Extension {
  /// The function that makes a value of the type from a string.
  public var constructor: ExtensionFunction {
    switch self {
    case .ipAddress: .ip
    case .decimal: .decimal
    case .datetime: .datetime
    case .duration: .duration
    }
  }
}
