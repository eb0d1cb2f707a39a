/// The views that are tracked, ascending. Few are ever missing in between, and far fewer than 600 are there, so a sorted array is
/// both the fastest and the simplest map; and it has an order.
struct Rounds: Sendable {
  private var rounds: [Round] = []
  private let validatorCount: Int

  init(validatorCount: Int) { self.validatorCount = validatorCount }

  /// Reading a view of which nothing is known gives an empty round. Writing creates it: callers bound the view first.
  subscript(view: UInt64) -> Round {
    get {
      let index = position(of: view)
      return contains(view, at: index) ? rounds[index] : Round(view: view, validatorCount: validatorCount)
    }
    _modify {
      let index = position(of: view)
      if !contains(view, at: index) { rounds.insert(Round(view: view, validatorCount: validatorCount), at: index) }
      yield &rounds[index]
    }
  }

  func contains(_ view: UInt64) -> Bool { contains(view, at: position(of: view)) }

  /// The views above this one of which something is known, ascending.
  func views(above view: UInt64) -> [UInt64] {
    guard view < .max else { return [] }
    return rounds[position(of: view + 1)...].map(\.view)
  }

  mutating func remove(below view: UInt64) { rounds.removeFirst(position(of: view)) }

  /// Lets go of the blocks of these views, the first excluded and the second included.
  mutating func dropBodies(above low: UInt64, through high: UInt64) {
    for view in views(above: low).prefix(while: { $0 <= high }) { self[view].dropBody() }
  }

  private func contains(_ view: UInt64, at index: Int) -> Bool { index < rounds.count && rounds[index].view == view }

  /// Index of the first round at or above the view.
  private func position(of view: UInt64) -> Int {
    var (low, high) = (0, rounds.count)
    while low < high {
      let middle = (low + high) / 2
      if rounds[middle].view < view { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
