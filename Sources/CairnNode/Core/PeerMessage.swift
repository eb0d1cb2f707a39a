import CairnChain
package import CairnNetwork

/// The frames that validators exchange: the frame's code and what its payload is.
package enum PeerCode {
  /// ``Vote``, fixed width.
  package static let vote: UInt16 = 1
  /// Canonical `Certificate`.
  package static let certificate: UInt16 = 2
  /// `Proposal`.
  package static let proposal: UInt16 = 3
  /// `TransactionBatch`.
  package static let transactions: UInt16 = 4
  /// Request `BlocksRequest`, reply `BlocksResponse`.
  package static let blocks: UInt16 = 5
  /// Request `BlockRequest`, reply `BlockResponse`.
  package static let block: UInt16 = 6
  /// `TransactionBatch`, of the defence lane.
  package static let defence: UInt16 = 7

  /// Request `SnapshotsRequest`, reply `SnapshotsResponse`.
  package static let snapshots: UInt16 = 8
  /// Request `SnapshotPartRequest`, reply the part's bytes; none when it is not there.
  package static let snapshotPart: UInt16 = 9

  /// Bytes of transactions in one frame of the defence lane: several of the largest.
  static let defenceByteLimit = 192 << 10

  /// A full block with everything that justifies it. A window of blocks is held below it.
  static let payloadLimit = Proposal.byteLimit

  /// A node at full speed goes through some hundred views a second, with three votes and certificates in each.
  package static let rules: [UInt16: MessageRule] = [
    vote: MessageRule(lane: .votes, maximumPayloadByteCount: 256, rate: .init(perSecond: 4096, burst: 4096)),
    certificate: MessageRule(lane: .votes, maximumPayloadByteCount: Certificate.byteLimit, rate: .init(perSecond: 4096, burst: 4096)),
    proposal: MessageRule(lane: .proposals, maximumPayloadByteCount: payloadLimit, rate: .init(perSecond: 1024, burst: 1024)),
    transactions: MessageRule(lane: .bulk, maximumPayloadByteCount: 256 << 10, rate: .init(perSecond: 4096, burst: 4096)),
    // Ahead of everything but votes; as many as a network can make final, in frames of few transactions each.
    defence: MessageRule(lane: .proposals, maximumPayloadByteCount: 256 << 10, rate: .init(perSecond: 512, burst: 512)),
    blocks: MessageRule(lane: .bulk, maximumPayloadByteCount: 64, rate: .init(perSecond: 32, burst: 32)),
    block: MessageRule(lane: .proposals, maximumPayloadByteCount: 64, rate: .init(perSecond: 32, burst: 32)),
    snapshots: MessageRule(lane: .bulk, maximumPayloadByteCount: 16, rate: .init(perSecond: 1, burst: 32)),
    // 256 KiB each: what fills a link of a gigabit and a half, and leaves the thread that reads them time for others.
    snapshotPart: MessageRule(lane: .bulk, maximumPayloadByteCount: 128, rate: .init(perSecond: 768, burst: 768)),
  ]
}

/// A window of blocks on the way to a node that is behind.
package enum SyncWindow {
  package static let blockLimit = 64
  /// Fits a frame, with room for one block that is larger than the rest.
  static let byteLimit = 1 << 20
}
