import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
package import CairnMessages
import CairnNetwork
import Foundation

// Status lists. Of a moment after the newest header, the answer is what that header commits to: what will be then, nobody can prove yet.
extension QueryService {
  /// One bit of a status list, now or at an earlier moment.
  package func status(_ request: ProtoStatusRequest) throws(ServiceFailure) -> ProvenAnswer {
    let list = try listID(request.list)
    let moment: StatusMoment =
      switch request.at {
      case .atHeight(let height): .height(height)
      case .atMs(let milliseconds): .time(milliseconds: milliseconds)
      case nil: .now
      }
    return try answering(request.known) { answer throws(ReadFailure) in
      guard let record = try prove(list, in: &answer) else { return }
      guard request.index < record.length else { throw .refused(.statusOutOfRange(request.index, length: record.length)) }
      var payload = ProtoStatusAnswer()
      payload.list = Data(record.bytes)
      let key = list.chunkKey(StatusChunk.chunk(of: request.index))
      let chunk = try chunk(forKey: key, at: moment, in: answer.view.head.state)
      answer.state.append(chunk.proof)
      payload.chunk = chunk.answer
      answer.payload = Canonical.encode(payload)
    }
  }

  /// The chunks of a status list, now or at an earlier moment, page by page.
  ///
  /// A page ends when it has as many chunks as asked for, or as many bytes as fit. It has at least one chunk.
  package func statusList(_ request: ProtoStatusListRequest) throws(ServiceFailure) -> ProvenAnswer {
    let list = try listID(request.list)
    guard [.chunks, .credential, .token].contains(request.form) else { throw .unknownForm }
    let moment: StatusMoment =
      switch request.at {
      case .atHeight(let height): .height(height)
      case .atMs(let milliseconds): .time(milliseconds: milliseconds)
      case nil: .now
      }
    let requested = request.maxChunks == 0 ? ServiceLimits.statusListPageCount : request.maxChunks
    let limit = min(requested, ServiceLimits.statusListPageCount)
    return try answering(request.known) { answer throws(ReadFailure) in
      guard let record = try prove(list, in: &answer) else { return }
      guard request.firstChunk < record.chunkCount else {
        throw .refused(.chunkOutOfRange(request.firstChunk, count: record.chunkCount))
      }
      var page = ProtoStatusListPage()
      page.list = Data(record.bytes)
      page.firstChunk = request.firstChunk
      let end = min(record.chunkCount, request.firstChunk + limit)
      page.nextChunk = try fill(&page, request.firstChunk..<end, of: list, at: moment, in: &answer)
      if page.nextChunk == record.chunkCount { page.nextChunk = 0 }
      if request.form != .chunks, request.firstChunk == 0 {
        try add(document(request.form, of: record, at: moment, under: answer.view), to: &page)
      }
      answer.payload = Canonical.encode(page)
    }
  }

  /// - Returns: the first chunk for which there was no room.
  private func fill(
    _ page: inout ProtoStatusListPage, _ chunks: Range<UInt32>, of list: StatusListID, at moment: StatusMoment,
    in answer: inout ProvenAnswer
  ) throws(ReadFailure) -> UInt32 {
    var (byteCount, versionCount) = (0, UInt64(0))
    for index in chunks {
      let chunk = try chunk(forKey: list.chunkKey(index), at: moment, in: answer.view.head.state)
      byteCount += chunk.byteCount
      versionCount += chunk.versionCount
      let isFull = byteCount > ServiceLimits.statusListPageByteCount || versionCount > ServiceLimits.statusListPageVersionCount
      if isFull && index > chunks.lowerBound { return index }
      answer.state.append(chunk.proof)
      page.chunks.append(chunk.answer)
    }
    return chunks.upperBound
  }

  private func add(_ document: (bytes: [UInt8], isSigned: Bool)?, to page: inout ProtoStatusListPage) {
    guard let document else { return }
    page.document = Data(document.bytes)
    page.isSigned = document.isSigned
  }

  /// Accepts the one text of a list whose issuer is of this network.
  func listID(_ text: String) throws(ServiceFailure) -> StatusListID {
    guard let list = try? StatusListID(parsing: text) else { throw .invalidStatusList }
    try checkNetwork(of: list.issuer)
    return list
  }

  /// Proves the list's record, or that there is no such list.
  func prove(_ list: StatusListID, in answer: inout ProvenAnswer) throws(ReadFailure) -> StatusListRecord? {
    let (state, key) = (answer.view.head.state, list.stateKey)
    let proof = state.tree.proof(for: key)
    answer.state = [proof]
    guard proof.leaf?.key == key else { return nil }
    return try readingLedger { () throws(LedgerFault) in
      guard let bytes = try state.record(forKey: key), let record = try? StatusListRecord(decoding: bytes) else {
        throw .wrongRecord(key: key)
      }
      return record
    }
  }

  struct ChunkProof {
    let proof: StateProof
    let answer: ProtoChunkAnswer
    /// Those that were in force; `nil` when the chunk had no version, so that they were clear.
    let bits: [UInt8]?
    /// Whose hashes were read.
    let versionCount: UInt64

    /// With the fields' own tags and lengths, about.
    var byteCount: Int {
      let earlier = [answer.version, answer.successor].reduce(0) { $0 + $1.record.count + 34 * $1.path.count + 32 }
      return proof.wireByteCount + answer.record.count + earlier + 16
    }
  }

  func chunk(forKey key: Digest, at moment: StatusMoment, in state: LedgerState) throws(ReadFailure) -> ChunkProof {
    let proof = state.tree.proof(for: key)
    guard proof.leaf?.key == key else { return ChunkProof(proof: proof, answer: ProtoChunkAnswer(), bits: nil, versionCount: 0) }
    return try readingLedger { () throws(LedgerFault) in
      guard let bytes = try state.record(forKey: key), let newest = try? StatusChunk(decoding: bytes) else {
        throw .wrongRecord(key: key)
      }
      let proven = try Self.version(of: newest, at: moment, RecordVersions(state: state, key: key, earlier: newest.earlier))
      var answer = ProtoChunkAnswer()
      answer.record = Data(bytes)
      if let version = proven.version { answer.version = version.message }
      if let successor = proven.successor { answer.successor = successor.message }
      let isPast = proven.version != nil || proven.successor != nil
      let began = moment.isAtOrAfter(height: newest.updatedHeight, milliseconds: newest.updatedMilliseconds)
      let bits = try proven.version.map { version throws(LedgerFault) in
        guard let chunk = try? StatusChunk(decoding: version.record) else { throw .wrongRecord(key: key) }
        return chunk.bits
      }
      return ChunkProof(
        proof: proof, answer: answer, bits: bits ?? (began ? newest.bits : nil), versionCount: isPast ? newest.version : 0)
    }
  }

  private static func version(
    of newest: StatusChunk, at moment: StatusMoment, _ versions: RecordVersions
  ) throws(LedgerFault) -> RecordVersions.Proven {
    switch moment {
    case .now: RecordVersions.Proven()
    case .height(let height):
      try versions.proven(at: height, newest: newest.updatedHeight) { (try? StatusChunk(decoding: $0))?.updatedHeight }
    case .time(let time):
      try versions.proven(at: time, newest: newest.updatedMilliseconds) { (try? StatusChunk(decoding: $0))?.updatedMilliseconds }
    }
  }
}

extension ServiceFailure {
  fileprivate static let invalidStatusList = ServiceFailure(
    .invalidArgument, "invalid_status_list",
    "The text is not a status list (<did>/status/<name> or <did>/sessions/<hex>): check that it is complete and copied exactly.")

  fileprivate static let unknownForm = ServiceFailure(
    .unimplemented, "form_not_offered", "This node gives status lists as chunks, credentials and tokens: ask for one of those forms.")

  fileprivate static func statusOutOfRange(_ index: UInt32, length: UInt32) -> ServiceFailure {
    ServiceFailure(
      .outOfRange, "index_out_of_range", "The status list has \(length) bits and none at index \(index): check the index.",
      metadata: ["length": "\(length)"])
  }

  fileprivate static func chunkOutOfRange(_ chunk: UInt32, count: UInt32) -> ServiceFailure {
    ServiceFailure(
      .outOfRange, "chunk_out_of_range", "The status list has \(count) chunks and none at \(chunk): check where the page shall begin.",
      metadata: ["chunks": "\(count)"])
  }
}
