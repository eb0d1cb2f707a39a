/// The effective configuration of a node, each value with where it comes from: command line, environment, file, default.
struct NodeSettings {
  enum Source: Hashable, CustomStringConvertible {
    case commandLine
    case environment(String)
    case file(path: String, line: Int)
    case defaultValue

    var description: String {
      switch self {
      case .commandLine: "command line"
      case .environment(let name): "environment \(name)"
      case .file(let path, let line): "\(path):\(line)"
      case .defaultValue: "default"
      }
    }
  }

  struct Value: Hashable {
    let text: String
    let source: Source
  }

  private static let byteLimit = 64 << 10

  private(set) var values: [Setting: Value] = [:]
  /// Addresses of validators, by name.
  private(set) var peers: [String: Value] = [:]

  subscript(setting: Setting) -> Value? { values[setting] }

  /// - Parameters:
  ///   - path: of the configuration file; `nil` for none.
  ///   - overrides: `name=value`, from the command line.
  init(file path: String?, environment: [String: String], overrides: [String]) throws(CommandFailure) {
    for setting in Setting.allCases {
      values[setting] = setting.defaultValue.map { Value(text: $0, source: .defaultValue) }
    }
    // What the file does not name lies where the file lies.
    if let path {
      for setting in Setting.allCases where setting.isPath {
        values[setting] = setting.defaultValue.map { Value(text: Files.path($0, relativeTo: path), source: .defaultValue) }
      }
      try read(try Files.read(path, "configuration", limit: Self.byteLimit), path)
    }
    for setting in Setting.allCases {
      guard let text = environment[setting.environmentName] else { continue }
      values[setting] = Value(text: text, source: .environment(setting.environmentName))
    }
    for override in overrides { try set(override) }
  }

  /// - Parameter path: where the text is from.
  mutating func read(_ text: [UInt8], _ path: String) throws(CommandFailure) {
    let settings = try YAMLSettings(text, path: path, "configuration")
    try settings.checkNames(Setting.allCases.map(\.rawValue), isFree: { $0.hasPrefix(Setting.peerPrefix) })
    for entry in settings.entries {
      let source = Source.file(path: path, line: entry.line)
      guard let setting = Setting(rawValue: entry.name) else {
        peers[String(entry.name.dropFirst(Setting.peerPrefix.count))] = Value(text: entry.value, source: source)
        continue
      }
      guard !entry.value.isEmpty else {
        throw .refused("bad_value", "\(source): \(entry.name) has no value: give one, or remove the line for the default.")
      }
      let text = setting.isPath ? Files.path(entry.value, relativeTo: path) : entry.value
      values[setting] = Value(text: text, source: source)
    }
  }

  private mutating func set(_ override: String) throws(CommandFailure) {
    let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[1].isEmpty else {
      throw .usage("bad_override", "--set \(override) is not of the form NAME=VALUE.")
    }
    let value = Value(text: parts[1], source: .commandLine)
    if let setting = Setting(rawValue: parts[0]) {
      values[setting] = value
    } else if parts[0].hasPrefix(Setting.peerPrefix) {
      peers[String(parts[0].dropFirst(Setting.peerPrefix.count))] = value
    } else {
      let nearest = NearestName.nearest(to: parts[0], in: Setting.allCases.map(\.rawValue)) ?? ""
      throw .usage("unknown_key", "--set \(override): \(parts[0]) is not a known key: did you mean \(nearest)?")
    }
  }
}
