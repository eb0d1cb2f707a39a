import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnStore
import Foundation

/// What a node tells another about its snapshots, with all that proves it.
struct SnapshotOffers: Sendable {
  let shelf: SnapshotShelf
  let chain: ChainWriter
  let reader: ChainReader

  /// The block after which the log is taken up with a snapshot: the ids of all transactions that may still be submitted again are in the
  /// blocks between.
  static func baseHeight(of height: UInt64) -> UInt64 {
    let span = UInt64(Parameters.maximumValidityBlocks) + 1
    return height > span ? height - span : 0
  }

  func message() -> ProtoSnapshotsResponse {
    var response = ProtoSnapshotsResponse()
    // One that the log does not lead to any more is not offered.
    response.offers = shelf.offers.compactMap { try? offer($0.height, $0.manifest, $0.manifestByteCount) }
    return response
  }

  private func offer(_ height: UInt64, _ manifest: Digest, _ manifestByteCount: Int) throws -> ProtoSnapshotOffer? {
    guard let header = try reader.header(height: height), let base = try reader.header(height: Self.baseHeight(of: height)),
      let (certified, certificate, validatorCount) = try reader.finalization(covering: height)
    else { return nil }
    let prover = LogProver(edge: chain.edge, source: reader)
    var offer = ProtoSnapshotOffer()
    offer.proven.header = Data(certified.bytes)
    offer.proven.certificate = certificate.message(validatorCount: validatorCount)
    for header in [base, header] where header.digest != certified.digest {
      let proof = try prover.inclusionProof(index: header.logSize, size: certified.logSize)
      offer.proven.log.append(LogProof(entry: LogEntry.header(header.bytes).bytes, proof: proof).message)
    }
    offer.edge = Data(try prover.edge(size: base.logSize).packed)
    offer.manifest = Data(manifest.bytes)
    offer.manifestBytes = UInt32(clamping: manifestByteCount)
    return offer
  }

  /// Empty when it is not here.
  func part(_ request: ProtoSnapshotPartRequest) throws -> [UInt8] {
    guard let digest = Digest(request.manifest) else { return [] }
    let part: [UInt8]? =
      switch request.part {
      case .manifestFrom(let offset): shelf.manifest(digest, from: offset)
      case .chunk(let key): try Digest(key).flatMap { try shelf.chunk(of: digest, from: $0) }
      case .history(let number): try shelf.history(of: digest, number)
      case nil: nil
      }
    return part ?? []
  }
}

/// A snapshot that another node offers: its header is final, whoever says so; whether the node has the rest of it remains to be seen.
struct OfferedSnapshot: Sendable {
  let header: Header
  let base: ChainBase
  let manifest: Digest
  let manifestByteCount: Int

  /// - Parameter anchor: what this node trusts: the first block of its epoch.
  init(_ message: ProtoSnapshotOffer, anchor: TrustAnchor, scheme: any SignatureScheme) throws(SnapshotFault) {
    guard let manifest = Digest(message.manifest), message.manifestBytes <= UInt32(SnapshotManifest.byteLimit),
      (1...2).contains(message.proven.log.count)
    else { throw .malformed }
    (self.manifest, manifestByteCount) = (manifest, Int(message.manifestBytes))
    let (certified, headers) = try Self.headers(message.proven, anchor: anchor, scheme: scheme)
    header = headers.count == 2 ? headers[1] : certified
    guard headers[0].height == SnapshotOffers.baseHeight(of: header.height), headers[0].epoch == anchor.epoch,
      let edge = LogTileEdge(size: headers[0].logSize, packed: [UInt8](message.edge)), let base = ChainBase(header: headers[0], edge: edge)
    else { throw .wrongHeader }
    self.base = base
  }

  /// The header that a certificate finalizes, and those that its log has.
  private static func headers(
    _ proven: ProtoProven, anchor: TrustAnchor, scheme: any SignatureScheme
  ) throws(SnapshotFault) -> (certified: Header, proven: [Header]) {
    do {
      var client = LightClient(anchor: anchor, scheme: scheme)
      let certified = try client.certify(proven)
      let headers = try proven.log.map { proof in
        guard case (_, .header(let bytes)) = try certified.entry(proof) else { throw SnapshotFault.wrongHeader }
        return try Header(decoding: bytes)
      }
      return (certified.header, headers)
    } catch {
      throw .wrongHeader
    }
  }
}
