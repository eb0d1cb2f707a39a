import CairnChain

/// What one step has asked for so far.
struct Effects {
  private(set) var list: [Effect] = []
  /// All records of the step: one transaction.
  var batch = PersistBatch()

  mutating func emit(_ effect: Effect) { list.append(effect) }
}
