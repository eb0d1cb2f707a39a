import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnNetwork
import Foundation

extension QueryService {
  /// The DID at any of its versions, and what it may do on the ledger.
  ///
  /// Of a time after the newest header it is the newest version: what will be in force then, nobody can prove yet.
  ///
  /// - Parameter key: of the DID's row in the state.
  func resolveVersion(_ request: ProtoResolveRequest, _ key: Digest) throws(ServiceFailure) -> ProvenAnswer {
    try answering(request.known) { answer throws(ReadFailure) in
      let state = answer.view.head.state
      answer.state = [state.tree.proof(for: key)]
      var resolution = ProtoResolution()
      if request.withRoles {
        let rolesKey = Digest.stateKey(type: StateType.roles.rawValue, id: Array(request.did.utf8))
        answer.state.append(state.tree.proof(for: rolesKey))
        resolution.roles = Data(try readingLedger { () throws(LedgerFault) in try state.record(forKey: rolesKey) } ?? [])
      }
      if request.withIsolation { resolution.isolation = try proveIsolation(of: request.did, in: &answer) }
      guard answer.state[0].leaf?.key == key else { return }
      try fill(&resolution, request.version, key, in: state)
      answer.payload = Canonical.encode(resolution)
    }
  }

  private func fill(
    _ resolution: inout ProtoResolution, _ version: ProtoResolveRequest.OneOf_Version?, _ key: Digest, in state: LedgerState
  ) throws(ReadFailure) {
    let (bytes, newest) = try readingLedger { () throws(LedgerFault) in try didRecord(forKey: key, in: state) }
    let versions = RecordVersions(state: state, key: key, earlier: newest.earlier)
    var (proven, exists) = (RecordVersions.Proven(), true)
    switch version {
    case nil: break
    case .versionID(let id):
      guard id <= newest.head.sequence else { throw .refused(.unknownVersion(id, newest: newest.head.sequence)) }
      proven = try readingLedger { () throws(LedgerFault) in try versions.proven(id: id) }
    case .versionTimeMs(let time):
      proven = try readingLedger { () throws(LedgerFault) in
        try versions.proven(at: time, newest: newest.updatedMilliseconds) { (try? DIDRecord(decoding: $0))?.updatedMilliseconds }
      }
      exists = newest.createdMilliseconds <= time
    }
    resolution.record = Data(bytes)
    if exists {
      resolution.document = Data(
        try readingLedger { () throws(LedgerFault) in
          guard let version = proven.version else { return try Self.document(of: newest, key) }
          return try Self.document(of: Self.decode(version.record, key), key)
        })
    }
    if let version = proven.version { resolution.version = version.message }
    if let successor = proven.successor { resolution.successor = successor.message }
  }

  /// The newest record, with its bytes.
  func didRecord(forKey key: Digest, in state: LedgerState) throws(LedgerFault) -> ([UInt8], DIDRecord) {
    guard let bytes = try state.record(forKey: key) else { throw .missingRecord(key: key) }
    return (bytes, try Self.decode(bytes, key))
  }

  private static func decode(_ record: [UInt8], _ key: Digest) throws(LedgerFault) -> DIDRecord {
    guard let record = try? DIDRecord(decoding: record) else { throw .wrongRecord(key: key) }
    return record
  }

  static func document(of record: DIDRecord, _ key: Digest) throws(LedgerFault) -> [UInt8] {
    let document = record.documentJSON
    guard record.documentHash == .sha256(document) else { throw .wrongRecord(key: key) }
    return document
  }
}

extension ServiceFailure {
  fileprivate static func unknownVersion(_ id: UInt64, newest: UInt64) -> ServiceFailure {
    ServiceFailure(
      .notFound, "unknown_version", "The DID has no version \(id): its newest is \(newest).",
      metadata: [FailureKey.didError: DIDResolutionError.notFound.rawValue, "newest_version": "\(newest)"])
  }
}
