import Yams

/// A YAML file of nested mappings with scalars, flattened: `listen:` with `peers: …` below it is the name `listen.peers`.
struct YAMLSettings {
  struct Entry: Hashable {
    let name: String
    let value: String
    let line: Int
  }

  /// More than any file of ours has. An alias stands for all that it names, so that a short text can have more entries than fit into memory.
  private static let entryLimit = 4_096
  private static let depthLimit = 8

  let path: String
  /// In the order of the file.
  let entries: [Entry]

  /// - Parameter what: how the file is called in a sentence.
  init(_ bytes: [UInt8], path: String, _ what: String) throws(CommandFailure) {
    self.path = path
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .refused("malformed_file", "The \(what) \(path) is not UTF-8 text.")
    }
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      throw .refused("malformed_file", "The \(what) \(path) is not YAML: \(Self.describe(error)).")
    }
    var entries: [Entry] = []
    switch root {
    case nil: break
    case .scalar(let scalar) where scalar.string.isEmpty: break
    case .mapping(let mapping): try Self.flatten(mapping, prefix: "", path: path, what, into: &entries)
    default: throw .refused("malformed_file", "The \(what) \(path) is not a list of names and values.")
    }
    self.entries = entries
  }

  private static func flatten(
    _ mapping: Node.Mapping, prefix: String, depth: Int = 0, path: String, _ what: String, into entries: inout [Entry]
  ) throws(CommandFailure) {
    for (key, value) in mapping {
      let line = key.mark?.line ?? 0
      guard entries.count < entryLimit, depth < depthLimit else {
        throw .refused("malformed_file", "\(path):\(line): the \(what) has more names, or names below names, than any needs.")
      }
      guard case .scalar(let name) = key else {
        throw .refused("malformed_file", "\(path):\(line): a name is plain text.")
      }
      switch value {
      case .scalar(let scalar):
        entries.append(Entry(name: prefix + name.string, value: scalar.string, line: line))
      case .mapping(let inner):
        try flatten(inner, prefix: prefix + name.string + ".", depth: depth + 1, path: path, what, into: &entries)
      default:
        throw .refused("malformed_file", "\(path):\(line): \(prefix + name.string) has a list where one value is expected.")
      }
    }
  }

  private static func describe(_ error: any Error) -> String {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
      "line \(mark.line): \(problem)"
    case .duplicatedKeysInMapping(let duplicates, let context):
      "line \(context.mark.line): \(duplicates.joined(separator: ", ")) is there twice"
    default: "\(error)"
    }
  }

  /// Refuses a name that nobody knows, and names the nearest that is known.
  ///
  /// - Parameter isFree: for names that are not listed but belong here all the same.
  func checkNames(_ known: [String], isFree: (String) -> Bool = { _ in false }) throws(CommandFailure) {
    for entry in entries where !known.contains(entry.name) && !isFree(entry.name) {
      let nearest = NearestName.nearest(to: entry.name, in: known) ?? ""
      throw .refused("unknown_key", "\(path):\(entry.line): \(entry.name) is not a known key: did you mean \(nearest)?")
    }
  }
}
