/// Suggestions for mistyped names.
enum NearestName {
  /// The known name with the fewest insertions, deletions, replacements and swaps of neighbours, when it is near enough to be meant; of
  /// equal ones the first.
  static func nearest(to name: String, in known: some Sequence<String>) -> String? {
    let bytes = Array(name.utf8.prefix(nameByteLimit))
    let limit = max(1, bytes.count / 3)
    return known.prefix(nameLimit).map { ($0, distance(bytes, Array($0.utf8.prefix(nameByteLimit)))) }.filter { $0.1 <= limit }.min {
      $0.1 < $1.1
    }?.0
  }

  /// Bounds the work: it grows with the product of the lengths.
  private static let nameByteLimit = 64
  /// Bounds the work: names that are compared.
  private static let nameLimit = 256

  /// Optimal string alignment distance.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for (row, byte) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        var best = min(previous[column + 1] + 1, current[column] + 1, previous[column] + (byte == other ? 0 : 1))
        if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other { best = min(best, beforePrevious[column - 1] + 1) }
        current.append(best)
      }
      (beforePrevious, previous) = (previous, current)
    }
    return previous[right.count]
  }
}
