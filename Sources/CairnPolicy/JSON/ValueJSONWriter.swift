extension CedarValue {
  /// With explicit forms, readable without a schema.
  public var json: CedarJSON {
    switch self {
    case .bool(let value): .bool(value)
    case .long(let value): .integer(value)
    case .string(let value): .string(value)
    case .entity(let uid): .object([CedarJSON.Member("__entity", uid.json)])
    case .set(let set): .array(set.elements.map(\.json))
    case .record(let record): record.json
    case .decimal(let decimal): Self.call(.decimal, [.string(Text(decimal.description))])
    case .ipAddress(let address): Self.call(.ip, [.string(Text(address.description))])
    case .datetime(let datetime):
      Self.call(.offset, [Self.epoch, CedarValue.duration(CedarDuration(milliseconds: datetime.milliseconds)).json])
    case .duration(let duration): Self.call(.duration, [.string(Text(duration.description))])
    }
  }

  private static let epoch = call(.datetime, [.string("1970-01-01")])

  private static func call(_ function: ExtensionFunction, _ arguments: [CedarJSON]) -> CedarJSON {
    let argument = arguments.count == 1 ? CedarJSON.Member("arg", arguments[0]) : CedarJSON.Member("args", .array(arguments))
    return .object([CedarJSON.Member("__extn", .object([CedarJSON.Member("fn", .string(Text(function.rawValue))), argument]))])
  }
}
