import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
package import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import Synchronization

/// Answers every question about the ledger from the newest published head, with proof. Synchronous, callable from any thread, and
/// without knowledge of how the question came.
package final class QueryService: Sendable {
  /// How often a read starts again because the store moved on underneath it. The newer head is published before the store
  /// moves, so that the second attempt nearly always does.
  private static let attemptLimit = 4

  let backend: any NodeBackend
  /// What this program is, for people.
  private let build: String
  private let networkPrefix: String
  private let current: Mutex<HeadView>
  private let resolutions: ResolutionCache
  let epochChanges = EpochChanges()
  /// What issuers signed.
  let published = PublishedStatusLists()

  package init(_ backend: any NodeBackend, build: String) {
    self.backend = backend
    self.build = build
    networkPrefix = CairnDID.networkPrefix(of: backend.genesis.network)
    current = Mutex(HeadView(backend.head))
    resolutions = ResolutionCache()
  }

  /// The newest head. Never goes back.
  var view: HeadView {
    let head = backend.head
    return current.withLock { current in
      if head.header.height > current.header.height, !PlantedBug.staleHeader.isPlanted { current = HeadView(head) }
      return current
    }
  }

  /// What proves to a client that the answer is under a head that continues what it knows.
  func answer(under view: HeadView, _ known: ProtoKnown) throws(ServiceFailure) -> ProvenAnswer {
    var answer = ProvenAnswer(under: view)
    let header = view.header
    guard known.epoch <= header.epoch else {
      throw ServiceFailure(
        .failedPrecondition, "unknown_epoch",
        "This node is at epoch \(header.epoch) and has not heard of epoch \(known.epoch): ask another node, or check the trust anchor.")
    }
    if known.epoch < header.epoch { answer.epochs = try epochFields(from: known.epoch, to: header.epoch, in: view) }
    guard known.logSize <= header.logSize else {
      throw .retryable(
        .unavailable, "behind",
        "This node is at log size \(header.logSize), behind what the client knows: ask another node, or again later.",
        after: ServiceFailure.shortRetryMilliseconds)
    }
    if known.logSize > 0 && known.logSize < header.logSize {
      answer.consistency = try view.consistency(from: known.logSize) { () throws(ServiceFailure) in
        try consistencyProof(from: known.logSize, to: header.logSize, root: header.logRoot, in: view)
      }
    }
    return answer
  }

  package func checkpoint(_ request: ProtoCheckpointRequest) throws(ServiceFailure) -> ProvenAnswer {
    try answer(under: view, request.known)
  }

  package func info() -> ProtoInfo {
    let (view, genesis) = (view, backend.genesis)
    let validators = view.head.state.validators
    let header = view.header
    var info = ProtoInfo()
    info.network = Data(header.network.bytes)
    info.name = genesis.name
    info.protocolVersion = CairnMethod.protocolVersion
    info.build = build
    info.epoch = header.epoch
    info.height = header.height
    info.view = header.view
    info.head = Data(header.digest.bytes)
    info.logSize = header.logSize
    info.node = backend.name
    info.validators = UInt32(clamping: validators.count)
    info.quorum = UInt32(clamping: validators.quorum)
    info.limits.maxMessageBytes = UInt32(clamping: ServiceLimits.messageByteCount)
    info.limits.maxBatchMessageBytes = UInt32(clamping: ServiceLimits.batchMessageByteCount)
    info.limits.maxInFlight = UInt32(clamping: ServiceLimits.requestsInFlight)
    info.limits.maxTransactionBytes = view.head.state.parameters.maxTransactionBytes
    return info
  }
}

extension QueryService {
  /// The DID's record and document, or the proof that it does not exist.
  package func resolve(_ request: ProtoResolveRequest) throws(ServiceFailure) -> ProvenAnswer {
    let key = try stateKey(ofDID: request.did)
    if request.version != nil || request.withRoles { return try resolveVersion(request, key) }
    return try resolve(key, request.known, isolationOf: request.withIsolation ? request.did : nil)
  }

  /// - Parameters:
  ///   - key: of the DID's row in the state.
  ///   - did: the DID, when its isolation is wanted too.
  func resolve(_ key: Digest, _ known: ProtoKnown, isolationOf did: String? = nil) throws(ServiceFailure) -> ProvenAnswer {
    try answering(known) { answer throws(ReadFailure) in
      let state = answer.view.head.state
      let proof = state.tree.proof(for: key)
      answer.state = [proof]
      if let leaf = proof.leaf, leaf.key == key {
        if let resolution = resolutions[leaf.value] {
          answer.payload = resolution
        } else {
          answer.payload = try readingLedger { () throws(LedgerFault) in try resolution(key, in: state) }
          resolutions.insert(answer.payload, for: leaf.value)
        }
      }
      guard let did else { return }
      var isolation = ProtoResolution()
      isolation.isolation = try proveIsolation(of: did, in: &answer)
      // The last field of a message that has it not: what follows in the encoding is this.
      answer.payload += Canonical.encode(isolation)
    }
  }

  /// Adds the proof of the DID's isolation.
  ///
  /// - Returns: the record; empty when the DID was never isolated.
  func proveIsolation(of did: String, in answer: inout ProvenAnswer) throws(ReadFailure) -> Data {
    let (state, key) = (answer.view.head.state, Digest.stateKey(type: StateType.isolation.rawValue, id: Array(did.utf8)))
    answer.state.append(state.tree.proof(for: key))
    return Data(try readingLedger { () throws(LedgerFault) in try state.record(forKey: key) } ?? [])
  }

  /// An answer under the newest head; read again when the store turns out to have moved on underneath it.
  func answering(
    _ known: ProtoKnown, _ read: (inout ProvenAnswer) throws(ReadFailure) -> Void
  ) throws(ServiceFailure) -> ProvenAnswer {
    for _ in 0..<Self.attemptLimit {
      var answer = try answer(under: view, known)
      do {
        try read(&answer)
        return answer
      } catch {
        switch error {
        case .refused(let failure): throw failure
        case .fault(.storage): throw .storageFailed
        case .fault: continue
        }
      }
    }
    throw .retryable(
      .unavailable, "record_unavailable",
      "This node has not the record that its newest header commits to: ask another node, or again later.",
      after: ServiceFailure.shortRetryMilliseconds)
  }

  func readingLedger<Result>(_ body: () throws(LedgerFault) -> Result) throws(ReadFailure) -> Result {
    do throws(LedgerFault) { return try body() } catch { throw .fault(error) }
  }

  /// A `Resolution`.
  private func resolution(_ key: Digest, in state: LedgerState) throws(LedgerFault) -> [UInt8] {
    let (bytes, record) = try didRecord(forKey: key, in: state)
    var resolution = ProtoResolution()
    resolution.record = Data(bytes)
    resolution.document = Data(try Self.document(of: record, key))
    return Canonical.encode(resolution)
  }

  /// The key of a DID's row. Only the one text of a DID of this network is accepted.
  func stateKey(ofDID text: String) throws(ServiceFailure) -> Digest {
    let did: CairnDID
    do { did = try CairnDID(parsing: text) } catch { throw ServiceFailure(error) }
    try checkNetwork(of: did)
    // An accepted text is the DID's description, so that nothing needs to be written again.
    return .stateKey(type: StateType.did.rawValue, id: Array(text.utf8))
  }

  func checkNetwork(of did: CairnDID) throws(ServiceFailure) {
    guard did.networkPrefix == networkPrefix else { throw .foreignDID(expected: networkPrefix) }
  }
}

/// Why a read has no answer.
enum ReadFailure: Error {
  case refused(ServiceFailure)
  /// What the store has is not what the head commits to: perhaps it has moved on.
  case fault(LedgerFault)
}
