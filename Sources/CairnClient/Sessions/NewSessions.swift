public import CairnCrypto
public import CairnIdentity
public import CairnLedger

/// A batch of short-lived DIDs that is about to be anchored: an agent for each task, and one entry in the log for all of them.
///
/// Each has one key, for everything that its document allows. It can never be rotated: it ends by its expiry or its bit.
public struct NewSessions: Sendable {
  public struct Session: Sendable {
    public let did: CairnDID
    public let key: SigningKey
  }

  /// Of the key in each session's document.
  public static let keyFragment = "key-1"
  /// As many as ``SessionBatchFile`` keeps; more are several batches.
  public static let countLimit = 65_536
  private static let saltByteCount = 16

  /// In the order of the batch.
  public let sessions: [Session]
  /// What the controller keeps, beside the keys.
  public let file: SessionBatchFile
  /// What anchors the batch; a registrar submits it, and the controller signs.
  public let operation: LedgerOperation

  /// - Parameters:
  ///   - count: 1 to ``countLimit``.
  ///   - expiresMilliseconds: Unix time; at most 31 days ahead.
  ///   - revokers: may end sessions, beside the controller.
  ///   - progress: called now and then with the number of sessions made.
  public init(
    count: Int, controller: CairnDID, expiresMilliseconds: UInt64, revokers: [CairnDID] = [], network: Digest,
    progress: (Int) -> Void = { _ in }
  ) throws(OperationError) {
    guard (1...Self.countLimit).contains(count) else { throw .listLength(UInt32(clamping: count)) }
    var sessions: [Session] = []
    var creates: [[UInt8]] = []
    sessions.reserveCapacity(count)
    creates.reserveCapacity(count)
    for number in 1...count {
      let key = SigningKey.generate()
      let session = try SessionDID(
        control: try Self.control(key, controller: controller), document: Self.document(key), salt: randomBytes(Self.saltByteCount),
        network: network)
      sessions.append(Session(did: session.did, key: key))
      creates.append(session.createBytes)
      progress(number)
    }
    guard let batch = SessionBatch(creates) else { throw .listLength(UInt32(clamping: count)) }
    operation = try .createSessionBatch(
      controller: controller, root: batch.root, count: batch.count, expiresMilliseconds: expiresMilliseconds,
      salt: randomBytes(Self.saltByteCount), revokers: revokers, network: network)
    guard let list = operation.kind.list,
      let file = SessionBatchFile(batch: list, expiresMilliseconds: expiresMilliseconds, creates: creates)
    else { throw .malformed("kind") }
    (self.sessions, self.file) = (sessions, file)
  }

  /// The next key is nobody's: a session has no second one.
  private static func control(_ key: SigningKey, controller: CairnDID) throws(OperationError) -> Control {
    guard let digest = Digest(randomBytes(Digest.byteCount)) else { throw .malformed("control") }
    do {
      return try Control(update: [WeightedKey(key.publicKey)], next: [WeightedDigest(digest)], controller: controller)
    } catch {
      throw .malformed("control")
    }
  }

  private static func document(_ key: SigningKey) -> DIDDocument {
    DIDDocument(verificationMethods: [
      DIDDocument.VerificationMethod(
        fragment: keyFragment, multikey: Multikey(key.publicKey).bytes,
        purposes: [.authentication, .assertionMethod, .capabilityInvocation, .capabilityDelegation])
    ])
  }
}

extension CairnClient {
  /// Anchors a batch of sessions.
  ///
  /// - Parameters:
  ///   - controller: of the sessions, with keys that reach its threshold.
  ///   - registrar: who may enrol; `nil` when the controller itself is one.
  public func anchor(
    _ sessions: NewSessions, controller: Signatory, by registrar: Signatory? = nil
  ) async throws(CairnError) -> Receipt {
    guard registrar != nil || controller.did == sessions.operation.did else { throw .invalidOperation(.foreignDID) }
    return try await perform([sessions.operation], keys: registrar == nil ? [] : controller.keys, by: registrar ?? controller)
  }

  /// Ends sessions before they expire.
  ///
  /// - Parameters:
  ///   - indices: in the batch.
  ///   - submitter: the batch's controller, or one of its revokers.
  public func revokeSessions(
    _ indices: some Collection<UInt32> & Sendable, of batch: StatusListID, by submitter: Signatory
  ) async throws(CairnError) -> [Receipt] {
    try await updateStatusList(batch, set: indices, by: submitter)
  }
}
