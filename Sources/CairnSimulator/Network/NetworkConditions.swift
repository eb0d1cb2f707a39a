/// What the network does to messages. Probabilities are of a thousand.
struct NetworkConditions {
  /// Milliseconds on the way.
  var latency: ClosedRange<UInt64> = 1...10
  var loss = 0
  var duplication = 0
  /// Messages that are held up long enough for later ones to overtake them.
  var reordering = 0

  static let good = NetworkConditions()

  static func drawn(_ dice: Dice) -> NetworkConditions {
    NetworkConditions(
      latency: 1...dice.pick(2...200), loss: dice.chance(600) ? dice.pick(0...300) : 0,
      duplication: dice.chance(500) ? dice.pick(0...200) : 0,
      reordering: dice.chance(500) ? dice.pick(0...200) : 0)
  }
}
