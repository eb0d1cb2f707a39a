/// The unit in which evaluation is counted: about one visit of an expression, some tens of nanoseconds.
public enum EvaluationCost {
  static let step = 1
  /// Finding an entity.
  static let entity = 8
  /// Bytes that are compared, hashed or searched within one unit.
  static let bytesPerUnit = 16

  static func ofBytes(_ count: Int) -> Int { 1 &+ count / bytesPerUnit }

  /// Binary search: that many comparisons of a value of that weight.
  static func ofSearch(in count: Int, weight: Int) -> Int { levels(count) &* weight }

  /// Merge sort of values of that weight together.
  static func ofSorting(count: Int, weight: Int) -> Int { levels(count) &* weight }

  /// 1 for an empty collection, 9 for 256 elements.
  static func levels(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount + 1 }
}
