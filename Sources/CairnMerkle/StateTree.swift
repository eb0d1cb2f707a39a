public import CairnCrypto

/// The ledger's state: a path-compressed binary Merkle-Patricia tree over 32-byte keys, whose root depends on the rows alone.
///
/// A value: a copy costs nothing, is never changed by later updates of the original, and can be read from any thread. So a
/// version is a copy, and versions share all that they have in common. Nothing is ever deleted.
public struct StateTree: Sendable {
  /// Longest value, in bytes. A value commits to a record by its hash, so that paths stay short whatever the record is.
  public static let valueLimit = 256
  static let keyBitCount = 8 * Digest.byteCount

  private var top: StateNode?

  /// Number of rows.
  public private(set) var count = 0

  /// The empty tree.
  public init() {}

  /// A tree of these rows in one pass, fastest when they are sorted by key; the last row of a key counts.
  ///
  /// - Parameter rows: values of at most `valueLimit` bytes, a bound that rows from outside have to pass first.
  public init(rows: some Sequence<(key: Digest, value: [UInt8])>) {
    update(rows)
  }

  public var root: Digest { top?.hash ?? StateHash.empty }

  public subscript(key: Digest) -> [UInt8]? {
    guard let leaf = top?.leaf(for: key), leaf.key == key else { return nil }
    return leaf.value
  }

  /// Sets rows, in any order; the last change of a key counts. Each node that is touched is hashed once.
  ///
  /// - Parameter changes: values of at most `valueLimit` bytes, a bound that rows from outside have to pass first.
  public mutating func update(_ changes: some Sequence<(key: Digest, value: [UInt8])>) {
    let update = StateUpdate(changes, to: top)
    top = update.result(for: top)
    count += update.insertedCount
  }

  /// The proof of the key's value, or of its absence.
  public func proof(for key: Digest) -> StateProof {
    guard let top else { return StateProof(leaf: nil, path: []) }
    var path: [StateProof.Step] = []
    let leaf = top.path(to: key) { path.append(StateProof.Step(bit: $0, sibling: $1)) }
    if PlantedBug.wrongPath.isPlanted { path = path.dropFirst().map(\.self) }
    return StateProof(leaf: StateProof.Leaf(key: leaf.key, value: leaf.value), path: path)
  }

  /// Visits the rows in the order of their keys.
  public func forEachRow<Failure>(_ body: (_ key: Digest, _ value: [UInt8]) throws(Failure) -> Void) throws(Failure) {
    try top?.forEachLeaf { leaf throws(Failure) in try body(leaf.key, leaf.value) }
  }
}
