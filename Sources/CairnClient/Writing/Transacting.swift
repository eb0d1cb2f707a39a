import CairnChain
public import CairnCrypto
public import CairnIdentity
public import CairnLedger

/// The DID that answers for a transaction, and enough of its update keys to reach their threshold.
public struct Signatory: Sendable {
  public let did: CairnDID
  public let keys: [SigningKey]

  public init(_ did: CairnDID, keys: [SigningKey]) {
    (self.did, self.keys) = (did, keys)
  }
}

extension CairnClient {
  private static let nonceByteCount = 16
  private static let saltByteCount = 16

  /// Enrols a DID.
  ///
  /// - Parameters:
  ///   - keys: update keys of the new DID, which shows that it has them; of its controller when it has one.
  ///   - registrar: who may enrol.
  public func create(
    control: Control, document: DIDDocument, keys: [SigningKey], by registrar: Signatory
  ) async throws(CairnError) -> (did: CairnDID, receipt: Receipt) {
    let operation: LedgerOperation
    do {
      operation = try .create(control: control, document: document, salt: randomBytes(Self.saltByteCount), network: network)
    } catch {
      throw .invalidOperation(error)
    }
    guard let did = operation.did else { throw .invalidOperation(.malformed("did")) }
    return (did, try await perform([operation], keys: keys, by: registrar))
  }

  /// Replaces the document of a DID.
  ///
  /// - Parameters:
  ///   - keys: update keys of the DID.
  ///   - submitter: who answers for the transaction; `nil` for the DID itself.
  public func update(
    _ did: CairnDID, document: DIDDocument, keys: [SigningKey], by submitter: Signatory? = nil
  ) async throws(CairnError) -> Receipt {
    try await change(did, keys: keys, by: submitter) { head, network throws(OperationError) in
      try .update(did, after: head, document: document, network: network)
    }
  }

  /// Replaces the keys of a DID, and its document when one is given.
  ///
  /// - Parameters:
  ///   - keys: those that `authority` asks for, and update keys of `control`. Without a `submitter` also update keys as they were
  ///     before the rotation, because the DID itself then answers for the transaction.
  public func rotate(
    _ did: CairnDID, to control: Control, document: DIDDocument? = nil, authority: Authority = .next, keys: [SigningKey],
    by submitter: Signatory? = nil
  ) async throws(CairnError) -> Receipt {
    try await change(did, keys: keys, by: submitter) { head, network throws(OperationError) in
      try .rotate(did, after: head, authority: authority, control: control, document: document, network: network)
    }
  }

  /// Ends a DID for ever.
  ///
  /// - Parameter keys: those that `authority` asks for; the update keys with ``CairnLedger/Authority/next``.
  public func deactivate(
    _ did: CairnDID, authority: Authority = .next, keys: [SigningKey], by submitter: Signatory? = nil
  ) async throws(CairnError) -> Receipt {
    try await change(did, keys: keys, by: submitter) { head, network throws(OperationError) in
      try .deactivate(did, after: head, authority: authority, network: network)
    }
  }

  /// Makes a transaction of operations, signs it and submits it.
  ///
  /// - Parameters:
  ///   - operations: at most 256, applied together or not at all.
  ///   - keys: the keys that the operations ask for, beside those of the submitter.
  public func perform(_ operations: [LedgerOperation], keys: [SigningKey], by submitter: Signatory) async throws(CairnError) -> Receipt {
    try await submit(transaction(of: operations, keys: keys, by: submitter))
  }

  /// As ``perform(_:keys:by:)``, without submitting.
  public func transaction(
    of operations: [LedgerOperation], keys: [SigningKey], by submitter: Signatory
  ) async throws(CairnError) -> Transaction {
    let height = try await recentHeight()
    let unsigned = UnsignedTransaction(
      network: network, submitter: submitter.did, notAfterHeight: height &+ options.validityBlocks,
      nonce: randomBytes(Self.nonceByteCount), operations: operations)
    do { return try unsigned.signed(by: submitter.keys + keys) } catch { throw .invalidTransaction(error) }
  }

  /// An operation on the head of a DID, as it is at this moment.
  private func change(
    _ did: CairnDID, keys: [SigningKey], by submitter: Signatory?,
    _ operation: (DIDHead, Digest) throws(OperationError) -> LedgerOperation
  ) async throws(CairnError) -> Receipt {
    let resolution = try await freshResolution(of: did)
    guard let current = resolution.resolved else { throw .notFound(did, provenBy: resolution.header) }
    guard !current.isDeactivated else { throw .deactivated(current) }
    let made: LedgerOperation
    do { made = try operation(current.record.head, network) } catch { throw .invalidOperation(error) }
    return try await perform([made], keys: keys, by: submitter ?? Signatory(did, keys: []))
  }

  private func recentHeight() async throws(CairnError) -> UInt64 {
    if let newest, trust.isFresh(newest) { return newest.header.height }
    return try await checkpoint().header.height
  }
}
