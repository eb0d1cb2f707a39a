/// What a simulation, or many, made happen: a generator that never does something tests nothing of it.
public struct Coverage: Sendable, Equatable {
  public private(set) var counts: [String: Int] = [:]

  public init(_ counts: [String: Int] = [:]) { self.counts = counts }

  mutating func fired(_ what: String, _ count: Int = 1) { counts[what, default: 0] += count }

  public mutating func add(_ other: Coverage) {
    for (what, count) in other.counts { counts[what, default: 0] += count }
  }

  public subscript(what: String) -> Int { counts[what] ?? 0 }
}
