/// One reader of bytes that come from outside, and what has to hold whatever they are.
///
/// Every input is refused with an error, or accepted so that what was read says the same as what was written. Nothing traps, and nothing takes
/// long. A target is one small value; ``all`` is the list of those of the libraries.
public struct FuzzTarget: Sendable {
  /// As on the command line: lowercase letters and hyphens.
  public let name: String
  /// One clause, for people.
  public let summary: String
  /// In bytes; longer inputs are cut. What the reader itself bounds should be reached.
  let byteLimit: Int
  /// What lies in the text: words of its language, that mutations insert.
  let words: [String]
  /// Whether inputs are Protobuf messages, so that single fields are mutated too.
  let isProtobuf: Bool
  /// Where third parties' vectors for it are, below their folder.
  let vectors: [String]
  let seeds: @Sendable () throws -> [[UInt8]]
  let check: Check

  /// Reads an input.
  ///
  /// - Returns: whether it was accepted.
  /// - Throws: ``FuzzFinding`` when something that has to hold does not.
  package typealias Check = @Sendable (_ input: [UInt8]) throws -> Bool

  package init(
    _ name: String, _ summary: String, byteLimit: Int = 64 << 10, words: [String] = [], isProtobuf: Bool = false, vectors: [String] = [],
    seeds: @escaping @Sendable () throws -> [[UInt8]], check: @escaping Check
  ) {
    (self.name, self.summary, self.byteLimit, self.words) = (name, summary, byteLimit, words)
    (self.isProtobuf, self.vectors, self.seeds, self.check) = (isProtobuf, vectors, seeds, check)
  }

  /// A strict decoder of canonical Protobuf: what it accepts encodes to the same bytes.
  static func canonical(
    _ name: String, _ summary: String, seeds: @escaping @Sendable () throws -> [[UInt8]],
    _ encoded: @escaping @Sendable (_ input: [UInt8]) throws -> [UInt8]
  ) -> FuzzTarget {
    FuzzTarget(name, summary, isProtobuf: true, seeds: seeds) { input in
      guard let again = try? encoded(input) else { return false }
      try require(again == input, "what was accepted encodes to other bytes")
      return true
    }
  }

  /// - Returns: `nil` when there is no target of this name.
  public static func named(_ name: String, in targets: [FuzzTarget] = all) -> FuzzTarget? {
    targets.first { $0.name.utf8.elementsEqual(name.utf8) }
  }
}

/// Something that has to hold, and does not.
public struct FuzzFinding: Error, Equatable, CustomStringConvertible {
  public let description: String

  package init(description: String) { self.description = description }
}

package func require(_ condition: Bool, _ finding: @autoclosure () -> String) throws(FuzzFinding) {
  guard condition else { throw FuzzFinding(description: finding()) }
}
