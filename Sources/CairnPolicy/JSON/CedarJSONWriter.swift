extension CedarJSON {
  /// The text, members in their order.
  ///
  /// - Parameter indentation: spaces for each level; `nil` for one line without white space.
  public func text(indentation: Int? = nil) -> String {
    var writer = CedarJSONWriter(indentation: indentation)
    writer.write(self, level: 0)
    return writer.text
  }
}

private struct CedarJSONWriter {
  let indentation: Int?
  private(set) var text = ""

  init(indentation: Int?) { self.indentation = indentation }

  mutating func write(_ json: CedarJSON, level: Int) {
    switch json {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .otherNumber(let value): text += value.string
    case .string(let value): write(string: value.string)
    case .array(let elements):
      write(elements, between: "[", "]", level: level) { $0.write($1, level: level + 1) }
    case .object(let members):
      write(members, between: "{", "}", level: level) {
        $0.write(string: $1.key.string)
        $0.text += $0.indentation == nil ? ":" : ": "
        $0.write($1.value, level: level + 1)
      }
    }
  }

  private mutating func write<Element>(
    _ elements: [Element], between open: String, _ close: String, level: Int, body: (inout Self, Element) -> Void
  ) {
    text += open
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      newLine(level: level + 1)
      body(&self, element)
    }
    if !elements.isEmpty { newLine(level: level) }
    text += close
  }

  private mutating func newLine(level: Int) {
    guard let indentation else { return }
    text += "\n" + String(repeating: " ", count: indentation * level)
  }

  private mutating func write(string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
