public import CairnCrypto
public import CairnIdentity
import CairnMerkle
import CairnMessages

/// The DIDs of a session batch, as their controller prepares it: from here come the root that goes on the ledger, and what each DID is shown
/// with.
///
/// A million DIDs take about 64 MB, besides what the caller keeps of each.
public struct SessionBatch: Sendable {
  private let tree: LogExtension
  public let count: UInt32

  /// - Parameter creates: canonical `DidCreate` messages, as ``SessionDID/createBytes``; at least one, and at most as many as a status list
  ///   may have bits. `nil` otherwise.
  public init?(_ creates: some Sequence<[UInt8]>) { self.init(leafHashes: creates.map(LogTree.leafHash)) }

  /// - Parameter leafHashes: RFC 6962 leaf hashes of the canonical `DidCreate` messages.
  public init?(leafHashes: [Digest]) {
    guard let count = UInt32(exactly: leafHashes.count), (1...StatusList.lengths.upperBound).contains(count) else { return nil }
    self.count = count
    tree = LogExtension(of: LogFrontier(), appending: leafHashes)
  }

  /// RFC 6962 root over the creations.
  public var root: Digest { tree.root }

  /// How one of the DIDs is shown; `nil` for an index that the batch does not have.
  ///
  /// - Parameters:
  ///   - list: what the batch is on the ledger.
  ///   - create: canonical `DidCreate` of the DID at this index.
  public func presentation(of create: [UInt8], at index: UInt32, in list: StatusListID) -> SessionPresentation? {
    tree.proof(at: UInt64(index)).map { SessionPresentation(batch: list, index: index, create: create, path: $0.path) }
  }
}

/// A short-lived DID before it is on the ledger.
public struct SessionDID: Sendable {
  public let did: CairnDID
  /// The canonical `DidCreate`.
  public let createBytes: [UInt8]

  /// - Parameters:
  ///   - control: with the batch's controller.
  ///   - salt: 16 bytes, by which two identities with equal keys and documents differ; random ones will do.
  /// - Throws: what any verifier would refuse about the shape.
  public init(control: Control, document: DIDDocument, salt: [UInt8], network: Digest) throws(OperationError) {
    let operation = try LedgerOperation.create(control: control, document: document, salt: salt, network: network)
    guard case .didCreate(let create) = operation.kind, let did = operation.did else { throw .malformed("kind") }
    self.did = did
    createBytes = Canonical.encode(create.message)
  }
}
