/// One assignment of the Twins campaign: which validator runs twice, and who hears whom in each of the first views.
///
/// Processes 0..<4 are the validators; process 4 has the key of the twin and a disk of its own.
public struct TwinsScenario: Hashable, Comparable, Sendable, CustomStringConvertible {
  static let validatorCount = 4
  static let processCount = 5

  /// The processes in two sets: bit i says that process i is not with process 0. So bit 0 is never set.
  typealias Partition = UInt8

  private static let everybody: Partition = 0b11111

  static let partitions: [Partition] = (0..<1 << (processCount - 1)).map { Partition($0) << 1 }

  public let twin: Int
  /// Of view 1, view 2 and so on.
  let partitions: [Partition]

  /// The same with each process in another's place.
  ///
  /// - Parameter places: where each process goes; a permutation of 0..<5.
  func moved(to places: [Int]) -> TwinsScenario {
    TwinsScenario(
      twin: twin,
      partitions: partitions.map { partition in
        let moved = places.indices.reduce(into: Partition(0)) { result, process in
          if partition & (1 << process) != 0 { result |= 1 << places[process] }
        }
        return moved & 1 == 0 ? moved : moved ^ Self.everybody
      })
  }

  /// Whether these two processes are on different sides in a view; none is after the last view of the scenario.
  func separates(_ first: Int, from second: Int, inView view: UInt64) -> Bool {
    guard view >= 1, view <= UInt64(partitions.count) else { return false }
    let partition = partitions[Int(view - 1)]
    return (partition >> first ^ partition >> second) & 1 == 1
  }

  public static func < (left: TwinsScenario, right: TwinsScenario) -> Bool {
    left.twin == right.twin ? left.partitions.lexicographicallyPrecedes(right.partitions) : left.twin < right.twin
  }

  /// `twin 2: 0 1 2 | 3 4, 0 1 2 3 4`.
  public var description: String {
    let views = partitions.map { partition in
      let sides = [0, 1].map { side in
        (0..<Self.processCount).filter { partition >> $0 & 1 == side }.map(String.init).joined(separator: " ")
      }
      return sides.filter { !$0.isEmpty }.joined(separator: " | ")
    }
    return "twin \(twin): " + views.joined(separator: ", ")
  }
}
