extension CedarValue {
  /// Whether the language has a literal for the value; all others are written as sets, records and calls.
  var isLiteral: Bool {
    switch self {
    case .bool, .long, .string, .entity: true
    case .set, .record, .decimal, .ipAddress, .datetime, .duration: false
    }
  }

  /// An expression of literals that has this value.
  public var expression: Expression {
    switch self {
    case .bool, .long, .string, .entity: .literal(self)
    case .set(let set): .set(set.elements.map(\.expression))
    case .record(let record): .record(record.fields.map { Expression.RecordField(key: $0.key, value: $0.value.expression) })
    case .decimal(let decimal): Self.call(.decimal, decimal.description)
    case .ipAddress(let address): Self.call(.ip, address.description)
    case .datetime(let datetime):
      .call(
        .offset, [Self.call(.datetime, "1970-01-01"), Self.call(.duration, "\(CedarDuration(milliseconds: datetime.milliseconds))")])
    case .duration(let duration): Self.call(.duration, duration.description)
    }
  }

  private static func call(_ function: ExtensionFunction, _ argument: String) -> Expression {
    .call(function, [.literal(.string(Text(argument)))])
  }
}
