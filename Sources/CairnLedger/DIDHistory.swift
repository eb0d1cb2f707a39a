public import CairnCrypto
public import CairnIdentity

/// The operations that made a DID what it is, walked from its head back to its creation.
///
/// Each operation names the hash of the one before, and the DID is the hash of the first: when ``isComplete``, the history is
/// the only one there can be.
public struct DIDHistory: Hashable, Sendable {
  /// One operation of the history.
  public struct Entry: Hashable, Sendable {
    public let operation: LedgerOperation
    /// `nil` for a DID's creation in the genesis.
    public let transaction: Digest?
    public var sequence: UInt64 { operation.head.sequence }
  }

  public let did: CairnDID
  /// Newest first.
  public private(set) var entries: [Entry] = []
  /// The operation that the walk needs next, `nil` at the end.
  private var expected: DIDHead?

  /// - Parameter head: proven.
  public init(head: DIDRecord) {
    did = head.did
    expected = head.head
  }

  /// Whether the creation was reached.
  public var isComplete: Bool { expected == nil }

  /// Sequence number of the operation that the walk needs next, `nil` at the end.
  public var nextSequence: UInt64? { expected?.sequence }

  /// Walks the operations that the next older transaction has on the DID.
  public mutating func append(_ transaction: Transaction) throws(HistoryError) {
    let operations = transaction.operations.filter { $0.changes(did) }
    guard !operations.isEmpty else { throw .irrelevantTransaction(transaction.id) }
    try walk(operations.reversed(), transaction: transaction.id)
  }

  /// Ends the walk at a DID that the network started with. Does nothing for any other.
  public mutating func append(_ genesis: Genesis) throws(HistoryError) {
    guard let operation = genesis.identities.first(where: { $0.did == did }) else { return }
    try walk([operation], transaction: nil)
  }

  /// All of the operations, newest first, or none.
  private mutating func walk(_ operations: [LedgerOperation], transaction: Digest?) throws(HistoryError) {
    var next = expected
    for operation in operations {
      guard let head = next else { throw .beyondCreation }
      guard operation.head == head else { throw .brokenChain(sequence: head.sequence) }
      next = try operation.predecessor
    }
    entries += operations.map { Entry(operation: $0, transaction: transaction) }
    expected = next
  }

  /// The whole history of a DID.
  ///
  /// - Parameters:
  ///   - head: proven.
  ///   - transactions: newest first; those that changed the DID and no others.
  ///   - genesis: where the DIDs that the network started with come from.
  public static func verify(
    head: DIDRecord, transactions: some Sequence<Transaction>, genesis: Genesis? = nil
  ) throws(HistoryError) -> DIDHistory {
    var history = DIDHistory(head: head)
    for transaction in transactions { try history.append(transaction) }
    if let genesis, !history.isComplete { try history.append(genesis) }
    guard history.isComplete else { throw .incomplete }
    return history
  }
}

extension LedgerOperation {
  /// The version that the operation replaced; `nil` for a creation, whose hash is the DID and so needs no other proof.
  fileprivate var predecessor: DIDHead? {
    get throws(HistoryError) {
      guard let succession else { return nil }
      guard succession.sequence > 0 else { throw .brokenChain(sequence: 0) }
      return DIDHead(sequence: succession.sequence - 1, hash: succession.previous)
    }
  }
}

/// What a DID was at one point of its history.
public struct HistoricVersion: Hashable, Sendable {
  public let entry: DIDHistory.Entry
  public let control: Control
  /// The JSON document (RFC 8785).
  public let document: [UInt8]
  public let isDeactivated: Bool
}

extension DIDHistory {
  /// Every version, the oldest first; nothing unless the history is complete.
  public var versions: [HistoricVersion] {
    guard isComplete else { return [] }
    var versions: [HistoricVersion] = []
    var control: Control?
    var document: EncodedDocument?
    for entry in entries.reversed() {
      control = entry.operation.control ?? control
      document = entry.operation.document ?? document
      guard let control, let document else { return [] }
      var isDeactivated = false
      if case .didDeactivate = entry.operation.kind { isDeactivated = true }
      versions.append(
        HistoricVersion(
          entry: entry, control: control, document: document.document.json(did: did, controller: control.controller),
          isDeactivated: isDeactivated))
    }
    return versions
  }
}

/// Why transactions are not the history of a DID.
public enum HistoryError: Error, Equatable, Sendable {
  /// The transaction does not change the DID.
  case irrelevantTransaction(Digest)
  /// The operation is not the one that made this version.
  case brokenChain(sequence: UInt64)
  /// Something older than the creation.
  case beyondCreation
  /// The creation is missing.
  case incomplete

  public var reason: String {
    switch self {
    case .irrelevantTransaction: "irrelevant_transaction"
    case .brokenChain: "broken_history"
    case .beyondCreation: "beyond_creation"
    case .incomplete: "incomplete_history"
    }
  }
}
