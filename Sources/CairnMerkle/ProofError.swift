/// Why a proof was refused: the error, the log field and the metric label.
public enum ProofError: String, Error, Hashable, Sendable, CaseIterable {
  /// The size of the tree is beyond `LogTree.sizeLimit`, or the sizes do not fit each other.
  case sizeOutOfRange
  /// The index is not below the size of the tree.
  case indexOutOfRange
  /// The count of hashes is not the one that the sizes determine.
  case pathLength
  /// The bits on the way to the root do not decrease strictly.
  case pathOrder
  /// The leaf is not the one that a look-up of the key reaches.
  case foreignLeaf
  /// The value is longer than `StateTree.valueLimit`.
  case valueTooLong
  /// Folding the proof does not give the (new) root.
  case rootMismatch
  /// Folding the consistency proof does not give the old root.
  case oldRootMismatch
}
