import CairnCrypto
import CairnLedger
import CairnMerkle
package import CairnMessages
import CairnNetwork
import Foundation

extension QueryService {
  /// A contract, at the version in force or at another.
  ///
  /// Of a time after the newest header it is the version in force: what will be in force then, nobody can prove yet.
  package func contract(_ request: ProtoContractRequest) throws(ServiceFailure) -> ProvenAnswer {
    guard let id = ContractID(request.contract) else { throw .invalidContract }
    return try answering(request.known) { answer throws(ReadFailure) in
      let (state, key) = (answer.view.head.state, id.stateKey)
      answer.state = [state.tree.proof(for: key)]
      guard answer.state[0].leaf?.key == key else { return }
      let record = try contractRecord(id, in: state)
      var payload = ProtoContractAnswer()
      payload.record = Data(record.bytes)
      switch request.which {
      case nil:
        payload.version = try version(record.version, of: record, unless: request.have, in: state)
      case .version(let number):
        guard (1...record.version).contains(number) else { throw .refused(.unknownVersion(number, of: id, newest: record.version)) }
        answer.state.append(state.tree.proof(for: id.versionKey(number)))
        payload.version = try version(number, of: record, unless: request.have, in: state)
      case .atMs(let time):
        try fill(&payload, at: time, record, unless: request.have, in: state)
      }
      answer.payload = Canonical.encode(payload)
    }
  }

  private func fill(
    _ payload: inout ProtoContractAnswer, at time: UInt64, _ newest: ContractRecord, unless known: Data, in state: LedgerState
  ) throws(ReadFailure) {
    let proven = try readingLedger { () throws(LedgerFault) in
      try RecordVersions(state: state, key: newest.id.stateKey, earlier: newest.earlier).proven(
        at: time, newest: newest.updatedMilliseconds
      ) { (try? ContractRecord(decoding: $0))?.updatedMilliseconds }
    }
    if let earlier = proven.version { payload.earlier = earlier.message }
    if let successor = proven.successor { payload.successor = successor.message }
    guard newest.deployedMilliseconds <= time else { return }
    var inForce = newest
    if let earlier = proven.version {
      guard let record = try? ContractRecord(decoding: earlier.record) else { throw .fault(.wrongRecord(key: newest.id.stateKey)) }
      inForce = record
    }
    payload.version = try version(inForce.version, of: newest, unless: known, in: state)
  }

  private func contractRecord(_ id: ContractID, in state: LedgerState) throws(ReadFailure) -> ContractRecord {
    try readingLedger { () throws(LedgerFault) in
      guard let record = try state.contract(id) else { throw .missingRecord(key: id.stateKey) }
      return record
    }
  }

  /// - Parameter known: hash of a version that the client has, whose bytes it needs not again.
  private func version(
    _ number: UInt64, of record: ContractRecord, unless known: Data, in state: LedgerState
  ) throws(ReadFailure) -> Data {
    if number == record.version, known.elementsEqual(record.hash.bytes) { return Data() }
    return try readingLedger { () throws(LedgerFault) in
      guard let version = try state.contractVersion(number, of: record.id) else {
        throw .missingRecord(key: record.id.versionKey(number))
      }
      return known.elementsEqual(version.hash.bytes) ? Data() : Data(version.bytes)
    }
  }
}

extension ServiceFailure {
  fileprivate static func unknownVersion(_ version: UInt64, of id: ContractID, newest: UInt64) -> ServiceFailure {
    ServiceFailure(
      .notFound, "unknown_version", "The contract \(id) has no version \(version): it has 1 to \(newest).",
      metadata: ["newest_version": "\(newest)"])
  }
}
