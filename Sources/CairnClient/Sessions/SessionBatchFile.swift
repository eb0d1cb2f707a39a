public import CairnCrypto
public import CairnIdentity
public import CairnLedger
import CairnMerkle
import CairnMessages
import Foundation

/// A batch of session DIDs as its controller keeps it, without the keys: from here comes what each of them is shown with.
public struct SessionBatchFile: Sendable {
  /// In bytes: a full batch of 64 Ki DIDs, whose creations have about 250 bytes each, and room for some that have more.
  public static let byteLimit = 48 << 20
  private static let version: UInt32 = 1

  public let batch: StatusListID
  /// Unix time.
  public let expiresMilliseconds: UInt64
  /// Canonical `DidCreate` messages, in the order of the batch.
  public let creates: [[UInt8]]
  private let tree: SessionBatch

  /// `nil` unless the batch is one of sessions, and not empty.
  init?(batch: StatusListID, expiresMilliseconds: UInt64, creates: [[UInt8]]) {
    guard case .sessions = batch.kind, let tree = SessionBatch(creates) else { return nil }
    (self.batch, self.expiresMilliseconds, self.creates, self.tree) = (batch, expiresMilliseconds, creates, tree)
  }

  public init(decoding bytes: [UInt8]) throws(SessionError) {
    let message: ProtoSessionBatchFile
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .malformed }
    guard message.version == Self.version, let batch = try? StatusListID(parsing: message.batch),
      let file = SessionBatchFile(batch: batch, expiresMilliseconds: message.expiresMs, creates: message.creates.map { [UInt8]($0) })
    else { throw .malformed }
    self = file
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoSessionBatchFile()
    message.version = Self.version
    message.batch = batch.description
    message.expiresMs = expiresMilliseconds
    message.creates = creates.map { Data($0) }
    return Canonical.encode(message)
  }

  /// How many DIDs the batch has.
  public var count: Int { creates.count }

  /// How the DID at this index is shown; `nil` for an index that the batch does not have.
  public func presentation(at index: Int) -> SessionPresentation? {
    guard creates.indices.contains(index), let position = UInt32(exactly: index) else { return nil }
    return tree.presentation(of: creates[index], at: position, in: batch)
  }

  /// The DIDs, in the order of the batch.
  public func dids(network: Digest) -> [CairnDID] { creates.map { CairnDID(network: network, create: .sha256($0)) } }
}
