import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnStore
import Foundation
import NIOCore
import SwiftProtobuf

/// What a node tells another about its snapshots, with all that proves it.
struct SnapshotOffers: Sendable {
  /// Some hundred changes of epochs with small sets, some dozens with the largest; leaves room for the offers.
  private static let changesByteLimit = PeerCode.payloadLimit / 2

  let shelf: SnapshotShelf
  let chain: ChainWriter
  let reader: ChainReader
  let publisher: HeadPublisher

  /// The block after which the log is taken up with a snapshot: the ids of all transactions that may still be submitted again are in the
  /// blocks between.
  static func baseHeight(of height: UInt64) -> UInt64 {
    let span = UInt64(Parameters.maximumValidityBlocks) + 1
    return height > span ? height - span : 0
  }

  /// - Parameter epoch: the newest whose validators the asking node knows.
  func message(from epoch: UInt64) -> ProtoSnapshotsResponse {
    var response = ProtoSnapshotsResponse()
    // One that the log does not lead to any more is not offered.
    response.offers = shelf.offers.compactMap { try? offer($0.height, $0.manifest, $0.manifestByteCount) }
    response.epochs = changes(from: epoch)
    return response
  }

  /// What leads from an epoch to those after it, as much as fits.
  private func changes(from epoch: UInt64) -> [ProtoEpochChange] {
    let state = publisher.head.state
    var changes: [ProtoEpochChange] = []
    var byteCount = 0
    var next = epoch
    while next < state.epoch {
      let change = try? state.change(after: next) { epoch, index in try reader.end(ofEpoch: epoch, containing: index)?.proven }
      guard let change, let bytes = try? change.serializedBytes() as [UInt8] else { break }
      byteCount += bytes.count
      guard byteCount <= Self.changesByteLimit else { break }
      changes.append(change)
      next += 1
    }
    return changes
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
  /// How the epochs ended from the one that this node is in to that of the snapshot.
  let epochEnds: [EpochEnd]
  private let client: LightClient

  /// - Parameters:
  ///   - client: knows the epochs up to the offer's.
  ///   - epochEnds: that the client was led along.
  init(_ message: ProtoSnapshotOffer, client: LightClient, epochEnds: [EpochEnd]) throws(SnapshotFault) {
    guard let manifest = Digest(message.manifest), message.manifestBytes <= UInt32(SnapshotManifest.byteLimit),
      (1...2).contains(message.proven.log.count)
    else { throw .malformed }
    (self.manifest, manifestByteCount, self.epochEnds) = (manifest, Int(message.manifestBytes), epochEnds)
    var client = client
    let (certified, headers) = try Self.headers(message.proven, &client)
    self.client = client
    header = headers.count == 2 ? headers[1] : certified
    guard headers[0].height == SnapshotOffers.baseHeight(of: header.height),
      let edge = LogTileEdge(size: headers[0].logSize, packed: [UInt8](message.edge)), let base = ChainBase(header: headers[0], edge: edge)
    else { throw .wrongHeader }
    self.base = base
  }

  /// Equal for all who offer the same.
  var identity: [UInt8] { manifest.bytes + header.digest.bytes + withUnsafeBytes(of: UInt64(manifestByteCount).bigEndian, Array.init) }

  /// Judges the block after another one; `nil` when nothing is known of its epoch.
  func verifier(after header: Header, scheme: any SignatureScheme) -> ConsensusVerifier? {
    client.validators(ofEpoch: header.nextEpoch).map {
      ConsensusVerifier(network: client.network, epoch: header.nextEpoch, validators: $0, scheme: scheme)
    }
  }

  /// The header that a certificate finalizes, and those that its log has.
  private static func headers(
    _ proven: ProtoProven, _ client: inout LightClient
  ) throws(SnapshotFault) -> (certified: Header, proven: [Header]) {
    do {
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

/// What one node has offered so far, and how far its changes of epochs lead.
struct SnapshotListing: Sendable {
  private(set) var client: LightClient
  private(set) var epochEnds: [EpochEnd] = []
  private(set) var offers: [OfferedSnapshot] = []
  /// Whether the node has more changes of epochs to tell, without which its offers cannot be judged.
  private(set) var isIncomplete = false

  /// - Parameter anchor: what this node trusts: the first block of its epoch.
  init(anchor: TrustAnchor, scheme: any SignatureScheme) { client = LightClient(anchor: anchor, scheme: scheme) }

  /// Takes what holds of an answer.
  mutating func add(_ payload: ByteBuffer) {
    isIncomplete = false
    guard payload.readableBytes <= PeerCode.payloadLimit,
      let response = try? ProtoSnapshotsResponse(serializedBytes: [UInt8](buffer: payload))
    else { return }
    let known = client.epoch
    for change in response.epochs where !follow(change) { return }
    let offered = response.offers.prefix(SnapshotShelf.retainedCount)
    offers = offered.compactMap { try? OfferedSnapshot($0, client: client, epochEnds: epochEnds) }
    isIncomplete = client.epoch > known && offers.count < offered.count
  }

  private mutating func follow(_ change: ProtoEpochChange) -> Bool {
    let (known, validatorCount) = (client.epoch, client.validators.count)
    guard (try? client.follow([change])) != nil else { return false }
    guard client.epoch > known else { return true }
    guard let header = try? Header(decoding: [UInt8](change.header)),
      let finalization = try? Certificate(change.certificate, validatorCount: validatorCount)
    else { return false }
    epochEnds.append(EpochEnd(header: header, finalization: finalization, validatorCount: validatorCount))
    return true
  }
}
