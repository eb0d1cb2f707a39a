import CairnChain
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
package import CairnMessages
import CairnNetwork
import Foundation
import SwiftProtobuf

extension QueryService {
  /// The transactions that made a DID what it is, newest first, with the proof of its newest version.
  ///
  /// A page ends when it has as many versions as asked for, or as many bytes as fit. It has at least one version if there is any.
  package func history(_ request: ProtoHistoryRequest) throws(ServiceFailure) -> ProvenAnswer {
    var answer = try resolve(stateKey(ofDID: request.did), request.known)
    guard let head = try head(in: answer) else { return answer }
    let requested = request.limit == 0 ? ServiceLimits.historyPageCount : Int(request.limit)
    let limit = min(requested, ServiceLimits.historyPageCount)
    // One more tells whether anything is left.
    let indices = try changes(of: head, before: request.beforeIndex, limit: limit + 1)
    var page = ProtoHistoryPage()
    page.record = Data(head.bytes)
    var byteCount = 0
    for (position, index) in indices.enumerated() {
      if position == limit {
        page.nextBeforeIndex = indices[position - 1]
        break
      }
      let proof = try logProof(at: index, in: answer.view)
      byteCount += proof.wireByteCount
      if position > 0 && byteCount > ServiceLimits.historyPageByteCount {
        page.nextBeforeIndex = indices[position - 1]
        break
      }
      answer.log.append(proof)
    }
    answer.payload = Canonical.encode(page)
    return answer
  }

  private struct Head {
    let record: DIDRecord
    let bytes: [UInt8]
    let changedAt: UInt64
  }

  /// `nil` for a DID that does not exist.
  private func head(in answer: ProvenAnswer) throws(ServiceFailure) -> Head? {
    guard !answer.payload.isEmpty, let row = answer.state.first?.leaf?.value else { return nil }
    guard let resolution = try? ProtoResolution(serializedBytes: answer.payload),
      let record = try? DIDRecord(decoding: [UInt8](resolution.record)), let value = try? StateValue(decoding: row)
    else { throw .storageFailed }
    return Head(record: record, bytes: [UInt8](resolution.record), changedAt: value.changedAt)
  }

  /// Log indices below one, newest first; 0 starts at the head. What the head itself tells is not asked of the index, which may trail.
  private func changes(of head: Head, before index: UInt64, limit: Int) throws(ServiceFailure) -> [UInt64] {
    // Entry 0 is the genesis header, with which the DIDs of the genesis came into being.
    guard head.changedAt > 0 else { return [] }
    let isFirstPage = index == 0 || index > head.changedAt
    let start = isFirstPage ? head.changedAt : index
    let older = try reading { try backend.changes(of: head.record.did, before: start, limit: isFirstPage ? limit - 1 : limit) }
    // Whether these are all, only the index of the whole log could say.
    if older.count < (isFirstPage ? limit - 1 : limit), let height = backend.historyFrom, try isOlder(head.record, than: height) {
      throw .historyNotHeld(from: height)
    }
    guard isFirstPage else { return older }
    let previous = head.record.previousChange
    if previous > 0 && previous < head.changedAt && older.first != previous {
      throw .retryable(
        .unavailable, "index_behind", "This node has not yet indexed the DID's newest changes: ask another node, or again later.",
        after: ServiceFailure.shortRetryMilliseconds)
    }
    return [head.changedAt] + older
  }

  private func isOlder(_ record: DIDRecord, than height: UInt64) throws(ServiceFailure) -> Bool {
    let first = try reading { try backend.header(atHeight: height) }
    return first.map { record.createdMilliseconds < $0.timeMilliseconds } ?? true
  }
}
